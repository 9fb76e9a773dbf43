"""The catalogues: the same in both languages, whole, and in step with pages and code."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from connector.domain.case import Ending
from connector.domain.connection import Environment, FirstAction
from connector.domain.findings import Severity
from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.domain.hand_over import (
    WAITS_FOR_AMILI_KEY,
    WAITS_FOR_KEY,
    WAITS_FOR_NOTHING,
    WAITS_FOR_RESTORE,
    WAITS_WHILE_PAUSED,
    HandOverState,
    Origin,
    PdfState,
    WriteBackState,
)
from connector.domain.invoice import StandingKind
from connector.domain.reconcile import DifferenceKind
from connector.domain.task import TaskKind
from connector.hosts.base import Why
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, SCOPES
from connector.resources import templates_path
from connector.store.connection_life import LifeAct
from connector.store.ledger_keys import KeyTrouble
from connector.store.timeline import TimelineEntry
from connector.web import shown
from connector.web.pages.help import PAGES
from connector.web.pages.reconciliation import COLUMNS, OFFERED
from connector.web.pages.tasks import TOLD
from connector.web.shown_case import ANSWERS, FACTS
from connector.words import LANGUAGES, Catalogue, MissingText, catalogue
from connector.words.reading import read_catalogue
from tests.source import PACKAGE

CATALOGUES: dict[str, Catalogue] = {language: catalogue(language) for language in LANGUAGES}
ENUMS = {
    "state": HandOverState,
    "state_help": HandOverState,
    "severity": Severity,
    "remark": Severity,
    "first_action": FirstAction,
    "first_action_help": (*FirstAction, "other"),
    "environment": Environment,
    "environment_help": Environment,
    "origin": Origin,
    "pdf": PdfState,
    "write_back": WriteBackState,
    "standing": StandingKind,
    "key_trouble": KeyTrouble,
    "consent_trouble": KeyTrouble,
    "consent_refusal": Why,
    "fortnox_right": (*SCOPES, *RECEIPT_SCOPES),
    "waiting": (WAITS_FOR_KEY, WAITS_FOR_AMILI_KEY, WAITS_FOR_NOTHING, WAITS_FOR_RESTORE, WAITS_WHILE_PAUSED),
    "connection.act": LifeAct,
    "connection.done": (*LifeAct, "no_way_back", "disconnected_in_part"),
    "end.by_hand": ("key", "consent"),
    "amili_keys.done": ("offered", "replaced", "given_up"),
    "follow_up_kind": FollowUpKind,
    "task_kind": TaskKind,
    "task_skip": TaskKind,
    "tasks_told": TOLD,
    "ending": Ending,
    "fact": tuple(f"{fact}_{answer}" for fact in FACTS for answer in ANSWERS),
    "difference": DifferenceKind,
    "help_page": PAGES,
    "difference_column": COLUMNS,
    "difference_offer": OFFERED,
    "case_amount": ("capital", "settled", "left_capital", "left_costs", "left_interest", "left"),
}
"""Families of keys that pages form from a value."""

KEPT = set(FollowUpState) - {FollowUpState.REPORTING, FollowUpState.UNKNOWN, FollowUpState.TAKEN}
"""States of a follow-up whose beginning is recorded by their name."""


def names(family: str) -> set[str]:
    return {key.removeprefix(f"{family}.") for key in CATALOGUES["sv"].texts if key.startswith(f"{family}.")}


def sources() -> str:
    pages = [path.read_text(encoding="utf-8") for path in sorted((templates_path() / "pages").glob("*.html"))]
    modules = [path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "web").rglob("*.py"))]
    return "\n".join(pages + modules)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    swedish, english = CATALOGUES["sv"].texts, CATALOGUES["en"].texts
    assert list(swedish) == list(english)
    assert {key: placeholders(text) for key, text in swedish.items()} == {
        key: placeholders(text) for key, text in english.items()
    }
    assert all(text.strip() == text and text for one in CATALOGUES.values() for text in one.texts.values())


def greeting(folder: Path) -> Path:
    (folder / "sv" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "sv" / "LC_MESSAGES" / "one.po").write_text('msgid "greeting"\nmsgstr "Hej {name}"\n', encoding="utf-8")
    return folder


def test_a_missing_text_or_value_is_an_error(tmp_path: Path) -> None:
    catalogue = read_catalogue("sv", (greeting(tmp_path),))
    assert catalogue.text("greeting", name="Eva") == "Hej Eva"
    with pytest.raises(MissingText, match="farewell"):
        catalogue.text("farewell")
    with pytest.raises(MissingText, match="greeting"):
        catalogue.text("greeting")


def test_what_is_not_known_is_shown_as_it_came() -> None:
    assert CATALOGUES["sv"].text_or_key("timeline", "something_new") == "something_new"


def test_a_value_is_never_read_as_a_template(tmp_path: Path) -> None:
    catalogue = read_catalogue("sv", (greeting(tmp_path),))
    assert catalogue.text("greeting", name="{0.__class__}") == "Hej {0.__class__}"


def test_every_text_that_a_page_names_exists_and_every_text_is_used() -> None:
    source = sources()
    named = set(re.findall(r"""\bt\(["']([a-z_.0-9]+)["'](?! ~)""", source))
    named |= set(re.findall(r"""["']([a-z_]+(?:\.[a-z_0-9]+)+|timeline_[a-z_]+)["']""", source)) & set(
        CATALOGUES["sv"].texts
    )
    assert named - set(CATALOGUES["sv"].texts) == set()
    formed = {
        f"{family}.{name}" for family in (*ENUMS, "timeline", "amount", "problem", "series") for name in names(family)
    }
    formed |= {f"site.language.{code}" for code in LANGUAGES}
    assert set(CATALOGUES["sv"].texts) - named - formed == set()


@pytest.mark.parametrize("family", ENUMS)
def test_every_value_has_its_text(family: str) -> None:
    assert names(family) == set(ENUMS[family])


def test_every_event_that_the_store_records_has_its_text() -> None:
    assert names("timeline") == recorded_events()


def recorded_events() -> set[str]:
    """The names of events in the store's code: what is passed to `record`, or is called `event` on the way."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "store").glob("*.py"))]
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            third = node.args[2:3] if node.func.id in {"_apply", "_change", "_keep_case"} else []
            found |= constants(*third, *(keyword.value for keyword in node.keywords if keyword.arg == "event"))
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "event" for target in node.targets
        ):
            found |= constants(node.value)
    return found | {f"follow_up_{state}" for state in KEPT}


def constants(*nodes: ast.expr) -> set[str]:
    """The texts that an expression can be: itself, or either branch of a choice."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.IfExp):
            found |= constants(node.body, node.orelse)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_line_of_a_reckoning_has_its_text() -> None:
    tree = ast.parse((PACKAGE / "domain" / "reckoning.py").read_text(encoding="utf-8"))
    terms = {
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AmountLine"
        for keyword in node.keywords
        if keyword.arg == "term"
        for value in constants(keyword.value)
    }
    assert terms
    assert names("amount") == terms


def test_every_problem_has_both_its_sentences() -> None:
    keys = {name.rpartition(".")[0] for name in names("problem") if "." in name}
    assert names("problem") >= {f"{key}.{part}" for key in keys for part in ("what", "do")}
    assert {"404", "500", "csrf", "unreachable", "configuration"} <= keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_of_a_timeline_can_be_told_whatever_it_lacks(language: str) -> None:
    words = CATALOGUES[language]
    events = [key.partition(".")[2] for key in words.texts if key.startswith("timeline.")]
    assert {"taken", "case_chosen", "case_of_another_debt", "one_more_allowed"} <= set(events)
    for event in events:
        assert shown.event(TimelineEntry(0.0, "Eva", event, {}), words).text, event
