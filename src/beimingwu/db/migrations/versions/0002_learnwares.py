"""Learnwares, uploads, verifications, the search index, data sets, counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blobs_stored_at"), ["stored_at"], unique=False)

    op.create_table(
        "daily_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name=op.f("pk_daily_counts")),
    )
    op.create_table(
        "download_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("learnware_ids", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_download_links")),
    )
    with op.batch_alter_table("download_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_download_links_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "index_state",
        sa.Column("id", _ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_state")),
    )
    op.create_table(
        "islands",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("metric", sa.JSON(), nullable=False),
        sa.Column("estimated_from", sa.BigInteger(), nullable=False),
        sa.Column("embedding_version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_islands")),
    )
    op.create_table(
        "removed_learnwares",
        sa.Column("learnware_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("learnware_id", name=op.f("pk_removed_learnwares")),
    )
    with op.batch_alter_table("removed_learnwares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removed_learnwares_revision"), ["revision"], unique=False)

    op.create_table(
        "sensitive_words",
        sa.Column("id", _ID, nullable=False),
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=192), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensitive_words")),
        sa.UniqueConstraint("key", name=op.f("uq_sensitive_words_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "datasets",
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sha256"], ["blobs.sha256"], name=op.f("fk_datasets_sha256_blobs"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_datasets")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_datasets_sha256"), ["sha256"], unique=False)

    op.create_table(
        "learnwares",
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("newest_version", sa.BigInteger(), nullable=False),
        sa.Column("serving_version", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("data_type", sa.String(length=64), nullable=False),
        sa.Column("task_type", sa.String(length=64), nullable=False),
        sa.Column("library_type", sa.String(length=64), nullable=False),
        sa.Column("license", sa.String(length=64), nullable=False),
        sa.Column("scenarios", sa.JSON(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_learnwares_owner_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learnwares")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("learnwares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learnwares_data_type"), ["data_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_library_type"), ["library_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_license"), ["license"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_revision"), ["revision"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_task_type"), ["task_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_learnwares_updated_at"), ["updated_at"], unique=False)

    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("expected_sha256", sa.String(length=64), nullable=True),
        sa.Column("contract_hash", sa.String(length=32), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("user_id", "contract_hash", name=op.f("uq_uploads_user_id_contract_hash")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_user_id"), ["user_id"], unique=False)

    op.create_table(
        "upload_parts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("upload_id", sa.String(length=32), nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_parts_upload_id_uploads"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_parts")),
        sa.UniqueConstraint("upload_id", "begins_at", name=op.f("uq_upload_parts_upload_id_begins_at")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "versions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("learnware_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("semantic_spec", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('WAITING', 'QUEUE', 'PROCESSING', 'SUCCESS', 'FAIL')", name=op.f("ck_versions_state")
        ),
        sa.ForeignKeyConstraint(
            ["learnware_id"], ["learnwares.id"], name=op.f("fk_versions_learnware_id_learnwares"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["blobs.sha256"], name=op.f("fk_versions_sha256_blobs"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("learnware_id", "number", name=op.f("uq_versions_learnware_id_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_versions_content_hash"), ["content_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_versions_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_versions_uploaded_sha256"), ["uploaded_sha256"], unique=False)
        batch_op.create_index("ix_versions_work", ["state", "due_at"], unique=False)

    op.create_table(
        "embeddings",
        sa.Column("learnware_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("island", sa.String(length=128), nullable=False),
        sa.Column("self_product", sa.Float(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learnware_id"], ["learnwares.id"], name=op.f("fk_embeddings_learnware_id_learnwares"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_embeddings_version_id_versions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learnware_id", "type", name=op.f("pk_embeddings")),
    )
    with op.batch_alter_table("embeddings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_embeddings_island"), ["island"], unique=False)
        batch_op.create_index(batch_op.f("ix_embeddings_version_id"), ["version_id"], unique=False)

    op.create_table(
        "stat_specs",
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_stat_specs_version_id_versions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "type", name=op.f("pk_stat_specs")),
    )
    op.create_table(
        "verifications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_verifications_version_id_versions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verifications_version_id"), ["version_id"], unique=False)

    op.create_table(
        "verification_lines",
        sa.Column("verification_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verifications.id"],
            name=op.f("fk_verification_lines_verification_id_verifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verification_id", "number", name=op.f("pk_verification_lines")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("verification_lines")
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verifications_version_id"))

    op.drop_table("verifications")
    op.drop_table("stat_specs")
    with op.batch_alter_table("embeddings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_embeddings_version_id"))
        batch_op.drop_index(batch_op.f("ix_embeddings_island"))

    op.drop_table("embeddings")
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_index("ix_versions_work")
        batch_op.drop_index(batch_op.f("ix_versions_uploaded_sha256"))
        batch_op.drop_index(batch_op.f("ix_versions_sha256"))
        batch_op.drop_index(batch_op.f("ix_versions_content_hash"))

    op.drop_table("versions")
    op.drop_table("upload_parts")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploads_user_id"))
        batch_op.drop_index(batch_op.f("ix_uploads_expires_at"))

    op.drop_table("uploads")
    with op.batch_alter_table("learnwares", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_learnwares_updated_at"))
        batch_op.drop_index(batch_op.f("ix_learnwares_task_type"))
        batch_op.drop_index(batch_op.f("ix_learnwares_revision"))
        batch_op.drop_index(batch_op.f("ix_learnwares_owner_id"))
        batch_op.drop_index(batch_op.f("ix_learnwares_name"))
        batch_op.drop_index(batch_op.f("ix_learnwares_license"))
        batch_op.drop_index(batch_op.f("ix_learnwares_library_type"))
        batch_op.drop_index(batch_op.f("ix_learnwares_data_type"))

    op.drop_table("learnwares")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_datasets_sha256"))

    op.drop_table("datasets")
    op.drop_table("sensitive_words")
    with op.batch_alter_table("removed_learnwares", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_removed_learnwares_revision"))

    op.drop_table("removed_learnwares")
    op.drop_table("islands")
    op.drop_table("index_state")
    with op.batch_alter_table("download_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_download_links_expires_at"))

    op.drop_table("download_links")
    op.drop_table("daily_counts")
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blobs_stored_at"))

    op.drop_table("blobs")
