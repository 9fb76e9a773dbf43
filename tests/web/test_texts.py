"""The catalogues: the same in both languages, whole, and in step with pages and code."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from connector.amili import status
from connector.domain.case import Ending
from connector.domain.checks.invoice_state import HOLD_KINDS
from connector.domain.checks.unchecked import NOT_CHECKED
from connector.domain.connection import Environment, FirstAction
from connector.domain.findings import Severity
from connector.domain.follow_up import FollowUpKind, FollowUpState, Reason
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
from connector.domain.plan import Brake
from connector.domain.reconcile import DifferenceKind
from connector.domain.task import TaskKind
from connector.flows.follow_up import follow_up_findings
from connector.flows.operations import AT_AMILI, at_amili
from connector.flows.tasks.task_words import STEPS
from connector.hosts.base import Why
from connector.hosts.fortnox.labels import LABEL_FIELD
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, SCOPES
from connector.hosts.fortnox.receipt import PLACE
from connector.hosts.fortnox.write_back import REFERENCE_FIELD
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
from tests.source import PACKAGE, modules, name_of, question_codes, tree

CATALOGUES: dict[str, Catalogue] = {language: catalogue(language) for language in LANGUAGES}
KNOWN = (
    status.CASE_STATES,
    status.CASE_STATUSES,
    status.ACTION_STATUSES,
    status.FINANCE_CATEGORIES,
    status.FINANCE_ARTICLES,
)
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
    "cause": (*DifferenceKind, "decided"),
    "follow_up_what": (FollowUpKind.PAYMENT, FollowUpKind.CREDIT, "other"),
    "hold": HOLD_KINDS,
    "why_not": set(NOT_CHECKED.values()),
    "address_part": ("address_line_1", "zip_code", "city", "country"),
    "brake": Brake,
    "step": (*STEPS, "other"),
    "ledger.left": Environment,
    "ledger.ask_again": Environment,
    "fortnox.place": (REFERENCE_FIELD, LABEL_FIELD, PLACE),
    **{known.family: known.values for known in KNOWN},
    "case_amount": ("capital", "settled", "left_capital", "left_costs", "left_interest", "left"),
}
"""Families of keys that pages form from a value."""

KEYS = tuple(CATALOGUES["sv"].texts)
BEGINNINGS = {
    "remote.wordless",
    "remote.wordless_status",
    "remote.differing",
    "follow_up",
    "odoo.pdf",
    "E17",
    "not_checked",
    "at_amili",
}
"""Families of which the code says the last part elsewhere, as a text of its own."""

KEPT = set(FollowUpState) - {FollowUpState.REPORTING, FollowUpState.UNKNOWN, FollowUpState.TAKEN}
"""States of a follow-up whose beginning is recorded by their name."""


def names(family: str) -> set[str]:
    return {key.removeprefix(f"{family}.") for key in CATALOGUES["sv"].texts if key.startswith(f"{family}.")}


def named_in_code() -> tuple[set[str], set[str], set[str]]:
    """The keys that the code asks for, the beginnings of those that it forms, and every other text in it."""
    asked, begun, others = set(), set(), set()
    above_the_store = [path for path in modules() if not name_of(path).startswith("connector.store")]
    for node in (node for path in above_the_store for node in ast.walk(tree(path))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            others.add(node.value)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            begun.add(str(node.values[0].value))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "id", "")
            first = node.args[0].value
            if (called in {"Text", "finding"} or (called == "text" and len(node.args) == 1)) and isinstance(first, str):
                asked.add(first)
    return asked, begun, others


def named_in_pages() -> set[str]:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (templates_path() / "pages").glob("*.html"))
    whole = set(re.findall(r"""\bt\(["']([a-z_.0-9]+)["'](?! ~)""", pages))
    return whole | set(re.findall(r"""["']([a-z_]+(?:\.[a-z_0-9]+)+|timeline_[a-z_]+)["']""", pages)) & set(KEYS)


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


def test_every_text_that_is_asked_for_exists_and_every_text_is_used() -> None:
    asked, begun, others = named_in_code()
    asked |= named_in_pages()
    assert len(asked) > 500
    assert asked - set(KEYS) == set()
    formed = {f"{family}.{name}" for family in (*ENUMS, "timeline", "amount", "problem") for name in names(family)}
    formed |= {f"{key.rpartition('.')[0]}.{name}" for key in KEYS if (name := key.rpartition(".")[2]) in LANGUAGES}
    formed |= {
        key
        for key in KEYS
        if (beginning := next((one for one in BEGINNINGS if key.startswith(f"{one}.")), ""))
        and f"{beginning}." in begun
    }
    formed |= {key for key in KEYS if key.endswith(".tried") and key.removesuffix(".tried") in others}
    assert set(KEYS) - asked - formed - others == set()


def test_a_key_that_nothing_names_would_be_found() -> None:
    asked, _, others = named_in_code()
    assert "remote.nothing_such" not in {*asked, *others, *named_in_pages()}
    assert "remote.number_taken" in asked


@pytest.mark.parametrize("family", ENUMS)
def test_every_value_has_its_text(family: str) -> None:
    assert names(family) == set(ENUMS[family])


def test_every_check_that_was_not_made_has_its_text() -> None:
    assert {f"not_checked.{key}" for key in NOT_CHECKED} == {key for key in KEYS if key.startswith("not_checked.")}


def test_every_operation_at_amili_has_its_text() -> None:
    formed = [found.key for name in AT_AMILI if (found := at_amili(name))]
    assert len(formed) == len(set(formed)) == len(AT_AMILI)
    assert set(formed) == {key for key in KEYS if key.startswith("at_amili.")}
    assert at_amili("nothing of Amili's") is None


def test_every_question_about_a_case_has_its_text() -> None:
    codes = {f"follow_up.{reason}" for reason in Reason}
    codes |= {f"follow_up.{code.removeprefix('follow_up_')}" for code in question_codes()}
    kept = {follow_up_findings.nothing_to_withdraw().key}
    assert codes | kept == {key for key in KEYS if key.startswith("follow_up.")}


def test_singular_and_plural_tell_the_same_facts_in_both_languages() -> None:
    swedish, english = CATALOGUES.values()
    assert swedish.plurals == english.plurals
    for key in swedish.plurals:
        told = [placeholders(one.translations.ngettext(key, key, 2)) for one in (swedish, english)]
        assert told[0] == told[1], key
        assert placeholders(swedish.texts[key]) <= told[0] | {"count"}, key


def test_every_event_that_the_store_records_has_its_text() -> None:
    assert names("timeline") == recorded_events()


def recorded_events() -> set[str]:
    """The names of events in the store's code: what is passed to `record`, or is called `event` on the way."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "store").glob("*.py"))]
    found: set[str] = set()
    for node in (node for one in trees for node in ast.walk(one)):
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
