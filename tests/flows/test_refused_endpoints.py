"""Every endpoint that the flows use, refused in turn: a person is told what failed, and no longer once it works again.

What Amili refuses in its own form is told at once, whatever else fails after an hour on end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import update

from connector.domain.errors import ConnectorError
from connector.domain.hand_over import WriteBackState
from connector.domain.reconcile import DifferenceKind
from connector.domain.task import TaskKind
from connector.flows import troubles
from connector.flows.companies import amili_keys, connecting
from connector.flows.follow_up import follow_up, withdrawal
from connector.flows.follow_up.follow_up import LOOK_AGAIN_S
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.money import payouts
from connector.flows.operations import CREATING, at_amili
from connector.flows.outcome import Outcome, Then
from connector.flows.reconcile import comparisons as comparing
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.flows.troubles import About
from connector.sandbox.shared.switches import CasesMade
from connector.store import comparisons, connections, tables
from connector.store import troubles as kept
from connector.store.connections import DEFAULT_ACCESS
from connector.store.follow_ups import Look
from tests.flows.follow_up_steps import credits_, noticed, passes, pays, sent
from tests.flows.hand_over_steps import asked, begun, case_at_amili, driven, let_pass, stored, strike
from tests.flows.ledgers import ORGANISATION
from tests.flows.stage import CONNECTION, Stage
from tests.flows.test_troubles import an_hour_passes, failing, of_look, reading_cases, reading_changes, refused, watched
from tests.flows.test_troubles import of_hand_over as by_id
from tests.said import en, sv

ROUNDS = 30
STATUSES = [400, 401, 403, 404, 500]


@dataclass(frozen=True)
class Work:
    """A step that was prepared: `step` takes it once, `wait` lets its pause pass. `again` asks for it once more."""

    step: Callable[[], Outcome]
    wait: Callable[[float], None] = lambda _seconds: None
    again: Callable[[], object] = lambda: None

    def take(self) -> None:
        """Take the step until it pauses."""
        for _ in range(ROUNDS):
            if (outcome := self.step()).after_s or outcome.then is not Then.AGAIN_FIRST:
                return
        raise AssertionError("it never pauses")

    def finish(self) -> None:
        """Take the step, with its pauses, until nothing is left to do."""
        for _ in range(ROUNDS):
            outcome = self.step()
            if outcome.then in (Then.NEXT, Then.STOP) or outcome.after_s >= LOOK_AGAIN_S:
                return
            self.wait(outcome.after_s)
        raise AssertionError("it never ends")


@pytest.fixture(autouse=True)
def nothing_fails(on: Stage) -> Iterator[None]:
    yield
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.troubles.delete())
        connection.execute(tables.follow_ups.delete())
        connection.execute(tables.access_refusals.delete())


def told(on: Stage) -> list[Task]:
    """What a person is told that says that something was refused or fails."""
    kinds = (TaskKind.KEY_REFUSED, TaskKind.FAILING, TaskKind.BLOCKED, TaskKind.FOLLOW_UP, TaskKind.REMARK)
    found = tasks.waiting(tasks.gather(on.deployment.databases.main, (CONNECTION,)))
    return [task for task in found if task.kind in kinds]


def words(task: Task) -> str:
    return " ".join((en(task.title), *(en(one) for one in task.says)))


# What is done of a hand-over


def of_hand_over(on: Stage, name: str, step: Callable[..., Outcome], hand_over: str) -> Work:
    run = watched(on, name, by_id, partial(step, on.deployment))

    def once() -> Outcome:
        on.side.let_windows_pass(on.deployment)
        return run(hand_over)

    return Work(once, lambda seconds: let_pass(on, hand_over, seconds, at_amili=seconds < 120))


def registering(on: Stage) -> Work:
    invoice = on.invoice()
    work = of_hand_over(on, troubles.REGISTER, register, begun(on, invoice))
    return Work(work.step, work.wait, lambda: asked(on, invoice))


def registering_unknown_creditor(on: Stage) -> Work:
    """The creditor's status has to be read afresh."""
    known = on.deployment.connection(CONNECTION).creditor_status
    assert known is not None
    stale = known.model_copy(update={"is_active": False})
    connections.save_creditor_status(on.deployment.databases.main, CONNECTION, stale)
    return registering(on)


def signing_in(on: Stage) -> Work:
    """The access token that was in use is worth nothing any more."""
    on.amili.expire_tokens()
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.tokens.delete())
    return registering(on)


def following_taken(on: Stage) -> Work:
    """Amili took the registration and shows no case yet."""
    hand_over = begun(on, on.invoice())
    strike(on, cases_made=CasesMade.NEVER)
    register(on.deployment, hand_over)
    work = of_hand_over(on, troubles.REGISTER, register, hand_over)
    # Nothing is through before there is a case: that it can be read is all.
    return Work(lambda: _paused(work.step()), work.wait)


def _paused(outcome: Outcome) -> Outcome:
    assert outcome.then is Then.AGAIN_FIRST
    return Outcome(Then.STOP)


def uploading(on: Stage) -> Work:
    _, hand_over = sent(on)
    return of_hand_over(on, troubles.UPLOAD, upload, hand_over)


