"""Processes of the bench: started, measured through /proc, ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat behind the process's name (proc(5))."""


def environment(**more: str) -> dict[str, str]:
    """What a process of the bench is started with: nothing of the caller's own settings."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    return keep | {"PYTHONPATH": str(ROOT)} | more


@contextmanager
def running(
    arguments: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[str]]:
    """`python ARGUMENTS` in a process of its own, in `folder`; its standard error goes to `log`."""
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=dict(env),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line that a process prints. Raises `RuntimeError` if it ends without one."""
    assert process.stdout
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"{process.args!r} ended without a word")
    return line


def cpu_s(pid: int) -> float:
    """Seconds of a core, user and system, that a process and all its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB (2**20 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def children(pid: int) -> tuple[int, ...]:
    """The processes that a process has started and that still run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return tuple(int(child) for task in tasks for child in task.read_text(encoding="ascii").split())
