"""The services of a node: each owns its database, imports `weft` and never another service."""
