"""An issuer of tokens for the tests: the one of `oidc-provider-mock` as a real server, and one that may be hostile."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi import FastAPI, Response

from tests.service.gateway.house import listening

AUDIENCE = "weft-at-eclac"
ROLES = {"weft-editors": "editor", "weft-operators": "operator"}


class Issuer:
    """Publishes keys and signs whatever it is told to. It counts how often it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self.down = False
        self.extra: dict[str, Any] = {}
        self.private: dict[str, tuple[Any, str]] = {
            "rsa": (rsa.generate_private_key(65537, 2048), "RS256"),
            "ec": (ec.generate_private_key(ec.SECP256R1()), "ES256"),
            "ed": (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        }
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self._configuration)
        self.app.get("/keys")(self._keys)

    async def _configuration(self) -> Any:
        self.asked += 1
        if self.down:
            return Response(status_code=503)
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.extra}

    async def _keys(self) -> Any:
        return {"keys": [published(kid, key, algorithm) for kid, (key, algorithm) in self.private.items()]}

    def claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        plain = {"iss": self.url, "aud": AUDIENCE, "sub": "ana", "iat": now, "nbf": now, "exp": now + 300}
        return plain | {"roles": ["weft-editors", "others"]} | more

    def token(self, kid: str = "rsa", headers: dict[str, Any] | None = None, **more: Any) -> str:
        """A token with these claims; one that is None is left out."""
        key, algorithm = self.private[kid]
        claims = {name: value for name, value in self.claims(**more).items() if value is not None}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid, **(headers or {})})


def published(kid: str, key: Any, algorithm: str) -> dict[str, Any]:
    given = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
    return {**(json.loads(given) if isinstance(given, str) else given), "kid": kid, "use": "sig"}


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """An issuer behind a real server."""
    issuer = Issuer()
    servers: list[uvicorn.Server] = []
    async with listening(issuer.app, servers) as port:
        issuer.url = f"http://127.0.0.1:{port}"
        yield issuer


@contextmanager
def provider(*users: dict[str, Any]) -> Iterator[str]:
    """The address of a provider in a process of its own, which knows these users."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    named = [part for user in users for part in ("--user-claims", json.dumps(user))]
    running = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *named],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                httpx.get(f"{url}/jwks").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield url
    finally:
        running.terminate()
        running.wait(10)
