"""Tests with the program kith at work."""

import asyncio
import json
import os
import signal
import unittest

from kith_coordinator import Coordinator
from kith_peer import MEMBER, Peer
from kith_tokens import Keys
from kith_wire import distance, from_text, subject_id

KITH = os.environ["KITH_PROGRAM"]
# What somebody has set for nodes of their own is not meant here.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
PATIENCE = 30.0


def subject_closest_to(peer: Peer, others: list[bytes]) -> str:
    """A name whose coordinator is the peer, and none of the others."""
    for number in range(10_000):
        subject = subject_id(peer.keys.realm, f"interop/{number}")
        if all(distance(peer.fingerprint, subject) < distance(other, subject) for other in others):
            return f"interop/{number}"
    raise AssertionError("no such subject")


class Program:
    """A running kith.  What it writes to standard output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return (await self.process.stdout.readline()).decode().rstrip("\n")

    async def stop(self) -> int:
        """Its exit code, after it was interrupted like by Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return await self.wait()

    async def wait(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Node(Program):
    """kith up."""

    address: str
    fingerprint: bytes
    endpoint: tuple[str, int]

    async def until_listening(self) -> None:
        self.address = json.loads(await self.line())["address"]
        fingerprint, _, endpoint = self.address.removeprefix("kith://").partition("@")
        host, _, port = endpoint.partition(":")
        self.fingerprint, self.endpoint = from_text(fingerprint), (host, int(port))

    async def until_ready(self) -> None:
        while json.loads(await self.line())["event"] != "ready":
            pass


class ProgramTest(unittest.IsolatedAsyncioTestCase):
    """What it starts ends with the test, whatever comes of it."""

    async def start(self, *arguments: str) -> Program:
        return self._keep(Program(await self._spawn(arguments)))

    async def output_of(self, *words: str) -> str:
        asked = await asyncio.create_subprocess_exec(KITH, *words, stdout=asyncio.subprocess.PIPE, env=ENVIRONMENT)
        answer, _ = await asked.communicate()
        self.assertEqual(asked.returncode, 0)
        return answer.decode().rstrip("\n")

    async def start_node(self, *arguments: str) -> Node:
        node = Node(await self._spawn(("up", "--json", "--listen", "tcp://127.0.0.1:0",
                                       *arguments)))
        self._keep(node)
        await node.until_listening()
        return node

    async def start_overlay(self, count: int) -> list[Node]:
        """So many nodes, all of them ready."""
        nodes = [await self.start_node()]
        for _ in range(count - 1):
            nodes.append(await self.start_node("--join", nodes[0].address))
        for node in nodes:
            await node.until_ready()
        return nodes

    async def enter(self, nodes: list[Node]) -> Peer:
        """A peer that is a member among the nodes, and coordinates."""
        peer = Peer(Keys(), MEMBER)
        Coordinator(peer)
        await peer.listen()
        await peer.join(nodes[0].endpoint, nodes[0].fingerprint)
        await peer.until(lambda: peer.complete
                         and all(peer.link(node.fingerprint) for node in nodes))
        return peer

    async def stop(self, *programs: Program) -> None:
        for program in programs:
            self.assertEqual(await program.stop(), 0)

    async def leave(self, *peers: Peer) -> None:
        """In order, and nothing went wrong before."""
        for peer in peers:
            await peer.leave()
            self.assertEqual(peer.errors, [])

    async def _spawn(self, arguments: tuple[str, ...]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            KITH, *arguments, "--log-level", "error", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, env=ENVIRONMENT)

    def _keep(self, program: Program) -> Program:
        self.addAsyncCleanup(program.kill)
        return program
