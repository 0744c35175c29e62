"""Peers: who was found, who asks, who is approved. Approval is a person's decision about a key, not about a name."""

from sqlmodel import Session, col, select

from services.sync.models import PeerRow
from weft.descriptor import Descriptor
from weft.problems import NotFound, Problem, TooLarge

WAITING = 200
"""How many nodes may wait for a yes; more are turned away until an operator has decided."""


class OtherIdentity(Problem):
    status, code, title = 409, "other-identity", "That name belongs to another key"
    hint = "Compare the fingerprint with the other node's operator. Remove the peer before another key takes its name."


class NotThatKey(Problem):
    status, code, title = 409, "not-that-key", "The peer's key is not the one that was confirmed"
    hint = "Look at the fingerprint again; the node may have answered with another descriptor meanwhile."


def approved(session: Session) -> list[PeerRow]:
    return list(session.exec(select(PeerRow).where(PeerRow.state == "approved").order_by(col(PeerRow.name))))


def listed(session: Session) -> list[PeerRow]:
    return list(session.exec(select(PeerRow).order_by(col(PeerRow.name))))


def found(session: Session, name: str) -> PeerRow:
    row = session.get(PeerRow, name)
    if row is None:
        raise NotFound(f"there is no peer {name}")
    return row


def meet(session: Session, us: str, descriptor: Descriptor, state: str, now: str) -> PeerRow:
    """Write down what a node says of itself. An approved peer's address may change, its key never.

    Raises:
        OtherIdentity: the name is ours, or an approved peer's with another key.
        TooLarge: too many nodes wait already.
    """
    if descriptor.node == us:
        raise OtherIdentity(f"{us} is this node's own name")
    row = session.get(PeerRow, descriptor.node)
    if row is None:
        if len(listed(session)) >= WAITING:
            raise TooLarge("too many nodes wait for approval here")
        row = PeerRow(name=descriptor.node, identity="", title="", url="", nats_user="", state=state, since=now)
    elif row.state == "approved":
        if row.identity != descriptor.identity:
            raise OtherIdentity(f"{descriptor.node} is approved with the key {row.key.fingerprint}")
    else:
        row.state, row.since = state, now
    row.identity, row.title = descriptor.identity, descriptor.title
    row.url, row.nats_user = descriptor.url, descriptor.nats_user
    session.add(row)
    return row


def approve(session: Session, name: str, fingerprint: str, now: str) -> PeerRow:
    """The admin's yes to a name with this key.

    Raises:
        NotThatKey: the key changed since it was shown.
    """
    row = found(session, name)
    if row.key.fingerprint != fingerprint:
        raise NotThatKey(f"{name} now shows the key {row.key.fingerprint}, not {fingerprint}")
    if row.state != "approved":
        row.state, row.since, row.admitted = "approved", now, False
        session.add(row)
    return row


def done(session: Session, name: str, *, admitted: bool = False, introduced: bool = False) -> None:
    """Note what has been arranged for an approved peer, so that it is not done again."""
    row = found(session, name)
    row.admitted = row.admitted or admitted
    row.introduced = row.introduced or introduced
    session.add(row)
