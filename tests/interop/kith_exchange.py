"""Intents, matches and channels: docs/protocol.md sections 8 and 9."""

import os
from dataclasses import dataclass, field
from typing import Any

from kith_tokens import (INTENT, IN_USE, NODE, RECEIVE, ROLE, SEND, ZERO, Token, decode_token,
                         verify)
from kith_wire import decode_payloads, encode, encode_payload, require, subject_id

DECLARE, DECLARED, WITHDRAW, MATCHES, UNMATCHED = range(32, 37)
OPEN, ACCEPT, REFUSE, DATA, CREDIT, EXPIRED, CLOSE = range(48, 55)
HELD, WITHDRAWN, INVALID, FULL, ELSEWHERE, SUPERSEDED = range(6)
CREDIT_BYTES = 1 << 20


@dataclass(frozen=True)
class Intent:
    token: Token
    node: Token
    relays: list[bytes]
    encoded: list[Any]


def roles_fit(a: int, b: int) -> bool:
    return bool(a & SEND and b & RECEIVE or a & RECEIVE and b & SEND)


def decode_intent(encoded: list[Any]) -> Intent:
    """[intent token, node token, attachment], every signature of it verified."""
    token, node = decode_token(encoded[0], INTENT), decode_token(encoded[1], NODE)
    require(token.extensions[IN_USE] == node.fingerprint, "intent of another node")
    require(token.realm == node.realm, "realm of an intent")
    attachment = encoded[2]
    if not attachment:
        require(token.public_key == node.public_key, "the node does not let the identity use it")
        return Intent(token, node, [], encoded)
    at, relays, signature = attachment
    verify(node.public_key, signature,
           b"kith/1 attachment\0" + encode([token.fingerprint, at, relays]))
    return Intent(token, node, relays, encoded)


@dataclass
class Channel:
    """One end of a channel: what a receiver has taken, or what a sender may send."""

    link: Any
    own: int
    role: int
    other: int | None = None
    identity: bytes = b""
    token: Token | None = None
    epoch: int = 0
    first: int | None = None
    next: int = 0
    acknowledged: int = 0
    credit_messages: int = 0
    credit_bytes: int = 0
    bytes: int = 0
    received: list[bytes] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)
    refused: int | None = None
    closed: bool = False


