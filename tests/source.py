"""The source tree as the tests about the code itself see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from connector.flows import remote_findings

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "connector"


def modules() -> tuple[Path, ...]:
    """Every module of the package, migrations included."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


def name_of(path: Path) -> str:
    """The dotted name of a module: `connector.hosts.odoo.client`, `connector.cli` for a package's own file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Dotted names of everything a module imports, wherever in it; `from a import b` gives `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
            for _ in range(node.level - 1):
                package = package.rpartition(".")[0]
            base = ".".join(filter(None, (package if node.level else "", node.module or "")))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a module."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def question_codes() -> set[str]:
    """Codes of findings that ask a person about an invoice at Amili, beside those of a reason."""
    asked = PACKAGE / "flows" / "follow_up" / "follow_up_findings.py"
    given = [call.args[0] for call in calls(asked) if getattr(call.func, "id", "") == "_warning" and call.args]
    return {f"follow_up_{code.value!s}" for code in given if isinstance(code, ast.Constant)}


def remote_codes() -> set[str]:
    """Codes of findings about what a remote system said; those formed with its name are formed for both."""
    codes = set()
    for node in ast.walk(tree(PACKAGE / "flows" / "remote_findings.py")):
        places = {"_block": 0, "_of": 1}
        if not isinstance(node, ast.Call) or (place := places.get(getattr(node.func, "id", ""))) is None:
            continue
        for value in node.args[place : place + 1]:
            if isinstance(value, ast.Constant):
                codes.add(str(value.value))
            elif isinstance(value, ast.JoinedStr) and isinstance(value.values[-1], ast.Constant):
                codes |= {system + str(value.values[-1].value) for system in ("amili", "ledger")}
            elif isinstance(value, ast.Name) and value.id.isupper():
                codes.add(getattr(remote_findings, value.id))
    return codes
