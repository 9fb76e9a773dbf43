"""Somebody at a terminal: gives commands in a folder, and reads what they say."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLAIN = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "LANG": "en_US.UTF-8"}
WITHIN_S = 120.0


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """Standard error, which must be one line."""
        (line,) = self.err.splitlines()
        return line


class Forking:
    """The program that forks commands (tests.cli.forking)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = threading.Lock()

    def order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def forking() -> Iterator[Forking]:
    """A forking program, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.forking"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    process.stdout.readline()
    try:
        yield Forking(process)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


class Running:
    """A command that runs."""

    def __init__(self, program: Forking, pid: int, out: Path, err: Path) -> None:
        self._program = program
        self.pid = pid
        self._out = out
        self._err = err
        self._said: Said | None = None

    @property
    def out(self) -> str:
        """What it has written to standard output so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, *, within_s: float = WITHIN_S) -> Said:
        """Wait for its end; it is killed after `within_s` seconds, and its status tells."""
        if self._said is None:
            alarm = threading.Timer(within_s, self._kill)
            alarm.start()
            status = int(self._program.order({"wait": self.pid})["status"])
            alarm.cancel()
            self._said = Said(status, self.out, self.err)
        return self._said

    def end(self) -> None:
        """Make sure that it has ended, with everything it started."""
        if self._said is None:
            self._kill()
            self.wait()

    def _kill(self) -> None:
        # A worker of `serve` has a process group of its own, but shares its session.
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(ProcessLookupError, FileNotFoundError):
                if os.getsid(int(process.name)) == self.pid:
                    os.kill(int(process.name), signal.SIGKILL)


class Terminal:
    """A folder, an environment, and commands given there. `env` is what every command gets beside `PLAIN`."""

    def __init__(self, program: Forking, folder: Path, scratch: Path, env: Mapping[str, str]) -> None:
        self._program = program
        self.folder = folder
        self._scratch = scratch
        self.env = dict(env)
        self._numbers = itertools.count(1)
        self._started: list[Running] = []

    def start(self, *arguments: str, typed: str = "", env: Mapping[str, str] | None = None) -> Running:
        """Give a command, with `typed` waiting on its standard input."""
        paths = self._paths()
        paths["input"].write_text(typed, encoding="utf-8")
        return self._start(arguments, paths, env)

    @contextmanager
    def talk(self, *arguments: str) -> Iterator[tuple[Running, Callable[[str], None]]]:
        """Give a command, and answer what it asks once one has read it: the function types a line."""
        paths = self._paths()
        os.mkfifo(paths["input"])
        # For reading too, so that it opens at once, and without a command that reads.
        keyboard = os.open(paths["input"], os.O_RDWR)
        try:
            yield self._start(arguments, paths, None), lambda line: _type(keyboard, line)
        finally:
            os.close(keyboard)

    def _paths(self) -> dict[str, Path]:
        number = next(self._numbers)
        return {name: self._scratch / f"{number}.{name}" for name in ("input", "out", "err")}

    def _start(self, arguments: tuple[str, ...], paths: Mapping[str, Path], env: Mapping[str, str] | None) -> Running:
        for name in ("out", "err"):
            paths[name].touch()
        order = {
            "arguments": list(arguments),
            "env": PLAIN | self.env | dict(env or {}),
            "folder": str(self.folder),
            **{name: str(path) for name, path in paths.items()},
        }
        pid = int(self._program.order(order)["pid"])
        running = Running(self._program, pid, paths["out"], paths["err"])
        self._started.append(running)
        return running

    def run(
        self, *arguments: str, typed: str = "", env: Mapping[str, str] | None = None, within_s: float = WITHIN_S
    ) -> Said:
        """Give a command and wait for its end."""
        return self.start(*arguments, typed=typed, env=env).wait(within_s=within_s)

    def end_all(self) -> None:
        """Make sure that nothing runs any more."""
        for running in self._started:
            running.end()


def _type(keyboard: int, line: str) -> None:
    os.write(keyboard, f"{line}\n".encode())
