"""A receiver of webhooks: a real server that verifies what it gets as receivers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.service.gateway.house import listening


class Receiver:
    """Takes messages; answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.url = ""
        self.app = FastAPI()
        self.app.post("/take")(self._take)
        self.app.post("/elsewhere")(self._take)

    async def _take(self, request: Request) -> Response:
        self.got.append((await request.body(), dict(request.headers)))
        return self.answers.pop(0) if self.answers else Response(status_code=204)

    async def messages(self, secret: str, count: int) -> list[dict]:
        """So many messages, verified as a receiver verifies them."""
        async with asyncio.timeout(10):
            while len(self.got) < count:  # noqa: ASYNC110 - a server tells nobody
                await asyncio.sleep(0.01)
        return [Webhook(secret).verify(body, headers) for body, headers in self.got]

    def keys_signed_with(self, secret: str) -> set[str]:
        """The keys of all changes in messages that this secret verifies."""
        mine = []
        for body, headers in self.got:
            with suppress(WebhookVerificationError):
                mine.append(Webhook(secret).verify(body, headers))
        return {item["key"] for each in mine for item in each["data"]["items"]}


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    made = Receiver()
    servers: list[uvicorn.Server] = []
    async with listening(made.app, servers) as port:
        made.url = f"http://127.0.0.1:{port}/take"
        yield made
