"""Speed, memory and quality of the engine, printed beside its bars."""
