"""Which of the six languages a caller wants names in. Every answer has all names; this only chooses the one that stands out."""

import re
from typing import Annotated

from fastapi import Query, Request

from weft.areas import LANGUAGES, Language

_wish = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,35})?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*")
WISHES = 20


def language_of(request: Request, lang: Annotated[Language | None, Query()] = None) -> str:
    """As `lang` says, else the first that Accept-Language likes best, else English."""
    if lang is not None:
        return lang
    wishes = [_wish.fullmatch(part) for part in request.headers.get("accept-language", "").split(",")[:WISHES]]
    liked = [(float(wish[2] or 1), wish[1].lower()) for wish in wishes if wish]
    known = [(quality, language) for quality, language in liked if quality and language in LANGUAGES]
    return max(known, key=lambda wish: wish[0])[1] if known else "en"
