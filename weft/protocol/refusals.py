"""Why bytes or statements are refused. Callers decide by its class, people read its code."""


class Refusal(Exception):
    """Something was not accepted; nothing of it was applied."""

    code = "refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unauthentic(Refusal):
    """Nothing here proves that the origin said it: it is dropped, counted and fetched again."""


class Malformed(Unauthentic):
    """Bytes that are not a frame, or a statement that is not in its one canonical form."""

    code = "malformed"


class Oversize(Unauthentic):
    """A frame, a statement or a body beyond its limit."""

    code = "oversize"


class BadSignature(Unauthentic):
    """The signature is not the origin's over these bytes for this purpose."""

    code = "bad-signature"


class ForeignFeed(Unauthentic):
    """A statement about another feed than the one that was asked for: nobody speaks for another origin."""

    code = "foreign-feed"


class Replayed(Unauthentic):
    """A head that does not answer our nonce: somebody on the way kept it and sent it again."""

    code = "replayed"


class BadBody(Unauthentic):
    """A body that its header does not name, or whose salted hash differs."""

    code = "bad-body"


class Incompatible(Refusal):
    """An unknown format: the feed waits for an upgrade of this node."""

    code = "incompatible"


class Gap(Refusal):
    """Commits between the cursor and this one are missing: pull them."""

    code = "gap"


class Beyond(Refusal):
    """The origin opened an epoch before our cursor: hand back what is orphaned, then read a snapshot."""

    code = "beyond"


class Contradiction(Refusal):
    """The origin signed what cannot be: the line stops, the last good state stays, an operator is told."""


class Fork(Contradiction):
    """The same epoch and sequence with another hash."""

    code = "fork"


class BrokenChain(Contradiction):
    """The next commit does not name our header as its previous one."""

    code = "broken-chain"


class Regression(Contradiction):
    """A change at a version that this feed has passed already."""

    code = "regression"


class WrongDigest(Contradiction):
    """After applying the commit our copy is not what its header says."""

    code = "wrong-digest"


class Withheld(Contradiction):
    """A body is missing although no later change of its record has come by the head at which it was refused."""

    code = "withheld-body"
