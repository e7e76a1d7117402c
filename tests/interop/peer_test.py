"""kith against a peer that was written from docs/protocol.md alone, on dissononce's Noise."""

import asyncio
import unittest

from kith_exchange import HELD, WITHDRAWN
from kith_peer import CLIENT, MEMBER, TRACE, Peer
from kith_session import CLOSE_DUPLICATE, Rejected, dial_hidden, dial_known
from kith_tokens import RECEIVE, SEND, Ed25519PrivateKey, Keys
from kith_wire import ProtocolError, encode, subject_id, to_text
from programs import ProgramTest, subject_closest_to

JOIN_OF_CLIENT = encode([1, CLIENT, True, b"", b""])


class Handshakes(ProgramTest):
    """One node of kith, dialed."""

    async def asyncSetUp(self) -> None:
        self.node = await self.start_node()
        self.keys = Keys()
        self.token = self.keys.node_token([])

    async def asyncTearDown(self) -> None:
        await self.stop(self.node)

    async def test_flow_h_without_a_fingerprint(self) -> None:
        session = await dial_hidden(self.node.endpoint, self.keys, self.token, join=JOIN_OF_CLIENT)
        self.assertEqual(session.peer.fingerprint, self.node.fingerprint)
        self.assertEqual(await session.read_message(), encode([2, MEMBER]))
        await session.close()

    async def test_flow_h_with_the_right_fingerprint(self) -> None:
        session = await dial_hidden(self.node.endpoint, self.keys, self.token,
                                    pinned=self.node.fingerprint, join=JOIN_OF_CLIENT)
        self.assertEqual(await session.read_message(), encode([2, MEMBER]))
        await session.close()

    async def test_flow_h_with_another_fingerprint(self) -> None:
        with self.assertRaises(ProtocolError):
            await dial_hidden(self.node.endpoint, self.keys, self.token, pinned=bytes(32))

    async def test_flow_c(self) -> None:
        hidden = await dial_hidden(self.node.endpoint, self.keys, self.token)
        session = await dial_known(hidden.peer, self.keys, self.token)
        session.send_message(JOIN_OF_CLIENT)
        self.assertEqual(await session.read_message(), encode([2, MEMBER]))
        await session.close()
        await hidden.close()

    async def test_a_token_of_another_node_is_refused_behind_the_keys(self) -> None:
        session = await dial_hidden(self.node.endpoint, self.keys, Keys().node_token([]))
        with self.assertRaises(Rejected):
            await session.read_record()

    async def test_a_message_of_many_records(self) -> None:
        """A join that is cut into parts, with pings between them."""
        session = await dial_hidden(self.node.endpoint, self.keys, self.token)
        session.send_parts(JOIN_OF_CLIENT, bytes_each=2)
        self.assertEqual(await session.read_message(), encode([2, MEMBER]))
        await session.close()

    async def test_the_older_one_of_two_sessions_is_closed(self) -> None:
        first = await dial_hidden(self.node.endpoint, self.keys, self.token, join=JOIN_OF_CLIENT)
        await first.read_message()
        second = await dial_known(first.peer, self.keys, self.token)
        second.send_message(JOIN_OF_CLIENT)
        self.assertEqual(await second.read_message(), encode([2, MEMBER]))
        async with asyncio.timeout(20):
            while first.close_reason is None:
                await first.read_record()
        self.assertEqual(first.close_reason, CLOSE_DUPLICATE)
        second.ping(1)
        while not second.pongs:
            await second.read_record()
        await second.close()

    async def test_both_directions_change_their_keys(self) -> None:
        session = await dial_hidden(self.node.endpoint, self.keys, self.token, join=JOIN_OF_CLIENT)
        await session.read_message()
        for number in range(2100):
            session.ping(number)
            while len(session.pongs) <= number:
                await session.read_record()
        self.assertEqual(session.pongs, list(range(2100)))
        self.assertEqual((session.sending.rekeys, session.receiving.rekeys), (2, 2))
        await session.close()


