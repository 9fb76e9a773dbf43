"""What a test needs from outside is skipped with a reason, or fails where it is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ODOO_VARIABLES
from tests.source import ROOT

NEEDS_ODOO = """
import pytest

@pytest.mark.odoo
def test_with_odoo():
    pass

def test_without():
    pass
"""


def run(folder: Path, *, required: str) -> tuple[int, str]:
    """Exit status and output of a run of NEEDS_ODOO on a machine without one."""
    (folder / "test_needing.py").write_text(NEEDS_ODOO, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name not in ODOO_VARIABLES}
    env |= {"PYTHONPATH": str(ROOT), "CONNECTOR_TESTS_REQUIRE": required}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_what_is_missing_is_skipped_with_a_reason(tmp_path: Path) -> None:
    status, output = run(tmp_path, required="")

    assert status == pytest.ExitCode.OK, output
    assert "1 passed, 1 skipped" in output
    assert "no real Odoo: ODOO_URL and its companions are not set" in output


def test_what_is_missing_but_required_fails(tmp_path: Path) -> None:
    status, output = run(tmp_path, required="postgres,odoo")

    assert status == pytest.ExitCode.TESTS_FAILED, output
    assert "odoo is required here" in output


def test_only_what_is_named_is_required(tmp_path: Path) -> None:
    status, output = run(tmp_path, required="postgres,browser")

    assert status == pytest.ExitCode.OK, output
