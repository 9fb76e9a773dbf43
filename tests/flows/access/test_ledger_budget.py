"""The budget of requests to a ledger, across processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from connector.flows.access.ledger_budget import LedgerBudget
from connector.store.budgets import Quota
from connector.store.database import Databases, open_databases
from connector.store.schema import migrate
from tests.flows.budget_process import QUOTA
from tests.source import ROOT


def run_beside_each_other(data_dir: Path, *others: tuple[int, str]) -> list[list[float]]:
    """When each process was allowed its requests."""
    databases = open_databases(data_dir=data_dir, database_url=None)
    migrate(databases)
    databases.dispose()
    command = [sys.executable, "-m", "tests.flows.budget_process", str(data_dir)]
    processes = [
        subprocess.Popen([*command, str(count), who], cwd=ROOT, stdout=subprocess.PIPE) for count, who in others
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(others)
    return [json.loads(one) for one in said]


def most_in_a_window(instants: list[float], window_s: float) -> int:
    return max(sum(start <= one < start + window_s for one in instants) for start in instants)


def test_two_processes_keep_one_limit(tmp_path: Path) -> None:
    allowed = run_beside_each_other(tmp_path, (20, "person"), (20, "person"))

    assert [len(one) for one in allowed] == [20, 20]
    assert most_in_a_window([*allowed[0], *allowed[1]], QUOTA.window_s) <= QUOTA.limit


def test_background_work_in_one_process_leaves_room_for_a_person_in_another(tmp_path: Path) -> None:
    background, person = run_beside_each_other(tmp_path, (20, "background"), (4, "person"))

    assert (len(background), len(person)) == (20, 4)
    assert most_in_a_window(background, QUOTA.window_s) <= QUOTA.limit - QUOTA.reserved
    assert most_in_a_window(background + person, QUOTA.window_s) <= QUOTA.limit


def test_a_ledger_that_asks_to_wait_is_left_alone_by_all(databases: Databases) -> None:
    ours, theirs = (LedgerBudget(databases, "fortnox:1:2", Quota(5, 10.0, 2)) for _ in range(2))
    assert ours.take(background=False) == 0

    ours.block(60)

    assert 0 < theirs.take(background=False) <= 60
    assert 0 < theirs.take(background=True) <= 60
