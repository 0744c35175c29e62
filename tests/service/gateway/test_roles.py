"""Who may do what: every route of a real node, asked by everybody, compared with one table.

A route that is not in the table fails: whoever adds one says here who may use it.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.routing import KINDS
from tests.service.gateway.issuer import AUDIENCE, ROLES, Issuer, issuing
from tests.service.gateway.whole import operator_of, whole
from weft.exchange.session import SESSION, Tokens, statement
from weft.identity import PEOPLE, Role
from weft.protocol.signing import SigningKey

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANYBODY, EDITOR, REVIEWER, OPERATOR = Role.ANONYMOUS, Role.EDITOR, Role.REVIEWER, Role.OPERATOR

OF_A_KIND = {
    "GET": ANYBODY,
    "POST": EDITOR,
    "GET /export": ANYBODY,
    "POST /bulk": EDITOR,
    "GET /{origin}/{id}": ANYBODY,
    "PUT /{origin}/{id}": EDITOR,
    "DELETE /{origin}/{id}": EDITOR,
    "POST /{origin}/{id}/undelete": EDITOR,
    "POST /{origin}/{id}/takedown": REVIEWER,
    "GET /{origin}/{id}/files/{name}": ANYBODY,
    "PUT /{origin}/{id}/files/{name}": EDITOR,
    "DELETE /{origin}/{id}/files/{name}": EDITOR,
}
OTHERS = {
    "GET /.well-known/weft": ANYBODY,
    "GET /api/v1/changes": ANYBODY,
    "GET /api/v1/countries/{area}": ANYBODY,
    "GET /api/v1/countries": ANYBODY,
    "GET /api/v1/countries/{code}/indicators": ANYBODY,
    **dict.fromkeys(("GET /api/v1/codelists", "GET /api/v1/codelists/{id}"), ANYBODY),
    "GET /api/v1/network": ANYBODY,
    "GET /api/v1/observations": ANYBODY,
    "POST /api/v1/series/import/unsd": EDITOR,
    "GET /api/v1/search": ANYBODY,
    "GET /api/v1/search/suggest": ANYBODY,
    **dict.fromkeys(("GET /api/v1/keys", "POST /api/v1/keys", "DELETE /api/v1/keys/{id}"), OPERATOR),
    **dict.fromkeys(("GET /api/v1/search/verify", "POST /api/v1/search/rebuild"), OPERATOR),
    **dict.fromkeys(("GET /api/v1/sync/status", "POST /api/v1/sync/verify"), OPERATOR),
    **dict.fromkeys(("GET /api/v1/sync/peers", "POST /api/v1/sync/peers"), OPERATOR),
    "POST /api/v1/sync/peers/{name}/approve": OPERATOR,
    **dict.fromkeys(("GET /api/v1/webhooks", "POST /api/v1/webhooks"), OPERATOR),
    **dict.fromkeys(("GET /api/v1/webhooks/{id}", "DELETE /api/v1/webhooks/{id}"), OPERATOR),
    **dict.fromkeys(("GET /api/v1/webhooks/{id}/deliveries", "POST /api/v1/webhooks/{id}/test"), OPERATOR),
}


def table() -> dict[str, Role]:
    """The least role for each route, as `METHOD /path`."""
    rows = dict(OTHERS)
    for kind in KINDS:
        for route, role in OF_A_KIND.items():
            method, _, below = route.partition(" ")
            rows[f"{method} /api/v1/{kind.plural}{below}"] = role
    return rows


PLACES = {"origin": "eclac", "id": "a1b2c3d4e5f6", "name": "none", "area": "170", "code": "170"}


@dataclass
class Node:
    """A real node, and who asks it: `as_` gives each caller's credentials."""

    at: httpx.AsyncClient
    routes: dict[str, dict[str, Any]]
    as_: dict[str, dict[str, str]]

    async def asked(self, route: str, caller: str) -> httpx.Response:
        method, path = route.split(" ")
        body = self.routes[route].get("requestBody", {}).get("content", {})
        media = next(iter(body), None)
        headers = self.as_[caller] | ({"Content-Type": media} if media else {})
        content = b"{}" if media == "application/json" else b""
        return await self.at.request(method, path.format(**PLACES), headers=headers, content=content)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory, keys) -> AsyncIterator[Node]:
    async with issuing() as issuer:
        given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES}
        given |= {"requests_per_minute": 10**6, "writes_per_minute": 10**6}
        async with whole(tmp_path_factory.mktemp("roles"), keys, **given) as (at, wiring):
            paths = (await at.get("/openapi.json")).json()["paths"]
            routes = {f"{method.upper()} {path}": it for path, item in paths.items() for method, it in item.items()}
            yield Node(at, routes, await credentials(at, wiring.keys, issuer))


async def credentials(at: httpx.AsyncClient, keys: Any, issuer: Issuer) -> dict[str, dict[str, str]]:
    tokens = Tokens(keys.internal, keys.identity.public)
    operator = operator_of(keys)

    async def key(role: str) -> tuple[str, dict[str, str]]:
        made = (await at.post("/api/v1/keys", json={"name": role, "role": role}, headers=operator)).json()
        return made["id"], {"Authorization": f"Bearer {made['secret']}"}

    held = {role: (await key(role))[1] for role in ("reader", "editor", "reviewer", "operator")}
    revoked, credential = await key("operator")
    await at.delete(f"/api/v1/keys/{revoked}", headers=operator)
    peer, nonce = SigningKey(b"7" * 32), tokens.nonce()
    proof = peer.sign(SESSION, statement(nonce, keys.identity.public.fingerprint, "escap"))
    logged_in = {
        f"{role} by log-in": {"Authorization": f"Bearer {issuer.token(roles=[value])}"} for value, role in ROLES.items()
    }
    session = {"Authorization": f"Weft {tokens.open('escap', peer.public, nonce, proof)}"}
    return {"nobody": {}, **held, "revoked key": credential, "peer": session, "command line": operator, **logged_in}


def expected(caller: str, least: Role) -> str:
    """What a caller meets at a route for which that role is needed."""
    if caller == "revoked key":
        return "401"
    if least is ANYBODY:
        return "allowed"
    if caller == "nobody":
        return "401"
    if caller == "peer":
        return "403"
    role = {"command line": OPERATOR}.get(caller) or Role(caller.removesuffix(" by log-in"))
    return "allowed" if PEOPLE.index(role) >= PEOPLE.index(least) else "403"


def met(answer: httpx.Response) -> str:
    return str(answer.status_code) if answer.status_code in {401, 403} else "allowed"


async def test_every_route_is_in_the_table(node: Node):
    assert set(node.routes) - set(table()) == set()


async def test_every_caller_meets_at_every_route_what_the_table_says(node: Node):
    rows = table()
    wrong = []
    for route, caller in itertools.product(set(node.routes) & set(rows), node.as_):
        answer = await node.asked(route, caller)
        if met(answer) != expected(caller, rows[route]):
            wrong.append(f"{caller}: {route} is {answer.status_code}, not {expected(caller, rows[route])}")
        assert answer.status_code < 500 or answer.status_code == 503, (route, caller, answer.text)
    assert not wrong, "\n".join(wrong)


async def test_every_caller_is_known_for_what_it_is(node: Node):
    seen = {caller: (await node.at.get("/api/v1/keys", headers=held)).status_code for caller, held in node.as_.items()}
    assert seen == {
        "nobody": 401,
        "revoked key": 401,
        "reader": 403,
        "editor": 403,
        "reviewer": 403,
        "peer": 403,
        "operator": 200,
        "command line": 200,
        "editor by log-in": 403,
        "operator by log-in": 200,
    }
