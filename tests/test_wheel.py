"""A built wheel works elsewhere: what it needs besides code travels inside it."""

from __future__ import annotations

import re
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import connector
from connector.sandbox import installed
from tests.source import ROOT
from tests.wheels import built, environment, run

SANDBOX_NEEDS = ("cryptography", "flask", "pyjwt", "websockets")
"""What imitations import from other packages (tests/test_architecture.py holds it), as those are called."""

ELSEWHERE = """
from pathlib import Path
import connector, sys
from connector import manifest, resources
from connector.store.database import open_databases
from connector.store.schema import migrate

assert Path(connector.__file__).is_relative_to(sys.prefix), connector.__file__
assert resources.manifest_path().is_relative_to(sys.prefix)
databases = open_databases(data_dir=Path("data"), database_url=None)
migrate(databases)
print(manifest.load().version, len(resources.read_template("odoo/send_to_collection.py.txt")) > 0)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and this one's packages in place of its dependencies."""
    return environment(tmp_path_factory.mktemp("elsewhere") / "venv", wheel)


def test_it_holds_every_file_that_the_code_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    needed = {"manifest.json"} | {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "templates").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    migrations = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("connector/store/migrations/**/*.[pm]*")}

    assert {f"connector/_data/{name}" for name in needed} <= packed
    assert {name for name in migrations if "__pycache__" not in name} <= packed
    assert not [name for name in packed if name.startswith("tests/") or name.endswith(".env")]


def test_it_is_found_from_any_folder(elsewhere: Path, tmp_path: Path) -> None:
    assert run(elsewhere, "python", "-c", ELSEWHERE, cwd=tmp_path).strip() == f"{connector.__version__} True"


def test_its_command_says_its_version(elsewhere: Path, tmp_path: Path) -> None:
    assert connector.__version__ in run(elsewhere, "amili-connector", "--version", cwd=tmp_path)


def test_it_plays_the_demo(elsewhere: Path, tmp_path: Path) -> None:
    assert "No case twice." in run(elsewhere, "amili-connector", "demo", "--once", cwd=tmp_path)


@pytest.mark.parametrize("host", installed.names())
def test_it_plays_the_demo_with_every_imitation_and_nothing_but_what_it_depends_on(
    host: str, wheel: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        said = Parser().parsestr(archive.read(metadata).decode())
    needed = {re.split(r"[^\w.-]", one)[0] for one in said.get_all("Requires-Dist", []) if "extra ==" not in one}

    assert set(SANDBOX_NEEDS) <= needed
    assert "demo" in said.get_all("Provides-Extra", []), "which is what people are told to install"
    assert "No case twice." in run(elsewhere, "amili-connector", "demo", "--host", host, "--once", cwd=tmp_path)
