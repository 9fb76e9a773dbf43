"""What earlier releases stored is read by today's code, what waited or was under way ends at Amili once, and what
happens to their cases is noticed as to any other.

Each release makes its data itself, out of the wheel that is built from its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from connector.cli.hand_over_lines import as_document, case_document, entry_document
from connector.domain.case import Ending
from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import DifferenceKind
from connector.flows.events import following
from connector.flows.follow_up import withdrawal
from connector.flows.outcome import Then
from connector.flows.reconcile.reconcile import reconcile
from connector.sandbox.amili.settling import CANCELLATION
from connector.sandbox.shared.switches import AmiliSwitches, Fault, FaultKind
from connector.store import cases, follow_ups, hand_overs, held_plans, inbox, timeline
from connector.web.app import create_app
from tests.flows.follow_up_steps import CAPITAL, AtAmili, actions, looked, questions, remaining, rows
from tests.flows.hand_over_steps import stored
from tests.flows.stage import Stage
from tests.flows.zygote import Zygote, zygote
from tests.upgrade.deployments import Company, Earlier, earlier, upgraded, works_today
from tests.upgrade.releases import RELEASES, python_of
from tests.web.conftest import EMAIL, add_user
from tests.web.visitor import Visitor

PART = Decimal("100.00")
PAID = AtAmili("payment", PART, "completed")
AT_AMILI = ("paid", "credited", "disputed", "withdrawn", "untouched")
TAKEN = "taken report"
DOUBTED = ("report in doubt", "another report in doubt")
REPORTS = (TAKEN, *DOUBTED)
REGISTRATIONS = ("registration in doubt", "another registration in doubt")
NOT_NOW = AmiliSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, operations=("look", "payments"), share=1.0),))
"""Amili does not say what it has: nobody's doubt ends."""
ASKED, HINTED, PLANNED, LEFT = "asked for", "wished for and hinted at", "planned", "planned and left"


class Has(NamedTuple):
    """What a release had: reports of payments to Amili, companies in Fortnox, plans that wait for a person."""

    reports: bool
    fortnox: bool
    plans: bool


HAD = {
    "0.2.0": Has(reports=False, fortnox=False, plans=False),
    "0.3.0": Has(reports=True, fortnox=True, plans=False),
    "0.4.0": Has(reports=True, fortnox=True, plans=True),
}


class Upgraded:
    """A company of the deployment after its upgrade, with its invoices by what becomes of them."""

    def __init__(self, on: Stage, has: Has, company: Company) -> None:
        self.on, self.has, self.invoices = on, has, company.invoices
        add_user(on.deployment, on.connection, email=f"{on.connection}-{EMAIL}")
        self.eva = Visitor(create_app(on.deployment))
        assert self.eva.sign_in(f"{on.connection}-{EMAIL}").status_code == 303

    def invoice(self, name: str) -> str:
        return self.invoices[name]

    def hand_over(self, name: str) -> str:
        found = self.on.hand_over(self.invoices[name])
        assert found is not None, name
        return found.id

    def state(self, name: str) -> HandOverState | None:
        found = self.on.hand_over(self.invoices[name])
        return found.state if found else None

    def polls(self) -> None:
        """The ledger is asked what has changed, as every few minutes."""
        self.on.side.let_windows_pass(self.on.deployment)
        assert following.poll(self.on.deployment, self.on.connection).then is Then.STOP

    def looks(self) -> set[str]:
        """Every look at this company's that is due is made; gives of which invoices."""
        own = {self.hand_over(name): name for name in self.invoices if self.state(name) is not None}
        due = {look.hand_over for look in follow_ups.due(self.on.deployment.databases.main)} & own.keys()
        for hand_over in due:
            looked(self.on, hand_over)
        return {own[hand_over] for hand_over in due}

    def differs(self) -> dict[str, DifferenceKind]:
        """What ledger, record and Amili do not agree about, by invoice."""
        self.on.side.let_windows_pass(self.on.deployment)
        found = reconcile(self.on.deployment, self.on.deployment.connection(self.on.connection)).differences
        names = {self.on.number(invoice): name for name, invoice in self.invoices.items()}
        return {names[one.invoice_number]: one.kind for one in found}


