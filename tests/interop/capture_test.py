"""What a stranger sees of kith: between two nodes, and when it knocks."""

import asyncio
import json
import os
import random
import tempfile
import unittest

from kith_peer import CLIENT, Peer
from kith_session import NOPE, Handshake, frame
from kith_tokens import NODE, STATIC_KEY, Keys, decode_token, now
from kith_wire import ProtocolError, from_text, subject_id, to_text
from programs import Node, ProgramTest, subject_closest_to
from recording_proxy import PIECE_BYTES, Recording, RecordingProxy, frames_of, pieces

TAG_BYTES, BLOCK_BYTES = 16, 256
PATIENCE = 30.0
KEY_BYTES = 32
FIRST_LETTERS = {"H": b"HF", "S": b"S", "O": b"O", "C": b"C", "I": b"I", "N": b"NK"}


class Captures(ProgramTest):
    """Sessions between two programs of kith, recorded."""

    async def record(self, target: tuple[str, int] | None = None) -> tuple[RecordingProxy, str]:
        proxy = RecordingProxy(target)
        self.addAsyncCleanup(proxy.close)
        host, port = await proxy.listen()
        return proxy, f"tcp://{host}:{port}"

    async def token_of(self, node: Node, keys: Keys | None = None) -> bytes:
        """As the node tells it to whoever joins."""
        client = Peer(keys or Keys(), CLIENT)
        link = await client.join(node.endpoint, node.fingerprint)
        await self.leave(client)
        return link.session.peer.encoded

    def folder(self) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def check(self, recording: Recording, flow: str, secrets: list[bytes],
              shown: bytes = b"") -> None:
        """Nothing but one handshake and records, and no piece of a secret that is not shown."""
        dialer = b"".join(each[:1] for each in frames_of(bytes(recording.dialer)))
        listener = b"".join(each[:1] for each in frames_of(bytes(recording.listener)))
        handshake = FIRST_LETTERS[flow]
        self.assertEqual(dialer, handshake + b"T" * (len(dialer) - len(handshake)))
        self.assertEqual(listener, b"A" + b"T" * (len(listener) - 1))
        self.assertGreater(len(dialer), len(handshake))
        for stream in (recording.dialer, recording.listener):
            for each in frames_of(bytes(stream)):
                if each[:1] == b"T":
                    self.assertEqual((len(each) - 1 - TAG_BYTES) % BLOCK_BYTES, 0)
            seen = pieces(bytes(stream))
            for secret in secrets:
                self.assertGreaterEqual(len(secret), PIECE_BYTES)
                self.assertFalse((pieces(secret) - pieces(shown)) & seen)

    async def test_flow_h_shows_neither_tokens_nor_fingerprints(self) -> None:
        node = await self.start_node()
        proxy, address = await self.record(node.endpoint)
        other = await self.start_node("--join", address)
        await other.until_ready()
        tokens = [await self.token_of(node), await self.token_of(other)]
        await self.stop(other, node)
        [recording] = proxy.recordings
        self.check(recording, "H", [*tokens, node.fingerprint, other.fingerprint])

    async def test_flow_c_shows_neither_tokens_nor_messages(self) -> None:
        """The subscriber dials the publisher where the proxy listens.  A peer coordinates, and so
        is told the tokens of both."""
        node = await self.start_node()
        await node.until_ready()
        peer = await self.enter([node])
        name = subject_closest_to(peer, [node.fingerprint])
        payload = os.urandom(40).hex()
        proxy, address = await self.record()
        subscriber = await self.start("sub", name, "--join", node.address)
        publisher = await self.start(
            "pub", name, payload, "--listen", address.replace("127.0.0.2", "127.0.0.1"),
            "--advertise", address, "--join", node.address)
        self.assertEqual(await subscriber.line(), payload)
        self.assertEqual(await publisher.wait(), 0)
        await self.stop(subscriber, node)
        intents = peer.coordinator.introduced
        self.assertEqual(len({intent.node.fingerprint for intent in intents}), 2)
        secrets = [payload.encode(), name.encode(), subject_id(peer.keys.realm, name)]
        for intent in intents:
            secrets += [intent.token.encoded, intent.node.encoded, intent.token.fingerprint,
                        intent.node.fingerprint]
        await self.leave(peer)
        [recording] = proxy.recordings
        self.check(recording, "C", secrets)

    async def dial(self, flow: str) -> tuple[Recording, list[bytes], list[bytes]]:
        """kith dial, recorded, and the secrets of the dialer and of the listener."""
        key = os.path.join(self.folder(), "key")
        await self.output_of("key", "new", key)
        names = json.loads(await self.output_of("key", "show", "--json", key))
        ours = Keys()
        node = await self.start_node("--policy", "known", "--known", names["node"],
                                     "--known", to_text(ours.fingerprint))
        proxy, address = await self.record(node.endpoint)
        endpoint = address.removeprefix("tcp://")
        await self.output_of("dial", "--flow", flow, "--key", key,
                             f"kith://{to_text(node.fingerprint)}@{endpoint}")
        [recording] = proxy.recordings
        listener = [await self.token_of(node, ours), node.fingerprint]
        await self.stop(node)
        return recording, [from_text(names[name]) for name in ("node", "public_key")], listener

    async def test_flow_s_shows_neither_tokens_nor_fingerprints(self) -> None:
        recording, dialer, listener = await self.dial("S")
        self.check(recording, "S", dialer + listener)

    async def test_flow_o_shows_the_dialer_alone(self) -> None:
        recording, [dialer, _], listener = await self.dial("O")
        shown = bytes(frames_of(bytes(recording.dialer))[0])
        token = decode_token(shown[1 + 2 * KEY_BYTES:], NODE)
        self.assertEqual(token.fingerprint, dialer)
        self.check(recording, "O", listener, shown)

    async def test_flows_of_relationships_show_neither_tokens_nor_fingerprints(self) -> None:
        """A ticket is redeemed by flow I; the same two meet again by N and K."""
        folders = [self.folder(), self.folder()]
        controls = [("--control", os.path.join(folder, "control")) for folder in folders]
        for folder in folders:
            await self.output_of("key", "new", os.path.join(folder, "key"))
        words = [("--key", os.path.join(folder, "key"), "--store", os.path.join(folder, "store"),
                  *control) for folder, control in zip(folders, controls)]
        proxy, address = await self.record()
        issuer = await self.start_node(*words[0], "--advertise", address,
                                       "--listen", address.replace("127.0.0.2", "127.0.0.1"))
        redeemer = await self.start_node(*words[1])
        secrets = [await self.token_of(node) for node in (issuer, redeemer)]
        secrets += [issuer.fingerprint, redeemer.fingerprint]
        proxy.recordings.clear()  # Of us, asking the issuer.
        ticket = await self.output_of("ticket", "issue", *controls[0])
        contact = json.loads(await self.output_of("ticket", "redeem", ticket, "--json",
                                                  *controls[1]))["contact"]
        await self.stop(redeemer)
        redeemer = await self.start_node(*words[1])
        await self.output_of("dial", "--flow", "N", contact, *controls[1])
        await self.stop(redeemer, issuer)
        first, *again = proxy.recordings
        self.check(first, "I", secrets)
        self.assertGreater(len(again), 0)
        for recording in again:
            self.check(recording, "N", secrets)


