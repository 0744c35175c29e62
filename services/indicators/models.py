"""The table of what the indicators service shows: own series and received ones alike. Journal and ledgers hold the truth."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class SeriesRow(SQLModel, table=True):
    """A series as it is shown. `audience` is the one that an own series has; it is empty for a received one.

    A dimension that a series does not name is `_T` here. `members` and `rest` are JSON members, built once and sent as they
    are: what a list shows, and what only the series itself shows (its observations, and fields that this node does not know).
    """

    __tablename__ = "series"
    __table_args__ = (
        Index("series_by_code", "series", "ref_area", "origin", "id"),
        Index("series_by_area", "ref_area", "origin", "id"),
    )
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    public: bool
    audience: str
    freq: str
    reporting_type: str
    series: str
    ref_area: str
    sex: str
    age: str
    urbanisation: str
    income_wealth_quantile: str
    education_lev: str
    occupation: str
    cust_breakdown: str
    composite_breakdown: str
    disability_status: str
    activity: str
    product: str
    observations: int
    first_period: str
    last_period: str
    updated_at: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
