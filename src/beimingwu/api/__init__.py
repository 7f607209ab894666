"""The two APIs of the dock over one service layer.

The modules here do without ``from __future__ import annotations``: FastAPI reads annotations when the program runs.
"""
