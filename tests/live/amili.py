"""Tries Amili's sandbox with a real key, and says of each thing that is unconfirmed which switch or constant to set.

    AMILI_API_CODE=… AMILI_PRIVATE_KEY_FILE=… \\
        .venv/bin/python -m tests.live.amili [--creditor ID] [--first-action VALUE]...

Never run it against production: it registers about twenty made-up cases, pays, credits and withdraws them. It asks
before it does. Everything it makes has an invoice number that begins with PROV-. An hour with it, in this order: the
key (`amili keys`, the public half to Amili), this script, the switches that it names, then `demo` and the tests once
more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jwt
from pydantic import SecretStr

from connector import manifest
from connector.amili.actions import CreditorCancellation, CreditorCrediting, CreditorPayment
from connector.amili.auth import ACCESS_TOKEN_FIELDS, LIFETIME_FIELDS, Credentials
from connector.amili.fields import to_json
from connector.amili.models import ORIGINAL_INVOICE_FIELD, ORIGINAL_INVOICE_FILE_NAME
from connector.amili.registration import registration_body
from connector.domain.claim import Claim, Debtor, ReminderFee
from connector.domain.connection import FirstAction
from connector.domain.errors import ConfigurationError, ConnectorError
from connector.domain.invoice import Address
from connector.sandbox.shared.switches import (
    AccountOfActions,
    AmiliSwitches,
    BodyKind,
    CasesMade,
    ClosedAs,
    Duplicates,
    FilterOperators,
    TokenForm,
    Unfit,
    UnknownFields,
)
from tests.live import amili_points as points
from tests.live.amili_points import switch_is, table
from tests.live.amili_wire import AmiliWire, Answer
from tests.live.fortnox_points import Point, Seen, Verdict, confirms, contradicts, is_as
from tests.live.fortnox_session import YES, Clock, Person, Terminal, WallClock
from tests.pdfs import WITHOUT_PAGES

CAPITAL = Decimal("1000.00")
LOOKS_S = (0, 2, 5, 10, 30, 60)
"""How long a trial waits in all for something to be seen, look by look."""
UNKNOWN = "trial_unknown_field"
LATE_FEE = "late_payment_fee"
OPTIONAL_CUSTOMER = ("id_number", "is_company", "address", "mobile_number", "email")
OPTIONAL_DEBT = ("debt_description", "invoice_date", "invoice_due_days_after_invoice_date")


@dataclass
class Trial:
    """One trial against one creditor. `number` counts the invoices that it makes up."""

    wire: AmiliWire
    person: Person
    clock: Clock
    other_actions: Sequence[str] = ()
    seen: list[Seen] = field(default_factory=list)
    account: str = ""
    creditor: str = ""
    number: int = 0
    made: list[str] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)

    def note(self, seen: Seen) -> None:
        """Keep what was seen, and show it."""
        self.seen.append(seen)
        self.person.say(f"  {seen.point.name}: {seen.what}")

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def body(self, *, first_action: FirstAction | str = FirstAction.DEBT_COLLECTION) -> dict[str, Any]:
        """A registration exactly as the connector would send it, with a number of its own; made to be changed."""
        self.number += 1
        claim = Claim(
            account=self.account,
            creditor=self.creditor,
            first_action=first_action,
            currency="SEK",
            debtor=Debtor(
                name="Tolvan Tolvansson",
                id_number="191212121212",
                is_company=False,
                address=Address(address_line_1="Provgatan 1", zip_code="11122", city="Stockholm", country="SE"),
                email="prov@example.com",
                mobile_number="+46701740605",
            ),
            invoice_number=f"PROV-{self.clock.now():%Y%m%d%H%M%S}-{self.number}",
            debt_description="Konsulttimmar, prov",
            invoice_date=self.today - timedelta(days=60),
            due_days=30,
            capital_to_claim=CAPITAL,
            invoice_fee=Decimal("50.00"),
            reminder_fee=ReminderFee(amount=Decimal("60.00"), date=self.today - timedelta(days=20)),
        )
        body: dict[str, Any] = json.loads(to_json(registration_body(claim)))
        return body

    def register(self, body: Mapping[str, Any]) -> Answer:
        """Register `body`, and remember it so that its cases are withdrawn at the end."""
        answer = self.wire.post("/case--registrations", json.dumps(body).encode())
        if answer.is_taken:
            self.registrations.append(str(answer.document.get("_id")))
            self.made.extend(str(one) for one in answer.document.get("_cases", ()))
        return answer

    def until(self, look: Callable[[], bool]) -> float | None:
        """After how many seconds `look` holds; None if it does not within the last of `LOOKS_S`."""
        waited = 0
        for at_s in LOOKS_S:
            self.clock.sleep(at_s - waited)
            waited = at_s
            if look():
                return float(at_s)
        return None

    def case(self, case: str) -> dict[str, Any]:
        """One case as it is shown."""
        return dict(self.wire.get(f"/cases/{case}").document)


def trial(
    wire: AmiliWire, person: Person, clock: Clock, *, creditor: str = "", other_actions: Sequence[str] = ()
) -> list[Seen]:
    """Try everything, and return what was seen. Raises `ConfigurationError` where nothing can be tried."""
    run = Trial(wire, person, clock, other_actions)
    try:
        _authentication(run)
        if not _chosen(run, creditor):
            person.say("Nothing was registered.")
            return run.seen
        first = _registration(run)
        _what_is_taken(run)
        if first:
            _case(run, first)
            _actions(run, first)
        _closing(run, first)
    finally:
        person.say(f"\n{table(run.seen)}")
    return run.seen


# What reads only


def _authentication(run: Trial) -> None:
    answer = run.wire.authenticate()
    name = next(one for one in ACCESS_TOKEN_FIELDS if answer.document.get(one))
    run.note(switch_is(points.TOKEN, f"in {name}, of {', '.join(answer.document)}", "token_field", name))
    run.note(switch_is(points.TOKEN, f"status {answer.status}", "authenticate_status", answer.status))
    try:
        claims = jwt.decode(str(answer.document[name]), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        claims = {}
    form = TokenForm.JWT if "exp" in claims else TokenForm.OPAQUE
    run.note(switch_is(points.TOKEN, f"{form}", "token_form", form))
    stated = [one for one in answer.document if one not in ACCESS_TOKEN_FIELDS and "expir" in one]
    known = "".join(one for one in stated if one in LIFETIME_FIELDS)
    if stated and not known:
        run.note(
            contradicts(points.TOKEN_LIFE, f"stated in {stated[0]}, which is not asked", "add it to LIFETIME_FIELDS")
        )
    else:
        run.note(switch_is(points.TOKEN_LIFE, known or "not stated beside the token", "token_lifetime_field", known))
    refused = run.wire.get("/creditors", key="no-token")
    run.note(switch_is(points.ERRORS, f"{refused.status}, {refused.form}", "error_body", _body_kind(refused)))


def _body_kind(answer: Answer) -> BodyKind | str:
    if answer.form == "JSON":
        return BodyKind.JSON
    if answer.form.endswith("nothing"):
        return BodyKind.EMPTY
    return BodyKind.HTML if "html" in answer.form else BodyKind.TEXT


def _chosen(run: Trial, creditor: str) -> bool:
    """Choose a creditor, and ask whether it may be tried with."""
    found = {str(one["_id"]): one for one in run.wire.get("/creditors").items}
    if not found:
        raise ConfigurationError("The key sees no creditor.", advice="Ask Amili for the rights of the API user.")
    chosen = found.get(creditor) if creditor else next(iter(found.values()))
    if chosen is None:
        raise ConfigurationError(f"The key does not see the creditor {creditor}.")
    run.creditor, run.account = str(chosen["_id"]), str(chosen["account"])
    standard, always = chosen.get("standard_debt_description"), chosen.get("always_use_standard_debt_description")
    run.note(is_as(points.STANDARD_TEXT, f"“{standard}”, always used: {always}", holds=isinstance(standard, str)))
    run.person.say(
        f"\nCreditor {chosen.get('name')} ({run.creditor}). About a dozen made-up cases will be registered there."
    )
    return run.person.ask("Is this Amili's SANDBOX, and nobody's real creditor?").strip().lower() in YES


# Registration


def _registration(run: Trial) -> str:
    """Register once, and once more; gives the first case, "" if none came."""
    body = run.body()
    answer = run.register(body)
    if not answer.is_taken:
        run.note(contradicts(points.CASES_MADE, f"what the connector sends is refused: {answer.words}"))
        return ""
    registration = str(answer.document.get("_id"))
    cases = list(answer.document.get("_cases", ()))
    made = CasesMade.AT_ONCE if cases else CasesMade.LATER
    if not cases:

        def named() -> bool:
            cases[:] = run.wire.get(f"/case--registrations/{registration}").document.get("_cases", ())
            return bool(cases)

        after_s = run.until(named)
        made = CasesMade.LATER if after_s is not None else CasesMade.NEVER
        run.made.extend(map(str, cases))
    run.note(
        switch_is(points.CASES_MADE, f"201 with {'a' if made is CasesMade.AT_ONCE else 'no'} case", "cases_made", made)
    )
    number = body["debts"][0]["invoice_number"]
    after_s = run.until(lambda: bool(run.wire.cases({"creditor": run.creditor, "debt.invoice_number": number}).items))
    found = "not within a minute" if after_s is None else f"after {after_s:g} seconds at most"
    run.note(is_as(points.VISIBLE, found, holds=after_s == 0, about="SETTLE_S must be longer than this"))
    again = run.register(body)
    second = Duplicates.ACCEPTED if again.is_taken else Duplicates.REFUSED_422
    what = "taken: a second case" if again.is_taken else again.words
    run.note(switch_is(points.DUPLICATE, what, "duplicate_registrations", second))
    return str(cases[0]) if cases else ""


def _what_is_taken(run: Trial) -> None:
    body = run.body()
    body["debts"][0][UNKNOWN] = "x"
    answer = run.register(body)
    ignores = answer.is_taken
    fields = UnknownFields.IGNORED if ignores else UnknownFields.REFUSED
    run.note(switch_is(points.UNKNOWN_FIELD, answer.words if not ignores else "ignored", "unknown_fields", fields))
    required = [name for name in OPTIONAL_CUSTOMER if not _taken_without(run, "customer", name)]
    run.note(_required(points.REQUIRED_CUSTOMER, ["name", *required], "required_customer_fields"))
    required = [name for name in OPTIONAL_DEBT if not _taken_without(run, "debts", name)]
    run.note(_required(points.REQUIRED_DEBT, ["invoice_number", "capital_to_claim", *required], "required_debt_fields"))
    answer = run.register(run.body(first_action="no-such-action"))
    run.note(Seen(points.FIRST_ACTIONS, f"an invented one: {answer.words if not answer.is_taken else 'taken'}"))
    for action in run.other_actions:
        answer = run.register(run.body(first_action=action))
        what = f"{action}: {'taken' if answer.is_taken else answer.words}"
        verdict = contradicts if answer.is_taken else confirms
        run.note(
            verdict(points.FIRST_ACTIONS, what, f"set other_first_actions = {[action] if answer.is_taken else []}")
        )
    body = run.body()
    charged = dict(body["debts"][0]["fees_already_claimed"]["reminder"], amount=450.0)
    body["debts"][0]["fees_already_claimed"] = {LATE_FEE: charged}
    answer = run.register(body)
    if answer.is_taken and ignores:
        run.note(Seen(points.FEE_KEYS, "taken, as every unknown field is: read the case's fees at Amili"))
    else:
        keys = (LATE_FEE,) if answer.is_taken else ()
        what = f"{'taken: set SEND_LATE_PAYMENT_FEE = True' if answer.is_taken else answer.words}"
        run.note(switch_is(points.FEE_KEYS, what, "further_fee_keys", keys))


def _taken_without(run: Trial, part: str, name: str) -> bool:
    body = run.body()
    holder = body["customer"] if part == "customer" else body["debts"][0]
    holder.pop(name, None)
    return run.register(body).is_taken


def _required(point: Point, names: Sequence[str], switch: str) -> Seen:
    default = getattr(AmiliSwitches(), switch)
    same = set(names) == set(default)
    return switch_is(point, f"required: {', '.join(names)}", switch, default if same else tuple(names))


# The case


def _case(run: Trial, case: str) -> None:
    shown = run.case(case)
    for condition in ({"closed": None}, {"closed": False}):
        answer = run.wire.cases({"creditor": run.creditor, **condition})
        found = case in {str(one["_id"]) for one in answer.items}
        seen = "finds the open case" if found else "does not find it" if answer.is_taken else answer.words
        run.note(is_as(points.CLOSED_OPEN, f"{json.dumps(condition)}: {seen}", holds=answer.is_taken))
    since = run.wire.cases({"creditor": run.creditor, "_updated": {"$gte": shown.get("_created")}})
    operators = FilterOperators.ACCEPTED if since.is_taken else FilterOperators.REFUSED
    run.note(switch_is(points.OPERATORS, "taken" if since.is_taken else since.words, "filter_operators", operators))
    totals = sorted(name for name in shown if name.startswith("total_"))
    run.note(switch_is(points.TOTALS, ", ".join(totals) or "no totals", "shows_total_amounts", bool(totals)))
    answer = run.wire.upload(case, ORIGINAL_INVOICE_FILE_NAME, WITHOUT_PAGES)
    run.note(
        switch_is(
            points.MEDIA, f"{answer.status}, {', '.join(answer.document)}", "media_status", "_status" in answer.document
        )
    )
    there = ORIGINAL_INVOICE_FIELD in run.case(case)
    second = run.wire.upload(case, ORIGINAL_INVOICE_FILE_NAME, WITHOUT_PAGES)
    what = f"{'shown' if there else 'not shown'}; a second upload: {'taken' if second.is_taken else second.words}"
    run.note(switch_is(points.ORIGINAL_INVOICE, what, "shows_original_invoice", there))


# Actions


def _payment(run: Trial, case: str, amount: str, reference: str, *, account: bool = False) -> Answer:
    payment = CreditorPayment(
        account=run.account,
        creditor=run.creditor,
        case=case,
        amount=Decimal(amount),
        bank_transaction_date=run.today,
        creditor_payment_reference=reference,
    )
    return run.wire.post("/creditor--payments", to_json(payment, leave_out=() if account else {"account"}))


def _actions(run: Trial, case: str) -> None:
    before = run.case(case)
    reference = f"PROV-{case}"
    # The time of change has whole seconds.
    run.clock.sleep(1)
    answer = _payment(run, case, "100.00", reference)
    with_account = not answer.is_taken
    if with_account:
        answer = _payment(run, case, "100.00", reference, account=True)
    carries = AccountOfActions.REQUIRED if with_account and answer.is_taken else AccountOfActions.READONLY
    what = "taken with it alone: set SEND_ACCOUNT = True" if with_account else "taken without it"
    run.note(switch_is(points.ACCOUNT, what, "account_of_actions", carries))
    if not answer.is_taken:
        return run.note(contradicts(points.SETTLES, f"a payment is refused: {answer.words}"))
    path = f"/creditor--payments/{answer.document['_id']}"
    after_s = run.until(lambda: bool(run.wire.get(path).document.get("status")))
    found = "not within a minute" if after_s is None else f"after {after_s:g} seconds at most"
    run.note(is_as(points.SETTLES, found, holds=after_s == 0, about="a 201 is never taken for success"))
    shown = dict(run.wire.get(path).document)
    shows = shown.get("creditor_payment_reference") == reference
    run.note(switch_is(points.REFERENCE_SHOWN, "shown" if shows else "not shown", "shows_action_references", shows))
    moved = run.case(case).get("_updated") != before.get("_updated")
    run.note(
        switch_is(
            points.UPDATED, f"{'moves' if moved else 'does not move'} with a payment", "case_updated_moves", moved
        )
    )
    again = _payment(run, case, "100.00", reference, account=with_account)
    second = Duplicates.ACCEPTED if again.is_taken else Duplicates.REFUSED_422
    run.note(
        switch_is(points.REFERENCE_TWICE, "taken" if again.is_taken else again.words, "duplicate_references", second)
    )
    # A case each: what is settled whole may be closed.
    if another := _another(run):
        answer = _payment(run, another, "5000.00", f"PROV-{another}", account=with_account)
        run.note(_unfit(run, points.OVERPAID, "/creditor--payments", answer, "overpayment"))
    if another := _another(run):
        crediting = CreditorCrediting(
            account=run.account,
            creditor=run.creditor,
            case=another,
            amount=CAPITAL * 5,
            creditor_reference=f"PROV-{another}",
        )
        body = to_json(crediting, leave_out=() if with_account else {"account"})
        answer = run.wire.post("/creditor--creditings", body)
        run.note(_unfit(run, points.OVERCREDITED, "/creditor--creditings", answer, "overcrediting"))
    return None


def _another(run: Trial) -> str:
    """A further case, "" if none comes."""
    answer = run.register(run.body())
    cases = list(answer.document.get("_cases", ()))
    record = f"/case--registrations/{answer.document.get('_id')}"

    def named() -> bool:
        cases[:] = cases or run.wire.get(record).document.get("_cases", ())
        return bool(cases)

    return str(cases[0]) if answer.is_taken and run.until(named) is not None else ""


def _unfit(run: Trial, point: Point, path: str, answer: Answer, switch: str) -> Seen:
    if not answer.is_taken:
        return switch_is(point, answer.words, switch, Unfit.REFUSED_422)
    one = f"{path}/{answer.document['_id']}"
    run.until(lambda: bool(run.wire.get(one).document.get("status")))
    shown = run.wire.get(one).document
    status = str(shown.get("status", ""))
    what = f"201, then status {status or 'none'}, settled {shown.get('settled_amount')}"
    known = {kind.value: kind for kind in (Unfit.WARNING, Unfit.ERROR)}
    return switch_is(point, what, switch, known[status]) if status in known else Seen(point, what, Verdict.OPEN)


def _closing(run: Trial, first: str) -> None:
    """Withdraw everything that was made, and see how the first closed case looks."""
    for registration in run.registrations:
        # What was named late.
        run.made.extend(map(str, run.wire.get(f"/case--registrations/{registration}").document.get("_cases", ())))
    for case in dict.fromkeys((first, *run.made) if first else run.made):
        cancellation = CreditorCancellation(account=run.account, creditor=run.creditor, case=case)
        for leave_out in ({"account"}, set[str]()):
            if run.wire.post("/creditor--cancellations", to_json(cancellation, leave_out=leave_out)).is_taken:
                break
    run.until(lambda: any(_is_marked(run.case(one)) for one in run.made))
    closed = next((one for one in run.made if _is_marked(run.case(one))), "")
    if not closed:
        return run.note(Seen(points.CLOSED_AS, "no case shows that it is closed after its withdrawal"))
    value = run.case(closed)["closed"]
    kinds = {bool: ClosedAs.BOOLEAN, str: ClosedAs.DATE, dict: ClosedAs.OBJECT}
    run.note(
        switch_is(points.CLOSED_AS, f"{type(value).__name__}", "closed_as", kinds.get(type(value), "something else"))
    )
    answer = _payment(run, closed, "1.00", f"PROV-{closed}-closed")
    if not answer.is_taken:
        answer = _payment(run, closed, "1.00", f"PROV-{closed}-closed", account=True)
    return run.note(_unfit(run, points.ON_CLOSED, "/creditor--payments", answer, "action_on_closed_case"))


def _is_marked(case: Mapping[str, Any]) -> bool:
    return bool(case.get("closed"))


def credentials_of(environment: Mapping[str, str]) -> Credentials:
    """The key that the environment names. Raises `ConfigurationError`."""
    missing = [name for name in ("AMILI_API_CODE", "AMILI_PRIVATE_KEY_FILE") if not environment.get(name)]
    if missing:
        raise ConfigurationError(f"Not set: {', '.join(missing)}.", advice="Amili issues the code; you made the key.")
    key = Path(environment["AMILI_PRIVATE_KEY_FILE"]).read_text(encoding="utf-8")
    return Credentials(SecretStr(environment["AMILI_API_CODE"]), SecretStr(key))


def address_of(environment: Mapping[str, str]) -> str:
    """The sandbox's address. Raises `ConfigurationError` for production's."""
    address = environment.get("AMILI_SANDBOX_URL") or manifest.load().collector.environments["sandbox"].url
    if address.rstrip("/") == environment.get("AMILI_PRODUCTION_URL", "").rstrip("/"):
        raise ConfigurationError("AMILI_SANDBOX_URL is the address of production, where nothing may be tried.")
    return address


def main(arguments: Sequence[str]) -> int:
    """Run a trial at the terminal."""
    parser = argparse.ArgumentParser(prog="tests.live.amili", description="Try Amili's SANDBOX.")
    parser.add_argument("--creditor", default="", metavar="ID", help="the creditor to try with; the first if not given")
    parser.add_argument("--first-action", action="append", default=[], metavar="VALUE", help="try this value too")
    given = parser.parse_args(arguments)
    clock = WallClock()
    try:
        wire = AmiliWire(address_of(os.environ), credentials_of(os.environ), clock.now)
        trial(wire, Terminal(), clock, creditor=given.creditor, other_actions=given.first_action)
    except (ConnectorError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("Ended by you.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
