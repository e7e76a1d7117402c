"""What strangers may rely on, by number: the black-box tests that every implementation has to pass.

Where all flows are accepted at once, a session of the library is the other end of a TCP connection
of its own.  What the program shows of itself by each flow stands in capture_test.py, and what needs
real tickets in tickets_test.py.
"""

import asyncio
import os
import random
import socket
import time
import unittest

from kith_flows import dial_reconnect, proof_statement, send_proof
from kith_peer import CLIENT, MEMBER, TRACE, UPDATE, Peer
from kith_session import (CLOSE_DUPLICATE, CLOSE_IDLE, NOPE, REFUSE, TAG_BYTES, Handshake,
                          Session, dial_hidden, frame, item)
from kith_tokens import NODE, STATIC_KEY, ZERO, Keys, Token, decode_token
from kith_wire import ProtocolError, decode, encode, to_text, unpad
from programs import Node, ProgramTest
from recording_proxy import Recording, RecordingProxy, frames_of, pass_on, pieces

SESSION_PEER = os.environ["KITH_SESSION_PEER"]
PATIENCE = 30.0
AT_ONCE = 1.0
BLOCK_BYTES = 256
KEY_FRAME_BYTES, SEALED_ANSWER_BYTES = 35, 51
SIGNATURE_BYTES = 64
RELATIONSHIP = b"r" * 16
RUNS_AT_ONCE = 20
RUNS = int(os.environ.get("KITH_INTEROP_RUNS", "20"))
IDLE_SECONDS = 60
LETTERS_THAT_NAME_FLOWS = b"SCOHINK"


def first_letters(stream: bytes) -> str:
    return "".join(chr(each[0]) for each in frames_of(stream))


class Mutual(Peer):
    """A member that knows when it is dialed, and dials nobody of whom it hears."""

    def __init__(self) -> None:
        super().__init__(Keys(), MEMBER)
        self.dialed = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.dialed.set()
        await super()._accept(reader, writer)

    def _hear_of(self, token: Token) -> None:
        pass

    def answers_left(self) -> int:
        """Answers beyond the one that each question has."""
        return sum(queue.qsize() for queue in self._answers.values())


