"""What sync makes anew after it was restored from a backup. Run by `weft restore`, never by the service."""

from sqlalchemy import update
from sqlmodel import Session

from services.sync.models import PeerRow


def renew(session: Session) -> None:
    """Carry out every approval again: the services' databases may be from a moment before it, our address may be new."""
    session.connection().execute(update(PeerRow).values(admitted=False, introduced=False))