def _makes(release: Earlier, has: Has) -> None:
    """Let a release work: what it sends, what it is struck in the middle of, and what it leaves waiting."""
    names = (*AT_AMILI, *(REPORTS if has.reports else ()))
    first, others = release.companies[0], release.companies[1:]
    for company in release.companies:
        _add(company, *names)
    first.invoices["blocked"] = first.side.invoice(first.side.customer(company_registry=""), Decimal(1000))
    with release.works():
        for company in others:
            release.stores(company, requests=tuple(company.invoices.values()))
        release.runs("send", *(first.invoices[name] for name in names), "--yes", "--connection", first.connection)
        release.runs("send", first.invoices["blocked"], "--yes", "--connection", first.connection, ends=(5,))
        release.waits(lambda: release.hand_overs(*names) == ["done"], "every case")
        if has.plans:
            _add(first, PLANNED, LEFT)
            release.runs("propose", "--send", "--yes", "--connection", first.connection, ends=(5,))
        if has.reports:
            _reports(release)
        _is_struck(release, has)
    for company in release.companies:
        _add(company, ASKED, HINTED)
        company.side.wish(company.invoices[HINTED], "Eva Ekonom")
        release.stores(company, requests=(company.invoices[ASKED],), hints=(company.invoices[HINTED],))


def _add(company: Company, *names: str) -> None:
    for name in names:
        company.invoices[name] = company.side.invoice(company.side.customer(), Decimal(1000))


def _reports(release: Earlier) -> None:
    """One payment is reported, and one is taken in, whose outcome Amili does not tell yet."""
    _pay(release, "paid")
    release.waits(lambda: release.follow_ups("paid") == ["reported"], "a payment reported")
    release.amili.switches.set(AmiliSwitches(actions_settle_after_s=86_400.0))
    _pay(release, TAKEN)
    release.waits(lambda: release.follow_ups(TAKEN) == ["taken"], "a report that was taken")


def _is_struck(release: Earlier, has: Has) -> None:
    """Of what is sent now, Amili gets one half and does not say so; the other half is lost on its way."""
    each = len(release.companies)
    # Each counts what it may strike, and of two the first strikes.
    faults = tuple(
        Fault(kind, operations=(operation,), next_n=next_n)
        for kind, next_n in ((FaultKind.DROP_AFTER, each), (FaultKind.DROP_BEFORE, 2 * each))
        for operation in ("pay", "register")
    )
    release.amili.switches.set(AmiliSwitches(faults=faults))
    for company in release.companies:
        _add(company, *REGISTRATIONS)
        release.stores(company, requests=tuple(company.invoices[name] for name in REGISTRATIONS))
    if has.reports:
        _pay(release, *DOUBTED)
    unknown = ["outcome_unknown"]
    release.waits(
        lambda: (
            release.hand_overs(*REGISTRATIONS) == unknown
            and (not has.reports or release.follow_ups(*DOUBTED) == unknown)
        ),
        "doubt about all of it",
    )
    release.amili.switches.set(NOT_NOW)
    assert sum(release.registered(company, *REGISTRATIONS) for company in release.companies) == each


def _pay(release: Earlier, *names: str) -> None:
    for company in release.companies:
        for name in names:
            company.side.pay(company.invoices[name], PART)
        release.stores(company, hints=tuple(company.invoices[name] for name in names))


