#!/usr/bin/python3
"""Writes tokens.json: tokens of every kind, made with python3-msgpack, hashlib and python3-cryptography, which
share no line with kith."""

import base64
import hashlib
import pathlib

import msgpack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NODE, IDENTITY, INTENT, TICKET, RELATIONSHIP = range(1, 6)
DOMAINS = {
    NODE: b"kith/1 node token\0",
    IDENTITY: b"kith/1 identity token\0",
    INTENT: b"kith/1 intent token\0",
    TICKET: b"kith/1 ticket token\0",
    RELATIONSHIP: b"kith/1 relationship proposal\0",
}
ENDPOINTS, STATIC_KEY, REACHABILITY, NODE_FINGERPRINT, ROLE, THRESHOLD, DIALED, SECRET, PURPOSE = range(1, 10)
PARTNER_KEY, PARTNER_NODE, PARTNER_STATIC_KEY = range(10, 13)

ISSUED_AT = 1_767_225_600_000_000
HOUR = 3_600_000_000
NOBODY = bytes(32)


def blake2b_256(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def signing_key(name):
    seed = blake2b_256(name)
    return seed, Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(kind, public_key):
    tag = b"kith/1 node fingerprint\0" if kind in (NODE, TICKET) else b"kith/1 identity fingerprint\0"
    return blake2b_256(tag, public_key)


def subject_id(realm, name):
    return blake2b_256(b"kith/1 subject\0", realm, name.encode())


def token(kind, signer, extensions, *, uuid, holder=None, countersigner=None, realm=NOBODY, subject=NOBODY, audience=NOBODY, life=HOUR):
    fields = (
        [
            kind,
            uuid,
            realm,
            fingerprint(kind, public_bytes(signer)),
            subject,
            audience,
            ISSUED_AT,
            ISSUED_AT + 1,
            ISSUED_AT + life,
            public_bytes(holder or signer),
            extensions,
        ]
    )
    # A relationship says in its head that there will be a second signature.
    packed = msgpack.packb([*fields, bytes(64), b""] if kind == RELATIONSHIP else [*fields, bytes(64)])
    unsigned = packed[: -66 if kind == RELATIONSHIP else -64]
    signed = unsigned + signer.sign(DOMAINS[kind] + unsigned)
    if kind != RELATIONSHIP:
        return signed
    if not countersigner:
        return signed + msgpack.packb(b"")
    signed += msgpack.packb(bytes(64))[:2]
    return signed + countersigner.sign(b"kith/1 relationship token\0" + signed)


def main():
    node_seed, node = signing_key(b"node")
    person_seed, person = signing_key(b"person")
    leader_seed, leader = signing_key(b"leader")
    realm = fingerprint(IDENTITY, public_bytes(leader))
    node_fingerprint = fingerprint(NODE, public_bytes(node))
    weather = subject_id(realm, "news/weather")
    endpoints = [
        bytes.fromhex("00000000000000000000ffffc0000201") + (3141).to_bytes(2, "big"),
        bytes.fromhex("20010db8000000000000000000000001") + (443).to_bytes(2, "big"),
    ]
    uuids = [bytes([n]) * 16 for n in range(1, 6)]
    # The generator that the tests give to kith fills secret and uuid with the same byte.
    secret = bytes([5]) * 32
    ticket = token(
        TICKET,
        node,
        {STATIC_KEY: bytes(range(32)), DIALED: ["example.org", 3141], SECRET: secret, PURPOSE: 1},
        uuid=uuids[4],
        realm=realm,
        audience=fingerprint(IDENTITY, public_bytes(person)),
    )
    terms = {
        STATIC_KEY: bytes(range(32)),
        NODE_FINGERPRINT: node_fingerprint,
        PARTNER_KEY: public_bytes(leader),
        PARTNER_NODE: bytes([9]) * 32,
        PARTNER_STATIC_KEY: bytes(range(32, 64)),
    }
    relationship = {"uuid": bytes([6]) * 16, "realm": realm, "audience": realm}
    vectors = {
        "node_seed": node_seed,
        "person_seed": person_seed,
        "leader_seed": leader_seed,
        "node_fingerprint": node_fingerprint,
        "person_fingerprint": fingerprint(IDENTITY, public_bytes(person)),
        "realm": realm,
        "subject": weather,
        "static_key": bytes(range(32)),
        "node": token(
            NODE, node, {ENDPOINTS: endpoints, STATIC_KEY: bytes(range(32)), REACHABILITY: 0}, uuid=uuids[0], realm=realm
        ),
        "identity": token(IDENTITY, person, {NODE_FINGERPRINT: node_fingerprint}, uuid=uuids[1]),
        "vouched_identity": token(IDENTITY, leader, {}, uuid=uuids[2], holder=person, realm=realm),
        "intent": token(
            INTENT,
            person,
            {NODE_FINGERPRINT: node_fingerprint, ROLE: 2, THRESHOLD: 1024},
            uuid=uuids[3],
            realm=realm,
            subject=weather,
            audience=realm,
        ),
        "relationship_proposal": token(RELATIONSHIP, person, terms, **relationship),
        "relationship": token(RELATIONSHIP, person, terms, countersigner=leader, **relationship),
        "ticket": ticket,
        "ticket_hash": blake2b_256(secret),
    }
    texts = {name: value.hex() for name, value in vectors.items()}
    texts["ticket_uri"] = "kith-ticket:" + base64.urlsafe_b64encode(ticket).decode().rstrip("=")
    lines = [f'  "{name}": "{value}"' for name, value in texts.items()]
    out = pathlib.Path(__file__).with_name("tokens.json")
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