class Strangers(ProgramTest):
    """Who knocks without knowing how is told nothing but no."""

    async def asyncSetUp(self) -> None:
        self.node = await self.start_node()

    async def asyncTearDown(self) -> None:
        await self.stop(self.node)

    async def knock(self, question: bytes, ends: bool = True) -> bytes:
        """Everything that is answered, up to the end of the stream."""
        reader, writer = await asyncio.open_connection(*self.node.endpoint)
        writer.write(question)
        if ends:
            writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        return answer

    async def dial_by_flow_c(self, streams: tuple = (None, None)) -> tuple[Handshake, bytes]:
        """A handshake, and its first frame."""
        keys = Keys()
        client = Peer(keys, CLIENT)
        node = (await client.join(self.node.endpoint)).session.peer
        await self.leave(client)
        shake = Handshake(b"C", keys, initiator=True, streams=streams,
                          peer_static=node.extensions[STATIC_KEY])
        shake.peer = node
        return shake, shake.seal(b"C", {0: client.token, 1: now()})

    async def test_a_hundred_random_bytes(self) -> None:
        """The length that they begin with is none of a handshake, or their letter no flow's."""
        generator = random.Random(1)
        asked = 0
        while asked < 200:
            question = generator.randbytes(100)
            length = int.from_bytes(question[:2], "big")
            if 33 <= length <= 4096 and question[2:3] in b"SCOHINK":
                continue
            self.assertEqual(await self.knock(question, ends=False), NOPE)
            asked += 1

    async def test_random_bytes_in_frames(self) -> None:
        generator = random.Random(2)
        for letter in b"SCOHAFT?\0\xff":
            for length in (33, 34, 49, 128, 609, 865, 4096):
                if letter in b"SH" and length == 33:
                    continue
                body = generator.randbytes(length - 1)
                self.assertEqual(await self.knock(frame(bytes([letter]), body)), NOPE,
                                 (letter, length))

    async def test_flows_of_relationships_end_silently(self) -> None:
        for letter in b"INK":
            self.assertEqual(await self.knock(frame(bytes([letter]), os.urandom(304))), b"")

    async def test_lengths_that_no_frame_has(self) -> None:
        for length in (0, 1, 32, 4097, 0x6E6F, 65535):
            for letter in b"HCI":
                question = length.to_bytes(2, "big") + bytes([letter])
                self.assertEqual(await self.knock(question, ends=False), NOPE, (letter, length))

    async def test_a_first_key_of_low_order(self) -> None:
        self.assertEqual(await self.knock(frame(b"H", bytes(32)), ends=False), NOPE)

    async def test_whatever_is_cut_short(self) -> None:
        _, question = await self.dial_by_flow_c()
        for size in (1, 2, 3, 35, len(question) - 1):
            self.assertEqual(await self.knock(question[:size]), NOPE, size)
        self.assertEqual(await self.knock(b""), b"")

    async def test_a_flipped_bit(self) -> None:
        _, question = await self.dial_by_flow_c()
        for at in range(3, len(question), 29):
            flipped = bytearray(question)
            flipped[at] ^= 1 << at % 8
            self.assertEqual(await self.knock(bytes(flipped)), NOPE, at)

    async def test_a_recorded_first_message(self) -> None:
        """Never answered again once a session has come of it; and always by less than was asked."""
        streams = await asyncio.open_connection(*self.node.endpoint)
        shake, question = await self.dial_by_flow_c(streams)
        answer = await self.knock(question)
        self.assertEqual(answer[2:3], b"A")
        self.assertLess(len(answer), len(question))
        streams[1].write(question)
        await shake.read(b"A")
        session = shake.finish()
        session.send_value([1, CLIENT, True, b"", b""])
        await session.read_message()
        self.assertEqual(await self.knock(question), NOPE)
        await session.close()

    async def test_a_last_message_that_does_not_decrypt(self) -> None:
        """Whoever does not know the keys is answered in the clear."""
        keys = Keys()
        reader, writer = await asyncio.open_connection(*self.node.endpoint)
        shake = Handshake(b"H", keys, initiator=True, streams=(reader, writer))
        shake.write(b"H", None)
        await shake.read(b"A")
        writer.write(frame(b"F", os.urandom(48 + 512 + 16)))
        async with asyncio.timeout(PATIENCE):
            self.assertEqual(await reader.read(), NOPE)
        writer.close()

    async def test_bytes_behind_a_first_message(self) -> None:
        _, question = await self.dial_by_flow_c()
        self.assertEqual(await self.knock(question + b"\0"), NOPE)

    async def test_a_record_of_another_length(self) -> None:
        """Nothing is said in the clear once there are keys."""
        for size in (1, 255, 257, 511):
            client = Peer(Keys(), CLIENT)
            session = (await client.join(self.node.endpoint)).session
            session.writer.write(frame(b"T", session.sending.seal(b"\0" * (size - 1) + b"\x80")))
            with self.assertRaisesRegex(ProtocolError, "ended without CLOSE"):
                await client.until(lambda: False)

    async def test_somebody_slow(self) -> None:
        """A frame of which a byte comes every now and then is not waited for."""
        reader, writer = await asyncio.open_connection(*self.node.endpoint)
        answer = asyncio.ensure_future(reader.read())
        async with asyncio.timeout(PATIENCE):
            for byte in frame(b"C", os.urandom(600)):
                writer.write(bytes([byte]))
                done, _ = await asyncio.wait([answer], timeout=0.25)
                if done:
                    break
        self.assertTrue(answer.done())
        self.assertEqual(answer.result(), NOPE)
        writer.close()

    async def test_somebody_silent(self) -> None:
        """Is not told either that somebody is there."""
        self.assertEqual(await self.knock(b"", ends=False), b"")
        self.assertEqual(await self.knock(b"\0\x21", ends=False), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
