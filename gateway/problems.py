"""Problems that only the door meets."""

from collections.abc import Mapping

from weft.problems import Malformed, Problem, Unavailable


class CrookedPath(Malformed):
    code, title = "crooked-path", "The path is not written plainly"
    hint = "Write each segment once and as it is: no empty ones, no '.' or '..', no encoded slash, no trailing slash."


class TooMany(Problem):
    status, code, title = 429, "too-many-requests", "More requests came from you than this node answers in a minute"
    hint = "Wait as long as Retry-After says; a key of your own has limits of its own."

    def __init__(self, detail: str, *, wait: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(wait)}


class NotYet(Problem):
    status, code, title = 501, "not-in-this-release", "This part of the interface comes in a later release"
    hint = "The list of what there is stands at /docs."


class HeadTooLarge(Problem):
    status, code, title = 431, "head-too-large", "The request's head is larger than a node takes"
    hint = "Send fewer and shorter headers; 32 KiB are enough for all of them."


class AddressTooLong(Problem):
    status, code, title = 414, "address-too-long", "The address is longer than a node takes"
    hint = "An address is at most 8 KiB with its query; ask for less at a time."


class Encoded(Problem):
    status, code, title = 415, "encoded-body", "A body is taken as it is, not compressed"
    hint = "Send the body without Content-Encoding; a node unpacks nothing that it was sent."
    headers: Mapping[str, str] = {"Accept-Encoding": "identity"}


class TooSlow(Problem):
    status, code, title = 408, "too-slow", "The body did not come in time"
    hint = "Send it again over a better link, or in smaller parts."


class Busy(Unavailable):
    code, title = "busy", "This node is asked for more than it can answer"
    hint = "Wait as long as Retry-After says, then ask again, with fewer requests at once."
    headers: Mapping[str, str] = {"Retry-After": "1"}


class Down(Unavailable):
    code, title = "service-down", "A service of this node does not answer"

    def __init__(self, service: str, why: str) -> None:
        super().__init__(f"{service} does not answer: {why}", service=service)


class BrokenOff(Exception):
    """A service stopped in the middle of its answer, so what the caller got must not look whole."""
