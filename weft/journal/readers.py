"""Readers: admitting a peer to an origin's feeds, and removing it."""

from sqlmodel import Session, select

from weft.database.statements import upsert
from weft.journal import wishes
from weft.journal.incarnation import Incarnation
from weft.journal.models import AdmissionRow, OwnRow, ReaderRow
from weft.journal.record import audience_of, rewrite
from weft.journal.seal import own_feeds, seal_all
from weft.journal.wishes import Wish
from weft.log import feeds
from weft.problems import Forbidden
from weft.protocol.commits import Commit
from weft.protocol.names import LOCAL, NETWORK


def admit(session: Session, us: Incarnation, name: str, identity: str) -> list[Commit]:
    """Let an approved peer read from here on. What was journalled before is sealed first (rule 6).

    Another identity under a known name begins with nothing: the one before it is removed first (rule 11).
    """
    present = session.get(ReaderRow, name)
    if present and present.identity == identity:
        return []
    sealed = remove(session, us, name) if present else []
    sealed += seal_all(session, us)
    feeds.found_or_opened(session, us.feed(name))
    rows = own_feeds(session, us)
    upsert(session, ReaderRow, [{"name": name, "identity": identity, "admitted_at": us.now()}])
    admissions = [
        {"reader": name, "feed": audience, "sequence": rows[audience].sequence} for audience in (NETWORK, name)
    ]
    upsert(session, AdmissionRow, admissions)
    return sealed


def remove(session: Session, us: Incarnation, name: str) -> list[Commit]:
    """End a reader's access, and write its name out of every audience (rule 11)."""
    reader = session.get(ReaderRow, name)
    if reader is None:
        return []
    wished = {record: _without(name, wish) for record, wish in wishes.naming(session, name).items()}
    rows = [
        row for row in session.exec(select(OwnRow)) if name in audience_of(row.audience) or (row.kind, row.id) in wished
    ]
    for row in rows:
        session.expunge(row)
    session.delete(reader)
    for admission in session.exec(select(AdmissionRow).where(AdmissionRow.reader == name)):
        session.delete(admission)
    session.flush()
    rewrite(session, us, rows, lambda row: _without(name, Wish(audience_of(row.audience))).audience, wished=wished)
    return seal_all(session, us)


def _without(name: str, wish: Wish) -> Wish:
    """The wish without a peer; with nobody left there is nothing to wait for."""
    audience = tuple(other for other in wish.audience if other != name)
    return wish._replace(audience=audience) if audience else Wish((LOCAL,))


def since(session: Session, reader: str, identity: str, audience: str) -> int:
    """The sequence from which a reader may have commits of a feed.

    Raises:
        Forbidden: the feed is not for this identity.
    """
    row = session.get(ReaderRow, reader)
    admission = session.get(AdmissionRow, (reader, audience))
    if row is None or row.identity != identity or admission is None:
        raise Forbidden("this feed is not for you")
    return admission.sequence
