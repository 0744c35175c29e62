"""The first tables of the log."""

import sqlalchemy as sa
from alembic import op

revision = "log_0001"
down_revision = None
branch_labels = ("log",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("staged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "commit_header",
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.String(), nullable=False),
        sa.Column("broker", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feed"],
            ["feed.number"],
        ),
        sa.PrimaryKeyConstraint("feed", "epoch", "sequence"),
    )
    op.create_index("commit_in_order", "commit_header", ["feed", "sequence"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("owed_until", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feed"],
            ["feed.number"],
        ),
        sa.PrimaryKeyConstraint("origin", "kind", "id", "feed"),
    )
    op.create_index("ledger_of_feed", "ledger", ["feed", "bucket"], unique=False)
    op.create_index(
        "ledger_owed",
        "ledger",
        ["feed", "kind", "id"],
        unique=False,
        sqlite_where=sa.text("owed_until IS NOT NULL"),
        postgresql_where=sa.text("owed_until IS NOT NULL"),
    )
    op.create_table(
        "segment",
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed"],
            ["feed.number"],
        ),
        sa.PrimaryKeyConstraint("feed", "hash"),
    )
    op.create_table(
        "snapshot",
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed"],
            ["feed.number"],
        ),
        sa.PrimaryKeyConstraint("feed"),
    )


def downgrade() -> None:
    op.drop_table("snapshot")
    op.drop_table("segment")
    op.drop_index(
        "ledger_owed",
        table_name="ledger",
        sqlite_where=sa.text("owed_until IS NOT NULL"),
        postgresql_where=sa.text("owed_until IS NOT NULL"),
    )
    op.drop_index("ledger_of_feed", table_name="ledger")
    op.drop_table("ledger")
    op.drop_index("commit_in_order", table_name="commit_header")
    op.drop_table("commit_header")
    op.drop_table("feed")
