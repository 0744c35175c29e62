"""Who is calling, from the Authorization header. Credentials that are not good are refused, never taken for nobody's."""

from typing import NamedTuple

from gateway.keys import PREFIX, Keyring
from gateway.oidc import Bearers
from weft.exchange.session import SCHEME, Tokens
from weft.identity import ANONYMOUS, Caller, Role
from weft.problems import Unauthenticated


class Visitor(NamedTuple):
    """`bucket`: under what name this caller's requests are counted; empty for nobody known, who is counted by address.

    `node`: a peer, or the command line of this node's own machine.
    """

    caller: Caller
    bucket: str = ""
    node: bool = False


NOBODY = Visitor(ANONYMOUS)


class Identity:
    """Keys are people's and programs', tokens are peers' and the command line's, bearers come from an issuer's log-in."""

    def __init__(self, keyring: Keyring, tokens: Tokens, bearers: Bearers | None) -> None:
        self._keyring = keyring
        self._tokens = tokens
        self._bearers = bearers

    async def visitor(self, authorization: list[bytes]) -> Visitor:
        """Who sent these Authorization headers.

        Raises:
            Unauthenticated: something was sent that proves nothing here.
        """
        if not authorization:
            return NOBODY
        if len(authorization) > 1:
            raise Unauthenticated("there is more than one Authorization header")
        scheme, _, token = authorization[0].decode("latin-1").strip().partition(" ")
        if scheme.lower() == "bearer" and self._bearers is not None and not token.strip().startswith(PREFIX):
            caller = await self._bearers.caller(token.strip())
            return Visitor(caller, f"oidc {caller.name}")
        if scheme.lower() == "bearer":
            row = await self._keyring.holder(token.strip())
            return Visitor(Caller(row.name, Role(row.role)), f"key {row.id}")
        if scheme.lower() == SCHEME.lower():
            caller = self._tokens.caller(token.strip())
            return Visitor(caller, f"{caller.role} {caller.name} {caller.identity}", node=True)
        raise Unauthenticated(f"the scheme {scheme[:20]!r} is not one of Bearer and {SCHEME}")
