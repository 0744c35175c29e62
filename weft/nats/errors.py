"""What NATS can refuse or fail to do, told as three cases that a caller acts on differently. Not for HTTP."""


class NatsProblem(Exception):
    """Base of this package's errors; `hint` says what to do next."""

    hint = ""

    def __str__(self) -> str:
        return ". ".join(part for part in (super().__str__(), self.hint) if part)


class Unavailable(NatsProblem):
    """The server cannot be reached or did not answer in time; the same call may succeed later."""

    hint = "Go on over HTTPS; the connection mends itself"


class Refused(NatsProblem):
    """The server answered and said no: unknown, revoked, or not permitted."""

    hint = "Go on over HTTPS; if this peer should have access, its operator must approve it again"


class Gone(NatsProblem):
    """The stream or the reader does not exist (any more)."""

    hint = "Go on over HTTPS; the origin makes the stream and the reader again"


class ServerFailed(NatsProblem):
    """The node's own nats-server did not start."""
