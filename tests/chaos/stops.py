"""A stop, a database away or a full disk in the middle of each call that a hand-over or a payment makes.

The call takes up to forty seconds; what comes of the work is counted at Amili and in the ledger.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from connector.domain.hand_over import HandOverState, PdfState
from connector.store import follow_ups, hand_overs, inbox
from tests.bench.databases import Postgres
from tests.bench.deployed import CONNECTION, Deployed, deployed
from tests.bench.sandboxes import Sandboxes, sandboxes
from tests.chaos.troubles import fill, small_disk, stoppable_postgres, take_away
from tests.chaos.waiting import until

CALLS_TAKE_S = (0.1, 4.0, 20.0, 40.0)
_CONNECT_S = 5
_HAND_OVERS = 2
_PAID = "250.00"
_AT_ONCE = 8
_LONGEST_S = 600.0
_TROUBLE_S = 5.0
_LATE_S = 10.0


class Trouble(StrEnum):
    """What happens while the call is under way. After a signal, `serve` is started again."""

    SIGTERM = "SIGTERM"
    SIGKILL = "SIGKILL"
    AWAY = "database away for 5 s"
    FULL = "disk full for 5 s"


class Step(StrEnum):
    """The call that is slow, alone of all."""

    LOOK = "look"
    REGISTER = "register"
    UPLOAD = "upload"
    WRITE_BACK = "write-back"
    PAYMENT = "payment"


@dataclass(frozen=True)
class _Call:
    at_amili: bool
    operation: str
    counted_as: str


_CALLS: Mapping[Step, _Call] = {
    Step.LOOK: _Call(True, "look", "GET /cases"),
    Step.REGISTER: _Call(True, "register", "POST /case--registrations"),
    Step.UPLOAD: _Call(True, "upload", "POST /media--upload"),
    Step.WRITE_BACK: _Call(False, "account.move/write", "POST /json/2/account.move/write"),
    Step.PAYMENT: _Call(True, "pay", "POST /creditor--payments"),
}
_SIGNALS = {Trouble.SIGTERM: signal.SIGTERM, Trouble.SIGKILL: signal.SIGKILL}


@dataclass(frozen=True)
class Stop:
    """One interruption. `done_after_s` is from its end until everything was done; None where it was not.

    `within_s` is the promise: 60 seconds, or the attempt's deadline and the settling time if that is longer.
    """

    trouble: Trouble
    database: str
    step: Step
    call_s: float
    lost: int
    twice: int
    done_after_s: float | None
    within_s: float


@dataclass(frozen=True)
class _Kind:
    trouble: Trouble
    database_url: str
    step: Step
    call_s: float

    @property
    def on_postgresql(self) -> bool:
        return bool(self.database_url) or self.trouble is Trouble.AWAY


def measured(server: Postgres, steps: Collection[Step]) -> Iterator[Stop]:
    """Every trouble at these steps, at every length of the call; the stops on both databases."""
    kinds = []
    for trouble, step, call_s in product(Trouble, steps, CALLS_TAKE_S):
        urls = ("", server.new_database()) if trouble in _SIGNALS else ("",)
        kinds += [_Kind(trouble, url, step, call_s) for url in urls]
    # In processes: the schema's migration goes by the module, and threads would share it.
    with ProcessPoolExecutor(_AT_ONCE, mp_context=get_context("spawn")) as running:
        for done in as_completed([running.submit(_interrupted, kind) for kind in kinds]):
            yield done.result()


def _interrupted(kind: _Kind) -> Stop:
    settle_s = kind.call_s + 30 + _CONNECT_S
    attempt_s = kind.call_s + 40
    patience = {
        "READ_TIMEOUT_S": f"{kind.call_s + 20:g}",
        "SETTLE_S": f"{settle_s:g}",
        "ATTEMPT_S": f"{attempt_s:g}",
        "POLL_INTERVAL_S": "3600",
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        disk, url, happens = folder, kind.database_url, _nothing
        if kind.trouble is Trouble.AWAY:
            away, url = stack.enter_context(stoppable_postgres(folder))
            happens = lambda: take_away(away, for_s=_TROUBLE_S)  # noqa: E731
        elif kind.trouble is Trouble.FULL:
            disk = stack.enter_context(small_disk(folder / "disk"))
            happens = lambda: fill(disk, for_s=_TROUBLE_S)  # noqa: E731
        boxes = stack.enter_context(sandboxes(folder, bills=_HAND_OVERS))
        made = stack.enter_context(deployed(disk, boxes, database_url=url))
        made.env.update(patience)
        boxes.show_original_invoices()
        began_s = time.monotonic()
        took_s = _scenario(kind, made, boxes, happens)
        # What was sent before the trouble may arrive only now, beside what was sent after it.
        time.sleep(max(began_s + kind.call_s + _LATE_S - time.monotonic(), 0.0))
        return Stop(
            trouble=kind.trouble,
            database="PostgreSQL" if kind.on_postgresql else "SQLite",
            step=kind.step,
            call_s=kind.call_s,
            lost=_HAND_OVERS - _whole(made, boxes, kind.step),
            twice=_twice(boxes),
            done_after_s=took_s,
            within_s=max(60.0, attempt_s + settle_s),
        )


def _nothing() -> None:
    return None


def _scenario(kind: _Kind, made: Deployed, boxes: Sandboxes, happens: Callable[[], None]) -> float | None:
    """Give how long it took until all was done after the trouble."""
    call = _CALLS[kind.step]

    def all_done() -> bool:
        return _whole(made, boxes, kind.step) == _HAND_OVERS and not inbox.waiting(made.deployment.databases.inbox)

    with made.process("serve") as serving:
        if kind.step is Step.PAYMENT:
            made.ask(boxes.bills)
            until(lambda: _handed_over(made) == _HAND_OVERS, within_s=120)
            for bill in boxes.bills:
                boxes.pay(bill, _PAID)
        before = boxes.requests(at_amili=call.at_amili, counted_as=call.counted_as)
        boxes.slow_operation(call.operation, kind.call_s, at_amili=call.at_amili)
        if kind.step is Step.PAYMENT:
            inbox.put_hints(made.deployment.databases.inbox, [(CONNECTION, bill.id) for bill in boxes.bills])
        else:
            made.ask(boxes.bills)
        until(lambda: boxes.requests(at_amili=call.at_amili, counted_as=call.counted_as) > before, within_s=120)
        time.sleep(min(kind.call_s / 2, 2.0))
        if kind.trouble not in _SIGNALS:
            happens()
            boxes.slow_operation(call.operation, 0.0, at_amili=call.at_amili)
            return _done_after_s(all_done)
        _end(serving, _SIGNALS[kind.trouble])
    boxes.slow_operation(call.operation, 0.0, at_amili=call.at_amili)
    with made.process("serve"):
        return _done_after_s(all_done)


def _end(serving: subprocess.Popen[str], by: signal.Signals) -> None:
    serving.send_signal(by)
    serving.wait(timeout=60)


def _done_after_s(all_done: Callable[[], bool]) -> float | None:
    began_s = time.monotonic()
    return round(time.monotonic() - began_s, 1) if until(all_done, within_s=_LONGEST_S) else None


def _handed_over(made: Deployed) -> int:
    with suppress(SQLAlchemyError):
        found = hand_overs.listing(made.deployment.databases.main, limit=_HAND_OVERS)
        return sum(one.state is HandOverState.DONE and one.pdf is PdfState.UPLOADED for one in found)
    return 0


def _whole(made: Deployed, boxes: Sandboxes, step: Step) -> int:
    """How many invoices have a case with its PDF, its id in the ledger and, where they were paid, the payment."""
    if _handed_over(made) < _HAND_OVERS:
        return _handed_over(made)
    written = boxes.case_ids_in_ledger()
    done = {case["id"] for case in boxes.amili_cases() if case["uploads"] and case["id"] in written}
    if step is Step.PAYMENT:
        done &= set(boxes.payments_by_case())
        with suppress(SQLAlchemyError):
            return len(done) if not follow_ups.due(made.deployment.databases.main) else 0
    return len(done)


def _twice(boxes: Sandboxes) -> int:
    counts = [*boxes.cases_by_invoice().values(), *boxes.payments_by_case().values()]
    counts += [len(case["uploads"]) for case in boxes.amili_cases()]
    return sum(count > 1 for count in counts)
