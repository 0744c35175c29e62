"""Engines that search: the interface, and the embedded one. No HTTP, no database, no feeds."""