@pytest.fixture(
    params=[pytest.param(one, marks=pytest.mark.postgres) if one == "0.3.0" else one for one in RELEASES],
    ids=list(RELEASES),
)
def after(
    request: pytest.FixtureRequest, tmp_path: Path, python_of_release: Callable[[str], Path]
) -> Iterator[tuple[Upgraded, ...]]:
    """The companies of a deployment upgraded from a release: one of them on PostgreSQL."""
    has = HAD[request.param]
    on_postgres = request.node.get_closest_marker("postgres") is not None
    database_url = request.getfixturevalue("postgres_url") if on_postgres else ""
    python = python_of_release(request.param)
    settings = {"rule": {"most_invoices": 1}} if has.plans else {}
    with earlier(python, tmp_path, fortnox=has.fortnox, settings=settings, database_url=database_url) as before:
        _makes(before, has)
        with upgraded(before) as stages:
            both = zip(stages, before.companies, strict=True)
            yield tuple(Upgraded(on, has, company) for on, company in both)


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[Zygote]:
    with zygote(tmp_path / "worker.log") as program:
        yield program


def test_what_an_earlier_release_left_ends_at_amili(after: tuple[Upgraded, ...], forking: Zygote) -> None:
    for company in after:
        _waits_as_it_was_left(company)
        _everything_is_readable(company)
    _what_was_left_ends(after, forking)
    for company in after:
        _what_happens_is_noticed(company)


def _waits_as_it_was_left(after: Upgraded) -> None:
    """What was under way at the upgrade stands in the store as it was left."""
    on = after.on
    states = {name: [row.state for row in rows(on, after.hand_over(name))] for name in REPORTS if after.has.reports}
    left = {TAKEN: [FollowUpState.TAKEN]} | {name: [FollowUpState.UNKNOWN] for name in DOUBTED}
    assert states == (left if after.has.reports else {})
    assert {after.state(name) for name in REGISTRATIONS} == {HandOverState.UNKNOWN}
    waiting = [
        item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox) if item.connection == on.connection
    ]
    assert waiting == [after.invoice(ASKED), after.invoice(HINTED)]
    assert (after.state(ASKED), after.state(HINTED)) == (None, None)


def _what_was_left_ends(after: tuple[Upgraded, ...], forking: Zygote) -> None:
    """A worker takes up what was left, a person answers the plan, and everything is at Amili exactly once."""
    first = after[0]
    if first.has.plans:
        _chooses_from_the_plan(first)
    asked = (*REGISTRATIONS, ASKED, HINTED)

    def ended() -> bool:
        return all(
            all(company.state(name) is HandOverState.DONE for name in (*asked, *_planned(company)))
            and all(
                row.state is FollowUpState.REPORTED
                for name in _reported(company)
                for row in rows(company.on, company.hand_over(name))
            )
            for company in after
        )

    first.on.amili.switches.set(AmiliSwitches())
    with first.on.amili.lock:
        for action in first.on.amili.unsettled:
            action.due = first.on.amili.now()
    works_today(tuple(company.on for company in after), forking, ended, "the end of what was left")
    for company in after:
        on = company.on
        assert {name: on.cases(company.invoice(name)) for name in asked} == dict.fromkeys(asked, 1)
        assert {name: actions(on, company.invoice(name)) for name in _reported(company)} == {
            name: [PAID] for name in _reported(company)
        }
        assert {remaining(on, company.invoice(name)) for name in _reported(company)} <= {CAPITAL - PART}
        assert [on.side.case_shown(company.invoice(name)) for name in asked] == [
            stored(on, company.hand_over(name)).case_id for name in asked
        ]
        assert company.differs() == {}
    if first.has.plans:
        assert (first.on.cases(first.invoice(PLANNED)), first.on.cases(first.invoice(LEFT))) == (1, 0)
        assert held_plans.every(first.on.deployment.databases.main, None) == ()


def _reported(company: Upgraded) -> tuple[str, ...]:
    return REPORTS if company.has.reports else ()


def _planned(company: Upgraded) -> tuple[str, ...]:
    return (PLANNED,) if PLANNED in company.invoices else ()


def _chooses_from_the_plan(after: Upgraded) -> None:
    (plan,) = held_plans.every(after.on.deployment.databases.main, None)
    assert {one.invoice_id for one in plan.proposed} == {after.invoice(PLANNED), after.invoice(LEFT)}
    page = f"/connections/{after.on.connection}/plan"
    form = after.eva.page(page).form(page)
    answers = form.fields | {"invoice": [after.invoice(PLANNED)], "reviewed": "yes"}
    assert after.eva.client.post(page, data=answers).status_code == 303


