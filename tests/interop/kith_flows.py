"""The flows S, O, I and N with K, both roles: docs/protocol.md sections 4.7 to 4.10."""

from dataclasses import dataclass, field

from kith_session import (KEY_ABOUT, KEY_CERTIFICATE, KEY_EARLY, KEY_NODE, KEY_SIGNATURE, KEY_SITE,
                          KEY_TICKET, KEY_TIME, KEY_TOKEN, PROOF, REFUSE, TAG_BYTES, Handshake,
                          Rejected, Session, item, read_frame)
from kith_tokens import NODE, STATIC_KEY, ZERO, Keys, Token, decode_token, now, verify
from kith_wire import decode, encode, require, unpad

OPEN_BYTES_MAX = 1024


def proof_statement(letter: bytes, handshake_hash: bytes, prover: bytes, reader: bytes) -> bytes:
    return b"kith/1 sealed proof\0" + letter + handshake_hash + prover + reader


def send_proof(session: Session, keys: Keys, token: bytes, statement: bytes) -> None:
    session.send_items(item(PROOF, encode(
        {KEY_TOKEN: token, KEY_SIGNATURE: keys.node.sign(statement)})))


async def read_proof(session: Session, shake: Handshake, letter: bytes, reader: bytes) -> None:
    """The first record of the other side: its proof, or its no."""
    length = int.from_bytes(await session.reader.readexactly(2), "big")
    sealed = await session.reader.readexactly(length)
    require(sealed[:1] == b"T" and (length - 1 - TAG_BYTES) % 256 == 0, "a record")
    items = unpad(session.receiving.open(sealed[1:]))
    if items == item(REFUSE):
        raise Rejected
    size = int.from_bytes(items[1:3], "big")
    require(items[0] == PROOF and len(items) == 3 + size, "a proof and nothing else")
    proof = decode(items[3:])
    require(set(proof) == {KEY_TOKEN, KEY_SIGNATURE}, "keys of a proof")
    peer = decode_token(proof[KEY_TOKEN], NODE)
    require(peer.realm == shake.keys.realm and peer.fingerprint != shake.keys.fingerprint, "peer")
    verify(peer.public_key, proof[KEY_SIGNATURE],
           proof_statement(letter, shake.hash, peer.fingerprint, reader))
    session.peer = peer


async def dial_sealed(streams: tuple, keys: Keys, token: bytes, pinned: bytes) -> Session:
    shake = Handshake(b"S", keys, initiator=True, streams=streams)
    shake.write(b"S", None)
    require(await shake.read(b"A") == {}, "a payload where none belongs")
    session = shake.finish()
    send_proof(session, keys, token, proof_statement(b"I", shake.hash, keys.fingerprint, ZERO))
    await read_proof(session, shake, b"R", keys.fingerprint)
    require(session.peer.fingerprint == pinned, "another node than the one dialed")
    return session


async def dial_open(streams: tuple, keys: Keys, token: bytes, pinned: bytes) -> Session:
    shake = Handshake(b"O", keys, initiator=True, streams=streams)
    shake.writer.write(shake.seal_bytes(b"O", token))
    answer = await shake.read(b"A")
    shake.check_peer(answer[KEY_TOKEN], pinned)
    return shake.finish()


async def dial_ticket(streams: tuple, keys: Keys, token: bytes, peer_static: bytes, ticket: bytes,
                      certificate: bytes = b"") -> Session:
    shake = Handshake(b"I", keys, initiator=True, streams=streams, peer_static=peer_static)
    shake.write(b"I", {KEY_TOKEN: token, KEY_TIME: now(), KEY_TICKET: ticket}
                | ({KEY_CERTIFICATE: certificate} if certificate else {}))
    require(await shake.read(b"A") == {}, "a payload where none belongs")
    return shake.finish()


async def dial_reconnect(streams: tuple, keys: Keys, peer_static: bytes, about: bytes,
                         early: bytes = b"") -> Session:
    name = Handshake(b"N", keys, initiator=True, streams=streams, peer_static=peer_static)
    first = name.seal(b"N", {KEY_SITE: "python.example@3141", KEY_NODE: keys.fingerprint})
    shake = Handshake(b"K", keys, initiator=True, streams=streams, peer_static=peer_static,
                      prologue_end=name.hash)
    second = shake.seal(b"K", {KEY_TIME: now(), KEY_ABOUT: about}
                        | ({KEY_EARLY: early} if early else {}))
    shake.writer.write(first + second)
    require(await shake.read(b"A") == {}, "a payload where none belongs")
    return shake.finish()


@dataclass
class FlowAcceptor:
    """The responder of these four flows."""

    keys: Keys
    token: bytes
    tickets: set[bytes] = field(default_factory=set)
    known: dict[bytes, bytes] = field(default_factory=dict)  # Static keys by fingerprint.
    last: dict = field(default_factory=dict)  # The payload of the last dialer.

    async def accept(self, streams: tuple) -> Session:
        letter, body = await read_frame(streams[0])
        step = {b"S": self._sealed, b"O": self._open, b"I": self._ticket, b"N": self._reconnect}
        require(letter in step, "no flow of these")
        return await step[letter](streams, body)

    def _shake(self, letter: bytes, streams: tuple, **more) -> Handshake:
        return Handshake(letter, self.keys, initiator=False, streams=streams, **more)

    async def _sealed(self, streams: tuple, body: bytes) -> Session:
        shake = self._shake(b"S", streams)
        require(shake.open(body) == {}, "a payload where none belongs")
        shake.write(b"A", None)
        session = shake.finish()
        await read_proof(session, shake, b"I", ZERO)
        send_proof(session, self.keys, self.token, proof_statement(
            b"R", shake.hash, self.keys.fingerprint, session.peer.fingerprint))
        return session

    async def _open(self, streams: tuple, body: bytes) -> Session:
        require(1 + len(body) <= OPEN_BYTES_MAX, "length of an open frame")
        shake = self._shake(b"O", streams)
        shake.check_peer(shake.open_bytes(body))
        shake.write(b"A", {KEY_TOKEN: self.token})
        return shake.finish()

    async def _ticket(self, streams: tuple, body: bytes) -> Session:
        shake = self._shake(b"I", streams)
        self.last = shake.open(body)
        shake.check_peer(self.last[KEY_TOKEN])
        require(self.last[KEY_TICKET] in self.tickets, "ticket")
        shake.write(b"A", {})
        return shake.finish()

    async def _reconnect(self, streams: tuple, body: bytes) -> Session:
        name = self._shake(b"N", streams)
        named = name.open(body)
        require(set(named) == {KEY_SITE, KEY_NODE}, "keys of a name")
        shake = self._shake(b"K", streams, peer_static=self.known[named[KEY_NODE]],
                            prologue_end=name.hash)
        self.last = await shake.read(b"K")
        shake.write(b"A", {})
        return shake.finish()


def static_key_of(token: bytes) -> bytes:
    peer: Token = decode_token(token, NODE)
    return peer.extensions[STATIC_KEY]
