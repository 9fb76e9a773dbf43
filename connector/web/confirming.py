"""The page on which a person looks at an invoice, answers what the checks ask, and confirms.

What is confirmed is what was seen: the form carries a seal over everything the page showed, and a page whose
invoice, findings or settings have changed meanwhile is shown again instead of being sent (WCAG 3.3.4). So is one on
which another first action is chosen than the one it was made with, since other amounts and findings may go with it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import current_app, render_template
from werkzeug.datastructures import MultiDict

from connector.domain.connection import ConnectionSettings, FirstAction, first_action_of
from connector.domain.dates import today
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import MAY_BE_SENT_AGAIN
from connector.domain.money import InexactAmount, kronor
from connector.domain.redaction import without_personal_numbers
from connector.flows.hand_over.preview import Preview
from connector.web import shown

LONGEST_REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Answers:
    """What a person filled in. `problems` are keys of the catalogue by the id of the field they stand at.

    `changed` says that the invoice is not what the person saw any more.
    """

    accepted: tuple[str, ...] = ()
    lifted: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False


@dataclass(frozen=True)
class Questions:
    """The findings of a preview by what they ask of a person; each group by check."""

    blocks: Mapping[str, tuple[Finding, ...]]
    to_lift: Mapping[str, tuple[Finding, ...]]
    to_tick: Mapping[str, tuple[Finding, ...]]
    for_information: Mapping[str, tuple[Finding, ...]]


def first_action(settings: ConnectionSettings, text: str) -> FirstAction | str | None:
    """The first action that a form or an address names, if the company may choose it."""
    action = first_action_of(text)
    return action if action in settings.first_actions else None


def questions(look: Preview) -> Questions:
    """Return what must be fixed, lifted or ticked before the invoice can be sent.

    Warnings that the company has accepted for good need no tick and are shown for information.
    """
    findings = look.assessment.findings if look.assessment else look.stopping
    accepted = look.connection.settings.accepted_warnings

    def group(severity: Severity) -> list[Finding]:
        return [finding for finding in findings if finding.severity is severity]

    warnings = group(Severity.WARNING)
    return Questions(
        blocks=shown.by_code(group(Severity.BLOCK)),
        to_lift=shown.by_code(group(Severity.LIFTABLE)),
        to_tick=shown.by_code(finding for finding in warnings if finding.code not in accepted),
        for_information=shown.by_code(
            [finding for finding in warnings if finding.code in accepted] + group(Severity.INFO)
        ),
    )


def sendable(look: Preview) -> bool:
    """Return whether the invoice can be sent once everything asked is answered."""
    free = look.hand_over is None or look.hand_over.state in MAY_BE_SENT_AGAIN
    claimable = look.assessment is not None and look.assessment.claim is not None
    return free and claimable and not questions(look).blocks


def read_answers(look: Preview, form: MultiDict[str, str]) -> Answers:
    """The answers in a posted form, held against the invoice as it is now."""
    if form.get("shown_action", look.first_action) != look.first_action:
        return Answers(lifted=_reasons(look, form), problems={"findings": "confirm.other_choice"}, changed=True)
    if not _is_as_seen(look, form):
        return Answers(problems={"findings": "confirm.changed"}, changed=True)
    if not sendable(look):
        return Answers(problems={"findings": "confirm.blocked"}, changed=True)
    asked = questions(look)
    ticked, reasons = _ticks(look, form), _reasons(look, form)
    problems = {f"reason-{code}": "confirm.reason_missing" for code in asked.to_lift if code not in reasons}
    problems |= {f"accept-{code}": "confirm.tick_missing" for code in asked.to_tick if code not in ticked}
    return Answers(accepted=ticked, lifted=reasons, problems=problems)


def kept_answers(look: Preview, form: MultiDict[str, str]) -> Answers:
    """Return what stays filled in on a page that is shown again: reasons, and ticks where all else is as it was
    seen.
    """
    return Answers(accepted=_ticks(look, form) if _is_as_seen(look, form) else (), lifted=_reasons(look, form))


def _is_as_seen(look: Preview, form: MultiDict[str, str]) -> bool:
    return hmac.compare_digest(form.get("seen", "").encode(), seal(look).encode()) and _same_balance(look, form)


def _ticks(look: Preview, form: MultiDict[str, str]) -> tuple[str, ...]:
    ticked = set(form.getlist("accept"))
    return tuple(code for code in questions(look).to_tick if code in ticked)


def _reasons(look: Preview, form: MultiDict[str, str]) -> dict[str, str]:
    reasons = {code: _reason(form.get(f"reason-{code}", "")) for code in questions(look).to_lift}
    return {code: reason for code, reason in reasons.items() if reason}


def _same_balance(look: Preview, form: MultiDict[str, str]) -> bool:
    try:
        seen = kronor(form.get("proposed_balance", ""))
    except InexactAmount:
        return False
    return look.invoice is not None and look.invoice.balance == seen


def _reason(text: str) -> str:
    # A reason is kept in the timeline, where no personal number may stand.
    return " ".join(without_personal_numbers(text).split())[:LONGEST_REASON_CHARACTERS]


def seal(look: Preview) -> str:
    """A seal over all that the page shows and sends. Keyed, because a plain digest would give away numbers."""
    parts = (
        look.connection.id,
        look.connection.settings.model_dump_json(),
        look.invoice_id,
        look.first_action,
        look.invoice.model_dump_json() if look.invoice else "",
        look.assessment.model_dump_json() if look.assessment else "",
    )
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, "\n".join(parts).encode(), "sha256").hexdigest()


def page(look: Preview, answers: Answers) -> str:
    """The page of `look`, with the answers given so far and what is wrong with them."""
    claim = look.assessment.claim if look.assessment else None
    invoice = look.invoice
    settings = look.connection.settings
    return render_template(
        "invoice.html",
        connection=look.connection,
        look=look,
        invoice=invoice,
        claim=claim,
        total=claim.capital_to_claim + (claim.reminder_fee.amount if claim.reminder_fee else 0) if claim else None,
        debtor=shown.debtor(invoice, settings, look.assessment, today=today()) if invoice else None,
        questions=questions(look),
        answers=answers,
        sendable=sendable(look),
        may_ask=look.hand_over is None or look.hand_over.state in MAY_BE_SENT_AGAIN,
        seen=seal(look),
        first_actions=settings.first_actions,
        today=today(),
        longest_reason=LONGEST_REASON_CHARACTERS,
    )
