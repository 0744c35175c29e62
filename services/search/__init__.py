"""The interregional index: everything that the node may show, findable in six languages."""
