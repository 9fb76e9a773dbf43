"""Wheels, and environments outside the checkout that they are installed in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def built(source: Path, folder: Path) -> Path:
    """The wheel of the project in `source`, made in the empty `folder`."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    subprocess.run([*_PIP, "wheel", *options, str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(home: Path, *wheels: Path) -> Path:
    """A virtual environment with the wheels, and this one's packages in place of their dependencies."""
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    install = ("--python", str(home), "install", "--quiet", "--no-deps", "--no-index")
    subprocess.run([*_PIP, *install, *map(str, wheels)], check=True)
    # After the wheels' own folder in the search path, so that the wheels' code wins over the checkout's.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def clean_environment() -> dict[str, str]:
    """What a process is started with: nothing of the caller's own settings."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


def done(home: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command of the environment that has ended; it must succeed."""
    ended = subprocess.run(
        [home / "bin" / command[0], *command[1:]],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def run(home: Path, *command: str, cwd: Path) -> str:
    """What a command of the environment prints; it must succeed."""
    return done(home, *command, cwd=cwd).stdout


@contextmanager
def running(home: Path, *command: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A command of the environment that goes on within the block; what it has to complain of is in `cwd`."""
    name = "-".join(command).replace("/", "-")
    with (cwd / f"{name}.log").open("w", encoding="utf-8") as log:
        started = subprocess.Popen(
            [home / "bin" / command[0], *command[1:]],
            cwd=cwd,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with started:
        try:
            yield started
        finally:
            started.terminate()
