"""The first tables of the inbox."""

import sqlalchemy as sa
from alembic import op

revision = "inbox_0001"
down_revision = None
branch_labels = ("inbox",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletion",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_deletion_origin"), "deletion", ["origin"], unique=False)
    op.create_table(
        "parked",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("shown_epoch", sa.BigInteger(), nullable=False),
        sa.Column("shown_number", sa.BigInteger(), nullable=False),
        sa.Column("shown_hash", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "kind", "id"),
    )
    op.create_table(
        "quarantine",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "kind", "id"),
    )
    op.create_table(
        "refusal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_refusal_feed"), "refusal", ["feed"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_refusal_feed"), table_name="refusal")
    op.drop_table("refusal")
    op.drop_table("quarantine")
    op.drop_table("parked")
    op.drop_index(op.f("ix_deletion_origin"), table_name="deletion")
    op.drop_table("deletion")
