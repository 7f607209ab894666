"""Bounds of table specifications."""

from __future__ import annotations

__all__ = ["LARGEST_VALUE", "LARGEST_WEIGHT", "MAX_POINTS", "MOST_IMAGES", "MOST_ROWS", "PRIVACY_FLOOR"]

# Rows to a point, on average, at least.
PRIVACY_FLOOR = 5
# Points of one specification; a hundred are usual, and every comparison costs their square.
MAX_POINTS = 10_000
# Squares and differences of larger values overflow.
LARGEST_VALUE = 1e150
# Weights sum to about one; larger ones, which a market's single precision cannot hold, describe nothing.
LARGEST_WEIGHT = 1e6
# Integers up to this are exact as floats, and a database can hold them.
MOST_ROWS = 1 << 53
# Images of one specification whose points are images; fifty are usual, and an image has three thousand numbers.
MOST_IMAGES = 1_000