def writing_back(on: Stage) -> Work:
    _, hand_over = sent(on)
    return of_hand_over(on, troubles.WRITE_BACK, write_back, hand_over)


# What is reported of one


def reporting(on: Stage, happen: Callable[[Stage, str, str], object], which: tuple[str, str] | None = None) -> Work:
    invoice, hand_over = which or sent(on)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)
    happen(on, invoice, hand_over)
    noticed(on, hand_over)
    run = watched(on, troubles.FOLLOW_UP, of_look, partial(follow_up.follow_up, on.deployment))

    def once() -> Outcome:
        on.side.let_windows_pass(on.deployment)
        return run(Look(hand_over, CONNECTION, stored(on, hand_over).follow_up_asked))

    return Work(once, lambda seconds: passes(on, hand_over, seconds, at_amili=seconds < 120))


def paying(on: Stage) -> Work:
    return reporting(on, lambda on, invoice, _: pays(on, invoice, 250))


def crediting(on: Stage) -> Work:
    return reporting(on, lambda on, invoice, _: credits_(on, invoice, 250))


def withdrawing(on: Stage) -> Work:
    return reporting(
        on, lambda on, _, hand_over: withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason="Fel")
    )


# What is done for a whole company


def of_company(on: Stage, name: str, step: Callable[..., Outcome], subject: str) -> Work:
    run = watched(on, name, About.of_connection, partial(step, on.deployment))

    def once() -> Outcome:
        on.side.let_windows_pass(on.deployment)
        return run(subject)

    return Work(once)


def reading_payouts(on: Stage) -> Work:
    return of_company(on, troubles.PAYOUTS, payouts.look, CONNECTION)


