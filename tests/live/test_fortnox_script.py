"""The trial of a Fortnox company, against the sandbox with a person's answers given: it says what is so there.

No real Fortnox is reached. The sandbox's clock is the trial's, which nobody waits for.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, FortnoxApp
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.seed import demo_books
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Change, Consent, FortnoxSwitches, LabelArray, LockedPut, Oddity, Zone
from connector.sandbox.installed import imitation
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.live import fortnox_points as points
from tests.live.fortnox import Addresses, app_of, main, trial
from tests.live.fortnox_points import POINTS, Point, Seen, Verdict
from tests.live.fortnox_tokens import FileTokens, MemoryTokens
from tests.source import ROOT, imports

REDIRECT = "https://connector.example/fortnox/callback"
APP = App("client-1", "the-apps-own-secret", REDIRECT)
OURS = FortnoxApp(APP.client_id, SecretStr(APP.client_secret), REDIRECT)
LABEL = "VIP"
PATIENCE_S = 10.0
"""The longest wait for an event that is to come; one that is not to come is waited for less."""


@dataclass
class Clock:
    """A clock that waiting moves; a few seconds into a minute, as it stands still while the trial works."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(second=5, microsecond=0))

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Person:
    """Answers by what a question holds: the first that fits. Says no to everything else."""

    answers: dict[str, str | Callable[[str], str]]
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        for words, answer in self.answers.items():
            if words in question:
                return answer(question) if callable(answer) else answer
        return ""

    def consents(self, _question: str) -> str:
        """Open the address that was shown last, and give the one that we are sent to."""
        (address,) = re.findall(r"http\S+oauth-v1/auth\S+", self.said[-1])
        return requests.get(address, allow_redirects=False, timeout=10).headers["Location"]


class Trial:
    """A Fortnox with the demo's company, and what is needed beside its invoices to see everything."""

    def __init__(self, **switches: Any) -> None:
        self.clock = Clock()
        self.state = FortnoxState(app=APP, seed=demo_books, now=self.clock.now, switches=FortnoxSwitches(**switches))
        (self.books,) = self.state.companies.values()
        self.label = self.books.add_label(LABEL)
        self.person = Person({"The whole address": self._consents, "Is this a TEST company": "y"})
        self.app = OURS
        self.tokens = MemoryTokens()
        self.event_within_s = 0.0

    def _consents(self, question: str) -> str:
        return self.person.consents(question)

    def yes_to(self, *words: str) -> Trial:
        self.person.answers |= dict.fromkeys(words, "y")
        return self

    def does(self, words: str, act: Callable[[str], object]) -> Trial:
        """When asked to, the person does it to the invoice that is named."""

        def answer(question: str) -> str:
            (number,) = re.findall(r"invoice (\d+)", question)
            with self.state.lock:
                act(number)
            return "y"

        self.person.answers[words] = answer
        return self

    def run(self, **options: Any) -> dict[Point, Seen]:
        with running(imitation("fortnox").app(self.state)) as url:
            seen = trial(
                self.app,
                self.person,
                self.clock,
                store=self.tokens,
                addresses=Addresses(
                    url,
                    url,
                    f"{url.replace('http', 'ws', 1)}/topics-v1" if self.event_within_s else "",
                    allow_private=True,
                    event_within_s=self.event_within_s,
                ),
                **options,
            )
        assert not any(self.books.side_effects.values()), "nothing is sent, printed or booked"
        return {one.point: one for one in seen}

    @property
    def output(self) -> str:
        return "\n".join((*self.person.said, *self.person.asked))


WRITES = ("ExternalInvoiceReference2", "put the label")


def invoices(books: Books) -> dict[str, str]:
    """What a trial must leave as it was."""
    return {key: str(books.invoices[key]) for key in books.invoices.keys()}  # noqa: SIM118


def test_every_point_is_in_the_table_whatever_the_person_says() -> None:
    tried = Trial()
    before = invoices(tried.books)

    seen = tried.run()

    assert set(seen) == set(POINTS)
    for point in POINTS:
        assert f"| {point.name} |" in tried.person.said[-1]
    assert tried.state.writes == [], "a no is a no"
    assert invoices(tried.books) == before


