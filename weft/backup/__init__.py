"""Backups: one encrypted file that holds a node as it was, and a node made from one. Not for moving single records."""
