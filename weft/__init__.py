"""The kernel that every Weft process shares. It knows nothing of the services above it."""

__version__ = "0.1.0"
