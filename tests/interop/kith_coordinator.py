"""A coordinator: docs/protocol.md section 8."""

import contextlib
import itertools
from dataclasses import dataclass
from typing import Any

from kith_exchange import DECLARE, DECLARED, ELSEWHERE, HELD, INVALID, MATCHES, WITHDRAW, WITHDRAWN
from kith_exchange import Intent, decode_intent, roles_fit
from kith_peer import Unreachable
from kith_tokens import IN_USE, ROLE, SKEW, now, verify
from kith_wire import ProtocolError, encode, identity_fingerprint, require

REPLICATE, REPLICATED = 37, 38
MASK = 2**64 - 1
WITHDRAWAL_FIELDS = 8


def mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@dataclass(frozen=True)
class Key:
    """What of several records only the newest is held under."""

    subject: bytes
    identity: bytes
    node: bytes
    role: int

    def digest(self) -> int:
        subject, identity, node = (int.from_bytes(part[:8], "big")
                                   for part in (self.subject, self.identity, self.node))
        return mix(mix(mix(subject ^ self.role) ^ identity) ^ node)


@dataclass(frozen=True)
class Record:
    """An intent, or the withdrawal that ended it."""

    issued_at: int
    intent: Intent | None

    def digest(self, key: Key) -> int:
        return mix(key.digest() ^ ((2 * self.issued_at + (self.intent is not None)) & MASK))


def key_of(intent: Intent) -> Key:
    token = intent.token
    return Key(token.subject, token.fingerprint, token.extensions[IN_USE], token.extensions[ROLE])


def match(a: Key, b: Key) -> bool:
    return roles_fit(a.role, b.role) and a.subject == b.subject and a.node != b.node


class Coordinator:
    def __init__(self, peer: Any) -> None:
        self.peer = peer
        self.records: dict[Key, Record] = {}
        self.summaries: list[tuple[bytes, int]] = []
        self.acknowledged: list[int] = []
        self.introduced: list[Intent] = []
        self.pushed = 0
        self._number = 0
        peer.coordinator = self

    @staticmethod
    def takes(kind: int) -> bool:
        return kind in (DECLARE, WITHDRAW, REPLICATE, REPLICATED)

    def digest(self, subject: bytes) -> int:
        return sum(record.digest(key) for key, record in self.records.items()
                   if key.subject == subject) & MASK

    # Routed here.

    def on_routed(self, kind: int, fields: list[Any]) -> list[Any]:
        require(kind in (DECLARE, WITHDRAW), f"routed message of kind {kind}")
        try:
            if kind == DECLARE:
                return self._declare(decode_intent(fields[0]), fields[1])
            return self._withdraw(fields[0])
        except ProtocolError:
            return [DECLARED, INVALID, 0, [], []]

    def _declare(self, intent: Intent, known: int) -> list[Any]:
        if self.peer.closest_member(intent.token.subject) != self.peer.fingerprint:
            return [DECLARED, ELSEWHERE, 0, [], []]
        key = key_of(intent)
        self.introduced.append(intent)
        self._hold(key, Record(intent.token.issued_at, intent))
        others = [record.intent for other, record in self.records.items()
                  if match(key, other) and record.intent]
        for other in others:
            self.peer.spawn(self._push(other, intent))
        for link in self.peer.members():
            self._number += 1
            link.session.send_value([REPLICATE, self._number, [[0, intent.encoded]], []])
        if sum(key_of(other).digest() for other in others) & MASK == known:
            others = []
        return [DECLARED, HELD, intent.token.expires_at, [self.peer.fingerprint],
                [other.encoded for other in others]]

    def _withdraw(self, fields: list[Any]) -> list[Any]:
        key, record = check_withdrawal(fields)
        self._hold(key, record)
        return [DECLARED, WITHDRAWN, fields[6], [], []]

    def _hold(self, key: Key, record: Record) -> None:
        held = self.records.get(key)
        if not held or held.issued_at <= record.issued_at:
            self.records[key] = record

    async def _push(self, to: Intent, about: Intent) -> None:
        node = to.node.fingerprint
        relays = to.relays or [node]
        self.pushed += 1
        with contextlib.suppress(Unreachable):
            await self.peer.ask(relays[0], [MATCHES, [about.encoded]], target=node)

    # Said by others who hold it.

    def on_message(self, link: Any, kind: int, fields: list[Any]) -> None:
        if kind == REPLICATED:
            number, wanted = fields
            check_order(wanted)
            self.acknowledged.append(number)
            return
        number, records, summaries = fields
        check_order([subject for subject, _ in summaries])
        for _, encoded in records:
            if len(encoded) == WITHDRAWAL_FIELDS:
                self._hold(*check_withdrawal(encoded))
            else:
                intent = decode_intent(encoded)
                self._hold(key_of(intent), Record(intent.token.issued_at, intent))
        self.summaries += [tuple(summary) for summary in summaries]
        wanted = [subject for subject, digest in summaries if self.digest(subject) != digest]
        link.session.send_value([REPLICATED, number, wanted])


def check_order(subjects: list[bytes]) -> None:
    require(all(a < b for a, b in itertools.pairwise(subjects)), "order of subjects")


def check_withdrawal(fields: list[Any]) -> tuple[Key, Record]:
    subject, public_key, node, role, audience, issued_at, until, signature = fields
    require(issued_at <= until and until > now() - SKEW, "dates of a withdrawal")
    verify(public_key, signature, b"kith/1 withdrawal\0"
           + encode([subject, node, role, audience, issued_at, until]))
    return Key(subject, identity_fingerprint(public_key), node, role), Record(issued_at, None)
