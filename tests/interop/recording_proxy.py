"""A TCP proxy that keeps all bytes that pass, by direction."""

import asyncio
from dataclasses import dataclass, field


PIECE_BYTES = 8


def pieces(data: bytes) -> set[bytes]:
    return {data[at:at + PIECE_BYTES] for at in range(len(data) - PIECE_BYTES + 1)}


def frames_of(stream: bytes) -> list[bytes]:
    """The frames that the stream consists of, without their lengths."""
    found = []
    while stream:
        length = int.from_bytes(stream[:2], "big")
        found.append(stream[2:2 + length])
        stream = stream[2 + length:]
    return found


@dataclass
class Recording:
    """One connection: what its dialer said, and what was answered."""

    dialer: bytearray = field(default_factory=bytearray)
    listener: bytearray = field(default_factory=bytearray)


class RecordingProxy:
    def __init__(self, target: tuple[str, int] | None = None) -> None:
        """Without a target: the same port of 127.0.0.1, where somebody will listen by then."""
        self.target = target
        self.recordings: list[Recording] = []
        self._tasks: set[asyncio.Task] = set()

    async def listen(self) -> tuple[str, int]:
        host = "127.0.0.1" if self.target else "127.0.0.2"
        self._server = await asyncio.start_server(self._accept, host, 0)
        endpoint = self._server.sockets[0].getsockname()
        self.target = self.target or ("127.0.0.1", endpoint[1])
        return endpoint

    async def close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()  # The target is gone.
            return
        recording = Recording()
        self.recordings.append(recording)
        for source, sink, into in ((reader, there_writer, recording.dialer),
                                   (there_reader, writer, recording.listener)):
            task = asyncio.ensure_future(pass_on(source, sink, into))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter,
                  into: bytearray) -> None:
    """Writes to `sink` what comes from `source`, and keeps it."""
    try:
        while data := await source.read(65536):
            into += data
            sink.write(data)
        sink.write_eof()
    except (OSError, RuntimeError):
        sink.close()
