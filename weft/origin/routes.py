"""Routes inside a node: sync tells a service that owns records who may read them."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints

from weft.identity import Role, require
from weft.origin.service import OriginService
from weft.protocol.names import node as valid_name

router = APIRouter(prefix="/internal/readers", include_in_schema=False)


class Reader(BaseModel):
    """An approved peer's identity, as its key's fingerprint."""

    identity: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def _service(request: Request) -> OriginService:
    require(request, Role.SERVICE)
    service: OriginService = request.app.state.node
    return service


@router.put("/{name}", status_code=204)
async def admit(request: Request, name: str, reader: Reader) -> None:
    await _service(request).admit(valid_name(name), reader.identity)


@router.delete("/{name}", status_code=204)
async def remove(request: Request, name: str) -> None:
    await _service(request).remove(valid_name(name))
