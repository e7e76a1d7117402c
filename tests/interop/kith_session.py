"""One connection: docs/protocol.md sections 4 and 5.  Noise is that of dissononce."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any

from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.x25519.public import PublicKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.exceptions.decrypt import DecryptFailedException
from dissononce.hash.blake2b import Blake2bHash
from dissononce.processing.handshakepatterns.interactive.IK import IKHandshakePattern
from dissononce.processing.handshakepatterns.interactive.IX import IXHandshakePattern
from dissononce.processing.handshakepatterns.interactive.KK import KKHandshakePattern
from dissononce.processing.handshakepatterns.interactive.NN import NNHandshakePattern
from dissononce.processing.handshakepatterns.interactive.XX import XXHandshakePattern
from dissononce.processing.handshakepatterns.oneway.N import NHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState

from kith_tokens import NODE, SKEW, STATIC_KEY, Keys, Token, decode_token, now
from kith_wire import BLOCK_BYTES, ProtocolError, decode, encode, pad, require, unpad

NOPE = b"nope"
HANDSHAKE_BYTES_MAX = 4096
TAG_BYTES = 16
BLOCKS_MAX = 255
REKEY_RECORDS = 1024
CONFIRM, MESSAGE, MESSAGE_PART, PROOF, REFUSE, CLOSE, PING, PONG = range(8)
CLOSE_DONE, CLOSE_IDLE, CLOSE_DUPLICATE, CLOSE_SHUTDOWN = range(4)
(KEY_TOKEN, KEY_TIME, KEY_TICKET, KEY_CERTIFICATE, KEY_ABOUT, KEY_EARLY, KEY_JOIN, KEY_SITE,
 KEY_NODE, KEY_SIGNATURE) = range(10)
PATTERNS = {b"S": NNHandshakePattern, b"C": IKHandshakePattern, b"O": IXHandshakePattern,
            b"H": XXHandshakePattern, b"I": IKHandshakePattern, b"N": NHandshakePattern,
            b"K": KKHandshakePattern}


class Rejected(Exception):
    """The other side said `nope`."""


async def read_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Type and body of a frame of a handshake."""
    header = await reader.readexactly(2)
    if header == NOPE[:2]:
        require(await reader.read() == NOPE[2:], "a reject is nothing but nope")
        raise Rejected
    length = int.from_bytes(header, "big")
    require(33 <= length <= HANDSHAKE_BYTES_MAX, "length of a handshake frame")
    frame = await reader.readexactly(length)
    return frame[:1], frame[1:]


def frame(letter: bytes, body: bytes) -> bytes:
    return (1 + len(body)).to_bytes(2, "big") + letter + body


class Handshake:
    """Noise, the payloads in it, and the connection it runs on."""

    def __init__(self, letter: bytes, keys: Keys, *, initiator: bool, streams: tuple,
                 peer_static: bytes | None = None, prologue_end: bytes = b"") -> None:
        self.reader, self.writer = streams
        self.letter, self.keys, self.initiator = letter, keys, initiator
        self.noise = HandshakeState(
            SymmetricState(CipherState(ChaChaPolyCipher()), Blake2bHash()), X25519DH())
        self.noise.initialize(PATTERNS[letter](), initiator,
                              b"kith/1" + letter + keys.realm + prologue_end, s=keys.static,
                              rs=PublicKey(peer_static) if peer_static else None)
        self.ciphers: Any = None
        self.peer: Token | None = None

    def write(self, letter: bytes, payload: dict[int, Any] | None) -> None:
        self.writer.write(self.seal(letter, payload))

    def seal(self, letter: bytes, payload: dict[int, Any] | None) -> bytes:
        return self.seal_bytes(letter, b"" if payload is None else pad(encode(payload)))

    def seal_bytes(self, letter: bytes, payload: bytes) -> bytes:
        body = bytearray()
        self.ciphers = self.noise.write_message(payload, body) or self.ciphers
        return frame(letter, bytes(body))

    async def read(self, letter: bytes) -> dict[int, Any]:
        found, body = await read_frame(self.reader)
        require(found == letter, f"frame {found!r} instead of {letter!r}")
        return self.open(body)

    def open(self, body: bytes) -> dict[int, Any]:
        payload = self.open_bytes(body)
        if not payload:
            return {}
        require(len(payload) % BLOCK_BYTES == 0, "length of a padded payload")
        content = unpad(payload)
        require(len(payload) - len(content) <= BLOCK_BYTES, "more padding than is needed")
        return decode(content)

    def open_bytes(self, body: bytes) -> bytes:
        payload = bytearray()
        try:
            self.ciphers = self.noise.read_message(body, payload) or self.ciphers
        except DecryptFailedException as error:
            raise ProtocolError("handshake does not authenticate") from error
        return bytes(payload)

    @property
    def hash(self) -> bytes:
        return self.noise.symmetricstate.get_handshake_hash()

    def check_peer(self, token: bytes, pinned: bytes | None = None) -> None:
        self.peer = decode_token(token, NODE)
        require(self.peer.realm == self.keys.realm, "realm")
        require(self.peer.extensions[STATIC_KEY] == self.noise.rs.data, "static key")
        require(pinned in (None, self.peer.fingerprint), "another fingerprint than the one dialed")

    def finish(self) -> "Session":
        first, second = self.ciphers
        sending, receiving = (first, second) if self.initiator else (second, first)
        return Session(
            self.reader, self.writer, self.peer, self.initiator, RecordCipher(sending),
            RecordCipher(receiving),
            hashlib.blake2b(b"kith/1 session id" + self.hash, digest_size=32).digest())


