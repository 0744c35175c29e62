"""What a node's broker says of its streams and of their readers, asked as the node's own services ask."""

import asyncio
import json
from typing import Any

from weft.broker import Broker
from weft.demo.local import LocalNode
from weft.keys import NodeKeys
from weft.nats.link import dial
from weft.settings import Settings


def told(node: LocalNode, request: str) -> dict[str, Any]:
    """The answer to a request of JetStream's API; nothing while there is none."""

    async def ask() -> dict[str, Any]:
        settings, keys = Settings.read(node.folder), NodeKeys.open(node.folder)
        at = Broker.of(settings)
        connection = await dial(
            at.url, keys.trust.service_credentials(), name="test", inbox="_INBOX_node", tls=at.tls()
        )
        try:
            answer = await connection.request(f"$JS.API.{request}", b"", 2)
            return dict(json.loads(answer.data))
        finally:
            await connection.close()

    try:
        return asyncio.run(ask())
    except Exception:
        return {}