def _what_happens_is_noticed(after: Upgraded) -> None:
    """What happens to the cases of before reaches Amili; an upgrade alone is no news."""
    on = after.on
    already = [PAID] if after.has.reports else []
    after.polls()
    after.looks()
    assert after.differs() == {}
    assert {name: (actions(on, after.invoice(name)), questions(on, after.hand_over(name))) for name in AT_AMILI} == {
        name: (already if name == "paid" else [], []) for name in AT_AMILI
    }, "an upgrade alone is no news"

    on.side.pay(after.invoice("paid"), CAPITAL - sum((one.amount for one in already), Decimal(0)))
    on.side.bookkeeper.dispute(after.invoice("disputed"))
    after.polls()
    assert after.looks() == {"paid", "disputed"}
    on.side.bookkeeper.credit(after.invoice("credited"))
    assert after.differs() == {
        "credited": DifferenceKind.REPORT_UNDER_WAY,
        "disputed": DifferenceKind.DISPUTED,
    }
    assert after.looks() == {"credited"}
    withdrawal.ask(on.deployment, after.hand_over("withdrawn"), by="eva@byran.example", reason="Fel kund.")
    assert after.looks() == {"withdrawn"}

    rest = CAPITAL - sum((one.amount for one in already), Decimal(0))
    assert actions(on, after.invoice("paid")) == [*already, AtAmili("payment", rest, "completed")]
    assert actions(on, after.invoice("credited")) == [AtAmili("crediting", CAPITAL, "completed")]
    assert questions(on, after.hand_over("disputed")) == ["disputed"]
    withdrawn = on.amili.cases_of(on.number(after.invoice("withdrawn")))[0]
    assert [one.kind for one in on.amili.actions.values() if one.case is withdrawn] == [CANCELLATION]
    assert stored(on, after.hand_over("withdrawn")).state is HandOverState.WITHDRAWN
    assert actions(on, after.invoice("untouched")) == []
    assert remaining(on, after.invoice("untouched")) == CAPITAL
    assert all(on.cases(after.invoice(name)) == 1 for name in AT_AMILI)
    assert after.differs() == {"disputed": DifferenceKind.DISPUTED}
    _everything_is_readable(after)


def _everything_is_readable(after: Upgraded) -> None:
    """Everything stored is read, listed and shown: by the command line's documents and by the pages."""
    db = after.on.deployment.databases.main
    listed = [one for one in hand_overs.listing(db) if one.connection == after.on.connection]
    assert {one.id for one in listed} == {after.hand_over(name) for name in after.invoices if after.state(name)}
    known = cases.of_many(db, [one.case_id for one in listed])
    for one in listed:
        document = as_document(one) | case_document(one, known.get(one.case_id))
        assert bool(document["case_id"]) == (one.state is HandOverState.DONE or one.state is HandOverState.WITHDRAWN)
        assert next(entry_document(entry)["event"] for entry in timeline.of_hand_over(db, one.id)) == "asked"
        assert all(row.state in FollowUpState for row in rows(after.on, one.id))
    by_ending = [one.id for ending in Ending for one in hand_overs.listing(db, ending=ending)]
    assert len(by_ending) == len(set(by_ending))
    company = (
        f"/connections/{after.on.connection}/{page}" for page in ("", "plan", "hand-overs", "reconciliation", "money")
    )
    for page in ("/tasks", *company, *(f"/hand-overs/{one.id}" for one in listed)):
        after.on.side.let_windows_pass(after.on.deployment)
        assert after.eva.get(page).status_code == 200, page


def test_a_checkout_without_the_history_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RELEASES, "0.2.0", "0" * 40)
    with pytest.raises(pytest.fail.Exception, match="git fetch --unshallow"):
        python_of("0.2.0", tmp_path)