def test_nothing_is_tried_in_a_company_that_is_no_test_company() -> None:
    tried = Trial()
    tried.person.answers["Is this a TEST company"] = "n"

    tried.run()

    assert [path for path in tried.state.traffic.snapshot()["requests"] if "invoices" in path] == []


def test_no_customer_is_shown() -> None:
    tried = Trial(booked_put=LockedPut.ALLOW_ALL, overdue_includes=()).yes_to(*WRITES, "preview", "429")

    tried.run()

    digits = re.sub(r"\D", "", tried.output)
    for number in tried.books.customers.keys():  # noqa: SIM118
        customer = tried.books.customer(number)
        assert customer["Name"] not in tried.output
        assert not customer["OrganisationNumber"] or re.sub(r"\D", "", customer["OrganisationNumber"]) not in digits
        assert not customer["Address1"] or customer["Address1"] not in tried.output
    assert APP.client_secret not in tried.output


def test_nothing_is_called_but_by_the_connectors_own_closed_list() -> None:
    ways_out = {"requests", "urllib.request", "http", "socket", "websockets", "subprocess"}
    scripts = sorted(Path(__file__).parent.glob("fortnox*.py"))

    assert scripts
    for script in scripts:
        assert not [name for name in imports(script) if name in ways_out or name.split(".")[0] in ways_out - {"urllib"}]


@pytest.mark.parametrize("array", LabelArray)
@pytest.mark.parametrize("answer", LockedPut)
def test_what_a_booked_invoice_takes(answer: LockedPut, array: LabelArray) -> None:
    tried = Trial(booked_put=answer, label_array=array).yes_to(*WRITES)
    before = invoices(tried.books)

    seen = tried.run()

    for point in (points.BOOKED_REFERENCE, points.BOOKED_LABELS):
        assert seen[point].verdict == (Verdict.CONFIRMED if answer is LockedPut.REJECT else Verdict.CONTRADICTED)
        assert answer in seen[point].about
    takes_reference = answer in {LockedPut.ALLOW_REFS, LockedPut.ALLOW_ALL}
    assert seen[points.BOOKED_REFERENCE].what.startswith("taken") is takes_reference
    assert seen[points.LABEL_ARRAY].verdict == (
        Verdict.CONFIRMED if array is LabelArray.REPLACES else Verdict.CONTRADICTED
    )
    if array is LabelArray.REPLACES:
        assert {key: value for key, value in invoices(tried.books).items() if value != before[key]} == {}
        assert "NOT UNDONE" not in tried.output
    else:
        assert f"NOT UNDONE, do it in Fortnox: label “{LABEL}”" in tried.output


def test_a_reference_that_somebody_else_wrote_is_left_alone() -> None:
    tried = Trial(booked_put=LockedPut.ALLOW_ALL).yes_to(*WRITES)
    chosen = tried.state.labels["clean"]
    tried.books.set_invoice(chosen, ExternalInvoiceReference2="Order 17")
    tried.person.answers["booked, unpaid invoice"] = chosen

    tried.run()

    assert tried.books.invoice(chosen)["ExternalInvoiceReference2"] == "Order 17"
    assert "Order 17" not in tried.output


def test_a_write_whose_answer_is_lost_is_undone() -> None:
    tried = Trial(booked_put=LockedPut.ALLOW_ALL).yes_to("ExternalInvoiceReference2")
    lost = Fault(FaultKind.DROP_AFTER, operations=("update_invoice",), next_n=1)
    tried.state.switches.set(replace(tried.state.switches.switches, faults=(lost,)))
    before = invoices(tried.books)

    seen = tried.run()

    assert "could not be tried" in seen[points.BOOKED_REFERENCE].what
    assert invoices(tried.books) == before


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("zone", Zone)
def test_how_modified_times_are_asked_for(zone: Zone, inclusive: bool) -> None:
    tried = Trial(lastmodified_zone=zone, lastmodified_inclusive=inclusive).yes_to("ExternalInvoiceReference2")
    tried.clock.sleep(3 * 3600)

    seen = tried.run()

    assert seen[points.ZONE].what == f"{zone} time"
    assert seen[points.ZONE].verdict == (Verdict.CONFIRMED if zone is Zone.SWEDISH else Verdict.CONTRADICTED)
    assert seen[points.BOUND].verdict == (Verdict.CONFIRMED if inclusive else Verdict.CONTRADICTED)


