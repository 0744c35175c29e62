"""Owners: other nodes' gateways, asked for the bytes of their files as the peer that they have approved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
import msgspec

from weft.blobs.fetch import Cut
from weft.exchange.session import PeerAuth
from weft.exchange.transport import LargeBodies
from weft.problems import NotNow
from weft.protocol.names import Key
from weft.protocol.signing import VerifyKey
from weft.records.files import File
from weft.wiring import Wiring


class Peer(msgspec.Struct, frozen=True):
    """Where an approved peer's gateway is, and its identity."""

    url: str
    identity: str


class Owners:
    """Clients for peers, made when they are asked for and kept while the peer is the same."""

    def __init__(self, wiring: Wiring, service: str) -> None:
        self._wiring = wiring
        self._sync = wiring.client("sync", service)
        self._clients: dict[Peer, httpx.AsyncClient] = {}

    @asynccontextmanager
    async def source(self, key: Key, file: File, start: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of a file from `start` on, from the node that owns its document.

        Raises:
            Cut: the owner cannot be reached, or breaks off.
            NotNow: the owner has another file there by now, or none: the change is on its way to us.
        """
        client = await self._client(key.origin)
        path = f"/api/v1/documents/{key.origin}/{key.id}/files/{quote(file.name, safe='')}"
        headers = {"Range": f"bytes={start}-", "If-Match": f'"{file.sha256}"', "Accept-Encoding": "identity"}
        try:
            async with client.stream("GET", path, headers=headers) as answer:
                if answer.status_code in {404, 410, 412}:
                    raise NotNow(f"{key.origin} has not, or no longer, these bytes under {file.name}")
                if answer.status_code not in {200, 206} or (answer.status_code == 200 and start):
                    raise Cut(f"{key.origin} answers {answer.status_code}")
                yield _stream(answer)
        except httpx.HTTPError as error:
            raise Cut(f"{key.origin}: {type(error).__name__}") from error

    async def _client(self, name: str) -> httpx.AsyncClient:
        try:
            answer = await self._sync.get(f"/internal/peers/{name}")
            if answer.status_code == 404:
                raise Cut(f"{name} is no approved peer of this node")
            answer.raise_for_status()
            peer = msgspec.json.decode(answer.content, type=Peer)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise Cut(f"sync does not say where {name} is: {type(error).__name__}") from error
        if peer not in self._clients:
            auth = PeerAuth(self._wiring.node, self._wiring.keys.identity, VerifyKey.from_hex(peer.identity))
            self._clients[peer] = httpx.AsyncClient(base_url=peer.url, auth=auth, transport=LargeBodies())
        return self._clients[peer]

    async def close(self) -> None:
        for client in (self._sync, *self._clients.values()):
            await client.aclose()


async def _stream(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for data in answer.aiter_raw():
            yield data
    except httpx.HTTPError as error:
        raise Cut(f"the owner broke off: {type(error).__name__}") from error
