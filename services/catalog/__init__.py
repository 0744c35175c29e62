"""The catalog: a node's documents, its own and what its peers let it have."""
