"""Benchmarks: the same work done by Weft and by a peer, on one machine in one run. Figures, not tests."""
