"""The routes of what ships with a release and changes with it alone: code lists and countries; and a country's figures."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from services.indicators import profile
from services.indicators.codelists import CodeList, codelists, in_language
from services.indicators.languages import language_of
from services.indicators.listed import CodeListOut, CodeListsOut, CountriesOut, FiguresOut
from services.indicators.schemas import Commission
from weft.areas import LANGUAGES, Area, UnknownArea, area, areas, members
from weft.problems import NotFound
from weft.records import sheets, wire
from weft.records.after import AFTER
from weft.records.answers import JSON
from weft.records.imports import CSV, NDJSON
from weft.records.node import TheNode, TheSight
from weft.records.preconditions import Precondition

ALIKE = {"Cache-Control": "public, max-age=3600, stale-if-error=86400", "Vary": "Accept-Language"}
FOR_ONE = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}
FORMS = {"json": JSON, "ndjson": NDJSON, "csv": CSV}
Format = Literal["json", "ndjson", "csv"]
SHEETS: dict[int | str, dict[str, Any]] = {
    200: {"content": {form: {"schema": {"type": "string"}} for form in (NDJSON, CSV)}}
}
TheLanguage = Annotated[str, Depends(language_of)]
Rows = Sequence[Mapping[str, Any]]
router = APIRouter(prefix="/api/v1", dependencies=AFTER)


@router.get("/codelists", response_model=CodeListsOut, tags=["codelists"], summary="The code lists there are")
async def listed(request: Request, language: TheLanguage) -> Response:
    return _answer(request, _all_lists(language), JSON, language)


@router.get(
    "/codelists/{id}",
    response_model=CodeListOut,
    responses=SHEETS,
    tags=["codelists"],
    summary="A code list, with names in the six languages where it has them",
)
async def codelist(
    request: Request, id: str, language: TheLanguage, format: Format = "json"
) -> Response:  # the path's own word
    if id not in codelists():
        raise NotFound(f"there is no code list {id[:80]}; /api/v1/codelists has them all")
    return _answer(request, _one_list(id, language, format), FORMS[format], language)


@router.get(
    "/countries",
    response_model=CountriesOut,
    responses=SHEETS,
    tags=["countries"],
    summary="Countries and areas, with their commissions",
)
async def countries(
    request: Request,
    language: TheLanguage,
    commission: Commission | None = None,
    associates: Annotated[bool, Query(description="Also its associate members")] = True,
    areas: Annotated[bool, Query(description="Also areas that are no countries, such as World")] = False,
    format: Format = "json",
) -> Response:
    data = _countries(language, commission, associates, areas, format)
    return _answer(request, data, FORMS[format], language)


@router.get(
    "/countries/{code}/indicators",
    response_model=FiguresOut,
    tags=["countries"],
    summary="A country's figures: how many series there are, and the newest values of the key ones",
)
async def figures(request: Request, code: str, node: TheNode, sight: TheSight, language: TheLanguage) -> Response:
    try:
        found = area(code[:10])
    except UnknownArea as error:
        raise NotFound(str(error)) from None
    said = await node.database.read(profile.of, found.m49, sight)
    return _answer(request, wire.write({"area": _area(found, language), **said}), JSON, language, FOR_ONE)


def _answer(
    request: Request, data: bytes, media_type: str, language: str, headers: Mapping[str, str] = ALIKE
) -> Response:
    """These bytes, or that the caller has them."""
    tag = hashlib.sha256(data).hexdigest()[:32]
    said = {"ETag": f'"{tag}"', "Content-Language": language, **headers}
    if Precondition.of(request.headers).has(tag):
        return Response(status_code=304, headers=said)
    return Response(data, media_type=media_type, headers=said)


@lru_cache(64)
def _all_lists(language: str) -> bytes:
    items = [{**_head(found, language), "codes": len(found.codes)} for found in codelists().values()]
    return wire.write({"items": items, "total": len(items)})


@lru_cache(512)
def _one_list(id_: str, language: str, form: Format) -> bytes:
    found = codelists()[id_]
    rows = [{"code": code, "name": in_language(names, language), "names": names} for code, names in found.codes.items()]
    return _written(form, {**_head(found, language), "items": rows, "total": len(rows)}, rows)


def _head(found: CodeList, language: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": in_language(found.names, language),
        "names": found.names,
        "languages": found.languages,
        "href": f"/api/v1/codelists/{found.id}",
    }


@lru_cache(256)
def _countries(language: str, commission: str | None, associates: bool, all_areas: bool, form: Format) -> bytes:
    chosen: Iterable[Area] = members(commission, associates=associates) if commission else areas()
    rows = [_area(found, language) for found in chosen if all_areas or commission or found.iso3]
    return _written(form, {"items": rows, "total": len(rows)}, rows)


def _area(found: Area, language: str) -> dict[str, Any]:
    return {
        "m49": found.m49,
        "iso2": found.iso2,
        "iso3": found.iso3,
        "name": found.name(language),
        "names": dict(found.names),
        "commissions": [seat._asdict() for seat in found.seats],
    }


def _written(form: Format, whole: Mapping[str, Any], rows: Rows) -> bytes:
    """The list as one answer, as a line for each, or as a table whose columns are fields and languages."""
    if form == "json":
        return wire.write(whole)
    if form == "ndjson":
        return b"".join(wire.write(row) + b"\n" for row in rows)
    columns = [name for name in (rows[0] if rows else ()) if name != "names"]
    cells = (
        [*(row[name] for name in columns), *(row["names"].get(language) for language in LANGUAGES)] for row in rows
    )
    return b"".join([sheets.row([*columns, *LANGUAGES]), *map(sheets.row, cells)])
