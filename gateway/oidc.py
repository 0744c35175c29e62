"""Bearer tokens of an OpenID Connect issuer: whether one is good here, who brings it, in which role. No HTTP here."""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import msgspec

from gateway.issuer import Issuer, IssuerKey
from weft.identity import PEOPLE, Caller, Role
from weft.problems import Forbidden, Unauthenticated
from weft.settings import Settings

TOKEN_BYTES = 16 * 1024
SUBJECT_CHARACTERS = 255
LEEWAY_SECONDS = 30
BELIEVED_SECONDS = 60.0
"""How long a token that was good is not looked at again, so that a signature is not checked with each request."""
CACHED = 1_000
_REQUIRED = ("iss", "sub", "aud", "exp", "iat")


class _Header(msgspec.Struct):
    """What counts of a token's header. A key that it brings along (`jwk`, `jku`, `x5c`) counts for nothing."""

    alg: str
    kid: str | None = None
    crit: msgspec.Raw | None = None


class Bearers:
    """Believes one issuer. `clock`: seconds since the epoch."""

    def __init__(self, settings: Settings, issuer: Issuer, clock: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._audience = settings.oidc_audience
        self._clients = settings.oidc_clients
        self._claim = settings.oidc_role_claim
        self._roles = {value: Role(role) for value, role in settings.oidc_roles.items()}
        self._clock = clock
        self._believed: dict[str, tuple[float, Caller]] = {}

    async def caller(self, token: str) -> Caller:
        """Who brings this token.

        Raises:
            Unauthenticated: it is not good here.
            Forbidden: it is good, and gives no role at this node.
            Unavailable: the issuer's keys could never be fetched.
        """
        until, caller = self._believed.get(token, (0.0, None))
        if caller is not None and self._clock() < until:
            return caller
        claims = await self._claims(token)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARACTERS or not subject.isprintable():
            raise Unauthenticated("the token does not name its subject plainly")
        caller = Caller(f"{subject} at {self._issuer.url}", self._role(claims))
        if len(self._believed) >= CACHED:
            self._believed.clear()
        self._believed[token] = (min(claims["exp"], self._clock() + BELIEVED_SECONDS), caller)
        return caller

    async def _claims(self, token: str) -> Mapping[str, Any]:
        header = read_header(token)
        found = await self._issuer.key(header.kid)
        if found is None:
            raise Unauthenticated("the token is signed with a key that its issuer does not publish")
        try:
            claims = self._verified(token, found)
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"the token is not good: {error}") from None
        except (RecursionError, OverflowError):  # a number or a depth that is meant to hurt
            raise Unauthenticated("the token cannot be read") from None
        self._meant_for_us(claims)
        return claims

    def _verified(self, token: str, found: IssuerKey) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            found.key,
            algorithms=list(found.algorithms),
            issuer=self._issuer.url,
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={"require": list(_REQUIRED)},
        )

    def _meant_for_us(self, claims: Mapping[str, Any]) -> None:
        """See that the client which got the token is one that we take it from (OpenID Connect Core, 3.1.3.7)."""
        client = claims.get("azp", claims.get("client_id"))
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and not isinstance(client, str):
            raise Unauthenticated("the token has several audiences and does not say which client it was given to")
        if self._clients and client not in self._clients:
            raise Unauthenticated(f"the token was given to the client {str(client)[:100]!r}")

    def _role(self, claims: Mapping[str, Any]) -> Role:
        """The highest of the roles that the token's claim gives here."""
        said = claim(claims, self._claim)
        values = said if isinstance(said, list) else [said]
        roles = [self._roles[value] for value in values if isinstance(value, str) and value in self._roles]
        if not roles:
            raise Forbidden(f"the token is good, but its claim {self._claim!r} gives no role at this node")
        return max(roles, key=PEOPLE.index)


def read_header(token: str) -> _Header:
    """What a token says of its signature, before any of it is believed.

    Raises:
        Unauthenticated: it is none that could be good.
    """
    if len(token) > TOKEN_BYTES:
        raise Unauthenticated(f"the token is over {TOKEN_BYTES} bytes")
    head, *rest = token.split(".")
    if len(rest) != 2:
        raise Unauthenticated("the bearer token is neither a key of this node ('weft_…') nor a signed token")
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)), type=_Header)
    except (ValueError, RecursionError):
        raise Unauthenticated("the token's header cannot be read") from None
    if header.crit is not None:
        raise Unauthenticated("the token's header asks for what is not known here")
    return header


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by its way through claims within claims, such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
