"""A relay between two nodes, as a proxy or a provider is one, and the mischief that it may do to answers about feeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx

from weft.protocol import frames
from weft.protocol.commits import COMMIT, HEAD
from weft.protocol.frames import Body, Frame
from weft.protocol.signing import SigningKey

Mischief = Callable[[bytes], bytes | None]
"""What an answer becomes; None when this one offers nothing to spoil, and passes as it is."""
COMMITS = "/ece/catalog/network/commits"
PURPOSE = {frames.COMMIT: COMMIT, frames.HEAD: HEAD}


class Relay:
    """Passes requests on to `target`. `played` counts the answers that it spoiled."""

    def __init__(self, target: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.mischief: Mischief = honest
        self.played = 0
        self.open = Event()
        self.open.set()
        self._target = httpx.Client(base_url=target, timeout=60)
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                relay.pass_on(self)

            def do_POST(self) -> None:
                relay.pass_on(self)

            def log_message(self, format: str, *args: object) -> None:
                """The test says what it needs to."""

        self._server = _Server(("127.0.0.1", port), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        headers = {name: asked.headers[name] for name in ("Authorization", "Content-Type") if name in asked.headers}
        try:
            answer = self._target.request(asked.command, asked.path, content=body, headers=headers)
            status, form, content = answer.status_code, answer.headers.get("Content-Type", ""), answer.content
        except httpx.HTTPError:
            status, form, content = 502, "text/plain", b""
        if status == 200 and COMMITS in asked.path and (spoiled := self.mischief(content)) is not None:
            content = spoiled
            self.played += 1
        self.open.wait()
        asked.send_response(status)
        asked.send_header("Content-Type", form)
        asked.send_header("Content-Length", str(len(content)))
        asked.end_headers()
        asked.wfile.write(content)

    @contextmanager
    def plays(self, mischief: Mischief) -> Iterator[None]:
        self.mischief, self.played = mischief, 0
        try:
            yield
        finally:
            self.mischief = honest

    @contextmanager
    def holds(self) -> Iterator[None]:
        """Nothing comes out, and no connection is closed."""
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A node that was killed hangs up."""


def honest(answer: bytes) -> bytes | None:
    return None


def flips(answer: bytes) -> bytes | None:
    """One byte in the middle."""
    spoiled = bytearray(answer)
    spoiled[len(spoiled) // 2] ^= 0x10
    return bytes(spoiled)


def lies(answer: bytes) -> bytes | None:
    """Other words in a body, in a frame that is otherwise well made."""
    head, *commits = frames.split(answer)
    if not commits:
        return None
    lying = [commit._replace(payload=frames.pack(_lies(commit.payload))) for commit in commits]
    return _joined(head, *lying)


def _lies(payload: bytes) -> dict[int, Body]:
    return {at: Body(body.salt, body.data.replace(b"True", b"Lies")) for at, body in frames.unpack(payload).items()}


def signs(answer: bytes) -> bytes | None:
    """Everything signed by a key of the relay's own."""
    own = SigningKey(bytes(range(32)))
    return _joined(
        *(frame._replace(signature=own.sign(PURPOSE[frame.kind], frame.statement)) for frame in frames.split(answer))
    )


def drops(answer: bytes) -> bytes | None:
    """The first of several commits is missing; until there are several, none is given."""
    head, *commits = frames.split(answer)
    return _joined(head, *commits[1:]) if commits else None


def reorders(answer: bytes) -> bytes | None:
    """Several commits, the last one first; until there are several, none is given."""
    head, *commits = frames.split(answer)
    if not commits:
        return None
    return _joined(head, *(reversed(commits) if len(commits) > 1 else ()))


def withholds(answer: bytes) -> bytes | None:
    """The head without what led to it."""
    head, *commits = frames.split(answer)
    return _joined(head) if commits else None


def replays() -> Mischief:
    """The first answer that had a commit, again and again."""
    first: list[bytes] = []

    def replay(answer: bytes) -> bytes | None:
        if first:
            return first[0]
        if len(list(frames.split(answer))) > 1:
            first.append(answer)
        return None

    return replay


def _joined(*parts: Frame) -> bytes:
    return b"".join(part.to_bytes() for part in parts)
