"""The node's NATS: trust, server, bus and the connection to a peer's server. A fast path, never the truth."""