async def dial_hidden(address: tuple[str, int], keys: Keys, token: bytes, *,
                      pinned: bytes | None = None, join: bytes | None = None) -> "Session":
    """Flow H.  A `join` rides in the last frame of the handshake."""
    shake = Handshake(b"H", keys, initiator=True, streams=await asyncio.open_connection(*address))
    shake.write(b"H", None)
    answer = await shake.read(b"A")
    shake.check_peer(answer[KEY_TOKEN], pinned)
    shake.write(b"F", {KEY_TOKEN: token} | ({KEY_JOIN: join} if join else {}))
    return shake.finish()


async def dial_known(peer: Token, keys: Keys, token: bytes) -> "Session":
    """Flow C.  The session is confirmed by the first record that the caller sends."""
    streams = await asyncio.open_connection(*peer.endpoints[0])
    shake = Handshake(b"C", keys, initiator=True, streams=streams,
                      peer_static=peer.extensions[STATIC_KEY])
    shake.peer = peer
    shake.write(b"C", {KEY_TOKEN: token, KEY_TIME: now()})
    require(await shake.read(b"A") == {}, "a payload where none belongs")
    return shake.finish()


class Acceptor:
    """The responder of both flows.  Remembers the times of flow C by static key."""

    def __init__(self, keys: Keys, token: bytes) -> None:
        self.keys, self.token = keys, token
        self.times: dict[bytes, int] = {}

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
                     ) -> tuple["Session", bytes | None]:
        """A session, and the message that came with its handshake."""
        letter, body = await read_frame(reader)
        require(letter in (b"H", b"C"), "no flow of this version")
        shake = Handshake(letter, self.keys, initiator=False, streams=(reader, writer))
        payload = shake.open(body)
        if letter == b"C":
            time = payload[KEY_TIME]
            require(self.times.get(shake.noise.rs.data, 0) < time <= now() + SKEW, "time of a dial")
            shake.check_peer(payload[KEY_TOKEN])
            shake.write(b"A", {})
            session = shake.finish()
            session.dial_time = time
            return session, None
        shake.write(b"A", {KEY_TOKEN: self.token})
        payload = await shake.read(b"F")
        shake.check_peer(payload[KEY_TOKEN])
        return shake.finish(), payload.get(KEY_JOIN)

    def remember(self, session: "Session") -> None:
        """Its first record has confirmed it."""
        self.times[session.peer.extensions[STATIC_KEY]] = session.dial_time


