"""A message to a webhook and its signature, as Standard Webhooks has them. Pure."""

import base64
import hashlib
import hmac
from typing import NamedTuple

import msgspec

from gateway.changes.gather import Page

PREFIX = "whsec_"
_PURPOSE = b"weft/webhook/v1\0"


class Message(NamedTuple):
    """`id`: the same for the same changes, so that a receiver knows what it has had before."""

    id: str
    body: bytes
    changes: int


def secret_of(internal: bytes, webhook: str) -> str:
    """The secret of a webhook. It is made again whenever it is needed: no database and no backup has it."""
    made = hmac.digest(internal, _PURPOSE + webhook.encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(made).decode()


def changes(webhook: str, page: Page, *, node: str, anew: bool, at: str) -> Message:
    """What has changed. `anew`: the list begins here, so that what a receiver kept of before is to be dropped."""
    told = {"node": node, "anew": anew, "next": str(page.next), "items": page.items}
    data = msgspec.json.encode(told)
    name = hashlib.sha256(webhook.encode() + b"\0" + data).hexdigest()[:32]
    return Message(f"msg_{name}", _body("changes", at, data), len(page.items))


def trial(webhook: str, *, node: str, at: str) -> Message:
    """A message that only shows whether messages arrive."""
    name = hashlib.sha256(f"{webhook} {at}".encode()).hexdigest()[:32]
    return Message(f"msg_{name}", _body("test", at, msgspec.json.encode({"node": node})), 0)


def _body(type_: str, at: str, data: bytes) -> bytes:
    return msgspec.json.encode({"type": type_, "timestamp": at, "data": msgspec.Raw(data)})


def headers(message: Message, secret: str, seconds: int) -> dict[str, str]:
    """The headers by which a receiver knows that a message is this node's, and from when."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{message.id}.{seconds}.".encode() + message.body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "Weft",
        "webhook-id": message.id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