def part_paid(books: Books) -> Callable[[str], object]:
    return lambda number: settling.pay(books, number, Decimal(1))


def credited(books: Books) -> Callable[[str], object]:
    def credit(number: str) -> None:
        settling.set_off(books, number, settling.credit(books, number, Decimal(2)), Decimal(2))

    return credit


QUIET = (Change.UNBOOKED_PAYMENT, Change.PARTIAL_PAYMENT, Change.CREDIT)


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("still", [QUIET, ()])
def test_whether_polling_finds_what_a_person_did(zone: Zone, still: tuple[Change, ...]) -> None:
    tried = Trial(lastmodified_zone=zone, unmodified_by=still).yes_to("ExternalInvoiceReference2")
    tried.clock.sleep(3 * 3600)
    tried.does("a payment of 1 krona", part_paid(tried.books)).does("and book the credit", credited(tried.books))

    seen = tried.run()

    moves = "no" if still else "yes"
    assert seen[points.PAYMENT_MOVES].what == f"a part payment moves its invoice: {moves}; it is listed itself: yes"
    assert (
        seen[points.CREDIT_MOVES].what
        == f"a credit moves its invoice: {moves}; the credit invoice is listed itself: yes"
    )
    for point in (points.PAYMENT_MOVES, points.CREDIT_MOVES):
        assert seen[point].verdict is Verdict.CONFIRMED
        assert ("unmodified_by" in seen[point].about) is not bool(still)


def test_a_payment_that_polling_would_miss_contradicts() -> None:
    tried = Trial(unmodified_by=(*QUIET, Change.PAYMENT_BOOKED)).yes_to("ExternalInvoiceReference2")
    chosen = tried.state.labels["clean"]
    entered = settling.add_payment(tried.books, chosen, Decimal(1))
    tried.clock.sleep(3 * 3600)
    tried.person.answers["booked, unpaid invoice"] = chosen
    tried.does("a payment of 1 krona", lambda _number: settling.book_payment(tried.books, entered))

    seen = tried.run()[points.PAYMENT_MOVES]

    assert seen.what == "a part payment moves its invoice: no; it is listed itself: no"
    assert seen.verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize("label_moves", [True, False])
def test_a_label_set_by_a_person(label_moves: bool) -> None:
    tried = Trial(unmodified_by=() if label_moves else (Change.LABEL,)).yes_to("ExternalInvoiceReference2")
    tried.clock.sleep(3 * 3600)
    tried.does("put any label", lambda number: tried.books.set_labels(number, [tried.label]))

    seen = tried.run()

    assert seen[points.LABEL_BY_HAND].verdict is Verdict.CONFIRMED
    assert seen[points.LABEL_MOVES].what.endswith("yes" if label_moves else "no")


def test_a_label_that_cannot_be_set_contradicts() -> None:
    tried = Trial().yes_to("put any label")

    assert tried.run()[points.LABEL_BY_HAND].verdict is Verdict.CONTRADICTED


def test_a_payment_that_is_not_booked_proves_nothing() -> None:
    tried = Trial().yes_to("a payment of 1 krona")

    assert tried.run()[points.PAYMENT_MOVES].verdict is Verdict.OPEN


# The event stream


@pytest.mark.parametrize("required", [True, False])
def test_how_a_company_is_added_to_the_stream(required: bool) -> None:
    tried = Trial(bearer_required=required)
    tried.event_within_s = PATIENCE_S

    seen = tried.run()[points.BEARER]

    assert seen.what.endswith("refused" if required else "taken too")
    assert seen.verdict is (Verdict.CONTRADICTED if required else Verdict.CONFIRMED)