class Exchange:
    """One intent, and the channels that came of it."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer
        self.window = 4
        self.channels: list[Channel] = []
        self.matches: dict[bytes, Intent] = {}
        self.unmatched: list[Any] = []
        self.intent: list[Any] = []
        self.subject = ZERO
        self.role = 0
        self.epoch = int.from_bytes(os.urandom(8), "big")
        self.sequence = 0

    @staticmethod
    def takes(kind: int) -> bool:
        return OPEN <= kind <= CLOSE

    # Section 8.

    async def declare(self, name: str, role: int, relays: list[bytes]) -> list[Any]:
        """The fields of the answer: verdict, until, holders, intents."""
        self.subject, self.role = subject_id(self.peer.keys.realm, name), role
        token = self.peer.keys.intent_token(self.subject, role, self.window)
        self.intent = [token, self.peer.token, self.peer.keys.attachment(relays)]
        _, _, answer = await self.peer.ask(self.subject, [DECLARE, self.intent, 0])
        require(answer[0] == DECLARED, "answer to declare")
        for encoded in answer[4]:
            self._on_match(encoded)
        return answer[1:]

    async def withdraw(self) -> list[Any]:
        token = decode_token(self.intent[0], INTENT)
        fields = [self.subject, self.peer.fingerprint, self.role, token.audience,
                  token.issued_at, token.expires_at]
        signature = self.peer.keys.identity_key.sign(b"kith/1 withdrawal\0" + encode(fields))
        withdrawal = [self.subject, token.public_key, *fields[1:], signature]
        _, _, answer = await self.peer.ask(self.subject, [WITHDRAW, withdrawal])
        require(answer[0] == DECLARED, "answer to withdraw")
        return answer[1:]

    def on_routed(self, kind: int, fields: list[Any]) -> list[Any] | None:
        require(kind in (MATCHES, UNMATCHED), f"routed message of kind {kind}")
        for encoded in fields[0]:
            if kind == MATCHES:
                self._on_match(encoded)
            else:
                self.unmatched.append(encoded)
        return None

    def _on_match(self, encoded: list[Any]) -> None:
        intent = decode_intent(encoded)
        require(intent.token.subject == self.subject, "subject of a match")
        require(roles_fit(intent.token.extensions[ROLE], self.role), "role of a match")
        if intent.token.fingerprint in self.matches:
            return
        self.matches[intent.token.fingerprint] = intent
        if self.role & RECEIVE:
            self.peer.spawn(self._subscribe(intent))
        elif not decode_token(self.peer.token, NODE).endpoints:
            # Whoever sends and cannot be dialed dials the receiver.
            self.peer.spawn(self.peer.connect(intent.node))

    # Section 9, receiving.

    def _intent_of(self, link: Any, encoded: bytes) -> Token:
        token = decode_token(encoded, INTENT)
        require(token.extensions[IN_USE] == link.fingerprint, "intent of another node")
        require(token.subject == self.subject, "intent for another subject")
        return token

    async def _subscribe(self, intent: Intent) -> None:
        if intent.node.endpoints:
            link = await self.peer.connect(intent.node)
        else:
            link = await self.peer.until(lambda: self.peer.link(intent.node.fingerprint))
        self.open(link, intent.token.fingerprint)

    def open(self, link: Any, identity: bytes) -> Channel:
        channel = Channel(link, len(self.channels) + 1, RECEIVE, identity=identity)
        self.channels.append(channel)
        self._send_open(channel)
        return channel

    def resume(self, channel: Channel, link: Any) -> None:
        """Goes on where the channel was when its session was lost; under the same number."""
        channel.link, channel.bytes = link, 0
        self._send_open(channel)

    def _send_open(self, channel: Channel) -> None:
        channel.link.session.send_value([
            OPEN, channel.own, self.epoch, channel.identity, SEND, channel.epoch, channel.next,
            self.window, CREDIT_BYTES, self.intent[0]])

    def _channel(self, number: int) -> Channel:
        return self.channels[number - 1]

    def _on_accept(self, link: Any, own: int, other: int, epoch: int, first: int,
                   intent: bytes) -> None:
        channel = self._channel(own)
        require(channel.epoch in (0, epoch), "another epoch than the one resumed")
        require(channel.epoch == 0 or channel.next == first, "another place than the one resumed")
        channel.other, channel.epoch, channel.first, channel.next = other, epoch, first, first
        channel.token = self._intent_of(link, intent)

    def _on_data(self, own: int, first: int, payloads: bytes) -> None:
        channel = self._channel(own)
        require(first == channel.next, f"sequence {first} instead of {channel.next}")
        channel.bytes += len(payloads)
        received = decode_payloads(payloads)
        channel.received += received
        channel.next += len(received)
        self.grant(channel)

    def grant(self, channel: Channel) -> None:
        channel.acknowledged = channel.next
        channel.link.session.send_value([CREDIT, channel.other, channel.next,
                                         channel.next + self.window,
                                         channel.bytes + CREDIT_BYTES])

    # Section 9, sending.

    def _on_open(self, link: Any, other: int, subscription_epoch: int, identity: bytes, role: int,
                 publisher_epoch: int, next_: int, messages: int, bytes_: int,
                 encoded: bytes) -> None:
        token = self._intent_of(link, encoded)
        require(identity == self.peer.keys.identity_fingerprint and role == self.role,
                "open for another publisher")
        channel = Channel(link, len(self.channels) + 1, SEND, other, identity, token, self.epoch)
        channel.first = channel.next = self.sequence
        if publisher_epoch == self.epoch:
            channel.first = channel.next = next_
        channel.acknowledged = channel.first
        # What comes with the open counts from the first message, what comes later from zero.
        channel.credit_messages, channel.credit_bytes = channel.first + messages, bytes_
        self.channels.append(channel)
        link.session.send_value([ACCEPT, other, channel.own, self.epoch, channel.first,
                                 self.intent[0]])

    def _on_credit(self, own: int, acknowledged: int, messages: int, bytes_: int) -> None:
        channel = self._channel(own)
        require(channel.acknowledged <= acknowledged <= channel.next, "acknowledgement")
        channel.acknowledged = acknowledged
        channel.credit_messages, channel.credit_bytes = messages, bytes_

    async def publish(self, channel: Channel, payload: bytes) -> None:
        """Sends as soon as there is credit for it."""
        encoded = encode_payload(payload)
        await self.peer.until(lambda: channel.next < channel.credit_messages
                              and channel.bytes < channel.credit_bytes)
        channel.link.session.send_value([DATA, channel.other, channel.next], encoded)
        channel.next += 1
        channel.bytes += len(encoded)
        self.sequence = channel.next

    # Both.

    def close(self, channel: Channel) -> None:
        channel.link.session.send_value([CLOSE, channel.role != SEND, channel.other])

    def on_message(self, link: Any, kind: int, fields: list[Any], rest: bytes) -> None:
        if kind == DATA:
            self._on_data(*fields, rest)
            return
        require(not rest, "bytes after a message")
        if kind == OPEN:
            self._on_open(link, *fields)
        elif kind == ACCEPT:
            self._on_accept(link, *fields)
        elif kind == REFUSE:
            self._channel(fields[0]).refused = fields[1]
        elif kind == CREDIT:
            self._on_credit(*fields)
        elif kind == EXPIRED:
            self._channel(fields[0]).expired.append(fields[1])
        else:
            self._channel(fields[1]).closed = True
