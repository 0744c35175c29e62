"""Replication with peers, and its monitoring."""
