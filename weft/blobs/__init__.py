"""Blobs: bytes beside records, by their SHA-256. Kept, verified, fetched from their owner, erased with their last reference."""
