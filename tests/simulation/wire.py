"""Looking into bytes on the wire without the product's code: which records they name, which canaries they carry."""

import re
import struct

import zstandard

_KEY = re.compile(rb"k-[a-z]+-\d+")
_CANARY = re.compile(rb"~[a-z]+\.\d+\.\d+~")
_SIGNATURE = 64


def contents(frame: bytes) -> tuple[set[str], set[str]]:
    """The keys and the canaries in a frame, whatever it is: its statement in clear, its payload unfolded."""
    (length,) = struct.unpack_from(">I", frame, 6)
    end = 10 + length + _SIGNATURE
    (size,) = struct.unpack_from(">I", frame, end)
    payload = frame[end + 4 : end + 4 + size]
    raw = frame + (zstandard.ZstdDecompressor().decompress(payload) if payload else b"")
    return keys_in(raw), canaries_in(raw)


def keys_in(raw: bytes) -> set[str]:
    return {found.decode() for found in _KEY.findall(raw)}


def canaries_in(raw: bytes) -> set[str]:
    return {found.decode() for found in _CANARY.findall(raw)}
