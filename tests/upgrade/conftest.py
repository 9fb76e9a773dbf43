"""Earlier releases to upgrade from: each is built once for a run, whichever of its processes needs it first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.upgrade.releases import python_of


@pytest.fixture(scope="session")
def python_of_release(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The Python of an environment with a release, by its version."""
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "releases"
    return lambda release: python_of(release, shared)
