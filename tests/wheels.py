"""Wheels, and environments outside the checkout that they are installed in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
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


def run(home: Path, *command: str, cwd: Path) -> str:
    """What a command of the environment prints; it must succeed."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    done = subprocess.run(
        [home / "bin" / command[0], *command[1:]], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
