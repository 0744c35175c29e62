"""Tables of sync beside the log: the peers."""

from sqlmodel import Field, SQLModel

from weft.protocol.signing import VerifyKey


class PeerRow(SQLModel, table=True):
    """Another node. `state`: found or asked (waiting for the admin's yes), or approved. A name binds to an identity then."""

    __tablename__ = "peer"
    name: str = Field(primary_key=True)
    identity: str
    title: str
    url: str
    nats_user: str
    state: str
    since: str
    admitted: bool = False
    introduced: bool = False

    @property
    def key(self) -> VerifyKey:
        return VerifyKey.from_hex(self.identity)
