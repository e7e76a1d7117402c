"""Keys and tokens: docs/protocol.md section 3."""

import os
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dissononce.dh.x25519.x25519 import X25519DH

from kith_wire import (ProtocolError, decode, encode, identity_fingerprint, node_fingerprint,
                       require)

NODE, IDENTITY, INTENT, TICKET, RELATIONSHIP = range(1, 6)
DOMAINS = {NODE: b"kith/1 node token\0", IDENTITY: b"kith/1 identity token\0",
           INTENT: b"kith/1 intent token\0", TICKET: b"kith/1 ticket token\0",
           RELATIONSHIP: b"kith/1 relationship proposal\0"}
COUNTERSIGNATURE_DOMAIN = b"kith/1 relationship token\0"
ENDPOINTS, STATIC_KEY, REACHABILITY, IN_USE, ROLE, THRESHOLD = range(1, 7)
PARTNER_KEY, PARTNER_NODE, PARTNER_STATIC_KEY = 10, 11, 12
EXTENSIONS = {NODE: ({1, 2, 3}, set()), IDENTITY: (set(), {4}), INTENT: ({4, 5, 6}, set()),
              TICKET: ({2, 7, 8, 9}, set()), RELATIONSHIP: ({2, 4, 10, 11, 12}, set())}
SEND, RECEIVE, BOTH = 1, 2, 3
DIRECT, OUTBOUND_ONLY = 0, 1
SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
LIFE_MAX = {NODE: 30 * DAY, IDENTITY: 365 * DAY, INTENT: DAY, TICKET: 30 * DAY,
            RELATIONSHIP: 5 * 365 * DAY}
BYTES_MAX = {NODE: 1024, IDENTITY: 1024, INTENT: 2048, TICKET: 1024, RELATIONSHIP: 2048}
SKEW = 300 * SECOND
ZERO = bytes(32)


def now() -> int:
    return time.time_ns() // 1000


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        encoding=serialization.Encoding.Raw, format=serialization.PublicFormat.Raw)


