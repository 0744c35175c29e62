"""The first tables of the catalog."""

import sqlalchemy as sa
from alembic import op

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "id"),
    )
    op.create_index("document_newest", "document", ["updated_at", "origin", "id"], unique=False)
    op.create_index("document_seen", "document", ["origin", "id", "public", "status", "type", "language"], unique=False)
    op.create_table(
        "document_tag",
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("field", "value", "origin", "id"),
    )
    op.create_index("document_tag_of_document", "document_tag", ["origin", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("document_tag_of_document", table_name="document_tag")
    op.drop_table("document_tag")
    op.drop_index("document_seen", table_name="document")
    op.drop_index("document_newest", table_name="document")
    op.drop_table("document")
