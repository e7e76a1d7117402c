"""A peer of kith/1, from docs/protocol.md alone: sections 6 (membership) and 7 (routing)."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kith_exchange import Exchange
from kith_session import (CLOSE_SHUTDOWN, NOPE, Acceptor, Rejected, Session, dial_hidden,
                          dial_known)
from kith_tokens import IDENTITY, IN_USE, NODE, Keys, Token, decode_token, verify
from kith_wire import ProtocolError, decode_first, distance, encode, require

JOIN, ACKNOWLEDGE, NOT_ACKNOWLEDGED, UPDATE, PIGGY, LEAVE = range(1, 7)
ROUTE, ANSWER = 16, 17
ANNOUNCE, LOOK_UP, TRACE = 24, 25, 26
FINAL, PARTIAL, UNREACHABLE = range(3)
MEMBER, CLIENT = 0, 1
HOPS_MAX = 32
PATIENCE = 20.0


class Unreachable(Exception):
    """There is no way to the target of a message: it may have left."""


class NotAcknowledged(Exception):
    """The listener does not want this peer."""


@dataclass
class Link:
    """A session, and what membership knows of who is at its other end."""

    session: Session
    role: int | None = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    refused: bool = False
    later: bool = False
    left: bool = False

    @property
    def fingerprint(self) -> bytes:
        return self.session.peer.fingerprint


class Peer:
    """Member or client.  `known` are the members that it heard of, itself not among them."""

    def __init__(self, keys: Keys, role: int) -> None:
        self.keys, self.role = keys, role
        self.token = keys.node_token([])
        self.links: list[Link] = []
        self.known: dict[bytes, Token] = {}
        self.complete = False
        self.updates: list[Token] = []
        self.exchange = Exchange(self)
        self.errors: list[Exception] = []
        self.coordinator: Any = None
        self._answers: dict[int, asyncio.Queue] = {}
        self._tasks: set[asyncio.Task] = set()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    @property
    def fingerprint(self) -> bytes:
        return self.keys.fingerprint

    # Sessions.

    async def listen(self) -> tuple[str, int]:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        endpoint = self._server.sockets[0].getsockname()
        self.token = self.keys.node_token([endpoint])
        self._acceptor = Acceptor(self.keys, self.token)
        return endpoint

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            session, message = await self._acceptor.accept(reader, writer)
        except (ProtocolError, Rejected) as error:
            self.errors.append(error)
            writer.write(NOPE)
            writer.close()
            return
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        link = self._add(session)
        if message:
            self._on_message(link, message)

    def _add(self, session: Session) -> Link:
        link = Link(session)
        self.links.append(link)
        self.spawn(self._run(link))
        return link

    def spawn(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._on_task)

    def _on_task(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.errors.append(task.exception())
            self._changed.set()

    async def _run(self, link: Link) -> None:
        try:
            while link.session.close_reason is None:
                messages = await link.session.read_record()
                if link.session.dial_time:
                    self._acceptor.remember(link.session)
                for message in messages:
                    self._on_message(link, message)
                self._changed.set()
            link.session.writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            # Whoever dialed by flow C and never said anything has not been here.
            unconfirmed = not link.session.dialed and not link.session.receiving.records
            require(link.left or unconfirmed, "the stream ended without CLOSE")
        finally:
            self.links.remove(link)
            link.joined.set()
            self._changed.set()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Waits for `condition`, which may become true whenever a record arrives."""
        async with asyncio.timeout(PATIENCE):
            while not (result := condition()):
                if self.errors:
                    raise self.errors[0]
                self._changed.clear()
                await self._changed.wait()
            return result

    def link(self, fingerprint: bytes) -> Link | None:
        """The session with a peer that survives: dialed by the greater fingerprint, the newest."""
        links = [link for link in self.links
                 if link.fingerprint == fingerprint and link.joined.is_set()]
        greater = self.fingerprint > fingerprint
        preferred = [link for link in links if link.session.dialed == greater]
        return (preferred or links or [None])[-1]

    async def cut(self, link: Link) -> None:
        """Loses a session without a word."""
        link.left = True
        link.session.writer.transport.abort()
        await self.until(lambda: link not in self.links)

    async def leave(self) -> None:
        for link in self.links:
            link.left = True
            link.session.send_value([LEAVE])
            await link.session.close(CLOSE_SHUTDOWN)
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    def members(self) -> list[Link]:
        """One link with each member."""
        fingerprints = {link.fingerprint for link in self.links if link.role == MEMBER}
        links = [self.link(fingerprint) for fingerprint in fingerprints]
        return [link for link in links if link]

    def closest_member(self, key: bytes) -> bytes:
        candidates = [self.fingerprint, *(link.fingerprint for link in self.members())]
        return min(candidates, key=lambda fingerprint: distance(fingerprint, key))

    # Membership.

    def _join_message(self, session_id: bytes) -> bytes:
        identity, proof = b"", b""
        if self.keys.identity:
            identity, proof = self.keys.identity_token(), self.keys.join_proof(session_id)
        return encode([JOIN, self.role, not self.links, identity, proof])

    async def join(self, address: tuple[str, int], pinned: bytes | None = None) -> Link:
        """By flow H."""
        join = None if self.keys.identity else self._join_message(b"")
        session = await dial_hidden(address, self.keys, self.token, pinned=pinned, join=join)
        if not join:
            session.send_message(self._join_message(session.session_id))
        return await self._joined(session)

    async def connect(self, token: Token) -> Link:
        """The link with a node whose token we hold; by flow C if there is none."""
        if link := self.link(token.fingerprint):
            return link
        session = await dial_known(token, self.keys, self.token)
        session.send_message(self._join_message(session.session_id))
        return await self._joined(session)

    async def _joined(self, session: Session) -> Link:
        link = self._add(session)
        async with asyncio.timeout(PATIENCE):
            await link.joined.wait()
        if link.role is None:
            raise NotAcknowledged
        if link.role == MEMBER:
            self.known[link.fingerprint] = session.peer
        return link

    def _on_message(self, link: Link, message: bytes) -> None:
        value, rest = decode_first(message)
        kind, *fields = value
        if Exchange.takes(kind):
            self.exchange.on_message(link, kind, fields, rest)
            return
        require(not rest, "bytes after a message")
        if self.coordinator and self.coordinator.takes(kind):
            self.coordinator.on_message(link, kind, fields)
            return
        handlers = {JOIN: self._on_join, ACKNOWLEDGE: self._on_acknowledge,
                    NOT_ACKNOWLEDGED: self._on_not_acknowledged, UPDATE: self._on_update,
                    PIGGY: self._on_piggy, LEAVE: self._on_leave, ROUTE: self._on_route,
                    ANSWER: self._on_answer}
        require(kind in handlers, f"message of kind {kind}")
        handlers[kind](link, *fields)

    def _on_join(self, link: Link, role: int, entering: bool, identity: bytes,
                 proof: bytes) -> None:
        if identity:
            token = decode_token(identity, IDENTITY)
            require(token.extensions[IN_USE] == link.fingerprint, "identity of another node")
            verify(token.public_key, proof,
                   b"kith/1 join\0" + link.session.session_id + link.fingerprint)
        link.session.send_value([ACKNOWLEDGE, self.role])
        others = self.closest(link.fingerprint, 48)
        if entering and role == MEMBER:
            # Nobody is between: what we know is what the closest node knows.
            link.session.send_value([PIGGY, True, others])
        elif others:
            link.session.send_value([PIGGY, False, others])
        link.role = role
        link.joined.set()
        if role == MEMBER:
            self.known[link.fingerprint] = link.session.peer

    def closest(self, key: bytes, count: int) -> list[bytes]:
        others = [token for fingerprint, token in self.known.items() if fingerprint != key]
        others.sort(key=lambda token: distance(token.fingerprint, key))
        return [token.encoded for token in others[:count]]

    def _on_acknowledge(self, link: Link, role: int) -> None:
        link.role = role
        link.joined.set()

    def _on_not_acknowledged(self, link: Link, later: bool) -> None:
        require(isinstance(later, bool), "not acknowledged: a boolean")
        link.later = later
        link.refused = True

    def _on_update(self, link: Link, encoded: bytes) -> None:
        token = decode_token(encoded, NODE)
        self.updates.append(token)
        self._hear_of(token)

    def _on_piggy(self, link: Link, complete: bool, tokens: list[bytes]) -> None:
        require(len(tokens) <= 48, "too many tokens in a piggy")
        for encoded in tokens:
            self._hear_of(decode_token(encoded, NODE))
        self.complete = self.complete or complete

    def _hear_of(self, token: Token) -> None:
        require(token.realm == self.keys.realm, "node of another realm")
        if token.fingerprint == self.fingerprint or token.fingerprint in self.known:
            return
        self.known[token.fingerprint] = token
        if self.role == MEMBER:
            self.spawn(self._try(token))

    async def _try(self, token: Token) -> None:
        try:
            await self.connect(token)
        except (OSError, Rejected, NotAcknowledged):
            self.known.pop(token.fingerprint, None)

    def _on_leave(self, link: Link) -> None:
        link.left = True
        self.known.pop(link.fingerprint, None)

    # Routing.

    async def ask(self, key: bytes, message: list[Any], *, target: bytes = b"", avoid: bytes = b"",
                  recorded: bool = False) -> tuple[int, list[bytes], Any]:
        """Hops, their fingerprints and the final answer to a message that is routed to `key`."""
        number = int.from_bytes(os.urandom(4), "big")
        link = self._next_hop(key, target, None)
        require(link is not None, "nobody to ask")
        queue = self._answers[number] = asyncio.Queue()
        self._hand_on(link, [ROUTE, number, key, target, avoid, HOPS_MAX - 1, recorded,
                             encode(message)])
        async with asyncio.timeout(PATIENCE):
            while True:
                status, hops, path, payload = await queue.get()
                if status == UNREACHABLE:
                    raise Unreachable
                if status == FINAL:
                    return hops, path, decode_first(payload)[0] if payload else None

    def _next_hop(self, key: bytes, target: bytes, came_from: Link | None) -> Link | None:
        if target and (link := self.link(target)):
            return link
        members = [link for link in self.members()
                   if not came_from or link.fingerprint != came_from.fingerprint]
        closer = [link for link in members
                  if distance(link.fingerprint, key) < distance(self.fingerprint, key)]
        if self.role == CLIENT:
            closer = members
        return min(closer, key=lambda link: distance(link.fingerprint, key), default=None)

    def _hand_on(self, link: Link, route: list[Any]) -> None:
        link.session.send_value(route)
        link.session.ping(route[1])

    def _on_route(self, link: Link, number: int, key: bytes, target: bytes, avoid: bytes, left: int,
                  recorded: bool, payload: bytes) -> None:
        def answer(status: int, hops: int, path: list[bytes], body: bytes) -> None:
            link.session.send_value([ANSWER, number, status, hops, path, body])

        hop = None
        if target != self.fingerprint:
            hop = self._next_hop(key, target, link)
            if hop and (hop.fingerprint == avoid or left == 0):
                hop = None
        if hop:
            self.spawn(self._forward(hop, [ROUTE, int.from_bytes(os.urandom(4), "big"), key, target,
                                           avoid, left - 1, recorded, payload], answer))
        elif target not in (b"", self.fingerprint):
            answer(UNREACHABLE, 0, [], b"")
        else:
            body = self._arrived(link, key, decode_first(payload)[0])
            answer(FINAL, 0, [self.fingerprint] if recorded else [], encode(body) if body else b"")

    async def _forward(self, hop: Link, route: list[Any], answer: Callable[..., None]) -> None:
        queue = self._answers[route[1]] = asyncio.Queue()
        self._hand_on(hop, route)
        status = PARTIAL
        while status == PARTIAL:
            status, hops, path, payload = await queue.get()
            answer(status, hops + 1, path + [self.fingerprint] if route[6] else path, payload)

    def _arrived(self, link: Link, key: bytes, message: list[Any]) -> list[Any] | None:
        """What answers a message that was routed to us."""
        kind, *fields = message
        if kind == ANNOUNCE:
            self._hear_of(decode_token(fields[0], NODE))
            return [PIGGY, True, [self.token] + self.closest(key, 47)]
        if kind == LOOK_UP:
            return [PIGGY, False, [self.token] + self.closest(key, 47)]
        if kind == TRACE:
            return None
        if self.coordinator and self.coordinator.takes(kind):
            return self.coordinator.on_routed(kind, fields)
        return self.exchange.on_routed(kind, fields)

    def _on_answer(self, link: Link, number: int, *answer: Any) -> None:
        if number in self._answers:
            self._answers[number].put_nowait(answer)
