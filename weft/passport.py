"""Passports: short-lived signed statements inside a node of who is calling. Only the gateway and services issue them.

A service believes no other header about its caller. They are cached on both sides, so that signing and verifying cost
once a minute for a caller and not once a request.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from weft.identity import Caller, Role
from weft.problems import Unauthenticated

K = TypeVar("K")
V = TypeVar("V")

HEADER = b"weft-caller"
AUDIENCE = "weft-node"
LIFE_SECONDS = 120
REUSE_SECONDS = 60
CACHED = 1_000


class Passports:
    """Issuing and checking with the node's internal key. `clock` gives monotonic seconds since a fixed point."""

    def __init__(self, seed: bytes, clock: Callable[[], float] = time.time) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public: Ed25519PublicKey = self._private.public_key()
        self._clock = clock
        self._issued: dict[Caller, tuple[float, str]] = {}
        self._checked: dict[str, tuple[float, Caller]] = {}

    def issue(self, caller: Caller) -> str:
        now = self._clock()
        made, token = self._issued.get(caller, (float("-inf"), ""))
        if now - made > REUSE_SECONDS:
            claims = {"sub": caller.name, "role": caller.role.value, "peer": caller.identity, "aud": AUDIENCE}
            token = jwt.encode({**claims, "exp": int(now) + LIFE_SECONDS}, self._private, algorithm="EdDSA")
            _bounded(self._issued)[caller] = (now, token)
        return token

    def check(self, token: str) -> Caller:
        """The caller of a passport.

        Raises:
            Unauthenticated: it is not this node's, or no longer good.
        """
        expires, caller = self._checked.get(token, (0.0, None))
        if caller is not None and self._clock() < expires:
            return caller
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "role", "aud"], "verify_exp": False},
            )
            caller = Caller(str(claims["sub"]), Role(claims["role"]), str(claims.get("peer", "")))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated(f"the caller's passport is not good: {error}") from None
        if self._clock() >= claims["exp"]:
            raise Unauthenticated("the caller's passport has expired")
        _bounded(self._checked)[token] = (float(claims["exp"]), caller)
        return caller


def _bounded(cache: dict[K, V]) -> dict[K, V]:
    """The cache, emptied when it has grown to its bound."""
    if len(cache) >= CACHED:
        cache.clear()
    return cache
