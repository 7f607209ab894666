"""The child that runs one learnware's model; it needs only the standard library and numpy, and Python 3.8.

It serves environments without the engine, so it is imported there as a package of its own, with relative imports only.
The parent imports it for the frames of the protocol and for loading a model in its own process. Requests come in one at
a time on a socket; what the model prints goes to the standard error of the process and cannot disturb the protocol.
"""
