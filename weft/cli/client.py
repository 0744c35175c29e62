"""How the command line reaches a node: through its gateway, as an operator, since it can read the node's keys."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx

from weft.exchange.session import SCHEME, Tokens
from weft.keys import NodeKeys
from weft.settings import Settings
from weft.tls import trusted


class Failed(Exception):
    """A node answered with a problem, or not at all."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


class _Operator(httpx.Auth):
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"{SCHEME} {self._tokens.operator()}"
        yield request


class NodeClient:
    """One node's gateway, as its operator. Every call returns the answer's JSON or raises `Failed` with the remedy."""

    def __init__(self, folder: Path, *, seconds: float = 60) -> None:
        self.settings = Settings.read(folder)
        keys = NodeKeys.open(folder)
        auth = _Operator(Tokens(keys.internal, keys.identity.public))
        host = "127.0.0.1" if self.settings.host in {"0.0.0.0", "::"} else self.settings.host  # noqa: S104
        self.url = f"http://{host}:{self.settings.port}"
        self.http = httpx.Client(base_url=self.url, auth=auth, timeout=seconds, verify=trusted())

    def get(self, path: str, **params: Any) -> Any:
        return self.send("GET", path, params=params)

    def post(self, path: str, body: object = None, **params: Any) -> Any:
        return self.send("POST", path, json=body, params=params)

    def send(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Failed(
                f"{self.url} does not answer: {error}", "Is the node running? Start it with: weft up"
            ) from None
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            problem = answer.json()
        except json.JSONDecodeError:
            raise Failed(f"{answer.status_code} from {self.url}{path}") from None
        raise Failed(f"{problem.get('title')}: {problem.get('detail')}", str(problem.get("hint", "")))
