"""Sessions between nodes: a peer proves its identity by signing a nonce of the server's, and gets a short-lived token."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import httpx
import jwt
import msgspec

from weft.identity import Caller, Role
from weft.problems import Unauthenticated
from weft.protocol.refusals import BadSignature
from weft.protocol.signing import SigningKey, VerifyKey

SESSION = "session"
NONCE_SECONDS = 60
LIFE_SECONDS = 120
SCHEME = "Weft"


def statement(nonce: str, server: str, client: str) -> bytes:
    """What is signed: the server's nonce, its key's fingerprint, so that it serves nowhere else, and who asks."""
    return f"{nonce} {server} {client}".encode()


class Tokens:
    """Nonces and session tokens of one node, stateless: signed with its internal key, judged by its own clock alone."""

    def __init__(self, internal: bytes, server: VerifyKey, clock: Callable[[], float] = time.time) -> None:
        self._secret = internal
        self._server = server.fingerprint
        self._clock = clock

    def nonce(self) -> str:
        claims = {"n": secrets.token_hex(16), "exp": int(self._clock()) + NONCE_SECONDS, "aud": "weft-nonce"}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def open(self, name: str, key: VerifyKey, nonce: str, signature: bytes) -> str:
        """A token for a peer that signed our nonce.

        Raises:
            Unauthenticated: the nonce is not ours or too old, or the signature is not by that key.
        """
        self._claims(nonce, "weft-nonce")
        try:
            key.verify(SESSION, statement(nonce, self._server, name), signature)
        except BadSignature as error:
            raise Unauthenticated(error.why) from None
        claims = {"sub": name, "peer": key.fingerprint, "exp": int(self._clock()) + LIFE_SECONDS, "aud": "weft-session"}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def operator(self) -> str:
        """A token for whoever can read this node's keys: the command line on the same machine."""
        claims = {"sub": "command-line", "exp": int(self._clock()) + LIFE_SECONDS, "aud": "weft-operator"}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def caller(self, token: str) -> Caller:
        """Who a token was given to.

        Raises:
            Unauthenticated: it is not ours, or too old.
        """
        try:
            claims = self._claims(token, "weft-session")
            return Caller(str(claims["sub"]), Role.PEER, str(claims["peer"]))
        except Unauthenticated:
            return Caller(str(self._claims(token, "weft-operator")["sub"]), Role.OPERATOR)

    def _claims(self, token: str, audience: str) -> dict[str, object]:
        try:
            options: Any = {"require": ["exp", "aud"], "verify_exp": False}
            claims: dict[str, object] = jwt.decode(
                token, self._secret, algorithms=["HS256"], audience=audience, options=options
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"the token is not good: {error}") from None
        if not isinstance(claims["exp"], int) or self._clock() >= claims["exp"]:
            raise Unauthenticated("the token has expired; open a session again")
        return claims


class _Nonce(msgspec.Struct):
    nonce: str


class _Token(msgspec.Struct):
    token: str


Said = TypeVar("Said", _Nonce, _Token)


class PeerAuth(httpx.Auth):
    """Opens a session with a peer when it is asked for one, and again when it has run out."""

    def __init__(self, us: str, key: SigningKey, peer: VerifyKey) -> None:
        self._us = us
        self._key = key
        self._peer = peer.fingerprint
        self._token = ""
        self._opening = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        used = self._token
        request.headers["Authorization"] = f"{SCHEME} {used}"
        if used:
            response = yield request
            if response.status_code != 401:
                return
            await response.aread()
        async with self._opening:
            if self._token == used:
                asked = yield httpx.Request("POST", request.url.join("/feeds/challenge"), headers=_host(request))
                await asked.aread()
                nonce = _said(asked, _Nonce).nonce
                proof = {
                    "node": self._us,
                    "nonce": nonce,
                    "signature": self._key.sign(SESSION, statement(nonce, self._peer, self._us)).hex(),
                }
                opened = yield httpx.Request(
                    "POST", request.url.join("/feeds/session"), headers=_host(request), json=proof
                )
                await opened.aread()
                self._token = _said(opened, _Token).token
        request.headers["Authorization"] = f"{SCHEME} {self._token}"
        yield request


def _host(request: httpx.Request) -> dict[str, str]:
    return {"Host": request.headers["Host"]}


def _said(response: httpx.Response, kind: type[Said]) -> Said:
    """The answer to a step of opening a session; no session is as good as no answer."""
    if response.status_code != 200:
        raise httpx.TransportError(f"the peer opens no session: {response.status_code} {response.text[:200]}")
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as error:
        raise httpx.TransportError(f"the peer opens no session: {error}") from None
