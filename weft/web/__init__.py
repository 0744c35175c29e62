"""What every HTTP application of a node has: problem documents, request ids, bounds, health and metrics."""