class Answers(ProgramTest):
    """Nodes of kith that dial the peer."""

    async def test_kith_enters_through_the_peer(self) -> None:
        peer = Peer(Keys(), MEMBER)
        host, port = await peer.listen()
        address = f"kith://{to_text(peer.fingerprint)}@{host}:{port}"
        first = await self.start_node("--join", address)
        await first.until_ready()
        second = await self.start_node("--join", address)
        await second.until_ready()
        # The second one came by flow H; both were told of each other.
        await peer.until(lambda: peer.link(first.fingerprint) and peer.link(second.fingerprint))
        number, path, _ = await peer.ask(second.fingerprint, [TRACE], recorded=True)
        self.assertEqual((number, path), (0, [second.fingerprint]))
        await self.stop(second)
        await peer.until(lambda: not peer.link(second.fingerprint))
        await self.leave(peer)
        await self.stop(first)


class Members(ProgramTest):
    """An overlay of kith, and a peer in it."""

    async def test_a_member_is_introduced_and_hears_of_others(self) -> None:
        nodes = await self.start_overlay(3)
        peer = await self.enter(nodes)
        newcomer = await self.start_node("--join", nodes[1].address)
        await newcomer.until_ready()
        await peer.until(lambda: peer.link(newcomer.fingerprint))
        _, path, _ = await peer.ask(nodes[2].fingerprint, [TRACE], recorded=True)
        self.assertEqual(path[0], nodes[2].fingerprint)
        await self.stop(newcomer)
        await peer.until(lambda: not peer.link(newcomer.fingerprint))
        await self.leave(peer)

    async def test_kith_dials_whom_an_update_names(self) -> None:
        """And passes it on: the update is told to one, and all come."""
        nodes = await self.start_overlay(3)
        peer = await self.enter(nodes)
        newcomer = Peer(Keys(), MEMBER)
        await newcomer.listen()
        peer.link(nodes[0].fingerprint).session.send_value([4, newcomer.token])
        await newcomer.until(lambda: all(newcomer.link(node.fingerprint) for node in nodes))
        await self.leave(newcomer, peer)

    async def test_a_peer_coordinates_for_programs_of_kith(self) -> None:
        nodes = await self.start_overlay(3)
        peer = await self.enter(nodes)
        name = subject_closest_to(peer, [node.fingerprint for node in nodes])
        subscriber = await self.start("sub", name, "--join", nodes[0].address)
        await peer.until(lambda: peer.coordinator.introduced)
        publisher = await self.start("pub", name, "hello", "--join", nodes[1].address)
        self.assertEqual(await subscriber.line(), "hello")
        self.assertEqual(await publisher.wait(), 0)
        self.assertGreaterEqual(peer.coordinator.pushed, 1)
        self.assertTrue(await peer.until(lambda: peer.coordinator.acknowledged))
        await self.stop(subscriber)
        await self.leave(peer)

    async def test_a_newcomer_is_handed_what_its_region_holds(self) -> None:
        nodes = await self.start_overlay(3)
        subscribers = [await self.start("sub", "interop/region", "--join", node.address)
                       for node in nodes]
        witness = Peer(Keys(), CLIENT)
        await witness.join(nodes[0].endpoint)
        answer = await witness.exchange.declare("interop/region", SEND,
                                                [nodes[0].fingerprint])
        await witness.until(lambda: len(witness.exchange.matches) == len(nodes))
        peer = await self.enter(nodes)
        coordinator = peer.coordinator
        subject = subject_id(peer.keys.realm, "interop/region")
        self.assertEqual(answer[0], HELD)
        # The closest holder hands over; the others compare digests with us.
        await peer.until(lambda: len(coordinator.records) == len(nodes) + 1)
        digest = coordinator.digest(subject)
        await peer.until(lambda: (subject, digest) in coordinator.summaries)
        await self.stop(*subscribers)
        await self.leave(peer, witness)


