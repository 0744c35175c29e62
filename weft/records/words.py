"""What the bodies of records are made of: lines, names, languages, dates, addresses, keys. Not which record has which."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from weft.protocol import names
from weft.protocol.refusals import Refusal

TAG = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}"
DAY = r"[12][0-9]{3}(-[0-9]{2}){0,2}"
KEY = rf"{names.NAME}/{names.KIND}/[a-z0-9._-]{{1,128}}"
_tag = re.compile(TAG)
_dated = re.compile(DAY)


def _described(pattern: str) -> Any:
    """For the description of the API alone: who is refused is told in words."""
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


def _line(text: str) -> str:
    if text != text.strip() or "\n" in text or "\t" in text:
        raise ValueError("must be one line without space around it")
    return text


def _language(text: str) -> str:
    """The tag in the letter case that BCP 47 recommends."""
    if not _tag.fullmatch(text):
        raise ValueError("must be a BCP 47 language tag such as 'es', 'pt-BR' or 'zh-Hans'")
    first, *others = text.lower().split("-")
    cased = {2: str.upper, 4: str.title}
    return "-".join([first, *(cased.get(len(part), str)(part) for part in others)])


def _day(text: str) -> str:
    if not _dated.fullmatch(text):
        raise ValueError("must be YYYY, YYYY-MM or YYYY-MM-DD")
    date.fromisoformat((text + "-01-01")[:10])
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or " " in text:
        raise ValueError("must be an http or https address without a password in it")
    return text


def _key(text: str) -> str:
    try:
        return str(names.Key.parse(text))
    except Refusal as error:
        raise ValueError(f"must be keys of records, origin/kind/id: {error.why}") from None


def _cited(text: str) -> str:
    return _url(_line(text)) if "://" in text else _key(text)


def _once(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


Once = AfterValidator(_once)
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
M49 = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}$")]
Title = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_line)]
Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]
Language = Annotated[str, Field(max_length=80), _described(TAG), AfterValidator(_language)]
Day = Annotated[str, Field(max_length=10), _described(DAY), AfterValidator(_day)]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(_line), AfterValidator(_url)]
RecordKey = Annotated[str, Field(max_length=200), _described(KEY), AfterValidator(_key)]
Cited = Annotated[str, Field(max_length=2_000), AfterValidator(_cited)]
"""An address, or the key of a record."""
Decimal = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}(\.[0-9]{1,9})?$")]
"""A number that is not below zero, as it was written."""
Year = Annotated[int, Field(strict=True, ge=1900, le=2200)]
Slugs = Annotated[tuple[Slug, ...], Once]
Keys = Annotated[tuple[RecordKey, ...], Once]


def within(language: str) -> list[str]:
    """A language and those that it is one of: `zh-Hans-CN`, `zh-Hans`, `zh`."""
    parts = language.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


def keys_among(texts: Iterable[str]) -> list[str]:
    """Those that are keys of records, of what may be addresses too."""
    return [text for text in texts if "://" not in text]
