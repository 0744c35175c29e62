"""The first tables of the indicators service."""

import sqlalchemy as sa
from alembic import op

revision = "indicators_0001"
down_revision = None
branch_labels = ("indicators",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("freq", sa.String(), nullable=False),
        sa.Column("reporting_type", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("ref_area", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("age", sa.String(), nullable=False),
        sa.Column("urbanisation", sa.String(), nullable=False),
        sa.Column("income_wealth_quantile", sa.String(), nullable=False),
        sa.Column("education_lev", sa.String(), nullable=False),
        sa.Column("occupation", sa.String(), nullable=False),
        sa.Column("cust_breakdown", sa.String(), nullable=False),
        sa.Column("composite_breakdown", sa.String(), nullable=False),
        sa.Column("disability_status", sa.String(), nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.Column("first_period", sa.String(), nullable=False),
        sa.Column("last_period", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "id"),
    )
    op.create_index("series_by_area", "series", ["ref_area", "origin", "id"], unique=False)
    op.create_index("series_by_code", "series", ["series", "ref_area", "origin", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("series_by_code", table_name="series")
    op.drop_index("series_by_area", table_name="series")
    op.drop_table("series")
