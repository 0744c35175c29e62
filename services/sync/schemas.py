"""Wire forms of sync: what operators and peers send and are told."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from weft.exchange.states import State

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Introduction(Strict):
    """A node's signed descriptor."""

    statement: Annotated[str, StringConstraints(max_length=65536)]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Nonce(Strict):
    nonce: str


class Proof(Strict):
    """A peer's signature of our nonce."""

    node: Annotated[str, StringConstraints(max_length=32)]
    nonce: Annotated[str, StringConstraints(max_length=1000)]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Token(Strict):
    token: str
    expires_in: int


class Broker(Strict):
    url: str
    jwt: str
    certificate: str


class PeerIn(Strict):
    """Where another node's gateway is."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(?:/[^\s?#]*)?$", max_length=300)] = Field(
        examples=["http://127.0.0.1:8403"]
    )


class Approval(Strict):
    """The yes to a peer with this key: the fingerprint that was compared with its operator."""

    fingerprint: Fingerprint = Field(examples=["0f343b0931126a20f133d67c2b018a3b"])


class Peer(BaseModel):
    """A node that was found, asks, or is approved."""

    name: str
    title: str
    url: str
    fingerprint: str
    state: str
    since: str


class Peers(BaseModel):
    items: list[Peer]
    total: int
    next: str | None = None


class FeedStatus(BaseModel):
    """One feed as this node has it. `behind`: None where the origin's head is not known; unknown is not zero."""

    feed: str
    peer: str
    state: State
    since: str
    why: str
    applied: str
    digest: str
    count: int
    head: str | None
    behind_commits: int | None
    behind_changes: int | None
    behind_seconds: float | None
    equal_at: str | None
    attempted_at: str | None
    succeeded_at: str | None
    refused: int


class Copy(BaseModel):
    """How far one of this node's services has come in a feed that sync holds."""

    service: str
    feed: str
    state: State
    applied: str
    digest: str
    equal: bool
    why: str


class Refusal(BaseModel):
    feed: str
    code: str
    why: str
    at: str


class Status(BaseModel):
    """Replication as seen from this node. `equal`: every copy here has its holder's digest at its holder's head."""

    node: str
    seen_at: str
    equal: bool
    feeds: list[FeedStatus]
    copies: list[Copy]
    refusals: list[Refusal]


class Check(BaseModel):
    """One copy, counted again from its rows and compared with its holder. `keys` names the first that differ."""

    service: str
    feed: str
    applied: str
    holder: str | None
    recounted: str
    equal: bool
    why: str = ""
    buckets: list[int] = []
    keys: list[str] = []


class Verification(BaseModel):
    node: str
    equal: bool
    checks: list[Check]


class NetworkNode(BaseModel):
    """A node of the network and how fresh this node's copy of it is."""

    name: str
    title: str
    url: str
    ours: bool
    state: State
    behind_commits: int | None
    behind_seconds: float | None
    succeeded_at: str | None
    records: int | None


class Network(BaseModel):
    items: list[NetworkNode]
    total: int
    next: str | None = None
    seen_at: str
