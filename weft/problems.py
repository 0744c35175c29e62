"""Problems: errors that carry a status, a stable code and what to do next. The edge turns them into RFC 9457 documents."""

from collections.abc import Mapping


class Problem(Exception):
    """Raised where it is known, translated once at the edge. `detail` is of this occurrence, `hint` of the kind."""

    status = 500
    code = "internal-error"
    title = "Something went wrong"
    hint = "Try again; if it goes on, send the request id to whoever runs this node."
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.extra = extra

    def document(self) -> dict[str, object]:
        """The body of the answer, without the members that only the edge knows."""
        return {
            "type": f"urn:weft:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail or self.title,
            "hint": self.hint,
            **self.extra,
        }


class Invalid(Problem):
    status, code, title = 422, "invalid", "The request does not say something valid"
    hint = "Correct the fields that are named and send the request again."


class Malformed(Problem):
    status, code, title = 400, "malformed", "The request cannot be read"
    hint = "Send what the API description at /openapi.json says."


class Unauthenticated(Problem):
    status, code, title = 401, "unauthenticated", "Who you are is not known"
    hint = "Send a key as 'Authorization: Bearer …'; an operator makes one with 'weft key create'."
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "This needs a right that you do not have"
    hint = "Ask an operator of this node for a key with the role that is named."


class NotFound(Problem):
    status, code, title = 404, "not-found", "There is no such thing here"
    hint = "Check the address; what you may not see is answered like what does not exist."


class NotOurs(Problem):
    status, code, title = 409, "not-ours", "Another node owns this record"
    hint = "Only the owner changes a record; send this to the node that is named."


class Stale(Problem):
    status, code, title = 412, "stale-version", "The record has changed since you read it"
    hint = "Read the record again, put your change on top of it, and send its new ETag in If-Match."


class TooLarge(Problem):
    status, code, title = 413, "too-large", "This is larger than a node takes"
    hint = "Send less at a time; a record is at most 512 KiB."


class NotNow(Problem):
    status, code, title = 503, "not-now", "This is about to change"
    hint = "Ask again in a moment."
    headers: Mapping[str, str] = {"Retry-After": "1"}


class Unavailable(Problem):
    status, code, title = 503, "unavailable", "A part of this node cannot answer now"
    hint = "Nothing was changed. Try again after the time in Retry-After."
    headers: Mapping[str, str] = {"Retry-After": "2"}
