"""What others on the machine may read: mended at the start and said, refused only where that cannot be."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest

from connector.cli.private import keep_private
from connector.domain.errors import ConfigurationError
from connector.flows.hand_over import asking
from tests.cli.conftest import House
from tests.flows.waiting import until

UNCHANGEABLE = Path("/proc/self/status")
"""Open to everybody, and the kernel lets nobody change that, not even the superuser."""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("found", "left"), [(0o644, 0o600), (0o664, 0o600), (0o604, 0o600), (0o602, 0o600), (0o601, 0o600), (0o444, 0o400)]
)
def test_a_file_that_everybody_may_use_is_taken_from_them_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, found: int, left: int
) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEYS=canary-key\n", encoding="utf-8")
    path.chmod(found)
    with caplog.at_level(logging.WARNING):
        keep_private(path, ".env")
    assert mode(path) == left
    assert f".env was open to everybody on this machine ({found:03o})" in caplog.text
    assert "canary" not in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        keep_private(path, ".env")
    assert caplog.text == ""


@pytest.mark.parametrize("found", [0o600, 0o640, 0o660, 0o400])
def test_what_only_a_chosen_group_may_use_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture, found: int) -> None:
    path = tmp_path / ".env"
    path.touch()
    path.chmod(found)
    keep_private(path, ".env")
    assert mode(path) == found
    assert caplog.text == ""


@pytest.mark.parametrize(("found", "left"), [(0o755, 0o700), (0o711, 0o700), (0o775, 0o700), (0o750, 0o750)])
def test_a_folder_is_kept_likewise(tmp_path: Path, found: int, left: int) -> None:
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(found)
    keep_private(path, "The folder")
    assert mode(path) == left


def test_what_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    keep_private(tmp_path / "data", "The folder")
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(not UNCHANGEABLE.exists(), reason="no /proc on this machine")
def test_what_cannot_be_mended_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="open to everybody on this machine") as caught:
        keep_private(UNCHANGEABLE, ".env")
    assert caught.value.advice == f"Let its owner run: chmod go-rwx {UNCHANGEABLE}"


def test_a_worker_that_starts_mends_both(house: House) -> None:
    """As an upgrade from a release that did not look meets them."""
    data = house.on.deployment.settings.data_dir
    env_file = house.terminal.folder / ".env"
    env_file.write_text("LOG_LEVEL=INFO\n", encoding="utf-8")
    env_file.chmod(0o644)
    data.chmod(0o755)
    running = house.terminal.start("worker")
    until(lambda: asking.worker_runs(house.on.deployment), within_s=120, what="the worker's first beat")
    assert (mode(env_file), mode(data)) == (0o600, 0o700)
    running.signal(signal.SIGTERM)
    said = running.wait()
    assert said.status == 0, said.err
    assert said.err.count("was open to everybody on this machine") == 2
