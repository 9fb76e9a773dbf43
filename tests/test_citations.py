"""The reasons behind the code are texts beside it, whose headings are there, and which name what the code has."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from connector.settings import setting_fields
from tests.live import amili_points, fortnox_points
from tests.said import TEXTS
from tests.source import PACKAGE, ROOT, modules

AMILI, ODOO, FORTNOX = (PACKAGE / folder / "API.md" for folder in ("amili", "hosts/odoo", "hosts/fortnox"))
RULES = PACKAGE / "domain" / "RULES.md"
DESIGN = PACKAGE / "DESIGN.md"
REASONS = (AMILI, ODOO, FORTNOX, RULES, DESIGN)

_CITED = re.compile(r"(?<![\w./])((?:[\w-]+/)*[A-Za-z]\w*\.md)\b")
_HEADINGS = re.compile(r',? \(?("[^"]+"(?:, "[^"]+")*(?: and "[^"]+")?)')
_OUTSIDE = re.compile(r"case-flow-guide|\(design[,:]\s|\bthe reference\s(?:gives|leaves|says|states|suggests)")
_NAMED = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")


@cache
def headings(text: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", text.read_text(encoding="utf-8"), re.MULTILINE)


def anchor(heading: str) -> str:
    """What a link to a heading says, as forges make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def rows(text: Path, heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their heads."""
    _, _, below = text.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    lines = [line for line in below.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def places(text: Path) -> set[str]:
    """Where each unconfirmed thing would be changed: constants, settings, modules."""
    return {place for row in rows(text, "Unconfirmed") for place in _NAMED.findall(row[-1])}


def is_there(place: str) -> bool:
    """Whether the code has what `place` names: a module, or something by its last name."""
    if "/" in place:
        return (PACKAGE / place).exists()
    name = place.rpartition(".")[2]
    return name.lower() in setting_fields() or any(
        re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for path in modules()
    )


@pytest.mark.parametrize("text", REASONS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_heading_of_a_text_is_there_once_and_its_links_lead_to_something(text: Path) -> None:
    found = headings(text)
    targets = {path: {anchor(heading) for heading in headings(path)} for path in REASONS}

    assert len(found) == len(set(found))
    for path, part in _LINK.findall(text.read_text(encoding="utf-8")):
        if "://" not in path:
            target = (text.parent / path).resolve() if path else text
            assert target.exists()
            assert not part or part in targets[target]


@pytest.mark.parametrize("text", [AMILI, ODOO, FORTNOX], ids=lambda path: path.parent.name)
def test_what_is_unconfirmed_names_places_in_the_code(text: Path) -> None:
    assert places(text)
    assert [place for place in places(text) if not is_there(place)] == []


def test_a_place_that_is_gone_is_seen() -> None:
    assert not is_there("amili/no_such_module.py")
    assert not is_there("NO_SUCH_" + "CONSTANT")


@pytest.mark.parametrize(
    ("text", "points"), [(AMILI, amili_points.POINTS), (FORTNOX, fortnox_points.POINTS)], ids=["amili", "fortnox"]
)
def test_whatever_a_trial_finds_out_is_among_what_is_unconfirmed(
    text: Path, points: tuple[fortnox_points.Point, ...]
) -> None:
    assert {place for point in points for place in point.where.split(", ")} <= places(text)


def test_every_check_stands_in_the_rules_and_no_other() -> None:
    parts = [heading for heading in headings(RULES) if re.match("[A-G]: ", heading)]
    listed = [code for part in parts for row in rows(RULES, part) for code in row[0].split(", ")]

    assert sorted(listed) == sorted({key.partition(".")[0] for key in TEXTS})


def said(source: str) -> Iterator[str]:
    """The comments and docstrings of a module, each on one line; comments that follow each other are one."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())
    block: list[str] = []
    row = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if block and token.start[0] != row + 1:
                yield " ".join(block)
                block = []
            block.append(token.string.lstrip("# "))
            row = token.start[0]
    yield " ".join(block)


def text_of(cited: str, module: Path) -> Path | None:
    """The text in the repository that a module cites by this name; None where there is none, or several."""
    for exactly in (module.parent / cited, ROOT / cited):
        if exactly.exists():
            return exactly
    found = [path for path in (*PACKAGE.rglob("*.md"), *ROOT.glob("*.md")) if path.as_posix().endswith(f"/{cited}")]
    return found[0] if len(found) == 1 else None


def faults(source: str, module: Path) -> list[str]:
    """What is wrong with the citations of a module."""
    found: list[str] = []
    if not (_CITED.search(source) or _OUTSIDE.search(source)):
        return found
    for words in said(source):
        found += [f"{outside[0]!r} is no text of the repository" for outside in _OUTSIDE.finditer(words)]
        for cited in _CITED.finditer(words):
            text = text_of(cited[1], module)
            named = _HEADINGS.match(words, cited.end())
            if text is None:
                found.append(f"{cited[1]} is no text of the repository")
            elif text in REASONS and not named:
                found.append(f"{cited[1]} is cited without a heading")
            elif text in REASONS and named:
                wanted = re.findall('"([^"]+)"', named[1])
                found += [f"{cited[1]} has no heading {one!r}" for one in wanted if one not in headings(text)]
    return found


def test_every_citation_names_a_text_in_the_repository_and_a_heading_that_is_there() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in (*modules(), *sorted((ROOT / "tests").rglob("*.py")))
        for fault in faults(path.read_text(encoding="utf-8"), path)
    ]

    assert wrong == []


def test_what_is_not_python_cites_no_text_outside_the_repository_either() -> None:
    texts = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "tests").rglob("*.json")]
    cited = [(path, name) for path in texts for name in _CITED.findall(path.read_text(encoding="utf-8"))]

    assert cited
    assert [(path.name, name) for path, name in cited if text_of(name, path) is None] == []


IN_AMILI = PACKAGE / "amili" / "made_up.py"


@pytest.mark.parametrize(
    "right",
    [
        '"""Lists (API.md, "Lists")."""',
        '"""Source: RULES.md, "Money"; amili/API.md, "Debtor" and\n"Debt"."""',
        '# In doubt nothing is sent (DESIGN.md,\n# "Promises", 4).',
        '"""As `README.md` says, and hosts/odoo/README.md."""',
    ],
)
def test_a_right_citation_is_none_of_the_faults(right: str) -> None:
    assert faults(right, IN_AMILI) == []


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ('"""Lists (API.md, "Listings")."""', "API.md has no heading 'Listings'"),
        ('"""Lists (API.md, "Lists" and\n"Listings")."""', "API.md has no heading 'Listings'"),
        ("# In doubt nothing is sent\n# (DESIGN.md, promise 4).", "DESIGN.md is cited without a heading"),
        ('"""Payments (' + 'fortnox.md 9.1)."""', "fortnox.md is no text of the repository"),
        ('"""A hint is a hint (' + 'design, promise 4)."""', "'(design, ' is no text of the repository"),
        ('"""Lists (nowhere/API.md, "Lists")."""', "nowhere/API.md is no text of the repository"),
    ],
)
def test_a_wrong_citation_is_found(wrong: str, fault: str) -> None:
    assert faults(wrong, IN_AMILI) == [fault]


def test_an_api_md_is_cited_with_its_folder_from_elsewhere() -> None:
    assert faults('"""Lists (API.md, "Lists")."""', PACKAGE / "flows" / "made_up.py") == [
        "API.md is no text of the repository"
    ]
