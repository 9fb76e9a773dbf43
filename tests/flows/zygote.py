"""Speaks to the program that forks workers which die or freeze at a chosen point (tests.flows.crash_zygote).

It is started once in a process of the tests, because it imports everything that a worker does, and it ends with it.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.waiting import until
from tests.source import ROOT

_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


def _status(pid: int) -> tuple[str, int] | None:
    """The state letter and the parent of a process; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def runs(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    status = _status(pid)
    return status is not None and status[0] != "Z"


class Zygote:
    """Forks workers. Each is a process of its own with the environment it is given."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._forked: list[int] = []
        self.log = log

    def fork(self, env: dict[str, str], *, killed_at: int | str = 0, calls_only: bool = False, freeze: str = "") -> int:
        """A worker, killed at a point by number or name, or frozen at its registration; gives its process id."""
        order = {"env": env, "killed_at": killed_at, "calls_only": calls_only, "freeze": freeze, "log": str(self.log)}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = int(json.loads(self._process.stdout.readline())["pid"])
        self._forked.append(pid)
        return pid

    def runs(self, pid: int) -> bool:
        """Whether a worker that was forked is alive. Its number may belong to another process by now."""
        status = _status(pid)
        return status is not None and status[1] == self._process.pid

    def is_stopped(self, pid: int) -> bool:
        """Whether a worker is frozen by SIGSTOP."""
        status = _status(pid)
        return status is not None and status == ("T", self._process.pid)

    def kill(self, pid: int) -> None:
        """Kill a worker, if it is still one of ours."""
        if self.runs(pid):
            os.kill(pid, signal.SIGKILL)

    def end_all(self) -> None:
        """Kill every worker that was forked here, and wait until none of them runs."""
        for pid in self._forked:
            self.kill(pid)
        until(lambda: not any(map(self.runs, self._forked)), within_s=120, what="the end of all workers")


@contextmanager
def zygote(log: Path) -> Iterator[Zygote]:
    """The forking program; the workers that were forked here are ended afterwards. They write to `log`."""
    forking = Zygote(_program(), log)
    try:
        yield forking
    finally:
        forking.end_all()


@functools.cache
def _program() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.crash_zygote"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=ROOT,
        # What the test that happens to come first has changed is not for the others.
        env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    # Its whole group, so that no worker is left and no process of somebody else's is met.
    os.killpg(process.pid, signal.SIGKILL)
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.wait(timeout=10)
    process.stdout.close()
