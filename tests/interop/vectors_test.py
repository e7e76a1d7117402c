"""The examples of docs/protocol.md, its last section, computed anew, and kith's own vectors, read anew."""

import hashlib
import json
import pathlib
import re
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.private import PrivateKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.processing.impl.cipherstate import CipherState

from kith_coordinator import Key, Record
from kith_session import PING, RecordCipher, frame, item
from kith_tokens import (DOMAINS, IDENTITY, INTENT, NODE, RELATIONSHIP, TICKET, decode_token,
                         encode_endpoint, raw_public)
from kith_wire import (ProtocolError, encode, encode_payload, identity_fingerprint,
                       node_fingerprint, pad, subject_id)

PROTOCOL = pathlib.Path(__file__).parents[2] / "docs" / "protocol.md"
TOKENS = pathlib.Path(__file__).parents[1] / "vectors" / "tokens.json"
TOKENS_ISSUED_AT = 1_767_225_600_000_000
A, B, C, D = (bytes([byte]) * 32 for byte in (0xA1, 0xB2, 0xC3, 0xD4))
SIGNATURE = b"\x55" * 64
TOKEN = b"\x77" * 5
RELATION = b"\xd4" * 16
AT = 1_700_000_000_000_000
HOUR = 3600 * 1_000_000


def blake2b(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def keys_and_tokens() -> dict[str, bytes]:
    node = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    static = X25519DH().generate_keypair(PrivateKey(b"\x02" * 32)).public.data
    public_key = raw_public(node)
    fingerprint = node_fingerprint(public_key)
    unsigned = encode([NODE, b"\x03" * 16, bytes(32), fingerprint, bytes(32), bytes(32), AT, AT,
                       AT + HOUR, public_key,
                       {1: [encode_endpoint("127.0.0.1", 3141)], 2: static, 3: 0},
                       bytes(64)])[:-64]
    return {"public key": public_key, "static key": static, "node": fingerprint,
            "identity": identity_fingerprint(public_key),
            "subject": subject_id(bytes(32), "news/weather"),
            "node token": unsigned + node.sign(DOMAINS[NODE] + unsigned)}


def records() -> dict[str, bytes]:
    state = CipherState(ChaChaPolyCipher())
    state.initialize_key(bytes(range(32)))
    cipher = RecordCipher(state)
    ping = frame(b"T", cipher.seal(pad(item(PING, (1).to_bytes(8, "big")))))
    while cipher.records < 1024:
        last = frame(b"T", cipher.seal(pad(item(0))))
    after = frame(b"T", cipher.seal(pad(item(0))))
    return {"record 1": blake2b(ping), "record 1024": blake2b(last),
            "record 1025": blake2b(after)}


def messages() -> dict[str, bytes]:
    intent = [TOKEN, TOKEN, []]
    attached = [TOKEN, TOKEN, [AT, [B], SIGNATURE]]
    withdrawal = [A, B, C, 2, bytes(32), AT, AT + HOUR, SIGNATURE]
    values = {
        "join": [1, 0, True, b"", b""],
        "join of an identity": [1, 1, False, TOKEN, SIGNATURE],
        "acknowledge": [2, 0], "not acknowledged": [3, True], "update": [4, TOKEN],
        "piggy": [5, True, [TOKEN, TOKEN]], "leave": [6],
        "route": [16, 1, A, b"", B, 31, False, encode([25])],
        "answer": [17, 1, 0, 2, [A, B], encode([5, False, []])],
        "announce": [24, TOKEN], "look-up": [25], "trace": [26],
        "judge": [27, TOKEN, TOKEN], "judgement": [28, A, B, True, AT, AT + HOUR, SIGNATURE],
        "declare": [32, intent, 0], "declare of a client": [32, attached, 2**64 - 1],
        "declared": [33, 0, AT, [A], [intent]], "withdraw": [34, withdrawal],
        "matches": [35, [intent]], "unmatched": [36, [withdrawal, [A, B, C, 1, AT]]],
        "replicate": [37, 7, [[0, intent], [1000, withdrawal]], [[A, 2**63]]],
        "replicated": [38, 7, [A]],
        "open": [48, 1, 2**32, B, 1, 0, 0, 1024, 2**22, TOKEN],
        "accept": [49, 1, 2, 2**40, 300, TOKEN], "refuse": [50, 1, 2],
        "credit": [52, 2, 300, 1324, 2**22], "expired": [53, 1, 301], "close": [54, True, 2],
        "relate": [64, TOKEN, b""], "related": [65, TOKEN], "not related": [66],
        "message": [67, RELATION, 1, b"hello"], "taken": [68, RELATION, 1],
        "end": [69, RELATION, AT, SIGNATURE], "no relation": [70, RELATION],
        "introduce": [71, TOKEN], "query": [72, 1, "time", b""],
        "reply": [73, 1, 0, b"hello"]}
    encoded = {name: encode(value) for name, value in values.items()}
    encoded["data"] = (encode([51, 1, 300]) + encode_payload(b"hello") + encode_payload(b"")
                       + encode_payload(b"\x99" * 200))
    return encoded


def digests() -> dict[str, bytes]:
    key = Key(A, B, C, 2)
    values = {"digest of a name": key.digest(), "digest of an intent": Record(AT, True).digest(key),
              "digest of its withdrawal": Record(AT, None).digest(key)}
    return {name: value.to_bytes(8, "big") for name, value in values.items()}


def expand(text: str) -> bytes:
    text = re.sub(r"(..)×(\d+)", lambda match: match[1] * int(match[2]), text)
    return bytes.fromhex(text)


class Examples(unittest.TestCase):
    def test_the_page_says_what_is_so(self) -> None:
        section = re.split(r"^## \d+\. Examples$", PROTOCOL.read_text(), flags=re.MULTILINE)[1]
        said = {name: expand(text) for name, text in
                re.findall(r"^([a-z][a-z 0-9-]*?) *= ([0-9a-f× ]+)$", section, re.MULTILINE)}
        computed = keys_and_tokens() | records() | messages() | digests()
        self.assertEqual(sorted(said), sorted(computed))
        for name, data in computed.items():
            self.assertEqual(said[name].hex(), data.hex(), name)


class Tokens(unittest.TestCase):
    KINDS = {"node": NODE, "identity": IDENTITY, "intent": INTENT, "ticket": TICKET,
             "relationship": RELATIONSHIP}

    def setUp(self) -> None:
        said = json.loads(TOKENS.read_text())
        self.tokens = {name: bytes.fromhex(said[name]) for name in self.KINDS}
        self.proposal = bytes.fromhex(said["relationship_proposal"])

    def test_each_is_of_its_kind_alone(self) -> None:
        for name, data in self.tokens.items():
            for kind in self.KINDS.values():
                with self.subTest(name=name, kind=kind):
                    if kind == self.KINDS[name]:
                        self.assertEqual(decode_token(data, kind, TOKENS_ISSUED_AT).kind, kind)
                    else:
                        self.assertRaises(ProtocolError, decode_token, data, kind,
                                          TOKENS_ISSUED_AT)

    def test_no_byte_may_change(self) -> None:
        for name in ("ticket", "relationship"):
            data = self.tokens[name]
            for at in range(len(data)):
                changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                with self.subTest(name=name, at=at):
                    self.assertRaises(ProtocolError, decode_token, changed, self.KINDS[name],
                                      TOKENS_ISSUED_AT)

    def test_a_proposal_is_no_relationship(self) -> None:
        self.assertRaises(ProtocolError, decode_token, self.proposal, RELATIONSHIP,
                          TOKENS_ISSUED_AT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