def comparing_now(on: Stage) -> Work:
    comparing.ask(on.deployment, CONNECTION, by="Eva")

    def compare(_deployment: object, _subject: str) -> Outcome:
        comparing.compare(on.deployment, CONNECTION)
        return Outcome(Then.STOP)

    return of_company(on, troubles.COMPARE, compare, CONNECTION)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of Amili's, and what is going on when it is refused.

    `named` is the operation as the flows call it, and `ended_by` are the refusals that end the work with a finding or a
    question about the invoice, which a person answers: they do not go away by themselves.
    """

    begin: Callable[[Stage], Work]
    operation: str
    named: str
    ended_by: tuple[int, ...] = ()


AMILI = {
    "signing in": Endpoint(signing_in, "authenticate", "authenticate"),
    "reading the creditor": Endpoint(registering_unknown_creditor, "read_creditor", "read a creditor", (400, 404)),
    "looking for cases": Endpoint(registering, "look", "look for the invoice's cases", (400, 404)),
    "registering": Endpoint(registering, "register", "register a case", (400, 404)),
    "uploading": Endpoint(uploading, "upload", "upload the original invoice", (400,)),
    "a registration": Endpoint(following_taken, "read_registration", "read a registration"),
    "its case": Endpoint(paying, "read_case", "read a case"),
    "payments": Endpoint(paying, "payments", "look for a payment"),
    "paying": Endpoint(paying, "pay", "report a payment", (400, 404)),
    "a payment": Endpoint(paying, "read_payment", "read a payment"),
    "creditings": Endpoint(crediting, "creditings", "look for a crediting"),
    "crediting": Endpoint(crediting, "credit", "report a credit", (400, 404)),
    "a crediting": Endpoint(crediting, "read_crediting", "read a crediting"),
    "cancellations": Endpoint(withdrawing, "cancellations", "look for a cancellation"),
    "cancelling": Endpoint(withdrawing, "cancel", "withdraw a case", (400, 404)),
    "a cancellation": Endpoint(withdrawing, "read_cancellation", "read a cancellation"),
    "payout lines of an invoice": Endpoint(paying, "payout_specifications", "list an invoice's payout specifications"),
    "payout lines": Endpoint(reading_payouts, "payout_specifications", "list payout specifications"),
    "open cases": Endpoint(lambda on: Work(reading_cases(on)), "look", "list open cases"),
    "changed cases": Endpoint(lambda on: Work(reading_changes(on)), "look", "list changed cases"),
    "the comparison": Endpoint(comparing_now, "look", "list open cases"),
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", AMILI)
def test_an_endpoint_of_amilis_that_is_refused_is_told_until_it_works_again(on: Stage, name: str, status: int) -> None:
    endpoint = AMILI[name]
    before = {task.key for task in told(on)}
    work = endpoint.begin(on)
    cases_made = on.amili.switches.switches.cases_made
    strike(on, refused(endpoint.operation, status), cases_made=cases_made)

    work.take()

    if status == 500:
        assert failing(on) == [], "that may pass"
        an_hour_passes(on)
    news = [task for task in told(on) if task.key not in before]
    if status in endpoint.ended_by:
        (task,) = news
        assert task.kind in (TaskKind.BLOCKED, TaskKind.FOLLOW_UP, TaskKind.REMARK)
        if status != 400:
            assert task.kind is TaskKind.FOLLOW_UP or endpoint.named in words(task)
        else:
            is_read = endpoint.named not in CREATING
            assert (endpoint.named in words(task), "needs no correction" in words(task)) == (is_read, is_read)
        return
    (task,) = news
    if name == "signing in" and status != 500:
        # Our key pair itself is refused: nothing else is tried with it but one look an hour.
        assert task.kind is TaskKind.KEY_REFUSED
        strike(on, cases_made=cases_made)
        amili_keys.look(on.deployment, DEFAULT_ACCESS)
        work.finish()
        assert [task for task in told(on) if task.key not in before] == [], "it works again"
        return
    assert task.kind is TaskKind.FAILING
    assert endpoint.named in words(task)
    assert str(status) in words(task)
    assert sv(at_amili(endpoint.named) or "?") in sv(task.says[0])

    strike(on, cases_made=cases_made)
    work.finish()

    assert [task for task in failing(on) if task.key not in before] == [], "it works again"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_hand_over_that_a_refusal_ended_goes_on_when_it_is_asked_for_again(on: Stage, status: int) -> None:
    work = registering(on)
    before = {task.key for task in told(on)}
    strike(on, refused("look", status))
    work.finish()
    (blocked,) = [task for task in told(on) if task.key not in before]
    assert blocked.kind is TaskKind.BLOCKED
    assert "look for the invoice's cases" in words(blocked)
    assert sv(at_amili("look for the invoice's cases") or "?") in sv(blocked.says[0])
    strike(on)
    work.again()
    work.finish()
    assert blocked.key not in [task.key for task in told(on)]


@pytest.mark.parametrize("status", STATUSES)
def test_an_ocr_number_that_cannot_be_read_is_a_remark_and_holds_nothing_up(on: Stage, status: int) -> None:
    invoice = on.invoice()
    case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    before = {task.key for task in told(on)}
    work = of_hand_over(on, troubles.WRITE_BACK, write_back, hand_over)
    strike(on, refused("read_registration", status))
    work.finish()
    assert on.side.case_shown(invoice) == stored(on, hand_over).case_id
    (remark,) = [task for task in told(on) if task.key not in before]
    assert (remark.kind, f"HTTP {status}" in words(remark)) == (TaskKind.REMARK, True)
    strike(on)
    table = tables.hand_overs
    with on.deployment.databases.main.begin() as connection:
        pending = update(table).where(table.c.id == hand_over).values(write_back=WriteBackState.PENDING)
        connection.execute(pending)
    work.finish()
    assert stored(on, hand_over).ocr
    assert [task for task in told(on) if task.key not in before] == []


def test_where_a_registration_cannot_be_read_its_case_is_found_in_the_list(on: Stage) -> None:
    work = following_taken(on)
    strike(on, refused("read_registration", 500), cases_made=CasesMade.NEVER)
    work.take()
    (hand_over,) = [one.hand_over for one in kept.every(on.deployment.databases.main)]
    strike(on, refused("read_registration", 500))
    assert register(on.deployment, hand_over).then is Then.NEXT
    (case,) = on.amili.cases_of(stored(on, hand_over).invoice_number)
    assert stored(on, hand_over).case_id == case.id


@pytest.mark.parametrize("status", [403, 500])
def test_the_comparison_says_that_it_cannot_be_reported(on: Stage, status: int) -> None:
    invoice, hand_over = sent(on)
    work = reporting(on, lambda on, invoice, _: pays(on, invoice, 250), (invoice, hand_over))
    strike(on, refused("payments", status))
    work.take()

    def kinds() -> list[DifferenceKind]:
        comparing.compare(on.deployment, CONNECTION)
        found = comparisons.differences(on.deployment.databases.main, CONNECTION)
        return [one.difference.kind for one in found if one.difference.hand_over_id == hand_over]

    if status == 500:
        assert kinds() == [DifferenceKind.REPORT_UNDER_WAY], "that may pass"
        an_hour_passes(on)
    assert kinds() == [DifferenceKind.NOT_REPORTABLE]
    (task,) = failing(on)
    assert task.concerns is not None
    assert hand_over in task.concerns
    assert not [one for one in tasks.gather(on.deployment.databases.main) if one.kind is TaskKind.DIFFERENCE]

    strike(on)
    assert kinds() == [DifferenceKind.NOT_REPORTABLE], "nobody has tried since"
    work.finish()
    assert kinds() == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("operation", "named"), [("creditors", "list creditors"), ("accounts", "list accounts")])
def test_a_list_that_is_refused_while_connecting_is_named(on: Stage, operation: str, named: str, status: int) -> None:
    connection = on.deployment.connection(CONNECTION)
    client = on.deployment.amili(connection.settings.environment, on.deployment.access(connection.amili_access))
    strike(on, refused(operation, status))
    with pytest.raises(ConnectorError, match=f"{named}.*HTTP {status}"):
        client.who()
    if operation == "creditors":
        with pytest.raises(ConnectorError, match=f"{named}.*HTTP {status}"):
            connecting.creditors_for(client, ORGANISATION)
    strike(on)
    assert client.who().accounts
    assert connecting.creditors_for(client, ORGANISATION).matching
