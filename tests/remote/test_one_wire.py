"""That there is one way to call another system, and one reading of what it says."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.source import PACKAGE, modules, name_of, tree

TRAVELS_IN_THE_POLICY = {"connect_timeout_s", "read_timeout_s"}
FINDS_PERSONAL_NUMBERS = {"connector.domain.redaction", "connector.domain.identity"}
"""The one that takes them out of texts, and the one that reads a field which holds one."""


def ours() -> list[Path]:
    return [path for path in modules() if PACKAGE / "sandbox" not in path.parents]


def parameters(path: Path) -> set[str]:
    """The names of all parameters of all functions of a module."""
    return {
        parameter.arg
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    }


def texts(path: Path) -> list[str]:
    """Every literal of a module, and the literal parts of those that are put together."""
    return [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and type(node.value) is str]


def test_what_a_call_keeps_to_is_passed_as_one_policy() -> None:
    passing = [name_of(path) for path in ours() if parameters(path) & TRAVELS_IN_THE_POLICY]

    assert not passing


def test_the_waits_that_systems_ask_for_are_read_in_one_module() -> None:
    below = [
        path for path in ours() if name_of(path).startswith(("connector.amili", "connector.hosts", "connector.remote"))
    ]
    reading = [name_of(path) for path in below if "Retry-After" in texts(path)]

    assert reading == ["connector.remote.retry_after"]


def test_personal_numbers_are_found_in_one_way() -> None:
    patterns = ("[0-9]{6", r"\d{6")
    finding = {name_of(path) for path in ours() if any(part in text for text in texts(path) for part in patterns)}

    assert finding == FINDS_PERSONAL_NUMBERS


def test_secrets_are_masked_in_one_way() -> None:
    masking = {
        name_of(path)
        for path in ours()
        if any(part in text.lower() for text in texts(path) for part in (r"bearer\s", "eyj["))
    }

    assert masking == {"connector.domain.redaction"}
