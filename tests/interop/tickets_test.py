"""What a ticket is worth, and what none is: kith up with a store, and whoever shows it something.

Those of the black-box tests (acceptance_test.py) that need real tickets and relationships.
"""

import asyncio
import base64
import glob
import hashlib
import json
import os
import sqlite3
import tempfile
import unittest

from kith_flows import dial_reconnect, dial_ticket
from kith_session import Handshake, Rejected, Session, frame
from kith_tokens import (RELATIONSHIP, STATIC_KEY, TICKET, Keys, Token, decode_token, now, propose)
from kith_wire import decode, to_text
from programs import Node, ProgramTest

PATIENCE = 30.0
SECRET = 8
RELATE, RELATED = 64, 65
RACES = int(os.environ.get("KITH_INTEROP_RUNS", "20"))
ANSWER_BYTES, RECORD_BYTES = 307, 272


def hash_of(ticket: Token) -> bytes:
    """By which the issuer calls a ticket."""
    return hashlib.blake2b(ticket.extensions[SECRET], digest_size=32).digest()


class Tickets(ProgramTest):

    async def asyncSetUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.key, self.store, self.control = (
            os.path.join(folder.name, name) for name in ("node.key", "node.db", "node.sock"))
        await self.output_of("key", "new", self.key)
        self.node = await self.start_again()

    async def start_again(self) -> Node:
        return await self.start_node("--key", self.key, "--store", self.store,
                                     "--control", self.control)

    async def ask(self, *words: str) -> str:
        return await self.output_of(*words, "--control", self.control)

    async def issue(self, *words: str) -> Token:
        uri = await self.ask("ticket", "issue", *words)
        encoded = uri.removeprefix("kith-ticket:")
        return decode_token(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), TICKET)

    async def connect(self) -> tuple:
        streams = await asyncio.open_connection(*self.node.endpoint)
        self.addCleanup(streams[1].close)
        return streams

    async def show(self, ticket: Token, keys: Keys) -> Session:
        """Flow I up to the answer."""
        async with asyncio.timeout(PATIENCE):
            return await dial_ticket(await self.connect(), keys, keys.node_token([]),
                                     ticket.extensions[STATIC_KEY], ticket.extensions[SECRET])

    async def relate(self, session: Session, ticket: Token, keys: Keys) -> Token | None:
        """The relationship that the ticket leads to; nothing if its first record is refused."""
        session.send_value([RELATE, propose(keys, ticket.public_key, ticket.fingerprint,
                                            ticket.extensions[STATIC_KEY]), b""])
        try:
            async with asyncio.timeout(PATIENCE):
                kind, relationship = decode(await session.read_message())
        except Rejected:
            self.assertEqual(await session.reader.read(), b"")
            return None
        self.assertEqual(kind, RELATED)
        return decode_token(relationship, RELATIONSHIP)

    async def redeem(self, ticket: Token, keys: Keys) -> Token | None:
        return await self.relate(await self.show(ticket, keys), ticket, keys)

    async def meets_silence(self, ticket: Token, keys: Keys) -> None:
        with self.assertRaises(asyncio.IncompleteReadError) as silence:
            await self.show(ticket, keys)
        self.assertEqual(silence.exception.partial, b"")

    async def test_2_is_good_once(self) -> None:
        ticket, keys = await self.issue(), Keys()
        related = await self.redeem(ticket, keys)
        self.assertEqual(related.issuer, keys.identity_fingerprint)
        await self.meets_silence(ticket, keys)

    async def test_2_is_good_for_its_partner_alone(self) -> None:
        keys = Keys()
        ticket = await self.issue("--for", to_text(keys.identity_fingerprint))
        await self.meets_silence(ticket, Keys())
        self.assertIsNotNone(await self.redeem(ticket, keys))

    async def test_2_is_good_until_its_end(self) -> None:
        ticket = await self.issue("--life", "1s")
        await asyncio.sleep((ticket.expires_at - now()) / 1e6)
        await self.meets_silence(ticket, Keys())

    async def test_2_is_good_until_it_is_revoked(self) -> None:
        ticket, keys = await self.issue(), Keys()
        session = await self.show(ticket, keys)
        await self.ask("ticket", "revoke", to_text(hash_of(ticket)))
        self.assertIsNone(await self.relate(session, ticket, keys))
        await self.meets_silence(ticket, keys)

    async def test_2_opens_for_one_of_two(self) -> None:
        for _ in range(RACES):
            ticket = await self.issue()
            guests = [Keys(), Keys()]
            sessions = [await self.show(ticket, keys) for keys in guests]
            related = await asyncio.gather(*(self.relate(session, ticket, keys)
                                             for session, keys in zip(sessions, guests)))
            self.assertEqual(related.count(None), 1)

    async def test_2_is_not_spent_by_who_repeats_what_was_heard(self) -> None:
        ticket, keys = await self.issue(), Keys()
        shake = Handshake(b"I", keys, initiator=True, streams=(None, None),
                          peer_static=ticket.extensions[STATIC_KEY])
        heard = shake.seal(b"I", {0: keys.node_token([]), 1: now(),
                                  2: ticket.extensions[SECRET]})
        for _ in range(3):
            reader, writer = await self.connect()
            writer.write(heard)
            await reader.readexactly(ANSWER_BYTES)
            writer.write(frame(b"T", os.urandom(RECORD_BYTES)))
            self.assertEqual(await reader.read(), b"")
        self.assertIsNotNone(await self.redeem(ticket, keys))

    async def reconnect(self, ticket: Token, keys: Keys, about: bytes) -> None:
        session = await dial_reconnect(await self.connect(), keys, ticket.extensions[STATIC_KEY],
                                       about)
        await session.close()

    async def is_unknown(self, ticket: Token, keys: Keys, about: bytes) -> None:
        with self.assertRaises(asyncio.IncompleteReadError) as silence:
            await self.reconnect(ticket, keys, about)
        self.assertEqual(silence.exception.partial, b"")

    async def test_6_reconnects_about_what_both_have_signed_alone(self) -> None:
        ticket, keys = await self.issue(), Keys()
        other_ticket, other = await self.issue(), Keys()
        relationship = (await self.redeem(ticket, keys)).uuid
        others = (await self.redeem(other_ticket, other)).uuid
        await self.reconnect(ticket, keys, relationship)
        await self.is_unknown(ticket, Keys(), relationship)
        await self.is_unknown(ticket, keys, os.urandom(16))
        await self.is_unknown(ticket, keys, others)
        # The same node with another static key.
        await self.is_unknown(ticket, Keys(node=keys.node), relationship)
        contacts = json.loads(await self.ask("contact", "list", "--json"))["contacts"]
        [ours] = [contact["contact"] for contact in contacts
                  if contact["identity"] == to_text(keys.identity_fingerprint)]
        await self.ask("contact", "end", ours)
        await self.is_unknown(ticket, keys, relationship)
        await self.reconnect(other_ticket, other, others)

    async def test_10_is_good_for_nothing_without_the_store(self) -> None:
        """Which is brought back from a copy, as the node says in its log."""
        ticket, other, keys = await self.issue(), await self.issue(), Keys()
        session = await self.show(other, keys)
        with sqlite3.connect(self.store) as store, sqlite3.connect(self.store + ".copy") as copy:
            store.backup(copy)
            store.execute("DROP TABLE tickets")
        await self.meets_silence(ticket, keys)
        self.assertIsNone(await self.relate(session, other, keys))
        await self.stop(self.node)
        for file in glob.glob(self.store + "-*"):
            os.remove(file)
        os.chmod(self.store + ".copy", 0o600)
        os.replace(self.store + ".copy", self.store)
        self.node = await self.start_again()
        for each in (ticket, other):
            self.assertIsNotNone(await self.redeem(each, keys))


if __name__ == "__main__":
    unittest.main(verbosity=2)