@pytest.mark.parametrize("inclusive", [True, False])
def test_where_the_stream_goes_on(inclusive: bool) -> None:
    tried = Trial(offset_inclusive=inclusive, booked_put=LockedPut.ALLOW_REFS).yes_to("ExternalInvoiceReference2")
    tried.event_within_s = PATIENCE_S if inclusive else 1.0

    seen = tried.run()[points.OFFSET]

    assert seen.what.endswith("sends that event again" if inclusive else "sends nothing of it")
    assert seen.verdict is (Verdict.CONTRADICTED if inclusive else Verdict.CONFIRMED)


@pytest.mark.parametrize("told", [(Change.LABEL, Change.CREDIT), ()])
def test_what_the_stream_tells_of(told: tuple[Change, ...]) -> None:
    tried = Trial(more_events=told, offset_inclusive=True)
    tried.event_within_s = PATIENCE_S if told else 2.0
    tried.does("put any label", lambda number: tried.books.set_labels(number, [tried.label]))
    tried.does("a payment of 1 krona", part_paid(tried.books))

    seen = tried.run()[points.EVENTS]

    label = "invoice-updated-v1" if told else "no event"
    assert f"a label set by a person: {label};" in seen.what
    assert "a part payment: invoicepayment-bookkeep-v1" in seen.what


def test_a_stream_that_cannot_be_had_stops_nothing_else() -> None:
    tried = Trial().yes_to(*WRITES)
    tried.event_within_s = PATIENCE_S
    tried.person.answers["Is this a TEST company"] = lambda _question: change_secret(tried)

    seen = tried.run()

    for point in (points.BEARER, points.OFFSET, points.EVENTS):
        assert seen[point].what.startswith("could not be tried")
    assert seen[points.BOOKED_REFERENCE].verdict is Verdict.CONFIRMED


def change_secret(tried: Trial) -> str:
    tried.state.grants.apps[APP.client_id] = replace(APP, client_secret="made-anew")
    return "y"


@pytest.mark.parametrize("includes", [True, False])
def test_whether_the_fee_includes_vat(includes: bool) -> None:
    tried = Trial(fee_includes_vat_when_prices_do=includes)
    customer = tried.books.add_customer("Bo Berg", Type="PRIVATE")
    tried.books.add_invoice(
        customer, [Row("Kaffe", Decimal("99.90"), Decimal(3))], VATIncluded=True, AdministrationFee=Decimal(45)
    )

    seen = tried.run()[points.FEE]

    assert seen.verdict is (Verdict.CONFIRMED if includes else Verdict.CONTRADICTED)
    assert f"{'includes' if includes else 'excludes'} VAT" in seen.what


@pytest.mark.parametrize("net", [True, False])
def test_whether_the_balance_is_less_the_tax_reduction(net: bool) -> None:
    tried = Trial(balance_net_of_tax_reduction=net)
    customer = tried.books.add_customer("Bo Berg", Type="PRIVATE")
    tried.books.add_invoice(
        customer, [Row("Målning", Decimal(8000))], TaxReduction=2400, TaxReductionType="rot", HouseWork=True
    )

    seen = tried.run()[points.TAX_REDUCTION]

    assert seen.verdict is (Verdict.CONTRADICTED if net else Verdict.CONFIRMED)


@pytest.mark.parametrize("counts", [True, False])
def test_whether_due_today_is_overdue(counts: bool) -> None:
    tried = Trial(due_today_is_overdue=counts)
    tried.books.add_invoice(next(iter(tried.books.customers.keys())), [Row("Timmar", Decimal(500))], due_days_ago=0)

    seen = tried.run()[points.DUE_TODAY]

    assert seen.what == f"an invoice due today is {'' if counts else 'not '}listed as overdue"
    assert seen.verdict is (Verdict.CONTRADICTED if counts else Verdict.CONFIRMED)


