"""The routes of API keys, for operators. Endpoints only join what a request says to what is done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from gateway import keys
from gateway.gate import TheGate
from gateway.models import KeyRow
from gateway.schemas import Id, Key, KeyIn, KeyMade, KeyPage
from weft.clock import stamp
from weft.identity import Role, require

PATH = "/api/v1/keys"


async def _operator(request: Request) -> None:
    require(request, Role.OPERATOR)


router = APIRouter(prefix=PATH, tags=["keys"], dependencies=[Depends(_operator)])


@router.get("", summary="List the keys of this node")
async def listed(
    gate: TheGate,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(pattern=r"^[0-9]{1,15}$")] = "0",
) -> KeyPage:
    found = await gate.database.read(keys.page, after=int(after), limit=limit)
    response.headers["Cache-Control"] = "no-store"
    if found.next:
        response.headers["Link"] = f'<{PATH}?limit={limit}&after={found.next}>; rel="next"'
    return KeyPage(items=[_shown(row) for row in found.rows], total=found.total, next=found.next)


@router.post("", status_code=201, summary="Make a key; its secret is shown this once")
async def made(gate: TheGate, asked: KeyIn, response: Response) -> KeyMade:
    def make(session: Session) -> KeyMade:
        expires_at = stamp(asked.expires_at) if asked.expires_at else None
        row, secret = keys.make(session, name=asked.name, role=Role(asked.role), expires_at=expires_at)
        return KeyMade(**row.model_dump(exclude={"number", "secret_hash"}), secret=secret)

    key = await gate.database.write(make)
    response.headers.update({"Location": f"{PATH}/{key.id}", "Cache-Control": "no-store"})
    return key


@router.delete("/{id}", status_code=204, summary="Revoke a key, effective at once")
async def revoked(gate: TheGate, id: Id) -> None:  # the path's own word
    await gate.database.write(keys.revoke, id)
    gate.keyring.forget(id)


def _shown(row: KeyRow) -> Key:
    return Key.model_validate(row.model_dump(exclude={"number", "secret_hash"}))
