"""Notifications, favourites, downloads by the day, and who has withdrawn a learnware."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "favourites",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("learnware_id", _ID, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["learnware_id"], ["learnwares.id"], name=op.f("fk_favourites_learnware_id_learnwares"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_favourites_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "learnware_id", name=op.f("pk_favourites")),
    )
    op.create_index(op.f("ix_favourites_learnware_id"), "favourites", ["learnware_id"])
    op.create_table(
        "learnware_days",
        sa.Column("learnware_id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learnware_id"],
            ["learnwares.id"],
            name=op.f("fk_learnware_days_learnware_id_learnwares"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("learnware_id", "day", name=op.f("pk_learnware_days")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("learnware_id", _ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("event IN ('verified', 'failed', 'used', 'withdrawn')", name=op.f("ck_notifications_event")),
        sa.ForeignKeyConstraint(
            ["learnware_id"],
            ["learnwares.id"],
            name=op.f("fk_notifications_learnware_id_learnwares"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("learnware_id", "day", "user_id", name=op.f("uq_notifications_learnware_id_day_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notifications_at"), "notifications", ["at"])
    op.create_index("ix_notifications_user_id_id", "notifications", ["user_id", "id"])
    op.create_index("ix_notifications_user_id_read_at", "notifications", ["user_id", "read_at"])
    # No batch: it would make the table of learnwares anew on SQLite, and drop the old one with all that refers to it.
    op.add_column("learnwares", sa.Column("withdrawn_by", sa.String(length=16), nullable=True))
    _fill_withdrawn_by()


def downgrade() -> None:
    """Take it back."""
    op.drop_column("learnwares", "withdrawn_by")
    op.drop_table("notifications")
    op.drop_table("learnware_days")
    op.drop_table("favourites")


def _fill_withdrawn_by() -> None:
    """Read from the audit log who has withdrawn what is withdrawn now."""
    learnwares = sa.table("learnwares", sa.column("id"), sa.column("withdrawn_at"), sa.column("withdrawn_by"))
    events = sa.table(
        "audit_events",
        sa.column("id"),
        sa.column("action"),
        sa.column("subject_type"),
        sa.column("subject_id"),
        sa.column("details", sa.JSON()),
    )
    connection = op.get_bind()
    withdrawn = connection.scalars(sa.select(learnwares.c.id).where(learnwares.c.withdrawn_at.is_not(None))).all()
    for number in withdrawn:
        details = connection.scalar(
            sa.select(events.c.details)
            .where(
                events.c.action == "learnware.withdraw",
                events.c.subject_type == "learnware",
                events.c.subject_id == number,
            )
            .order_by(events.c.id.desc())
            .limit(1)
        )
        by = "owner" if details is None else str(details.get("by", "owner"))
        connection.execute(learnwares.update().where(learnwares.c.id == number).values(withdrawn_by=by))
