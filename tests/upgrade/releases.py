"""The earlier releases, each built from this repository's own history and put into an environment of its own."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.source import ROOT

RELEASES = {
    "0.2.0": "60ba6385b86551da5e2b0d9c4f7c34b4326f3f1f",
    "0.3.0": "dba04855bdba83a52940004472035a86427c021e",
    "0.4.0": "a4e6a6f5235602e33708ba29b039923cb5b6f79a",
}
"""The commits that the releases were made of."""


def python_of(release: str, shared: Path) -> Path:
    """The Python of an environment with the wheel of a release, and this one's packages in place of its dependencies.

    Made once in the folder `shared`, by whichever process comes first. Fails, in words, where the repository's history
    does not reach back so far.
    """
    home = shared / RELEASES[release]
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / f"{RELEASES[release]}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            _install(_wheel(release, home / "source"), home / "venv")
            (home / "ready").touch()
    return home / "venv" / "bin" / "python"


def _wheel(release: str, source: Path) -> Path:
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=zip", RELEASES[release]], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.fail(
            f"Release {release} is made from the repository's history, and this checkout does not have its commit "
            f"{RELEASES[release]} (git says: {archive.stderr.decode(errors='replace').strip()}). "
            "Fetch the whole history: git fetch --unshallow.",
            pytrace=False,
        )
    with zipfile.ZipFile(io.BytesIO(archive.stdout)) as files:
        files.extractall(source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    wheels = source.with_name("wheel")
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", str(wheels), str(source)], check=True)
    (built,) = wheels.glob("*.whl")
    return built


def _install(wheel: Path, home: Path) -> None:
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    # After the wheel's own folder in the search path, so that the wheel's code wins over the checkout's.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
