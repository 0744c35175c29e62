"""One node, each part of it a process of its own; of a service there may be several workers, named like `catalog-2`."""

from dataclasses import dataclass, field

from weft.demo.local import LocalNode, free_ports

SERVICES = ("catalog", "indicators", "search", "sync")


@dataclass
class SplitNode:
    """`more`: further workers of services. The other parts find the first of each."""

    node: LocalNode
    more: tuple[str, ...] = ()
    parts: dict[str, LocalNode] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        workers = (*SERVICES, *self.more)
        self.ports = dict(zip(workers, free_ports(len(workers)), strict=True))
        urls = {f"WEFT_{name.upper()}_URL": self.url(name) for name in SERVICES}
        for name in ("broker", *workers, "gateway"):
            environment = {**self.node.environment, **urls}
            self.parts[name] = LocalNode(self.node.name, self.node.folder, environment=environment)

    def url(self, worker: str) -> str:
        return f"http://127.0.0.1:{self.ports[worker]}"

    def start(self, *names: str) -> None:
        for name in names or self.parts:
            port = ("--port", str(self.ports[name])) if name in self.ports else ()
            self.parts[name].start("serve", name.partition("-")[0], str(self.node.folder), *port)
        self.parts["gateway"].wait_ready()

    def kill(self, *names: str) -> None:
        for name in names or self.parts:
            self.parts[name].kill()
