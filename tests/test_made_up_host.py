"""A host that another package adds: found, opened by its key, and taken to cases, by the command line alone.

This is `connector/README.md`, "Adding a host": the made-up host of `tests/made_up_host` and the product are two wheels
in an environment of their own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.source import ROOT, imports
from tests.wheels import built, environment, run

SOURCE = ROOT / "tests" / "made_up_host"
MAY_IMPORT = ("connector.hosts.base", "connector.domain", "connector.remote")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project") / "lunabok"
    shutil.copytree(SOURCE, project, ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))
    shutil.copy(SOURCE / "lunabok" / "__init__.py", project / "lunabok" / "__init__.py")
    wheels = [built(source, tmp_path_factory.mktemp("wheel")) for source in (ROOT, project)]
    return environment(tmp_path_factory.mktemp("elsewhere") / "venv", *wheels)


def test_a_host_needs_nothing_of_the_product_but_the_contract() -> None:
    host = [path for path in (SOURCE / "lunabok").glob("*.py") if path.name != "sandbox.py"]
    used = {name for path in host for name in imports(path) if name.partition(".")[0] == "connector"}

    assert used
    assert not {name for name in used if not name.startswith(MAY_IMPORT)}


def test_it_is_offered_beside_the_others(elsewhere: Path, tmp_path: Path) -> None:
    assert "[lunabok|odoo|fortnox]" in run(elsewhere, "amili-connector", "connect", "--help", cwd=tmp_path)


def test_its_invoices_become_cases_and_show_them(elsewhere: Path, tmp_path: Path) -> None:
    said = run(elsewhere, "amili-connector", "demo", "--host", "lunabok", "--once", cwd=tmp_path)

    assert "No case twice." in said
    assert "the case id written back on the invoice" in said
