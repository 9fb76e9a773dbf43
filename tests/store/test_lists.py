"""Lists of any length: every function of the store that takes one is called with more than a statement can bind."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable
from importlib import import_module

from sqlalchemy import Engine, insert, select

from connector import store
from connector.domain.case import CaseStanding
from connector.domain.connection import Environment
from connector.domain.hand_over import Origin, Request
from connector.domain.money_view import PaidOut
from connector.domain.reconcile import DifferenceKind
from connector.store import (
    cases,
    comparisons,
    connections,
    following,
    hand_overs,
    held_plans,
    inbox,
    jobs,
    payout_lines,
    sent_debtors,
    tables,
    tasks,
    troubles,
)
from connector.store.case_readings import Place
from connector.store.database import Databases, reading
from connector.store.jobs import Claimed, Ended, Entry, Lane, Wanted
from connector.store.lists import one_of
from tests.store.samples import CONNECTION, CREDITOR, vault

MANY = 40_000
"""More than SQLite binds in a statement (32 766), and the most that anything here is sized for, several times over."""
IDS = tuple(f"id-{number}" for number in range(MANY))
NUMBERS = tuple(range(1, MANY + 1))
CASES = tuple(CaseStanding(id=one, creditor=CREDITOR, closed=False) for one in IDS)
LINE = PaidOut("F1", "capital", "capital", "SEK", None, None, None, "")
PLACE = Place("default", Environment.SANDBOX, frozenset({CREDITOR}), frozenset({CONNECTION}), parked=False)

CALLS: dict[str, Callable[[Engine], object]] = {
    "cases.of_many": lambda db: cases.of_many(db, IDS),
    "cases.news": lambda db: cases.news(db, CASES),
    "cases.gone_lately": lambda db: cases.gone_lately(db, IDS, within_s=1.0),
    "cases.connections_of": lambda db: cases.connections_of(db, CASES),
    "cases.miss": lambda db: cases.miss(db, PLACE, IDS, registered_for_s=0.0),
    "comparisons.failing": lambda db: comparisons.failing(db, IDS, for_s=0.0),
    "comparisons.unasked": lambda db: comparisons.unasked(db, IDS, tuple(DifferenceKind), limit=5),
    "comparisons.tallies": lambda db: comparisons.tallies(db, IDS, DifferenceKind.CASE_GONE),
    "connections.summaries": lambda db: connections.summaries(db, only=IDS),
    "following.handed_over": lambda db: following.handed_over(db, CONNECTION, IDS),
    "hand_overs.of_ids": lambda db: hand_overs.of_ids(db, IDS),
    "hand_overs.of_invoices": lambda db: hand_overs.of_invoices(db, CONNECTION, IDS),
    "hand_overs.with_number": lambda db: hand_overs.with_number(db, CREDITOR, IDS),
    "held_plans.every": lambda db: held_plans.every(db, IDS),
    "inbox.put_hints": lambda db: inbox.put_hints(db, [(CONNECTION, one) for one in IDS]),
    "inbox.put_requests": lambda db: inbox.put_requests(db, [_request(one) for one in IDS]),
    "inbox.put_wishes": lambda db: inbox.put_wishes(db, CONNECTION, [_request(one) for one in IDS]),
    "inbox.mark_dispatched": lambda db: inbox.mark_dispatched(db, NUMBERS),
    "inbox.mark_done": lambda db: inbox.mark_done(db, NUMBERS),
    "jobs.bring_forward": lambda db: jobs.bring_forward(db, "poll", IDS, within_s=0.0),
    "jobs.enter_all": lambda db: jobs.enter_all(db, [Entry("poll", one, after_s=60.0) for one in IDS]),
    "jobs.release": lambda db: jobs.release(db, "host:1:me", {("poll", one, "") for one in IDS}),
    "jobs.turn": lambda db: jobs.turn(db, "host:1:me", [Ended(_taken(one)) for one in IDS], Wanted({}, 0, {})),
    "payout_lines.keep": lambda db: payout_lines.keep(
        db, environment="sandbox", creditor=CREDITOR, lines=[(one, LINE) for one in IDS], read_to=0.0
    ),
    "sent_debtors.of": lambda db: sent_debtors.of(db, vault(), IDS),
    "tasks.waiting_for_case": lambda db: tasks.waiting_for_case(db, IDS, for_s=0.0, limit=5),
    "troubles.every": lambda db: troubles.every(db, IDS),
    "troubles.over": lambda db: troubles.over(db, "register", "x", but_for=IDS),
    "tasks.decided": lambda db: tasks.decided(db, IDS),
    "tasks.blocked": lambda db: tasks.blocked(db, IDS, IDS, limit=5),
    "tasks.with_remarks": lambda db: tasks.with_remarks(db, IDS, limit=5),
    "tasks.of_unknown_outcome": lambda db: tasks.of_unknown_outcome(db, IDS, for_s=0.0, limit=5),
    "tasks.delayed": lambda db: tasks.delayed(db, IDS, for_s=0.0, limit=5),
}

ONE_ROW_EACH = {
    "hand_over_work.block": "writes one row",
    "cases.keep": "looks for its list as `news` does, and then writes row by row",
    "comparisons.keep": "writes a row for each, in parts",
    "hand_over_work.arm": "writes one row",
    "held_plans.hold": "writes one row",
    "sent_debtors.keep": "writes one row",
    "users.add": "writes one row",
    "users.set_connections": "writes one row",
    "withdrawals.take_wish": "writes one row",
}
"""What takes a list and puts it into no condition of a statement."""

_A_LIST = re.compile(
    r"\b(tuple\[[^\]]*, \.\.\.\]|Collection|Sequence|Iterable|list|frozenset|set)\b|tuple\[\w+, \.\.\.\]"
)


def _request(invoice_id: str) -> Request:
    return Request(connection=CONNECTION, invoice_id=invoice_id, origin=Origin.COMMAND, asked_by="test")


def _taken(partition: str) -> Claimed:
    return Claimed("poll", partition, "", 0, "", Lane.BACKGROUND, 0, 0.0)


def takers_of_lists() -> set[str]:
    """Every public function of the store that takes a database and a list."""
    found = set()
    for module_info in pkgutil.iter_modules(store.__path__):
        if module_info.ispkg:
            continue
        module = import_module(f"connector.store.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            parameters = list(inspect.signature(function).parameters.values())
            if parameters and "Engine" in str(parameters[0].annotation):
                lists = [one.name for one in parameters[1:] if _A_LIST.search(str(one.annotation))]
                if lists and not all(name in ("findings", "accepted", "states", "kinds") for name in lists):
                    found.add(f"{module_info.name}.{name}")
    return found


def test_every_function_that_takes_a_list_is_called_here() -> None:
    assert takers_of_lists() == CALLS.keys() | ONE_ROW_EACH.keys()


def test_each_takes_forty_thousand(databases: Databases) -> None:
    for name, call in CALLS.items():
        call(databases.inbox if name.startswith("inbox.") else databases.main)


def test_a_list_finds_what_is_in_it_and_nothing_else(databases: Databases) -> None:
    awkward = ("it's", 'quoted "so"', "åäö", "50%", "a:b", "", "1")
    with databases.main.begin() as connection:
        for number, name in enumerate(awkward):
            connection.execute(insert(tables.worker_deaths).values(executor=name, died_at=float(number)))
    executor = tables.worker_deaths.c.executor
    with reading(databases.main) as connection:

        def found(*wanted: str) -> set[str]:
            return set(connection.execute(select(executor).where(one_of(executor, wanted))).scalars())

        assert found(*awkward) == set(awkward)
        assert found() == set()
        assert found("it's", "2", "%") == {"it's"}
        assert found(*awkward, *IDS) == set(awkward)


def test_a_list_of_numbers_finds_numbers(databases: Databases) -> None:
    inbox.put_hints(databases.inbox, [(CONNECTION, "7"), (CONNECTION, "8"), (CONNECTION, "9")])
    first, second, third = inbox.waiting(databases.inbox)
    inbox.mark_done(databases.inbox, (first.id, third.id))
    assert [inbox.is_done(databases.inbox, item.id) for item in (first, second, third)] == [True, False, True]
