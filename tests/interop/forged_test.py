"""Honest peers beside somebody who forges handshakes without end.

    forged_test.py [SECONDS [A SECOND]]        3 seconds, if not given, and 5,000 a second

Half of what is forged are first messages of flow H, which cost the node two multiplications and an
answer, half are first messages of flow C that do not decrypt.
"""

import asyncio
import itertools
import multiprocessing
import os
import select
import socket
import sys
import time
import unittest
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from kith_peer import CLIENT
from kith_session import NOPE, Rejected, dial_hidden, dial_known, frame
from kith_tokens import Keys
from kith_wire import ProtocolError, encode
from programs import Node, ProgramTest

SECONDS = 3.0
FORGED_A_SECOND = 5000
HONEST_AT_ONCE = 4
OPEN_MOST = 800
GROWTH_BYTES_MOST = 32 << 20
HONEST_SHARE_LEAST = 0.99
SETTLING_SECONDS = 30.0
PATIENCE = 10.0
C_BODY_BYTES = 608
JOIN_OF_CLIENT = encode([1, CLIENT, True, b"", b""])


@dataclass
class Forged:
    """What became of the forged handshakes."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    silent: int = 0
    unconnected: int = 0
    seconds: float = 0.0


class Forger:
    """One process that opens connections and says one frame on each.  It drops them when they are
    answered, or, if it holds them, when they are rejected; the oldest when too many are open."""

    def __init__(self, endpoint: tuple[str, int], rate: int, holds: bool) -> None:
        self.endpoint, self.rate, self.holds = endpoint, rate, holds
        self.poll = select.epoll()
        self.open: dict[int, socket.socket] = {}
        self.order: deque[int] = deque()
        self.result = Forged()
        self.questions = itertools.cycle([frame(b"H", os.urandom(32)),
                                          frame(b"C", os.urandom(C_BODY_BYTES))])

    def run(self, seconds: float) -> Forged:
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * self.rate) - self.result.sent
            for _ in range(min(due, 100)):
                self._forge()
            self._read(0.001 if due <= 0 else 0)
        self.result.seconds = passed
        for end in self.open.values():
            end.close()
        return self.result

    def _forge(self) -> None:
        end = socket.socket()
        try:
            end.connect(self.endpoint)
            end.send(next(self.questions))
        except OSError:
            self.result.unconnected += 1
            end.close()
        else:
            end.setblocking(False)
            self.poll.register(end, select.EPOLLIN)
            self.open[end.fileno()] = end
            self.order.append(end.fileno())
        self.result.sent += 1
        while len(self.open) > OPEN_MOST:
            self._drop(self.order.popleft())

    def _read(self, timeout: float) -> None:
        for number, _ in self.poll.poll(timeout):
            try:
                answer = self.open[number].recv(4096)
            except OSError:
                answer = b""
            self.result.answered += answer[2:3] == b"A"
            self.result.refused += answer == NOPE
            self.result.silent += answer == b""
            if self.holds and answer[2:3] == b"A":
                continue
            self.order.remove(number)
            self._drop(number)

    def _drop(self, number: int) -> None:
        self.open.pop(number).close()


def forge(endpoint: tuple[str, int], rate: int, holds: bool, seconds: float) -> Forged:
    return Forger(endpoint, rate, holds).run(seconds)


class ForgedHandshakes(ProgramTest):
    seconds, rate = SECONDS, FORGED_A_SECOND

    @staticmethod
    def resident_bytes(node: Node) -> int:
        status = Path(f"/proc/{node.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    @staticmethod
    def cpu_seconds(node: Node) -> float:
        ticks = Path(f"/proc/{node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def open_files(node: Node) -> int:
        return len(os.listdir(f"/proc/{node.process.pid}/fd"))

    async def join_once(self, node: Node, number: int) -> bool:
        """By flow H, and by flow C with the token that it was shown."""
        keys = Keys()
        try:
            async with asyncio.timeout(PATIENCE):
                token = keys.node_token([])
                session = await dial_hidden(node.endpoint, keys, token, pinned=node.fingerprint,
                                            join=JOIN_OF_CLIENT)
                await session.read_message()
                if number % 2:
                    again = await dial_known(session.peer, keys, token)
                    again.send_message(JOIN_OF_CLIENT)
                    await again.read_message()
                    await again.close()
                await session.close()
                return True
        except (OSError, asyncio.IncompleteReadError, ProtocolError, Rejected, TimeoutError) as why:
            self.failures.append(repr(why))
            return False

    async def join_until(self, node: Node, end: float) -> list[bool]:
        results = []
        while time.monotonic() < end:
            results.append(await self.join_once(node, len(results)))
        return results

    async def settled(self, node: Node, files: int) -> int:
        """The number of open files, once it is what it was or nothing more is to be hoped for."""
        end = time.monotonic() + SETTLING_SECONDS
        waiting = asyncio.Event()
        while (now := self.open_files(node)) > files and time.monotonic() < end:
            try:
                await asyncio.wait_for(waiting.wait(), 0.1)
            except TimeoutError:
                continue
        return now

    async def test_honest_peers_are_served_beside_who_drops_them(self) -> None:
        await self.serve_beside(holds=False)

    async def test_honest_peers_are_served_beside_who_holds_them(self) -> None:
        await self.serve_beside(holds=True)

    async def serve_beside(self, holds: bool) -> None:
        self.failures: list[str] = []
        node = await self.start_node()
        await node.until_ready()
        files = self.open_files(node)
        for number in range(10):
            self.assertTrue(await self.join_once(node, number), self.failures)
        memory = self.resident_bytes(node)
        loop = asyncio.get_running_loop()
        loop.set_debug(False)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            forging = loop.run_in_executor(
                None, pool.apply, forge, (node.endpoint, self.rate, holds, self.seconds))
            end = time.monotonic() + self.seconds
            honest = sum(await asyncio.gather(*(self.join_until(node, end)
                                                for _ in range(HONEST_AT_ONCE))), [])
            forged = await forging
        growth = self.resident_bytes(node) - memory
        left = await self.settled(node, files)
        print(f"{forged}; honest: {sum(honest)} of {len(honest)}; growth: {growth >> 10} KiB; "
              f"open files: {files} before, {left} after; "
              f"{self.cpu_seconds(node):.1f} s of a core; {self.failures[:3]}", file=sys.stderr)
        self.assertGreater(forged.answered + forged.refused, 0)
        self.assertGreater(len(honest), 0)
        # Of the few that a busy machine has time for, one is more than its share.
        failed_most = max(1, (1 - HONEST_SHARE_LEAST) * len(honest))
        self.assertLessEqual(len(honest) - sum(honest), failed_most, self.failures[:3])
        self.assertLessEqual(growth, GROWTH_BYTES_MOST)
        self.assertLessEqual(left, files)
        await self.stop(node)


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:3] if word.replace(".", "").isdigit()]
    if numbers:
        ForgedHandshakes.seconds = numbers[0]
        ForgedHandshakes.rate = int((numbers + [FORGED_A_SECOND])[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
