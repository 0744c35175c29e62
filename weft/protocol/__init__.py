"""The feed protocol: bytes and events in, decisions out. No socket, clock, disk or database."""