class SessionPeer:
    """A session of the library, on a TCP connection."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return bytes.fromhex((await self.process.stderr.readline()).decode())

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class Acceptance(ProgramTest):

    async def session_peer(self, *words: str, stream: socket.socket | None = None) -> SessionPeer:
        end = stream if stream else asyncio.subprocess.DEVNULL
        peer = SessionPeer(await asyncio.create_subprocess_exec(
            SESSION_PEER, *words, stdin=end, stdout=end, stderr=asyncio.subprocess.PIPE))
        if stream:
            stream.close()
        self.addAsyncCleanup(peer.kill)
        return peer

    async def who_is(self, seed: int) -> bytes:
        """The node token of whoever has the keys of this seed, but for its dates."""
        peer = await self.session_peer("show", str(seed))
        token = await peer.line()
        await peer.process.wait()
        return token

    async def tcp_pair(self) -> tuple[socket.socket, socket.socket]:
        """The two ends of a connection: of who dialed, and of who listened."""
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            dialing = socket.socket()
            dialing.setblocking(False)
            await loop.sock_connect(dialing, server.getsockname())
            listening, _ = await loop.sock_accept(server)
        listening.setblocking(True)  # The other process reads and waits.
        return dialing, listening

    async def session_listener(self, node: bytes, static_key: bytes) -> tuple[tuple, bytes]:
        """Streams to a session that deals with this node alone, and the token of its node."""
        ours, theirs = await self.tcp_pair()
        peer = await self.session_peer("accept", node.hex(), static_key.hex(), stream=theirs)
        token = await peer.line()
        streams = await asyncio.open_connection(sock=ours)
        self.addCleanup(streams[1].close)
        return streams, token

    async def answer_to(self, streams: tuple, question: bytes, ends: bool = False
                        ) -> tuple[bytes, float]:
        """Everything up to the end of the stream, and how long that took."""
        reader, writer = streams
        began = time.monotonic()
        writer.write(question)
        if ends:
            writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        return answer, time.monotonic() - began

    # 1

    async def test_1_random_bytes_are_answered_with_nope_and_the_end(self) -> None:
        generator = random.Random(1)
        questions = [frame(b"S", os.urandom(31)), frame(b"S", os.urandom(33)),
                     frame(b"S", bytes(32)), frame(b"H", bytes(32)),
                     frame(b"T", os.urandom(272)), bytes(2), b"\xff\xff", b"\xff\xffS"]
        while len(questions) < 100:
            question = generator.randbytes(100)
            length = int.from_bytes(question[:2], "big")
            if length > 4096 or length < 33 or question[2] not in LETTERS_THAT_NAME_FLOWS:
                questions.append(question)
        node = await self.start_node()
        times = []
        for question in questions:
            answer, took = await self.answer_to(
                await asyncio.open_connection(*node.endpoint), question)
            self.assertEqual(answer, NOPE, question)
            times.append(took)
        self.assertLess(max(times), AT_ONCE)
        await self.stop(node)
        for question in questions[:10]:  # And by a session alone.
            streams, _ = await self.session_listener(bytes(32), bytes(32))
            answer, _ = await self.answer_to(streams, question)
            self.assertEqual(answer, NOPE, question)

    # 2

    async def test_2_tickets_that_are_none_meet_silence(self) -> None:
        """Garbage, a ticket of nobody's, and the same again."""
        node = await self.start_node()
        keys = Keys()
        token = keys.node_token([])
        session = await dial_hidden(node.endpoint, keys, token)
        theirs = session.peer.extensions[STATIC_KEY]
        await session.close()
        shake = Handshake(b"I", keys, initiator=True, streams=(None, None), peer_static=theirs)
        unknown = shake.seal(b"I", {0: token, 1: time.time_ns() // 1000, 2: os.urandom(32)})
        for question in (frame(b"I", os.urandom(len(unknown) - 3)), unknown, unknown,
                         unknown[:100]):
            answer, _ = await self.answer_to(
                await asyncio.open_connection(*node.endpoint), question,
                ends=len(question) < len(unknown))
            self.assertEqual(answer, b"")
        await self.stop(node)

    # 3

    async def record_flow(self, letter: str, seeds: tuple[int, int]) -> tuple[Recording, list]:
        """A session of two known nodes by this flow, that says hello and is answered."""
        tokens = [await self.who_is(seed) for seed in seeds]
        nodes = [decode_token(token, NODE) for token in tokens]
        proxy_ends = await self.tcp_pair()
        listener_ends = await self.tcp_pair()
        keys = [(node.fingerprint.hex(), node.extensions[STATIC_KEY].hex()) for node in nodes]
        listener = await self.session_peer("accept", *keys[0], str(seeds[1]),
                                           stream=listener_ends[1])
        tokens[1] = await listener.line()
        dialer_socket, proxy_socket = proxy_ends
        proxy_socket.setblocking(False)
        recording = Recording()
        near = await asyncio.open_connection(sock=proxy_socket)
        far = await asyncio.open_connection(sock=listener_ends[0])
        passing = [asyncio.ensure_future(pass_on(near[0], far[1], recording.dialer)),
                   asyncio.ensure_future(pass_on(far[0], near[1],
                                                              recording.listener))]
        dialer_socket.setblocking(True)
        dialer = await self.session_peer("dial", letter, *keys[1], str(seeds[0]),
                                         stream=dialer_socket)
        tokens[0] = await dialer.line()
        self.assertEqual(await dialer.line(), await listener.line())
        async with asyncio.timeout(PATIENCE):
            await dialer.process.wait()  # It has its answer.
            await asyncio.gather(*passing)
        for _, writer in (near, far):
            writer.close()
            await writer.wait_closed()
        return recording, tokens

    async def test_3_captures_of_the_flows_show_nobody(self) -> None:
        expected = {"S": ("STT", "ATT"), "H": ("HF", "AT"), "C": ("CT", "AT"), "O": ("OT", "AT"),
                    "I": ("IT", "AT"), "N": ("NKT", "AT")}
        for number, (letter, (dialed, answered)) in enumerate(expected.items()):
            with self.subTest(letter):
                recording, tokens = await self.record_flow(letter, (2 * number, 2 * number + 1))
                self.assertTrue(first_letters(recording.dialer).startswith(dialed))
                self.assertTrue(first_letters(recording.listener).startswith(answered))
                seen = pieces(bytes(recording.dialer)) | pieces(bytes(recording.listener))
                secrets = [pieces(token) | pieces(decode_token(token, NODE).fingerprint)
                           for token in tokens]
                if letter == "O":  # Shows the dialer's token, and what is the same in both.
                    self.assertLessEqual(pieces(tokens[0]), seen)
                    secrets = [secrets[1] - secrets[0]]
                for secret in secrets:
                    self.assertFalse(secret & seen)

    # 4

    async def sealed_answer(self, node: Node, keys: Keys) -> tuple[Session, bytes]:
        """A session by flow S as far as the node's answer to our proof, and that frame."""
        streams = await asyncio.open_connection(*node.endpoint)
        self.addCleanup(streams[1].close)
        shake = Handshake(b"S", keys, initiator=True, streams=streams)
        shake.write(b"S", None)
        await shake.read(b"A")
        session = shake.finish()
        send_proof(session, keys, keys.node_token([]),
                   proof_statement(b"I", shake.hash, keys.fingerprint, ZERO))
        async with asyncio.timeout(PATIENCE):
            length = await session.reader.readexactly(2)
            return session, await session.reader.readexactly(int.from_bytes(length, "big"))

    async def test_4_a_stranger_is_shown_nothing_by_a_sealed_listener(self) -> None:
        known, stranger = Keys(), Keys()
        node = await self.start_node("--accept", "S", "--policy", "known",
                                     "--known", to_text(known.fingerprint))
        session, accepted = await self.sealed_answer(node, known)
        proof = unpad(session.receiving.open(accepted[1:]))
        [token] = [field for field in decode(proof[3:]).values() if len(field) > SIGNATURE_BYTES]
        self.assertEqual(decode_token(token, NODE).fingerprint, node.fingerprint)
        session, refused = await self.sealed_answer(node, stranger)
        self.assertEqual(await session.reader.read(), b"")
        self.assertEqual(len(refused), len(accepted))
        said = unpad(session.receiving.open(refused[1:]))
        self.assertEqual(said, item(REFUSE))
        self.assertFalse(pieces(refused + said) & pieces(token))
        await self.stop(node)

    # 5

    async def test_5_a_dialer_pinned_to_another_node_says_a_key_and_nope(self) -> None:
        node = await self.start_node()
        proxy = RecordingProxy(node.endpoint)
        self.addAsyncCleanup(proxy.close)
        host, port = await proxy.listen()
        stranger = await self.start("pub", "acceptance", "hello", "--join-timeout", "1", "--join",
                                    f"kith://{to_text(os.urandom(32))}@{host}:{port}")
        self.assertNotEqual(await stranger.wait(), 0)
        await self.stop(node)
        self.assertGreater(len(proxy.recordings), 0)
        for recording in proxy.recordings:
            self.assertEqual(len(recording.dialer), KEY_FRAME_BYTES + len(NOPE))
            self.assertEqual(recording.dialer[2:3], b"H")
            self.assertEqual(recording.dialer[KEY_FRAME_BYTES:], NOPE)

    # 6

    async def reconnect(self, keys: Keys, node: bytes, static_key: bytes, about: bytes) -> float:
        """How long the silence lasted until the end of the stream."""
        streams, token = await self.session_listener(node, static_key)
        theirs = decode_token(token, NODE).extensions[STATIC_KEY]
        began = time.monotonic()
        with self.assertRaises(asyncio.IncompleteReadError) as silence:
            await dial_reconnect(streams, keys, theirs, about)
        self.assertEqual(silence.exception.partial, b"")
        return time.monotonic() - began

    async def test_6_reconnections_without_a_relationship_meet_silence(self) -> None:
        """Where it is of somebody else, or by another key, as where nobody is known."""
        keys = Keys()
        ours, static_key = keys.fingerprint, keys.static.public.data
        kinds = {"unknown": (os.urandom(32), static_key, RELATIONSHIP),
                 "another key": (ours, Keys().static.public.data, RELATIONSHIP),
                 "another relationship": (ours, static_key, os.urandom(16))}
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(RUNS_AT_ONCE):
            for kind, (node, key, about) in kinds.items():
                times[kind].append(await self.reconnect(keys, node, key, about))
        for kind, taken in times.items():
            slower = sum(one > other for one in taken for other in times["unknown"])
            share = slower / (len(taken) * len(times["unknown"]))
            with self.subTest(kind):  # Nobody guesses right from one time, or much better.
                self.assertTrue(0.1 < share < 0.9 or kind == "unknown", share)

    # 7

    async def test_7_records_have_lengths_of_the_form_alone(self) -> None:
        node = await self.start_node()
        await node.until_ready()
        proxy = RecordingProxy(node.endpoint)
        self.addAsyncCleanup(proxy.close)
        host, port = await proxy.listen()
        subscriber = await self.start("sub", "acceptance/7", "--json", "--join",
                                      f"tcp://{host}:{port}")
        publisher = await self.start("pub", "acceptance/7", "--lines", "--join",
                                     f"tcp://{host}:{port}")
        sizes = [1, 200, 255, 256, 257, 500, 5000, 60_000]
        for size in sizes:
            publisher.process.stdin.write(b"x" * size + b"\n")
        publisher.process.stdin.close()
        for _ in sizes:
            await subscriber.process.stdout.readuntil(b"\n")
        self.assertEqual(await publisher.wait(), 0)
        await self.stop(subscriber)
        records = 0
        for recording in proxy.recordings:
            for stream in (recording.dialer, recording.listener):
                for each in frames_of(bytes(stream)):
                    if each[:1] == b"T":
                        records += 1
                        self.assertEqual((len(each) - 1 - TAG_BYTES) % BLOCK_BYTES, 0)
        self.assertGreater(records, 2 * len(sizes))
        for plaintext in (item(0), item(0) + b"\x80" + bytes(BLOCK_BYTES - 5), bytes(BLOCK_BYTES),
                          item(0) * 85 + b"\0"):
            client = Peer(Keys(), CLIENT)
            session = (await client.join(node.endpoint)).session
            session.writer.write(frame(b"T", session.sending.seal(plaintext)))
            with self.assertRaisesRegex(ProtocolError, "ended without CLOSE"):
                await client.until(lambda: False)
        await self.stop(node)

    # 8

    async def end_of(self, session: Session) -> None:
        async with asyncio.timeout(2 * IDLE_SECONDS):
            while session.close_reason is None:
                await session.read_record()
            self.assertEqual(await session.reader.read(), b"")

    async def test_8_the_dialer_never_closes_an_idle_connection(self) -> None:
        """Nor does the listener as long as the dialer pings.  One that says nothing it does."""
        listening = Peer(Keys(), MEMBER)
        host, port = await listening.listen()
        address = f"kith://{to_text(listening.fingerprint)}@{host}:{port}"
        node = await self.start_node("--join", address)
        await node.until_ready()
        pinging = Peer(Keys(), CLIENT)
        kept = (await pinging.join(node.endpoint)).session
        keys = Keys()
        idle = await dial_hidden(node.endpoint, keys, keys.node_token([]),
                                 join=encode([1, CLIENT, True, b"", b""]))
        began = time.monotonic()
        end = asyncio.ensure_future(self.end_of(idle))
        await asyncio.wait([end], timeout=IDLE_SECONDS / 2)
        kept.ping(1)
        await end
        self.assertGreater(time.monotonic() - began, IDLE_SECONDS - 5)
        self.assertEqual(idle.close_reason, CLOSE_IDLE)
        dialed = listening.link(node.fingerprint).session
        self.assertFalse(dialed.dialed)
        for session in (dialed, kept):
            self.assertIsNone(session.close_reason)
        self.assertEqual(kept.pongs, [1])
        await pinging.ask(node.fingerprint, [TRACE], target=node.fingerprint)
        await listening.ask(node.fingerprint, [TRACE], target=node.fingerprint)
        await self.leave(pinging)
        await self.stop(node)
        await self.leave(listening)

    # 9

    async def dial_each_other(self, node: Node, witness: Peer) -> None:
        """The session survives that was dialed by the node with the greater fingerprint."""
        peer = Mutual()
        await peer.listen()
        witness.link(node.fingerprint).session.send_value([UPDATE, peer.token])
        async with asyncio.timeout(PATIENCE):
            await peer.dialed.wait()
        await peer.join(node.endpoint, node.fingerprint)
        for _ in range(10):
            await peer.ask(node.fingerprint, [TRACE], target=node.fingerprint)
        began = time.monotonic()
        ours = peer.fingerprint > node.fingerprint
        for link in [link for link in peer.links if ours and not link.session.dialed]:
            link.left = True  # It is for us, its responder, to close this one.
            await link.session.close(CLOSE_DUPLICATE)
        await peer.until(lambda: len(peer.links) == 1)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(peer.links[0].session.dialed, ours)
        for _ in range(10):
            await peer.ask(node.fingerprint, [TRACE], target=node.fingerprint)
        self.assertEqual(peer.answers_left(), 0)
        await self.leave(peer)

    async def test_9_both_dial_at_once(self) -> None:
        node = await self.start_node()
        await node.until_ready()
        witness = Mutual()
        await witness.listen()
        await witness.join(node.endpoint, node.fingerprint)
        for _ in range(0, RUNS, RUNS_AT_ONCE):
            await asyncio.gather(*(self.dial_each_other(node, witness)
                                   for _ in range(RUNS_AT_ONCE)))
        await self.leave(witness)
        await self.stop(node)


if __name__ == "__main__":
    unittest.main(verbosity=2)
