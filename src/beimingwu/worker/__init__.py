"""Workers: processes that verify what was submitted."""
