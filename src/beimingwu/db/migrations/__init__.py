"""Alembic migrations of the dock's database, from the first table on."""
