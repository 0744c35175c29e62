"""Routes of sync: the descriptor and sessions for peers, status and approval for operators, the network for everybody."""

import msgspec
from fastapi import APIRouter, Request, Response

from services.sync import peers, status, verify
from services.sync.models import PeerRow
from services.sync.schemas import (
    Approval,
    Broker,
    Introduction,
    Network,
    Nonce,
    Peer,
    PeerIn,
    Peers,
    Proof,
    Status,
    Token,
    Verification,
)
from services.sync.service import SyncService
from weft import descriptor
from weft.clock import utc_now
from weft.exchange.session import LIFE_SECONDS
from weft.exchange.subscriptions import Held
from weft.identity import Role, require
from weft.problems import NotFound, Unauthenticated

router = APIRouter()


def _sync(request: Request) -> SyncService:
    service: SyncService = request.app.state.node
    return service


@router.get("/.well-known/weft", tags=["nodes"], summary="What this node says of itself, signed")
async def well_known(request: Request) -> Response:
    return Response(msgspec.json.encode(_sync(request).descriptor()), media_type="application/json")


@router.post("/feeds/introduction", status_code=204, include_in_schema=False)
async def introduction(request: Request, said: Introduction) -> None:
    """Another node says that it exists. An admin decides; nothing follows before that."""
    sync = _sync(request)
    read = descriptor.read(said.model_dump_json().encode())
    await sync.database.write(peers.meet, sync.wiring.node, read, "asked", utc_now())


@router.post("/feeds/challenge", include_in_schema=False)
async def challenge(request: Request) -> Nonce:
    return Nonce(nonce=_sync(request).tokens.nonce())


@router.post("/feeds/session", include_in_schema=False)
async def session(request: Request, proof: Proof) -> Token:
    sync = _sync(request)
    try:
        peer = await sync.database.read(peers.found, proof.node)
    except NotFound:
        raise Unauthenticated(f"{proof.node} is not approved here") from None
    if peer.state != "approved":
        raise Unauthenticated(f"{proof.node} is not approved here")
    token = sync.tokens.open(peer.name, peer.key, proof.nonce, bytes.fromhex(proof.signature))
    sync.mesh.heard(peer.name)
    return Token(token=token, expires_in=LIFE_SECONDS)


@router.get("/feeds/broker", include_in_schema=False)
async def broker(request: Request) -> Broker:
    """Where our broker is, and a token for the peer's own user there."""
    caller = require(request, Role.PEER)
    sync = _sync(request)
    if not sync.wiring.broker_url:
        raise NotFound("this node's broker is not open to peers; pull over HTTPS")
    peer = await sync.database.read(peers.found, caller.name)
    token = sync.wiring.keys.trust.peer_jwt(peer.nats_user, peer.name)
    return Broker(url=sync.wiring.broker_url, jwt=token, certificate=sync.wiring.broker_certificate)


@router.get("/internal/feeds", include_in_schema=False)
async def held(request: Request) -> Response:
    require(request, Role.SERVICE)
    links = _sync(request).mesh.links.values()
    told = [Held(str(feed), [link.peer.key.raw.hex()]) for link in links for feed in link.feeds]
    return Response(msgspec.json.encode(told), media_type="application/json")


@router.get("/internal/peers/{name}", include_in_schema=False)
async def peer(request: Request, name: str) -> dict[str, str]:
    """Where an approved peer's gateway is, and its identity: for services that ask it themselves."""
    require(request, Role.SERVICE)
    found = await _sync(request).database.read(peers.found, name)
    if found.state != "approved":
        raise NotFound(f"{name} is not approved here")
    return {"url": found.url, "identity": found.identity}


@router.get("/api/v1/network", tags=["network"], summary="Who takes part, and how fresh this node's copy of each is")
async def network(request: Request) -> Network:
    sync = _sync(request)
    nodes = status.network_nodes(sync.wiring, await sync.database.read(peers.approved), sync.mesh.links)
    return Network(items=nodes, total=len(nodes), seen_at=utc_now())


@router.get("/api/v1/sync/status", tags=["sync"], summary="Replication as seen from this node")
async def sync_status(request: Request) -> Status:
    require(request, Role.OPERATOR)
    sync = _sync(request)
    told = status.feed_statuses(sync.mesh.links)
    copies = await status.copies(sync.wiring, sync.clients)
    refused = await sync.database.read(status.refused)
    equal = status.equal(told, copies)
    return Status(node=sync.wiring.node, seen_at=utc_now(), equal=equal, feeds=told, copies=copies, refusals=refused)


@router.post("/api/v1/sync/verify", tags=["sync"], summary="Count every copy again and compare it with its holder")
async def sync_verify(request: Request) -> Verification:
    require(request, Role.OPERATOR)
    sync = _sync(request)
    checks = await verify.peers_feeds(sync.database, sync.mesh.links)
    checks += await verify.services(sync.database, sync.clients)
    return Verification(node=sync.wiring.node, equal=all(check.equal for check in checks), checks=checks)


@router.get("/api/v1/sync/peers", tags=["sync"], summary="Nodes that were found, ask, or are approved")
async def list_peers(request: Request) -> Peers:
    require(request, Role.OPERATOR)
    rows = await _sync(request).database.read(peers.listed)
    return Peers(items=[_peer(row) for row in rows], total=len(rows))


@router.post("/api/v1/sync/peers", tags=["sync"], summary="Find a node by its address, to compare its fingerprint")
async def find_peer(request: Request, wanted: PeerIn) -> Peer:
    require(request, Role.OPERATOR)
    sync = _sync(request)
    said = await descriptor.fetch(wanted.url)
    return _peer(await sync.database.write(peers.meet, sync.wiring.node, said, "found", utc_now()))


@router.post("/api/v1/sync/peers/{name}/approve", tags=["sync"], summary="Say yes to a peer with this key")
async def approve_peer(request: Request, name: str, approval: Approval) -> Peer:
    require(request, Role.OPERATOR)
    sync = _sync(request)
    row = await sync.database.write(peers.approve, name, approval.fingerprint, utc_now())
    sync.mesh.look()
    return _peer(row)


def _peer(row: PeerRow) -> Peer:
    return Peer(
        name=row.name, title=row.title, url=row.url, fingerprint=row.key.fingerprint, state=row.state, since=row.since
    )