def verify(public_key: bytes, signature: bytes, signed: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise ProtocolError("signature") from error


def encode_endpoint(host: str, port: int) -> bytes:
    """An IPv4 address and a port as 18 bytes."""
    quad = bytes(int(part) for part in host.split("."))
    return bytes(10) + b"\xff\xff" + quad + port.to_bytes(2, "big")


def decode_endpoint(data: bytes) -> tuple[str, int]:
    require(len(data) == 18 and data[:12] == bytes(10) + b"\xff\xff", "no IPv4 endpoint")
    return ".".join(str(byte) for byte in data[12:16]), int.from_bytes(data[16:], "big")


@dataclass(frozen=True)
class Token:
    kind: int
    uuid: bytes
    realm: bytes
    issuer: bytes
    subject: bytes
    audience: bytes
    issued_at: int
    expires_at: int
    public_key: bytes
    extensions: dict[int, Any]
    encoded: bytes

    @property
    def fingerprint(self) -> bytes:
        is_node = self.kind in (NODE, TICKET)
        return (node_fingerprint if is_node else identity_fingerprint)(self.public_key)

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        return [decode_endpoint(item) for item in self.extensions.get(ENDPOINTS, [])]


def decode_token(data: bytes, kind: int, at: int | None = None) -> Token:
    """A token of that kind, signed by the key that it is about and valid at that time, or now.  A
    relationship is one that both have signed."""
    require(len(data) <= BYTES_MAX[kind], "token length")
    fields = decode(data)
    is_relationship = kind == RELATIONSHIP
    require(isinstance(fields, list) and len(fields) == 12 + is_relationship, "token fields")
    countersignature = fields.pop() if is_relationship else None
    (found, uuid, realm, issuer, subject, audience, issued_at, not_before, expires_at, public_key,
     extensions, signature) = fields
    require(found == kind, "token kind")
    require([len(item) for item in (uuid, realm, issuer, subject, audience, public_key, signature)]
            == [16, 32, 32, 32, 32, 32, 64], "token field length")
    needed, allowed = EXTENSIONS[kind]
    require(needed <= set(extensions) <= needed | allowed, "token extensions")
    require(issued_at <= not_before < expires_at <= issued_at + LIFE_MAX[kind], "token dates")
    at = now() if at is None else at
    require(not_before - SKEW <= at <= expires_at + SKEW, "token is not valid now")
    token = Token(kind, uuid, realm, issuer, subject, audience, issued_at, expires_at, public_key,
                  extensions, data)
    require(issuer == token.fingerprint, "issuer")
    require((subject == ZERO) == (kind != INTENT), "subject")
    signed = data
    if is_relationship:
        partner = extensions[PARTNER_KEY]
        require(audience == identity_fingerprint(partner) != issuer, "partner")
        verify(partner, countersignature, COUNTERSIGNATURE_DOMAIN + data[:-64])
        signed = data[:-66]
    verify(public_key, signature, DOMAINS[kind] + signed[:-64])
    return token


def issue(kind: int, key: Ed25519PrivateKey, extensions: dict[int, Any], *, realm: bytes = ZERO,
          subject: bytes = ZERO, life: int = 600 * SECOND) -> bytes:
    public_key, at = raw_public(key), now()
    fingerprint = (node_fingerprint if kind == NODE else identity_fingerprint)(public_key)
    unsigned = encode([kind, os.urandom(16), realm, fingerprint, subject, ZERO, at, at, at + life,
                       public_key, extensions, bytes(64)])[:-64]
    return unsigned + key.sign(DOMAINS[kind] + unsigned)


def propose(keys: "Keys", partner: bytes, node: bytes, static_key: bytes) -> bytes:
    """A relationship of the keys' identity with that of the partner's key, which uses that node."""
    key, at = keys.identity_key, now()
    extensions = {STATIC_KEY: keys.static.public.data, IN_USE: keys.fingerprint,
                  PARTNER_KEY: partner, PARTNER_NODE: node, PARTNER_STATIC_KEY: static_key}
    unsigned = encode([RELATIONSHIP, os.urandom(16), keys.realm, keys.identity_fingerprint, ZERO,
                       identity_fingerprint(partner), at, at, at + DAY, raw_public(key), extensions,
                       bytes(64), b""])[:-66]
    return unsigned + key.sign(DOMAINS[RELATIONSHIP] + unsigned) + encode(b"")


@dataclass
class Keys:
    """The keys of a node, and of the identity that it acts for: its own, if none is given."""

    node: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    static: Any = field(default_factory=lambda: X25519DH().generate_keypair())
    identity: Ed25519PrivateKey | None = None
    realm: bytes = ZERO

    @property
    def fingerprint(self) -> bytes:
        return node_fingerprint(raw_public(self.node))

    @property
    def identity_key(self) -> Ed25519PrivateKey:
        return self.identity or self.node

    @property
    def identity_fingerprint(self) -> bytes:
        return identity_fingerprint(raw_public(self.identity_key))

    def node_token(self, endpoints: list[tuple[str, int]]) -> bytes:
        extensions: dict[int, Any] = {
            ENDPOINTS: [encode_endpoint(*endpoint) for endpoint in endpoints],
            STATIC_KEY: self.static.public.data,
            REACHABILITY: DIRECT if endpoints else OUTBOUND_ONLY}
        return issue(NODE, self.node, extensions, realm=self.realm)

    def identity_token(self) -> bytes:
        return issue(IDENTITY, self.identity_key, {IN_USE: self.fingerprint}, realm=self.realm)

    def intent_token(self, subject: bytes, role: int, threshold: int = 16) -> bytes:
        return issue(INTENT, self.identity_key,
                     {IN_USE: self.fingerprint, ROLE: role, THRESHOLD: threshold},
                     realm=self.realm, subject=subject)

    def attachment(self, relays: list[bytes]) -> list[Any]:
        """Says that the node lets the identity use it, and which relays have a session with it."""
        if self.identity is None and not relays:
            return []
        at = now()
        signed = encode([self.identity_fingerprint, at, relays])
        return [at, relays, self.node.sign(b"kith/1 attachment\0" + signed)]

    def join_proof(self, session_id: bytes) -> bytes:
        return self.identity_key.sign(b"kith/1 join\0" + session_id + self.fingerprint)
