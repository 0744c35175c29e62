"""The first tables of the search service."""

import sqlalchemy as sa
from alembic import op

revision = "search_0001"
down_revision = None
branch_labels = ("search",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gate",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "indexed",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("gate", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "kind", "id"),
    )
    op.create_index("indexed_gate", "indexed", ["gate"], unique=False)
    op.create_index("indexed_title", "indexed", ["title"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "todo",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("gate", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "kind", "id"),
    )
    op.create_index("todo_gate", "todo", ["gate"], unique=False)
    op.execute("INSERT INTO gate (name, last, generation) VALUES ('index', 0, '')")
    op.execute("INSERT INTO lease (name, holder, until) VALUES ('index', '', 0)")


def downgrade() -> None:
    op.drop_index("todo_gate", table_name="todo")
    op.drop_table("todo")
    op.drop_table("lease")
    op.drop_index("indexed_title", table_name="indexed")
    op.drop_index("indexed_gate", table_name="indexed")
    op.drop_table("indexed")
    op.drop_table("gate")
