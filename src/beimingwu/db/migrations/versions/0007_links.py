"""What a download link may read: what the token or session could that it was made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("download_links", sa.Column("scopes", sa.String(length=32), server_default="read", nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("download_links", "scopes")
