"""Routes of documents' files. Bytes stream both ways; who may read a file is who may read its document."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from services.catalog import files
from services.catalog.documents import DOCUMENT, DocumentOut
from services.catalog.vault import Vault
from weft.blobs import names, types
from weft.blobs.manifest import BLOB_BYTES
from weft.blobs.types import Kind
from weft.identity import caller_of
from weft.problems import Malformed, Stale
from weft.protocol.names import Key
from weft.records import after, answers
from weft.records.after import AFTER
from weft.records.files import File
from weft.records.node import EDITORS, TheNode, ThePrecondition, TheSight, ours
from weft.records.words import Language, Title
from weft.web import digests, ranges, stream
from weft.web.stream import StreamedAnswer

PATH = f"{DOCUMENT.path}/{{origin}}/{{id}}/files/{{name}}"
LARGE = {f"{DOCUMENT.path}/*/*/files/*": BLOB_BYTES}
router = APIRouter(tags=["documents"])


async def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


async def _key(origin: str, id: str) -> Key:  # the path's own words
    return Key.make(origin, DOCUMENT.name, id)


async def _ours(key: Annotated[Key, Depends(_key)], node: TheNode) -> Key:
    return ours(key, node)


async def _name(name: Annotated[str, Path(description="The name of the file, as readers save it.")]) -> str:
    return names.safe(name)


async def _kind(request: Request, name: Annotated[str, Depends(_name)]) -> Kind:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise types.TypeNotTaken("a file is sent in no Content-Encoding")
    kind = types.taken(request.headers.get("content-type", ""))
    types.named(kind, name)
    return kind


TheVault = Annotated[Vault, Depends(_vault)]
TheKey = Annotated[Key, Depends(_key)]
OurKey = Annotated[Key, Depends(_ours)]
TheName = Annotated[str, Depends(_name)]
TheKind = Annotated[Kind, Depends(_kind)]
BINARY = {"schema": {"type": "string", "format": "binary"}}
TAKES_FILE: dict[str, Any] = {"requestBody": {"required": True, "content": dict.fromkeys(types.KINDS, BINARY)}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"*/*": BINARY}},
    206: {"description": "The part of the file that Range asks for.", "content": {"*/*": BINARY}},
    304: {"description": "The caller has this file."},
}


@router.get(
    PATH, response_class=Response, responses=ANSWERS, dependencies=AFTER, summary="Read a file, or a part of it"
)
async def found(
    request: Request,
    key: TheKey,
    name: TheName,
    node: TheNode,
    sight: TheSight,
    vault: TheVault,
    precondition: ThePrecondition,
) -> Response:
    caller = caller_of(request)
    file = await node.database.read(files.find, node.incarnation.origin, key, name, sight, caller)
    etag = f'"{file.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
        "Vary": "Authorization",
    }
    if precondition.match is not None and not {"*", file.sha256} & precondition.match:
        raise Stale(f"the file is {file.sha256}")
    if precondition.has(file.sha256):
        return Response(status_code=304, headers=headers)
    part = _part(request, file)
    start, stop = part or (0, file.size)
    headers |= {
        "Content-Type": file.served_as,
        "Content-Length": str(stop - start),
        "Content-Disposition": stream.disposition(file.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": digests.told(file.sha256),
    }
    if part:
        headers["Content-Range"] = part.of(file.size)
    bytes_ = None if request.method == "HEAD" else vault.read(key, file, start, stop)
    return await StreamedAnswer.begun(bytes_, 206 if part else 200, headers)


router.head(PATH, include_in_schema=False, dependencies=AFTER)(found)


@router.put(
    PATH,
    response_model=DocumentOut,
    responses={201: {"model": DocumentOut}},
    dependencies=EDITORS,
    openapi_extra=TAKES_FILE,
    summary="Send a file of a document of this node",
)
async def put(
    request: Request,
    key: OurKey,
    name: TheName,
    kind: TheKind,
    node: TheNode,
    vault: TheVault,
    precondition: ThePrecondition,
    title: Annotated[Title | None, Query(description="What readers see instead of the name.")] = None,
    language: Annotated[Language | None, Query(description="The language of the file, BCP 47.")] = None,
) -> Response:
    said = digests.expected(request.headers)
    await node.database.read(files.may_change, key, precondition)  # before all of the bytes have come
    async with vault.blobs.stage(_body(request)) as staged:
        digests.check(said, staged.manifest.sha256)
        await asyncio.to_thread(types.agree, kind, staged.file)
        async with vault.kept(staged) as lease:
            manifest = staged.manifest
            file = File(
                name=name,
                media_type=kind.media_type,
                size=manifest.size,
                sha256=manifest.sha256,
                title=title,
                language=language,
                parts=manifest.parts,
            )
            changed = await node.database.write(files.put, node.incarnation, key, file, lease, precondition)
    node.ring()
    return _written(changed, key, name)


@router.delete(
    PATH, response_model=DocumentOut, dependencies=EDITORS, summary="Take a file out of a document of this node"
)
async def delete(key: OurKey, name: TheName, node: TheNode, precondition: ThePrecondition) -> Response:
    changed = await node.database.write(files.take_out, node.incarnation, key, name, precondition)
    node.ring()
    return _written(changed, key, name)


def _part(request: Request, file: File) -> ranges.Range | None:
    headers = request.headers
    if not ranges.resumes(headers.get("if-range"), f'"{file.sha256}"'):
        return None
    return ranges.asked(headers.get("range"), file.size)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for data in request.stream():
            yield data
    except ClientDisconnect:
        raise Malformed("the file broke off before its end") from None


def _written(changed: files.Changed, key: Key, name: str) -> Response:
    """The document as it is now; its ETag is the version that the next change has to name."""
    path = f"{DOCUMENT.path}/{key.origin}/{key.id}"
    response = answers.written(changed.put, changed.answer, f"{path}/files/{quote(name, safe='')}")
    response.headers.update({"Content-Location": path, **after.headers(key, changed.put.version)})
    return response
