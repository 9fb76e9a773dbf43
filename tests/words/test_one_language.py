"""Nothing is said in two languages at once: not by a text, a finding, a task or an error, whatever a system said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy.dialects import sqlite

from connector.amili.actions import RegisteredAction
from connector.domain import errors
from connector.domain.checks.money import unreadable_amount
from connector.domain.errors import (
    ConnectorError,
    FieldIssue,
    KeyRefused,
    NotAuthorised,
    NotFound,
    OutOfReach,
    Refused,
    RemoteError,
    WithoutCase,
)
from connector.domain.findings import Finding, Severity
from connector.domain.fitting import Likeness
from connector.domain.follow_up import FollowUpKind, Reason, Step, Verdict
from connector.domain.plan import Brake
from connector.domain.text import Fact, Quote, StoredWords, text
from connector.flows import remote_findings, troubles
from connector.flows.error_words import sentence_of, words_of
from connector.flows.follow_up import follow_up_findings
from connector.flows.operations import AT_AMILI
from connector.flows.tasks import task_words
from connector.hosts.base import PdfUnavailable
from connector.store import tables
from connector.store.troubles import Failing
from connector.words import LANGUAGES, Language, catalogue, say
from connector.words.findings import document_of
from tests.domain.test_checks import FIRES_AND_CLEARS, NOT_CHECKED_WITHOUT_DATA
from tests.words.mixing import OWN_WORDS, foreign_words

OURS_FOR_LOGS = "could not be reached, and whether it took effect is not known."
THEIRS_IN_ENGLISH = "The customer is not active and cannot be invoiced."
THEIRS_IN_SWEDISH = "Kunden är inte aktiv och kan inte faktureras."
BOTH = pytest.mark.parametrize("language", LANGUAGES)


def fields(text_: str) -> str:
    return re.sub(r"\{\w+\}", " ", text_)


@BOTH
def test_every_text_is_in_its_language(language: Language) -> None:
    known = catalogue(language)
    said = dict(known.texts) | {f"{key}[1]": known.translations.ngettext(key, key, 2) for key in known.plurals}
    mixed = {key: found for key, one in said.items() if (found := foreign_words(fields(one), language))}
    assert mixed == {}


@BOTH
def test_the_words_that_tell_the_languages_apart_are_used(language: Language) -> None:
    every = " ".join(catalogue(language).texts.values()).lower()
    used = set(re.findall(r"[^\W\d_]+", every))
    assert OWN_WORDS["sv"].isdisjoint(OWN_WORDS["en"])
    assert OWN_WORDS[language] - used == set()


def sample_error(kind: type[ConnectorError], *, system: str, **details: object) -> ConnectorError:
    """An error of this kind as one is raised, with an English message of ours."""
    if kind is OutOfReach:
        details |= {"what": "card", "name": "17"}
    if kind is WithoutCase:
        details |= {"registration_id": "r1"}
    if kind is errors.AmountUnreadable:
        return errors.AmountUnreadable(OURS_FOR_LOGS, field="balance", system=system)
    if kind is errors.ByHandOnly:
        return errors.ByHandOnly(OURS_FOR_LOGS, system=system, url="https://amili.example", advice="Look there.")
    if not issubclass(kind, RemoteError):
        details.pop("status", None)
    return kind(OURS_FOR_LOGS, system=system, **details)  # type: ignore[arg-type]


def kinds_of_errors(root: type[ConnectorError] = ConnectorError) -> Iterator[type[ConnectorError]]:
    yield root
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from kinds_of_errors(kind)


ERRORS = [
    sample_error(kind, system=system, **details)
    for kind, system, details in product(
        dict.fromkeys(kinds_of_errors()), ("Amili", "Odoo", "Fortnox"), ({}, {"status": 422})
    )
]
QUOTING = [
    *(
        Refused(OURS_FOR_LOGS, system="Amili", operation="register a case", status=422, answer=said)
        for said in (THEIRS_IN_ENGLISH, THEIRS_IN_SWEDISH)
    ),
    Refused(
        OURS_FOR_LOGS,
        system="Amili",
        operation="register a case",
        issues=(FieldIssue("debts.0.debtor", THEIRS_IN_ENGLISH), FieldIssue("", THEIRS_IN_SWEDISH)),
    ),
    *(Refused(OURS_FOR_LOGS, system="Amili", operation=one, answer=THEIRS_IN_ENGLISH) for one in AT_AMILI),
    *(NotFound(OURS_FOR_LOGS, system="Amili", operation=one) for one in AT_AMILI),
    *(KeyRefused(OURS_FOR_LOGS, system="Amili", operation=one) for one in AT_AMILI),
    *(
        kind(THEIRS_IN_SWEDISH, system=system, says=Quote(THEIRS_IN_SWEDISH))
        for kind, system in product((Refused, NotAuthorised, PdfUnavailable), ("Odoo", "Fortnox"))
    ),
]


def of_remote() -> Iterable[Finding]:
    for error in (*ERRORS, *QUOTING):
        yield from remote_findings.of(error)
        yield remote_findings.pdf_unavailable(sentence_of(error))
        yield remote_findings.write_back_refused(words_of(error), of_case_id=True)
        yield follow_up_findings.refused(error)
    for same in product((True, False, None), repeat=3):
        likeness = Likeness(same[0], same[1], same[2], theirs_since_ours=False)
        yield remote_findings.case_differs("c1", likeness)
        yield remote_findings.case_will_differ("c1", likeness)
    yield from (remote_findings.ocr_unread(one) for one in ERRORS if isinstance(one, RemoteError))
    yield from (remote_findings.case_not_shown(one) for one in ("", "r1"))
    yield from (remote_findings.asked_by_anybody(one) for one in ("", "Eva"))
    yield from (remote_findings.write_back_refused(Quote("Nej."), of_case_id=one) for one in (True, False))
    yield remote_findings.number_taken("10045")
    yield remote_findings.case_of_number("10045", "c1")
    yield remote_findings.posted_often(3)
    yield remote_findings.creditor_changed()
    yield remote_findings.unsendable(ValueError("the amount is not one"))
    yield remote_findings.case_stood_already("c1")
    yield remote_findings.wish_taken_back()
    yield remote_findings.disconnected()
    yield remote_findings.several_cases(("c1", "c2"))
    yield remote_findings.withdrawn_case_is_open("c1")
    yield remote_findings.shown_here_alone("Fortnox", "c1")
    yield unreadable_amount("balance")


def of_follow_up() -> Iterable[Finding]:
    for reason, kind in product(Reason, FollowUpKind):
        verdict = Verdict(
            step=Step.ASK,
            kind=kind,
            id=f"{kind}:1",
            ledger_id="1",
            amount=Decimal("100.00"),
            date=date(2026, 3, 17),
            reason=reason,
        )
        yield from follow_up_findings.of_verdict(verdict)
    for action in (
        RegisteredAction.model_validate({"_id": "a", "status": "error", "status_reason": THEIRS_IN_ENGLISH}),
        RegisteredAction.model_validate({"_id": "a"}),
    ):
        yield follow_up_findings.failed(action)
        yield follow_up_findings.settled_otherwise(action)
        yield follow_up_findings.withdrawn_otherwise(action)
    yield from (follow_up_findings.withdrawal_asked_by_anybody(one) for one in ("", "Eva"))
    yield from (follow_up_findings.meant_for_another_case(one) for one in ("", "c1"))
    yield follow_up_findings.outcome_not_told()
    yield follow_up_findings.not_shown()
    yield follow_up_findings.posted_often(3)
    yield follow_up_findings.closed_already()
    yield follow_up_findings.paid_instead()
    yield follow_up_findings.may_be_paid()
    yield follow_up_findings.without_reason()
    yield follow_up_findings.may_stand_already()
    yield follow_up_findings.unsendable(ValueError("the amount is not one"))


def of_checks() -> Iterable[Finding]:
    for _, _, fires, _ in FIRES_AND_CLEARS:
        yield from fires.judged().findings
    for _, without, _ in NOT_CHECKED_WITHOUT_DATA:
        yield from without.judged().findings


def of_tasks() -> Iterable[Fact]:
    for step, refused, operation, status in product(
        (*task_words.STEPS, troubles.TIDY), (True, False), ("list cases", "read invoices"), (404, None)
    ):
        yield task_words.failing(step, refused=refused)
        for system in ("Amili", "Odoo", "connector"):
            failing = Failing(system=system, operation=operation, status=status, refused=refused)
            yield from task_words.failure(failing, ["10045", "10046"], 3)
            yield from task_words.failure(failing, ["10045"], 1)
            yield task_words.what_helps(step, system, refused=refused)
    for count in (1, 2):
        yield from (task_words.plan(count), task_words.unknown_cases(count))
    yield from (task_words.brake(one) for one in Brake)
    yield from (task_words.delayed("10045", has_case=one) for one in (True, False))
    yield from (task_words.key_ends("Odoo", one) for one in (None, date(2026, 3, 17)))
    for one in ("unknown", "taken_without_case", "posted_often", "follow_up", "blocked", "remark", "difference"):
        yield getattr(task_words, one)("10045")
    yield from (task_words.key_refused("Odoo"), task_words.consent_refused("Fortnox"))


FINDINGS = {"remote": of_remote, "follow_up": of_follow_up, "checks": of_checks}


@BOTH
@pytest.mark.parametrize("of", FINDINGS)
def test_every_finding_is_in_its_readers_language(of: str, language: Language) -> None:
    found = list(FINDINGS[of]())
    assert len(found) > 30
    mixed = {f"{one.code}: {said}" for one in found if foreign_words(said := say(one.says, language), language)}
    assert mixed == set()


@BOTH
def test_every_task_is_in_its_readers_language(language: Language) -> None:
    said = {say(one, language) for one in of_tasks()}
    assert len(said) > 30
    assert {one for one in said if foreign_words(one, language)} == set()


@BOTH
@pytest.mark.parametrize("error", [*ERRORS, *QUOTING], ids=lambda error: type(error).__name__)
def test_every_error_is_told_in_the_readers_language_and_never_by_what_is_for_logs(
    error: ConnectorError, language: Language
) -> None:
    for said in (say(words_of(error), language), say(sentence_of(error), language)):
        assert foreign_words(said, language) == set()
        assert OURS_FOR_LOGS.rstrip(".") not in said


@BOTH
@pytest.mark.parametrize("theirs", [THEIRS_IN_ENGLISH, THEIRS_IN_SWEDISH])
def test_the_words_of_a_remote_system_are_told_whole_and_as_its_own(theirs: str, language: Language) -> None:
    error = Refused(OURS_FOR_LOGS, system="Amili", operation="register a case", answer=theirs)
    (finding,) = remote_findings.of(error)
    opening = {"sv": "”", "en": "“"}[language]
    assert f"{opening}{theirs.rstrip('.')}”" in say(finding.says, language)


@pytest.mark.parametrize(
    ("said", "language", "foreign"),
    [
        ("The case is registered without the invoice copy: bokföringen gav en fil som inte är en PDF.", "en", "inte"),
        ("Ärendet är registrerat utan fakturakopia: it made no PDF of the invoice.", "sv", "the"),
        ("The case is registered without the invoice copy. Fortnox answered: “Kunden är inte aktiv”.", "en", ""),
        ("Ärendet är registrerat utan fakturakopia. Odoo svarade: ”The customer is not active”.", "sv", ""),
        ("Ärendet är registrerat utan fakturakopia. Odoo svarade: ”No” and that is the end.", "sv", "and"),
    ],
)
def test_a_word_of_the_other_language_is_found_unless_it_is_set_apart(
    said: str, language: Language, foreign: str
) -> None:
    found = foreign_words(said, language)
    assert foreign in found if foreign else found == set()


def kept_text(findings: tuple[Finding, ...]) -> str:
    """Findings as the store keeps them."""
    return str(tables.hand_overs.c.findings.type.process_bind_param(findings, sqlite.dialect()))  # type: ignore[attr-defined]


def test_what_an_earlier_release_stored_is_shown_in_its_words_and_stored_again_as_them() -> None:
    old = {"code": "E3", "severity": "block", "field": "customer.id_number", "value": "19xx", "sv": "Fel.", "en": "No."}
    read = Finding.model_validate_json(json.dumps(old))
    assert read.says == StoredWords("Fel.", "No.")
    assert document_of(read) == old
    (again,) = json.loads(kept_text((read,)))
    assert Finding.model_validate(again) == read


def test_a_finding_is_stored_by_its_key_and_facts_and_printed_in_both_languages() -> None:
    finding = Finding(
        code="B6",
        severity=Severity.WARNING,
        says=text("B6", amount=Decimal("2050.00"), limit=Decimal("1000.00")),
    )
    (kept,) = json.loads(kept_text((finding,)))
    assert kept["says"] == {
        "text": "B6",
        "facts": {"amount": {"kronor": "2050.00"}, "limit": {"kronor": "1000.00"}},
    }
    assert Finding.model_validate(kept) == finding
    assert document_of(finding)["en"].startswith("The amount SEK 2,050.00 is above")
    assert document_of(finding)["sv"].startswith("Beloppet 2\u00a0050,00 kr överstiger")
    assert list(document_of(finding)) == ["code", "severity", "field", "value", "sv", "en"]


@pytest.mark.parametrize("says", [None, "words", {"text": "A1.draft"}, {"kronor": "1.00"}])
def test_a_finding_says_a_text_and_nothing_else(says: object) -> None:
    with pytest.raises(ValueError, match="says"):
        Finding.model_validate({"code": "A1", "severity": "block", "says": says})
