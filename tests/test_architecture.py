"""The floors of the house, and what no module may do. Broken here, the message names the module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from connector.hosts import kinds
from tests.source import PACKAGE, ROOT, calls, imports, modules, name_of

MAY_IMPORT = {
    "connector": set(),
    "connector.domain": {"connector.domain"},
    "connector.words": {"connector.words", "connector.domain", "connector.resources"},
    "connector.resources": set(),
    "connector.one_page_pdf": set(),
    "connector.manifest": {"connector.resources"},
    "connector.manifest.__main__": {"connector", "connector.resources", "connector.domain", "connector.hosts"},
    "connector.env_file": {"connector.domain"},
    "connector.settings": {
        "connector.manifest",
        "connector.domain",
        "connector.env_file",
        "connector.hosts",
        "connector.remote",
    },
    "connector.remote": {"connector.remote", "connector.domain"},
    "connector.amili": {"connector", "connector.amili", "connector.remote", "connector.domain"},
    "connector.hosts": {
        "connector",
        "connector.hosts",
        "connector.remote",
        "connector.domain",
        "connector.manifest",
        "connector.resources",
        "connector.words",
        "connector.one_page_pdf",
    },
    "connector.store": {"connector.store", "connector.domain"},
    "connector.sandbox": {"connector.sandbox", "connector.one_page_pdf"},
}
"""Which parts of ours each part may import. Those not named stand on all of these floors."""

BELOW_FLOWS = {"connector", *MAY_IMPORT} - {"connector.sandbox", "connector.manifest.__main__"}
ACCESS = {"connector.flows.access"}
CORE = ACCESS | {"connector.flows"}
COMPANIES = CORE | {"connector.flows.companies"}
SENDING = COMPANIES | {"connector.flows.sending"}
HAND_OVER = SENDING | {"connector.flows.hand_over"}
FOLLOW_UP = HAND_OVER | {"connector.flows.follow_up"}
EVENTS = FOLLOW_UP | {"connector.flows.events"}
MONEY = CORE | {"connector.flows.money"}
RECONCILE = EVENTS | MONEY | {"connector.flows.reconcile"}
TASKS = RECONCILE | {"connector.flows.tasks"}
REGISTRY = TASKS | {"connector.flows.registry"}
FLOWS = REGISTRY | {"connector.flows.worker"}
"""The floors within the flows; the registry of work stands on all of them, and the worker on that."""

MAY_IMPORT |= {
    "connector.flows.access": BELOW_FLOWS | ACCESS,
    "connector.flows": BELOW_FLOWS | CORE,
    "connector.flows.companies": BELOW_FLOWS | COMPANIES,
    "connector.flows.sending": BELOW_FLOWS | SENDING,
    "connector.flows.hand_over": BELOW_FLOWS | HAND_OVER,
    "connector.flows.follow_up": BELOW_FLOWS | FOLLOW_UP,
    "connector.flows.events": BELOW_FLOWS | EVENTS,
    "connector.flows.reconcile": BELOW_FLOWS | RECONCILE,
    "connector.flows.money": BELOW_FLOWS | MONEY,
    "connector.flows.tasks": BELOW_FLOWS | TASKS,
    "connector.flows.registry": BELOW_FLOWS | REGISTRY,
    "connector.flows.worker": BELOW_FLOWS | FLOWS,
    "connector.web": BELOW_FLOWS | FLOWS | {"connector.web"},
    "connector.cli": BELOW_FLOWS | FLOWS | {"connector.web", "connector.cli", "connector.sandbox"},
}

PURE = {
    "__future__",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "holidays",
    "html",
    "itertools",
    "math",
    "operator",
    "phonenumbers",
    "pydantic",
    "re",
    "stdnum",
    "string",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}
"""What the domain may stand on: values and computation, no I/O, no framework."""

SANDBOX_MAY_USE = {"_typeshed", "cryptography", "flask", "jwt", "waitress", "websockets", "werkzeug"}
LONGEST_MODULE_LINES = 450

LOGGERS = {"log", "logger", "logging"}
SECRET_NAME = re.compile(r"secret|passw|token|api_key|api_code|private_key|authorization|id_number|webhook_url", re.I)


def part_of(name: str) -> str:
    """The longest part of the house that `name` lies in."""
    return max((part for part in MAY_IMPORT if name == part or name.startswith(f"{part}.")), key=len)


def in_part(part: str) -> list[Path]:
    return [path for path in modules() if part_of(name_of(path)) == part]


def is_ours(name: str) -> bool:
    return name.partition(".")[0] == "connector"


def roots(path: Path) -> set[str]:
    """The top-level packages a module imports."""
    return {name.partition(".")[0] for name in imports(path)}


def called(path: Path) -> set[str]:
    """The plain names a module calls."""
    return {call.func.id for call in calls(path) if isinstance(call.func, ast.Name)}


def test_modules_import_only_from_their_own_floor_and_those_below() -> None:
    upward = {
        f"{name_of(path)} imports {name}"
        for path in modules()
        for name in imports(path)
        if is_ours(name) and part_of(name) not in MAY_IMPORT[part_of(name_of(path))]
    }

    assert not upward


def test_no_module_names_a_host_outside_the_hosts_folder() -> None:
    hosts = [host for host in kinds.ids() if (PACKAGE / "hosts" / host).is_dir()]
    naming = {
        f"{name_of(path)} names {host}"
        for path in modules()
        for host in hosts
        if host in path.read_text(encoding="utf-8").lower()
        and not f"{name_of(path)}.".startswith((f"connector.hosts.{host}.", f"connector.sandbox.{host}."))
        and "migrations" not in path.parts
    }

    assert len(hosts) >= 2
    assert not naming


def test_the_engine_is_known_in_one_module() -> None:
    assert [name_of(path) for path in modules() if "dbos" in roots(path)] == ["connector.flows.engine"]


def test_the_domain_is_pure() -> None:
    impure = {name_of(path): sorted(roots(path) - PURE - {"connector"}) for path in in_part("connector.domain")}
    reading = [name_of(path) for path in in_part("connector.domain") if called(path) & {"open", "input", "print"}]

    assert not {name: foreign for name, foreign in impure.items() if foreign}
    assert not reading


def test_the_sandbox_is_written_without_the_clients_it_imitates() -> None:
    """What it shares with them are servers, signatures and WebSocket frames, none of which say what a system means."""
    allowed = SANDBOX_MAY_USE | set(sys.stdlib_module_names) | {"connector"}
    shared = {name_of(path): sorted(roots(path) - allowed) for path in in_part("connector.sandbox")}

    assert not {name: foreign for name, foreign in shared.items() if foreign}


def test_every_module_can_be_read_in_one_sitting() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}

    assert not {name: count for name, count in lines.items() if count > LONGEST_MODULE_LINES}


def test_nothing_prints_but_commands() -> None:
    printing = [name_of(path) for path in modules() if "print" in called(path) and path.name != "__main__.py"]

    assert not printing


def test_no_log_line_is_given_a_secret() -> None:
    given = {
        f"{name_of(path)}: {name}"
        for path in modules()
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in LOGGERS
        for argument in call.args[1:]
        for node in ast.walk(argument)
        for name in (getattr(node, "id", ""), getattr(node, "attr", ""))
        if SECRET_NAME.search(name)
    }

    assert not given


KNOWN_SERVERS = re.compile(
    r"""
    (api-sandbox|app)\.amili\.se | (api|apps|ws)\.fortnox\.se | storage\.googleapis\.com | [a-z0-9.-]+\.odoo\.com
    | github\.com | json-schema\.org | www\.w3\.org
    | ([a-z0-9.-]+\.)?example(\.[a-z]+)? | [a-z0-9.-]+\.(test|invalid)
    """,
    re.VERBOSE | re.IGNORECASE,
)
SERVER_IN_URL = re.compile(r"https?://(?:[^/\s@\"'`]*@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,})(?![\w.-])")
SOMEBODYS_OWN_PATH = re.compile(r"(?<![\w./{}$-])/(home|root|work|Users)/\w")
TEXT_SUFFIXES = {
    "",
    ".cfg",
    ".css",
    ".example",
    ".html",
    ".js",
    ".json",
    ".mako",
    ".md",
    ".py",
    ".sh",
    ".toml",
    ".txt",
    ".yaml",
}


def kept_texts() -> list[Path]:
    """The text files under version control, and those that would be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        return [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix in TEXT_SUFFIXES - {""}]
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and path.suffix in TEXT_SUFFIXES]


def test_no_file_points_to_an_unknown_server_or_to_somebodys_own_machine() -> None:
    strange = []
    for path in kept_texts():
        text = path.read_text(encoding="utf-8")
        servers = SERVER_IN_URL.findall(text)
        strange += [f"{path.relative_to(ROOT)}: {name}" for name in servers if not KNOWN_SERVERS.fullmatch(name)]
        strange += [f"{path.relative_to(ROOT)}: {match[0]}" for match in SOMEBODYS_OWN_PATH.finditer(text)]

    assert not strange
