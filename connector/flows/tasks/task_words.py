"""What is said of tasks. No customer is named: these texts go into mails too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from connector.domain.plan import Brake
from connector.domain.text import Text, text
from connector.flows import troubles
from connector.flows.operations import at_amili
from connector.store.troubles import Failing

_OURSELVES = "connector"
"""The system that an error names where the connector itself is at fault."""


def key_refused(system: str) -> Text:
    """The ledger does not accept our key."""
    return text("task.key_refused", system=system)


def key_ends(system: str, expires: date | None) -> Text:
    """The key ends soon."""
    return text("task.key_ends", system=system, date=expires or "–")


def consent_refused(system: str) -> Text:
    """The company's consent does not hold any more."""
    return text("task.consent_refused", system=system)


def unknown(number: str) -> Text:
    """No one knows yet whether the registration arrived."""
    return text("task.unknown", number=number)


def taken_without_case(number: str) -> Text:
    """Amili took a registration, and shows no case."""
    return text("task.taken_without_case", number=number)


def posted_often(number: str) -> Text:
    """As many registrations were posted as may be, and none was answered."""
    return text("task.posted_often", number=number)


def follow_up(number: str) -> Text:
    """Something after the hand-over asks for a decision."""
    return text("task.follow_up", number=number)


def blocked(number: str) -> Text:
    """Findings stop an invoice."""
    return text("task.blocked", number=number)


def remark(number: str) -> Text:
    """Something beside a case failed."""
    return text("task.remark", number=number)


def delayed(number: str, *, has_case: bool) -> Text:
    """A hand-over waits for another system."""
    return text("task.delayed.case" if has_case else "task.delayed", number=number)


def difference(number: str) -> Text:
    """Ledger and Amili do not agree."""
    return text("task.difference", number=number)


def unknown_cases(count: int) -> Text:
    """Open cases at Amili that nothing here has sent."""
    return text("task.unknown_cases", count=count)


def plan(count: int) -> Text:
    """A rule's plan does not go by itself."""
    return text("task.plan", count=count)


STEPS: Final = (
    troubles.REGISTER,
    troubles.UPLOAD,
    troubles.WRITE_BACK,
    troubles.FOLLOW_UP,
    troubles.PAYOUT_GUARD,
    troubles.HINT,
    troubles.POLL,
    troubles.KEY,
    troubles.STANDINGS,
    troubles.CASES,
    troubles.PAYOUTS,
    troubles.RESTORED,
    troubles.COMPARE,
)
"""The steps of the work that have a text under `step`."""


def failing(step: str, *, refused: bool) -> Text:
    """A step of the work is refused, or has failed for long."""
    what = text(f"step.{step if step in STEPS else 'other'}")
    return text("task.step_refused" if refused else "task.step_failing", step=what)


def failure(failing: Failing, numbers: Sequence[str], count: int) -> tuple[Text, ...]:
    """Return what failed, and for which invoices."""
    found = [_failure(failing)]
    if count:
        named = ", ".join(numbers) + (" …" if count > len(numbers) else "")
        found.append(text("task.concerns", count=count, numbers=named))
    return tuple(found)


def _failure(failing: Failing) -> Text:
    if failing.system == _OURSELVES:
        return text("task.failure.own")
    system, operation = failing.system, at_amili(failing.operation)
    if failing.status is None:
        if operation is None:
            return text("task.failure.no_answer", system=system)
        return text("task.failure.no_answer_on", system=system, operation=operation)
    if operation is None:
        return text("task.failure.status", system=system, status=failing.status)
    return text("task.failure.status_on", system=system, status=failing.status, operation=operation)


def what_helps(step: str, system: str, *, refused: bool) -> Text:
    """Return what a person can do about it."""
    if step == troubles.PAYOUT_GUARD:
        return text("task.help.payout_guard")
    if refused:
        return text("task.help.refused")
    if system == _OURSELVES:
        return text("task.help.own")
    return text("task.help.works", system=system)


def brake(which: Brake) -> Text:
    """Return why a rule's plan waits for a person."""
    return text(f"brake.{which}")


CHOOSE_FROM_PLAN: Final = text("task.choose_from_plan")
NOT_COMPARED: Final = text("task.not_compared")
SEE_COMPARISON: Final = text("task.see_comparison")
COMPARE_AGAIN: Final = text("task.compare_again")
NEW_KEY: Final = text("task.new_key")
AMILI_KEY_REFUSED: Final = text("task.amili_key_refused")
NEW_AMILI_KEY: Final = text("task.new_amili_key")
NEW_CONSENT: Final = text("task.new_consent")
WAIT_OR_LOOK: Final = text("task.wait_or_look")
ASK_FOR_CASE: Final = text("task.ask_for_case")
ASK_THEN_ALLOW: Final = text("task.ask_then_allow")
REPORT_OR_CLOSE: Final = text("task.report_or_close")
DO_AND_CLOSE: Final = text("task.do_and_close")
MEND_OR_DECLINE: Final = text("task.mend_or_decline")
MEND_REMARK: Final = text("task.mend_remark")
FIND_OUT: Final = text("task.find_out")