class Clients(ProgramTest):
    """An overlay of kith, and a client that exchanges messages with programs of it."""

    async def test_a_client_receives(self) -> None:
        await self.receive(Keys())

    async def test_an_identity_of_its_own_receives(self) -> None:
        await self.receive(Keys(identity=Ed25519PrivateKey.generate()))

    async def receive(self, keys: Keys) -> None:
        """Each message comes in a record of its own: the keys change on the way."""
        lines = [f"line {number}".encode() for number in range(1200)]
        nodes = await self.start_overlay(3)
        client = Peer(keys, CLIENT)
        client.exchange.window = 1
        await client.join(nodes[0].endpoint)
        await client.until(lambda: len(client.known) == len(nodes))
        relays = [(await client.connect(token)).fingerprint
                  for token in list(client.known.values())]
        verdict, _, holders, _ = await client.exchange.declare("interop", RECEIVE, relays)
        self.assertEqual(verdict, HELD)
        self.assertEqual(sorted(holders), sorted(node.fingerprint for node in nodes))
        publisher = await self.start("pub", "interop", "--lines", "--join", nodes[1].address)
        publisher.process.stdin.write(b"\n".join(lines))
        publisher.process.stdin.close()
        channel = await client.until(lambda: client.exchange.channels
                                     and client.exchange.channels[0])
        await client.until(lambda: len(channel.received) == len(lines))
        self.assertEqual(channel.received, lines)
        self.assertEqual(await publisher.wait(), 0)
        self.assertEqual(channel.link.session.receiving.rekeys, 1)
        self.assertEqual(channel.link.session.sending.rekeys, 1)
        client.exchange.close(channel)
        self.assertEqual((await client.exchange.withdraw())[0], WITHDRAWN)
        await self.leave(client)

    async def test_a_client_goes_on_after_its_session_was_lost(self) -> None:
        nodes = await self.start_overlay(3)
        client = Peer(Keys(), CLIENT)
        await client.join(nodes[0].endpoint)
        await client.exchange.declare("interop", RECEIVE, [nodes[0].fingerprint])
        publisher = await self.start("pub", "interop", "--lines", "--join", nodes[1].address)
        publisher.process.stdin.write(b"before 1\nbefore 2\n")
        channel = await client.until(lambda: client.exchange.channels
                                     and client.exchange.channels[0])
        await client.until(lambda: len(channel.received) == 2)
        await client.cut(channel.link)
        publisher.process.stdin.write(b"after\n")
        publisher.process.stdin.close()
        client.exchange.resume(channel, await client.connect(channel.link.session.peer))
        await client.until(lambda: len(channel.received) == 3)
        self.assertEqual(channel.received, [b"before 1", b"before 2", b"after"])
        self.assertEqual(await publisher.wait(), 0)
        await self.leave(client)

    async def test_a_client_sends(self) -> None:
        payloads = [b"short", b"", b"x" * 300, b"y" * 200_000, b"last"]
        nodes = await self.start_overlay(3)
        client = Peer(Keys(), CLIENT)
        await client.listen()
        await client.join(nodes[2].endpoint, nodes[2].fingerprint)
        subscriber = await self.start("sub", "interop", "--raw", "--join", nodes[1].address)
        await client.exchange.declare("interop", SEND, [nodes[2].fingerprint])
        channel = await client.until(lambda: client.exchange.channels
                                     and client.exchange.channels[0])
        for payload in payloads:
            await client.exchange.publish(channel, payload)
        expected = b"".join(payloads)
        async with asyncio.timeout(20):
            self.assertEqual(await subscriber.process.stdout.readexactly(len(expected)),
                             expected)
        await client.until(lambda: channel.acknowledged == len(payloads))
        await self.stop(subscriber)
        await self.leave(client)

    async def test_a_client_that_cannot_be_dialed_sends(self) -> None:
        """It dials the receivers instead."""
        nodes = await self.start_overlay(3)
        client = Peer(Keys(), CLIENT)
        await client.join(nodes[2].endpoint, nodes[2].fingerprint)
        subscriber = await self.start("sub", "interop", "--listen", "tcp://127.0.0.1:0",
                                 "--join", nodes[1].address)
        await client.exchange.declare("interop", SEND, [nodes[2].fingerprint])
        channel = await client.until(lambda: client.exchange.channels
                                     and client.exchange.channels[0])
        await client.exchange.publish(channel, b"hello")
        await client.until(lambda: channel.acknowledged == 1)
        self.assertEqual(await subscriber.line(), "hello")
        await self.stop(subscriber)
        await self.leave(client)


if __name__ == "__main__":
    unittest.main(verbosity=2)
