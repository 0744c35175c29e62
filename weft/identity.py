"""Who is calling: a person by role, a peer by identity, or a service of this node. How they proved it is the edge's matter."""

from enum import StrEnum
from typing import NamedTuple

from fastapi import Request

from weft.problems import Forbidden, Unauthenticated


class Role(StrEnum):
    """What a caller may do. People's roles include the ones before them; a peer and a service are no people."""

    ANONYMOUS = "anonymous"
    READER = "reader"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    PEER = "peer"
    SERVICE = "service"


PEOPLE = (Role.ANONYMOUS, Role.READER, Role.EDITOR, Role.REVIEWER, Role.OPERATOR)


class Caller(NamedTuple):
    """`identity` is a peer's key fingerprint; people and services have none."""

    name: str
    role: Role
    identity: str = ""

    def may(self, role: Role) -> bool:
        """Whether this caller has the rights of `role`."""
        if self.role in PEOPLE and role in PEOPLE:
            return PEOPLE.index(self.role) >= PEOPLE.index(role)
        return self.role is role


ANONYMOUS = Caller("", Role.ANONYMOUS)


def caller_of(request: Request) -> Caller:
    """Who the edge found to be calling."""
    caller: Caller = request.scope.get("weft.caller", ANONYMOUS)
    return caller


def require(request: Request, role: Role) -> Caller:
    """The caller of a request, who has at least this role. See `demand`."""
    return demand(caller_of(request), role)


def demand(caller: Caller, role: Role) -> Caller:
    """The caller, who has at least this role.

    Raises:
        Unauthenticated: nobody said who is calling.
        Forbidden: the caller has another role.
    """
    if caller.may(role):
        return caller
    if caller.role is Role.ANONYMOUS:
        raise Unauthenticated(f"this needs the role {role}")
    raise Forbidden(f"this needs the role {role}; you have {caller.role}")