@pytest.mark.parametrize("included", [tuple(Oddity), (), (Oddity.INTEREST,)])
def test_what_is_listed_as_overdue(included: tuple[Oddity, ...]) -> None:
    tried = Trial(overdue_includes=included)
    customer = next(iter(tried.books.customers.keys()))
    tried.books.add_invoice(customer, [Row("Ränta", Decimal(50))], due_days_ago=9, InvoiceType="INTRESTINVOICE")
    tried.books.cancel(tried.books.add_invoice(customer, [Row("Fel", Decimal(50))], due_days_ago=9, booked=False))
    tried.books.add_invoice(customer, [Row("Kredit", Decimal(-50))], due_days_ago=9)

    seen = tried.run()[points.OVERDUE]

    for kind in (Oddity.UNBOOKED, Oddity.CREDIT, Oddity.INTEREST, Oddity.CANCELLED):
        assert f"{kind}: {'yes' if kind in included else 'no'}" in seen.what
    assert seen.verdict is (Verdict.CONFIRMED if included == tuple(Oddity) else Verdict.CONTRADICTED)


def test_how_numbers_are_spelt_is_shown_as_patterns() -> None:
    tried = Trial()

    seen = tried.run()[points.IDENTITY]

    assert "PRIVATE ########-#### × 1" in seen.what
    assert "COMPANY ########## × 1" in seen.what
    assert seen.verdict is Verdict.CONFIRMED


def test_a_label_is_found_by_its_id() -> None:
    tried = Trial()
    tried.books.set_labels(tried.state.labels["clean"], [tried.label])

    assert tried.run()[points.LABEL_SEARCH].verdict is Verdict.CONFIRMED


def test_the_preview_marks_nothing_as_sent() -> None:
    tried = Trial().yes_to("preview")
    tried.books.set_invoice(tried.state.labels["clean"], Sent=False)
    tried.person.answers["booked, unpaid invoice"] = tried.state.labels["clean"]

    seen = tried.run()[points.PREVIEW]

    assert seen.verdict is Verdict.CONFIRMED
    assert "not marked as sent" in seen.what


def test_a_pdf_that_fortnox_cannot_make_is_told_in_its_words() -> None:
    tried = Trial().yes_to("preview")
    tried.person.answers["booked, unpaid invoice"] = tried.state.labels["without_pdf"]
    tried.person.answers["not booked"] = "-"

    assert "Utskriftsmallen kunde inte läsas." in tried.run()[points.PREVIEW].what


@pytest.mark.parametrize("takes", [True, False])
def test_a_file_on_a_booked_invoice(takes: bool) -> None:
    tried = Trial(attachments_on_booked=takes).yes_to("one-page PDF")
    tried.app = replace(OURS, more_scopes=RECEIPT_SCOPES)

    seen = tried.run()[points.ATTACHMENT]

    assert seen.what.startswith("taken" if takes else "refused")
    assert seen.verdict is (Verdict.CONFIRMED if takes else Verdict.CONTRADICTED)
    (files,) = tried.state.files.values()
    assert [attached.include_on_send for attached in files.attachments.values()] == ([False] if takes else [])


def test_no_file_is_tried_without_its_scopes() -> None:
    tried = Trial().yes_to("one-page PDF")

    assert tried.run()[points.ATTACHMENT].what.startswith("not tried")
    assert tried.state.writes == []


@pytest.mark.parametrize(("named_s", "shown"), [(None, "none"), (5, "5 s")])
def test_too_many_requests(named_s: int | None, shown: str) -> None:
    tried = Trial(rate_limit_retry_after_s=named_s).yes_to("429")
    # The reading before it shares the window.
    tried.person.answers["429"] = lambda _question: tried.clock.sleep(10) or "y"  # type: ignore[func-returns-value]

    seen = tried.run()[points.RATE]

    assert seen.what.startswith(f"25 went through, then 429; Retry-After: {shown};")
    assert seen.verdict is Verdict.CONFIRMED


def test_too_many_requests_are_made_by_nobody_who_was_not_asked() -> None:
    tried = Trial()

    tried.run()

    assert tried.state.rate.fullest <= 25
    assert any("429" in question for question in tried.person.asked)


# Consent and tokens


def test_a_service_account_needs_no_refresh_token() -> None:
    seen = Trial().run()

    assert seen[points.SERVICE_ACCOUNT].verdict is Verdict.CONFIRMED