class RecordCipher:
    """One direction.  The key changes every 1,024 records, the nonce goes on."""

    def __init__(self, cipher: CipherState) -> None:
        self.cipher = cipher
        self.records = 0
        self.rekeys = 0

    def seal(self, plaintext: bytes) -> bytes:
        return self._count(self.cipher.encrypt_with_ad(b"", plaintext))

    def open(self, sealed: bytes) -> bytes:
        try:
            return self._count(self.cipher.decrypt_with_ad(b"", sealed))
        except DecryptFailedException as error:
            raise ProtocolError("record does not authenticate") from error

    def _count(self, result: bytes) -> bytes:
        self.records += 1
        if self.records % REKEY_RECORDS == 0:
            self._rekey()
        return result

    def _rekey(self) -> None:
        """REKEY of the Noise specification 4.2; dissononce's own does not cut the key to size."""
        self.cipher.set_nonce(2**64 - 1)
        self.cipher.initialize_key(self.cipher.encrypt_with_ad(b"", bytes(32))[:32])
        self.cipher.set_nonce(self.records)
        self.rekeys += 1


def item(kind: int, body: bytes = b"") -> bytes:
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


@dataclass
class Session:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: Token
    dialed: bool
    sending: RecordCipher
    receiving: RecordCipher
    session_id: bytes
    dial_time: int | None = None
    close_reason: int | None = None
    pongs: list[int] = field(default_factory=list)
    pings_answered: int = 0
    _partial: bytearray = field(default_factory=bytearray)

    def send_items(self, *items: bytes) -> None:
        plaintext = pad(b"".join(items))
        require(len(plaintext) <= BLOCKS_MAX * BLOCK_BYTES, "a record holds 255 blocks")
        self.writer.write(frame(b"T", self.sending.seal(plaintext)))

    def send_message(self, message: bytes) -> None:
        part_bytes_max = BLOCKS_MAX * BLOCK_BYTES - 4
        while len(message) > part_bytes_max:
            self.send_items(item(MESSAGE_PART, message[:part_bytes_max]))
            message = message[part_bytes_max:]
        self.send_items(item(MESSAGE, message))

    def send_parts(self, message: bytes, bytes_each: int) -> None:
        """Cuts a message where it need not be, and says other things in between."""
        while len(message) > bytes_each:
            self.send_items(item(MESSAGE_PART, message[:bytes_each]), item(CONFIRM))
            self.ping(len(message))
            message = message[bytes_each:]
        self.send_items(item(MESSAGE, message), item(CONFIRM))

    def send_value(self, value: Any, *more: bytes) -> None:
        self.send_message(encode(value) + b"".join(more))

    def ping(self, number: int) -> None:
        self.send_items(item(PING, number.to_bytes(8, "big")))

    async def read_record(self) -> list[bytes]:
        """The messages that are complete with the next record.  Answers pings."""
        length = int.from_bytes(await self.reader.readexactly(2), "big")
        blocks, rest = divmod(length - 1 - TAG_BYTES, BLOCK_BYTES)
        require(rest == 0 and 1 <= blocks <= BLOCKS_MAX, f"record of {length} bytes")
        sealed = await self.reader.readexactly(length)
        require(sealed[:1] == b"T", "type of a record")
        plaintext = unpad(self.receiving.open(sealed[1:]))
        messages = []
        while plaintext:
            kind, size = plaintext[0], int.from_bytes(plaintext[1:3], "big")
            body, plaintext = plaintext[3:3 + size], plaintext[3 + size:]
            require(len(body) == size, "item is cut")
            self._take_item(kind, body, messages)
        return messages

    async def read_message(self) -> bytes:
        """The next message.  What comes with it in one record is dropped."""
        while True:
            if messages := await self.read_record():
                return messages[0]

    def _take_item(self, kind: int, body: bytes, messages: list[bytes]) -> None:
        if kind in (MESSAGE, MESSAGE_PART):
            self._partial += body
            if kind == MESSAGE:
                messages.append(bytes(self._partial))
                self._partial.clear()
        elif kind == PING:
            self.pings_answered += 1
            self.send_items(item(PONG, body))
        elif kind == PONG:
            self.pongs.append(int.from_bytes(body, "big"))
        elif kind == CLOSE:
            self.close_reason = body[0]
        elif kind == REFUSE:
            raise Rejected
        else:
            require(kind == CONFIRM and not body, f"item of kind {kind}")

    async def close(self, reason: int = CLOSE_DONE) -> None:
        self.send_items(item(CLOSE, bytes([reason])))
        await self.writer.drain()
        self.writer.close()
