"""The first tables of the catalog's own: those of files. Records are in the tables that every service has."""

import sqlalchemy as sa
from alembic import op

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_file",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "id", "name"),
    )
    op.create_index("document_file_bytes", "document_file", ["origin", "sha256"], unique=False)
    op.create_table(
        "blob",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.String(), nullable=False),
        sa.Column("doomed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "sha256"),
    )
    op.create_table(
        "blob_loose",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "sha256", "by"),
    )


def downgrade() -> None:
    op.drop_table("blob_loose")
    op.drop_table("blob")
    op.drop_index("document_file_bytes", table_name="document_file")
    op.drop_table("document_file")
