"""The first tables of what a service shows."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None
branch_labels = ("records",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("sight", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "origin", "id"),
    )
    op.create_index("shown_by_place", "shown", ["kind", "place", "origin", "id", "sight"], unique=False)
    op.create_index("shown_by_key", "shown", ["kind", "origin", "id", "sight", "place"], unique=False)
    op.create_table(
        "shown_tag",
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("value", "field", "kind", "origin", "id"),
    )
    op.create_index("shown_tag_of_record", "shown_tag", ["kind", "origin", "id"], unique=False)
    op.create_table(
        "shown_change",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sight", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "kind", "id", "sight"),
    )
    op.create_index("shown_change_position", "shown_change", ["position"], unique=False)
    generation = op.create_table(
        "shown_generation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(generation, [{"name": "generation", "generation": secrets.token_hex(8)}])
    op.create_table(
        "takedown",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "origin", "id"),
    )


def downgrade() -> None:
    op.drop_table("takedown")
    op.drop_table("shown_generation")
    op.drop_index("shown_change_position", table_name="shown_change")
    op.drop_table("shown_change")
    op.drop_index("shown_tag_of_record", table_name="shown_tag")
    op.drop_table("shown_tag")
    op.drop_index("shown_by_key", table_name="shown")
    op.drop_index("shown_by_place", table_name="shown")
    op.drop_table("shown")
