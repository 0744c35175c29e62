"""The keys of the OpenID Connect issuer that this node believes: found, fetched, kept. No token is judged here.

The first request waits for the keys; later they are renewed by who needs them, at most once a minute, and the last ones
stay good while the issuer is down.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from weft.problems import Unavailable
from weft.tls import trusted

log = structlog.get_logger("weft.gateway.issuer")

FRESH_SECONDS = 3_600.0
AGAIN_SECONDS = 60.0
FETCH_SECONDS = 5.0
DOCUMENT_BYTES = 256 * 1024
KEYS = 50
RSA_BITS = 2048
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


class IssuerKey(NamedTuple):
    """A public key, and the algorithms that it may have signed with."""

    key: Any
    algorithms: tuple[str, ...]


class _Unusable(Exception):
    """What the issuer answered cannot be used."""


class Issuer:
    """`clock`: monotonic seconds."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        self._keys: Mapping[str, IssuerKey] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, kid: str | None) -> IssuerKey | None:
        """The key with this id; without one, the only key that there is.

        Raises:
            Unavailable: no key has ever been fetched, and none can be now.
        """
        now = self._clock()
        if now - self._fetched > FRESH_SECONDS or self._find(kid) is None:
            await self._renew()
        if not self._keys:
            raise Unavailable("the keys of the issuer of tokens cannot be fetched")
        return self._find(kid)

    def _find(self, kid: str | None) -> IssuerKey | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _renew(self) -> None:
        async with self._fetching:
            if self._clock() - self._tried < AGAIN_SECONDS:
                return
            self._tried = self._clock()
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    self._keys = await self._fetch()
                self._fetched = self._clock()
            except (_Unusable, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                log.warning(
                    "the issuer's keys were not renewed", issuer=self.url, why=str(error) or type(error).__name__
                )

    async def _fetch(self) -> Mapping[str, IssuerKey]:
        async with httpx.AsyncClient(verify=trusted(), trust_env=False, follow_redirects=False) as client:
            said = await _document(client, f"{self.url.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self.url:
                raise _Unusable(f"the issuer calls itself {str(said.get('issuer'))[:200]!r}")
            place = str(said.get("jwks_uri", ""))
            if urlsplit(place).scheme not in {"https", urlsplit(self.url).scheme}:
                raise _Unusable("jwks_uri is not an https address")
            return read_keys(await _document(client, place))


async def _document(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    body = bytearray()
    async with client.stream("GET", address, headers={"Accept": "application/json"}) as answer:
        if answer.status_code != 200:
            raise _Unusable(f"{address} answered {answer.status_code}")
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > DOCUMENT_BYTES:
                raise _Unusable(f"{address} answered more than {DOCUMENT_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Unusable(f"{address}: {error}") from None


def read_keys(document: Mapping[str, Any]) -> dict[str, IssuerKey]:
    """The keys of a JWK set that sign, by id. Secrets, weak keys and what is not understood are left out."""
    listed = document.get("keys")
    keys: dict[str, IssuerKey] = {}
    for at, given in enumerate(listed[:KEYS] if isinstance(listed, list) else []):
        if not isinstance(given, dict) or given.get("use", "sig") != "sig" or given.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK.from_dict(given).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, NotImplementedError):  # the last for "none"
            continue
        algorithms = _algorithms(key)
        named = given.get("alg")
        if named is not None:
            algorithms = tuple(name for name in algorithms if name == named)
        if algorithms:
            keys[str(given.get("kid", f"key {at}"))] = IssuerKey(key, algorithms)
    return keys


def _algorithms(key: object) -> tuple[str, ...]:
    """What a key may have signed with: by its own kind, so that no public key is ever taken for a shared secret."""
    if isinstance(key, RSAPublicKey):
        return _RSA if key.key_size >= RSA_BITS else ()
    if isinstance(key, EllipticCurvePublicKey):
        return (_CURVES[key.curve.name],) if key.curve.name in _CURVES else ()
    return ("EdDSA",) if isinstance(key, Ed25519PublicKey) else ()
