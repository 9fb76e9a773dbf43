"""Speaks to the program that forks workers which die or freeze at a chosen point (tests.flows.crash_zygote)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def runs(pid: int) -> bool:
    """Whether the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_stopped(pid: int) -> bool:
    """Whether the process is frozen by SIGSTOP."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"
    return False


class Zygote:
    """Forks workers. Each is a process of its own with the environment it is given."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._pids: list[int] = []
        self.log = log

    def fork(self, env: dict[str, str], *, killed_at: int = 0, freeze: str = "") -> int:
        """A worker, killed at a numbered point or frozen at its registration; gives its process id."""
        order = {"env": env, "killed_at": killed_at, "freeze": freeze, "log": str(self.log)}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = int(json.loads(self._process.stdout.readline())["pid"])
        self._pids.append(pid)
        return pid

    def end_all(self) -> None:
        """Kill every worker that is left."""
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def zygote(log: Path) -> Iterator[Zygote]:
    """A forking program, ended with all its workers afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.crash_zygote"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    forking = Zygote(process, log)
    try:
        yield forking
    finally:
        forking.end_all()
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
