"""The language that an account gets its mails in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    # No batch: it would make the table of users anew on SQLite, and drop the old one with all that refers to it.
    op.add_column("users", sa.Column("language", sa.String(length=8), server_default="en", nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("users", "language")
