"""Countries as they are asked for and written, by any of their codes, and as they are answered, by all three."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from weft.areas import UnknownArea, area


def _m49(code: str) -> str:
    try:
        return area(code).m49
    except UnknownArea as error:
        raise ValueError(str(error)) from None


def _told(given: object) -> object:
    """The code of a country that is given back as it was answered."""
    return given["m49"] if isinstance(given, dict) and given.keys() == CountryOut.model_fields.keys() else given


class CountryOut(BaseModel):
    """A country by its three codes; an area that has an M49 code only, or one not known here, has nulls."""

    m49: str
    iso2: str | None
    iso3: str | None

    @classmethod
    def of(cls, m49: str) -> "CountryOut":
        return cls(**codes(m49))


Country = Annotated[
    str,
    BeforeValidator(_told),
    Field(max_length=5),
    AfterValidator(_m49),
    WithJsonSchema({"type": "string", "maxLength": 5}),
]
"""The M49 code of a country that is given by M49, ISO 2 or ISO 3."""


def codes(m49: str) -> dict[str, str | None]:
    """The three codes of a country."""
    try:
        known = area(m49)
    except UnknownArea:
        return {"m49": m49, "iso2": None, "iso3": None}
    return {"m49": m49, "iso2": known.iso2, "iso3": known.iso3}


def all_codes(m49: Iterable[str]) -> list[dict[str, str | None]]:
    """Countries as they are answered."""
    return [codes(code) for code in m49]