def test_an_app_without_service_accounts_goes_on_by_refresh_tokens() -> None:
    tried = Trial()
    tried.state.grants.apps[APP.client_id] = replace(APP, service_accounts=False)

    seen = tried.run()

    assert "refresh tokens are used" in seen[points.SERVICE_ACCOUNT].what
    assert sum("account_type" in text for text in tried.person.said) == 1, "asked once with, once without"


def test_a_consent_that_is_denied_ends_the_trial_with_advice() -> None:
    tried = Trial(consent=Consent.DENIED)

    with pytest.raises(ConfigurationError, match="system administrator"):
        tried.run()


def test_tokens_kept_in_a_file_are_its_owners_alone_and_used_again(tmp_path: Path) -> None:
    kept = tmp_path / "tokens.json"
    tried = Trial()
    tried.tokens = FileTokens(kept)
    tried.run()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    tried.tokens = FileTokens(kept)
    tried.person.asked.clear()
    seen = tried.run()

    assert not [question for question in tried.person.asked if "The whole address" in question]
    assert seen[points.OVERDUE].what


def test_tokens_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    kept = tmp_path / "tokens.json"
    kept.write_text("{}")
    kept.chmod(0o644)

    with pytest.raises(ConfigurationError, match="Others can read"):
        FileTokens(kept)


def test_tokens_are_not_kept_in_the_repository() -> None:
    with pytest.raises(ConfigurationError, match="repository"):
        FileTokens(ROOT / "tokens.json")


def test_a_missing_credential_is_named() -> None:
    with pytest.raises(ConfigurationError, match="FORTNOX_CLIENT_SECRET"):
        app_of({"FORTNOX_CLIENT_ID": "client-1", "PUBLIC_URL": "https://connector.example"})
    assert app_of(
        {
            "FORTNOX_CLIENT_ID": "client-1",
            "FORTNOX_CLIENT_SECRET": "s",
            "PUBLIC_URL": "https://connector.example/",
        }
    ).redirect_uri == (REDIRECT)


# At the terminal


def test_the_whole_of_it_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tried = Trial()
    tried.person.answers["Is this a TEST company"] = "n"

    def typed(question: str) -> str:
        tried.person.said = [capsys.readouterr().out]
        return tried.person.ask(question)

    monkeypatch.setattr("builtins.input", typed)
    with running(imitation("fortnox").app(tried.state)) as url:
        for name, value in {
            "FORTNOX_CLIENT_ID": APP.client_id,
            "FORTNOX_CLIENT_SECRET": APP.client_secret,
            "PUBLIC_URL": "https://connector.example",
            "FORTNOX_AUTHORISATION_URL": url,
            "FORTNOX_API_URL": url,
            "FORTNOX_EVENTS_URL": "",
            "ALLOW_PRIVATE_ADDRESSES": "true",
        }.items():
            monkeypatch.setenv(name, value)
        ended = main([])

    shown = capsys.readouterr().out
    assert ended == 0
    assert "Nothing was tried." in shown
    assert "| Service account | the company's number alone gives an access token" in shown


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (EOFError(), 130), (ConfigurationError("Not set."), 1)]
)
def test_how_it_ends(monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int) -> None:
    for name in ("FORTNOX_CLIENT_ID", "FORTNOX_CLIENT_SECRET", "PUBLIC_URL"):
        monkeypatch.setenv(name, "https://connector.example")

    def stop(_question: str) -> str:
        raise raised

    monkeypatch.setattr("builtins.input", stop)

    assert main([]) == code


def test_an_invoice_changed_just_before_the_trial_proves_nothing() -> None:
    tried = Trial(unmodified_by=(Change.LABEL,))
    tried.does("put any label", lambda number: tried.books.set_labels(number, [tried.label]))
    before = tried.clock.now()

    seen = tried.run()

    assert points.LABEL_MOVES not in seen or seen[points.LABEL_MOVES].verdict is not Verdict.CONTRADICTED
    assert tried.clock.now() - before >= timedelta(minutes=1), "the change has a minute of its own"
