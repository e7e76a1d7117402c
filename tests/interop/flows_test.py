"""Flows S, O, I and N with K: the library's sessions against dissononce, both roles, on sockets."""

import asyncio
import os
import socket
import unittest

from kith_flows import (FlowAcceptor, dial_open, dial_reconnect, dial_sealed, dial_ticket,
                        static_key_of)
from kith_session import Rejected
from kith_tokens import NODE, Keys, decode_token
from kith_wire import ProtocolError

SESSION_PEER = os.environ["KITH_SESSION_PEER"]
PATIENCE = 30.0
TICKET = b"t" * 32
ABOUT = b"r" * 16


class Flows(unittest.IsolatedAsyncioTestCase):
    """A session of the library at one end of a socket, and a peer in Python at the other."""

    async def asyncSetUp(self) -> None:
        self.keys = Keys()
        self.token = self.keys.node_token([])

    async def start(self, *words: str) -> tuple:
        ours, theirs = socket.socketpair()
        self.process = await asyncio.create_subprocess_exec(
            SESSION_PEER, *words, stdin=theirs, stdout=theirs, stderr=asyncio.subprocess.PIPE)
        theirs.close()
        self.addAsyncCleanup(self.stop)
        streams = await asyncio.open_connection(sock=ours)
        self.addCleanup(streams[1].close)
        return streams

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def line(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return bytes.fromhex((await self.process.stderr.readline()).decode())

    async def accepting(self, node: bytes | None = None) -> tuple:
        """A listener that deals with us, or with somebody else."""
        streams = await self.start("accept", (node or self.keys.fingerprint).hex(),
                                   self.keys.static.public.data.hex())
        self.theirs = await self.line()
        self.fingerprint = decode_token(self.theirs, NODE).fingerprint
        return streams

    async def talk(self, session) -> None:
        session.send_message(b"hello")
        self.assertEqual(await session.read_message(), b"hello!")
        self.assertEqual(await self.line(), session.session_id)

    async def test_dials_sealed(self) -> None:
        streams = await self.accepting()
        await self.talk(await dial_sealed(streams, self.keys, self.token, self.fingerprint))

    async def test_dials_open(self) -> None:
        streams = await self.accepting()
        await self.talk(await dial_open(streams, self.keys, self.token, self.fingerprint))

    async def test_dials_with_a_ticket(self) -> None:
        streams = await self.accepting()
        await self.talk(await dial_ticket(streams, self.keys, self.token,
                                          static_key_of(self.theirs), TICKET, b"who I am"))

    async def test_dials_again(self) -> None:
        streams = await self.accepting()
        await self.talk(await dial_reconnect(streams, self.keys, static_key_of(self.theirs), ABOUT,
                                             b"early"))

    async def test_a_stranger_is_refused_behind_the_keys(self) -> None:
        streams = await self.accepting(node=bytes(32))
        with self.assertRaises(Rejected):
            await dial_sealed(streams, self.keys, self.token, self.fingerprint)

    async def test_a_stranger_is_told_nope(self) -> None:
        streams = await self.accepting(node=bytes(32))
        with self.assertRaises(Rejected):
            await dial_open(streams, self.keys, self.token, self.fingerprint)

    async def test_a_bad_ticket_and_a_strange_name_meet_silence(self) -> None:
        streams = await self.accepting()
        with self.assertRaises(asyncio.IncompleteReadError) as silence:
            await dial_ticket(streams, self.keys, self.token, static_key_of(self.theirs), bytes(32))
        self.assertEqual(silence.exception.partial, b"")
        streams = await self.accepting(node=bytes(32))
        with self.assertRaises(asyncio.IncompleteReadError) as silence:
            await dial_reconnect(streams, self.keys, static_key_of(self.theirs), ABOUT)
        self.assertEqual(silence.exception.partial, b"")

    async def test_is_dialed(self) -> None:
        for letter in "SOIN":
            with self.subTest(letter):
                streams = await self.start("dial", letter, self.keys.fingerprint.hex(),
                                           self.keys.static.public.data.hex())
                theirs = decode_token(await self.line(), NODE)
                acceptor = FlowAcceptor(self.keys, self.token, tickets={TICKET},
                                        known={theirs.fingerprint: theirs.extensions[2]})
                session = await acceptor.accept(streams)
                self.assertEqual(await session.read_message(), b"hello")
                self.assertEqual(await self.line(), session.session_id)
                session.send_message(b"well")
                self.assertEqual(await session.read_message(), b"well!")

    async def test_is_dialed_for_somebody_else(self) -> None:
        """Its dialer goes on with the pinned node alone."""
        streams = await self.start("dial", "S", bytes(32).hex(),
                                   self.keys.static.public.data.hex())
        await self.line()
        session = await FlowAcceptor(self.keys, self.token).accept(streams)
        with self.assertRaises((Rejected, ProtocolError)):
            await session.read_message()


if __name__ == "__main__":
    unittest.main()
