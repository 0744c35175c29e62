"""An answer on its way out: it gets the headers that every answer has, and knows how far it has come."""

from collections.abc import Callable

from starlette.types import Message, Send

from gateway.headers import PAGES_POLICY, Headers


class Answer:
    """`send` for one request. `dress` adds to the headers, under `policy`; a HEAD's answer ends at its head.

    `added`: headers of the gateway's own for this one.
    """

    def __init__(self, send: Send, dress: Callable[[Headers, "Answer"], Headers], *, head_only: bool) -> None:
        self._send = send
        self._head_only = head_only
        self._dress = dress
        self.policy = PAGES_POLICY
        self.added: Headers = []
        self.status = 0
        self.complete = False

    @property
    def started(self) -> bool:
        return self.status > 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            await self._send({**message, "headers": self._dress(list(message["headers"]), self)})
            if self._head_only:
                await self._send({"type": "http.response.body", "body": b""})
            return
        if message["type"] == "http.response.body":
            self.complete = not message.get("more_body", False)
        if not self._head_only:
            await self._send(message)
