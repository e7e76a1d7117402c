"""What kith writes to a terminal, and to what is none."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import tempfile
import termios
import unittest

KITH = os.environ["KITH_PROGRAM"]
ERASE_LINE = b"\r\x1b[K"
SIMULATION = ["sim", "route", "--nodes", "40", "--probes", "200", "--rest", "10", "--json"]
PATIENCE = 60.0


def environment(**changes: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items()
           if not name.startswith("KITH_") and name != "NO_COLOR"}
    return {**own, "TERM": "xterm", **changes}


class Terminal:
    """A terminal for the standard error of a program."""

    def __init__(self, columns: int = 0) -> None:
        """Without a number it does not know how wide it is."""
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("4H", 0, columns, 0, 0))

    def close(self) -> None:
        """Nobody writes any more but programs that run already."""
        os.close(self.slave)

    def read(self) -> bytes:
        """All of it; the end is when the last program has ended."""
        shown = b""
        try:
            while part := os.read(self.master, 65536):
                shown += part
        except OSError:
            pass  # Linux reports the end of a terminal as an error.
        os.close(self.master)
        return shown


def simulate(*more: str, **changes: str) -> tuple[str, bytes]:
    """What it gives, and what it shows on a terminal."""
    terminal = Terminal()
    program = subprocess.Popen([KITH, *SIMULATION, *more], stdout=subprocess.PIPE,
                               stderr=terminal.slave, env=environment(**changes))
    terminal.close()
    shown = terminal.read()
    output, _ = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, shown
    return output.decode(), shown


def log_of_a_node(**changes: str) -> bytes:
    """What `kith up` shows until it is interrupted."""
    terminal = Terminal()
    with tempfile.TemporaryDirectory() as home:
        program = subprocess.Popen(
            [KITH, "up", "--listen", "tcp://127.0.0.1:0"], stdout=subprocess.PIPE,
            stderr=terminal.slave,
            env=environment(HOME=home, XDG_CONFIG_HOME=home, XDG_RUNTIME_DIR=home, **changes))
        terminal.close()
        assert program.stdout.readline().startswith(b"kith://")
        program.send_signal(signal.SIGINT)
        shown = terminal.read()
        assert program.wait(PATIENCE) == 0, shown
        program.stdout.close()
    return shown


def ticket(columns: int) -> tuple[str, list[str]]:
    """A ticket as it is printed, and the lines that a terminal of that width shows beside it."""
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as after:
        control = os.path.join(home, "control")
        node = subprocess.Popen(
            [KITH, "up", "--listen", "tcp://127.0.0.1:0", "--control", control,
             "--store", os.path.join(home, "store")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(HOME=home))
        after.callback(node.stdout.close)
        after.callback(node.wait, PATIENCE)
        after.callback(node.send_signal, signal.SIGINT)
        assert node.stdout.readline().startswith(b"kith://")
        terminal = Terminal(columns)
        program = subprocess.Popen([KITH, "ticket", "issue", "--qr", "--control", control],
                                   stdout=subprocess.PIPE, stderr=terminal.slave,
                                   env=environment(HOME=home))
        terminal.close()
        shown = terminal.read()
        output, _ = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, shown
    return output.decode(), shown.decode().splitlines()


class Ticket(unittest.TestCase):
    def test_is_drawn_within_the_columns_of_an_ordinary_terminal(self) -> None:
        for columns in 80, 100:
            text, lines = ticket(columns=columns)
            self.assertTrue(text.startswith("kith-ticket:"), text)
            self.assertGreater(len(lines), 30)
            self.assertLessEqual(max(map(len, lines)), columns)

    def test_has_all_the_margin_where_the_terminal_does_not_say_how_wide_it_is(self) -> None:
        _, lines = ticket(columns=0)
        self.assertTrue(all(line.startswith(4 * "\u2588") for line in lines[:-1]), lines)

    def test_is_not_torn_on_a_narrow_terminal(self) -> None:
        text, lines = ticket(columns=40)
        self.assertTrue(text.startswith("kith-ticket:"), text)
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"needs a terminal of \d+ columns, and this one has 40$")


class Progress(unittest.TestCase):
    def test_is_drawn_on_a_terminal_and_taken_away(self) -> None:
        output, shown = simulate()
        self.assertIn(b" % ", shown)
        self.assertTrue(shown.startswith(ERASE_LINE), shown)
        self.assertTrue(shown.endswith(ERASE_LINE), shown)
        self.assertEqual(json.loads(output)["nodes"], 40)

    def test_is_not_drawn_if_nobody_wants_it(self) -> None:
        self.assertEqual(simulate("--quiet")[1], b"")

    def test_is_not_drawn_on_a_terminal_that_cannot_erase(self) -> None:
        self.assertEqual(simulate(TERM="dumb")[1], b"")

    def test_is_not_drawn_elsewhere(self) -> None:
        done = subprocess.run([KITH, *SIMULATION], capture_output=True, timeout=PATIENCE,
                              env=environment(), check=True)
        self.assertEqual(done.stderr, b"")


class Log(unittest.TestCase):
    def test_is_coloured_on_a_terminal(self) -> None:
        self.assertIn(b"\x1b[", log_of_a_node())

    def test_is_not_coloured_against_somebodys_will(self) -> None:
        shown = log_of_a_node(NO_COLOR="1")
        self.assertNotEqual(shown, b"")
        self.assertNotIn(b"\x1b", shown)

    def test_is_not_coloured_on_a_terminal_without_colours(self) -> None:
        self.assertNotIn(b"\x1b", log_of_a_node(TERM="dumb"))


if __name__ == "__main__":
    unittest.main()
