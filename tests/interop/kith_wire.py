"""Bytes of kith/1: docs/protocol.md sections 1, 2, 4 (padding), 9 (payloads)."""

import base64
import hashlib
from typing import Any

import msgpack

FINGERPRINT_BYTES = 32
BLOCK_BYTES = 256
DEPTH_MAX = 8


class ProtocolError(Exception):
    """A peer said something that docs/protocol.md does not allow."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise ProtocolError(what)


def digest(domain: str, *parts: bytes) -> bytes:
    return hashlib.blake2b(domain.encode() + b"\0" + b"".join(parts), digest_size=32).digest()


def node_fingerprint(public_key: bytes) -> bytes:
    return digest("kith/1 node fingerprint", public_key)


def identity_fingerprint(public_key: bytes) -> bytes:
    return digest("kith/1 identity fingerprint", public_key)


def subject_id(realm: bytes, name: str) -> bytes:
    return digest("kith/1 subject", realm, name.encode())


def to_text(fingerprint: bytes) -> str:
    return base64.b32encode(fingerprint).decode().lower().rstrip("=")


def from_text(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def distance(a: bytes, b: bytes) -> int:
    return int.from_bytes(a, "big") ^ int.from_bytes(b, "big")


def encode(value: Any) -> bytes:
    return msgpack.packb(value, use_bin_type=True)


def _check_canonical(value: Any, depth: int) -> None:
    require(depth <= DEPTH_MAX, "too deep")
    if isinstance(value, dict):
        keys = list(value)
        require(all(type(key) is int and key >= 0 for key in keys), "map key is no number")
        require(keys == sorted(set(keys)), "map keys out of order")
        for item in value.values():
            _check_canonical(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_canonical(item, depth + 1)
    else:
        require(isinstance(value, (bool, int, bytes, str)), f"type {type(value)}")


def decode(data: bytes) -> Any:
    """The value that `data` is the canonical form of."""
    value, rest = decode_first(data)
    require(not rest, "bytes after the value")
    return value


def decode_first(data: bytes) -> tuple[Any, bytes]:
    """The value that `data` begins with, and what comes after it."""
    unpacker = msgpack.Unpacker(strict_map_key=False, raw=False)
    unpacker.feed(data)
    try:
        value = unpacker.unpack()
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        # A type error: a map that has a list or a map as a key.
        raise ProtocolError(f"no msgpack: {error}") from error
    _check_canonical(value, 1)
    canonical = encode(value)
    require(data.startswith(canonical), "not canonical")
    return value, data[len(canonical):]


def pad(data: bytes) -> bytes:
    """`80 00 …` up to a multiple of 256; one byte at least."""
    data += b"\x80"
    return data + bytes(-len(data) % BLOCK_BYTES)


def unpad(data: bytes) -> bytes:
    stripped = data.rstrip(b"\0")
    require(stripped.endswith(b"\x80"), "padding")
    return stripped[:-1]


def encode_payload(payload: bytes) -> bytes:
    """A payload of an exchange behind its length in LEB128."""
    length, out = len(payload), bytearray()
    while True:
        out.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes(out) + payload


def decode_payloads(data: bytes) -> list[bytes]:
    payloads = []
    while data:
        length = shift = used = 0
        while True:
            require(used < len(data) and used < 3, "payload length")
            byte = data[used]
            used += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        require(used == 1 or data[used - 1] != 0, "payload length is not shortest")
        require(len(data) >= used + length, "payload is cut")
        payloads.append(data[used:used + length])
        data = data[used + length:]
    return payloads
