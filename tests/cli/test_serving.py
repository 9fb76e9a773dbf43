"""`serve` and `worker`: two processes, the second watched, both gone when told to go."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

import pytest
import requests

from connector.flows.hand_over import asking
from tests.cli.conftest import House
from tests.cli.terminal import Running
from tests.flows.stage import CONNECTION
from tests.flows.waiting import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def runs(pid: int) -> bool:
    """Whether the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def workers_of(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            children.append(int(status.parent.name))
    return children


def answers(port: int, path: str) -> int:
    try:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
    except requests.ConnectionError:
        return 0


def serving(house: House) -> tuple[Running, int]:
    """`serve`, once its worker is ready; and its port."""
    port = free_port()
    running = house.terminal.start("serve", env={"LISTEN": f"127.0.0.1:{port}"})
    until(lambda: answers(port, "/ready") == 200, within_s=90, what=f"serve ready; it said {running.err}")
    return running, port


def test_webhooks_are_answered_and_worked_on_by_a_second_process(house: House) -> None:
    running, port = serving(house)
    (worker,) = workers_of(running.pid)
    invoice = house.on.invoice(wished_by="Eva Ekonom")
    hook = f"http://127.0.0.1:{port}/webhooks/odoo/{CONNECTION}/{house.on.webhook_token}"
    answer = requests.post(hook, json={"_model": "account.move", "_id": int(invoice)}, timeout=10)

    assert answer.status_code == 200
    until(lambda: house.on.ended(invoice), within_s=120, what="the end of the hand-over")
    assert house.on.cases(invoice) == 1
    running.signal(signal.SIGTERM)
    said = running.wait()
    assert said.status == 0, said.err
    assert f"listening on 127.0.0.1:{port}" in said.out
    assert not runs(worker)
    assert house.on.webhook_token not in said.out + said.err
    assert not asking.worker_runs(house.on.deployment)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_both_end_when_told(house: House, number: signal.Signals) -> None:
    running, port = serving(house)
    (worker,) = workers_of(running.pid)
    running.signal(number)
    said = running.wait()

    assert said.status == 0, said.err
    assert not runs(worker)
    assert answers(port, "/health") == 0
    assert "started again" not in said.err
    assert "Traceback" not in said.err


def test_a_killed_worker_is_started_again(house: House) -> None:
    running, port = serving(house)
    (first,) = workers_of(running.pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: workers_of(running.pid) not in ([], [first]), within_s=120, what="another worker")
    assert answers(port, "/health") == 200
    invoice = house.on.invoice()
    house.on.ask(invoice)
    until(lambda: house.on.ended(invoice), within_s=90, what="the end of the hand-over by the new worker")

    assert "the worker ended with status -9; started again in 0.5 s" in running.err
    running.signal(signal.SIGTERM)
    assert running.wait().status == 0


def test_no_worker_goes_on_without_its_serve(house: House) -> None:
    running, _ = serving(house)
    (worker,) = workers_of(running.pid)
    os.kill(running.pid, signal.SIGKILL)

    assert running.wait().status == -signal.SIGKILL
    until(lambda: not runs(worker), within_s=120, what="the worker's end")
    assert not asking.worker_runs(house.on.deployment)


def test_a_port_that_is_taken(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        said = house.terminal.run("serve", env={"LISTEN": listen})

    assert said.status == 3
    assert said.sentence == f"The address in LISTEN ({listen}) cannot be listened on: Address already in use."
    assert not asking.worker_runs(house.on.deployment)


@pytest.mark.parametrize("address", ["192.0.2.1:8080", "nowhere.invalid:8080"])
def test_an_address_of_another_machine(house: House, address: str) -> None:
    said = house.terminal.run("serve", env={"LISTEN": address})

    assert said.status == 3
    assert said.sentence.startswith(f"The address in LISTEN ({address}) cannot be listened on")


def test_a_worker_alone_ends_when_told(house: House) -> None:
    running = house.terminal.start("worker")
    until(lambda: re.search("worker .* is ready", running.err) is not None, within_s=120, what="the worker")
    running.signal(signal.SIGTERM)
    said = running.wait()

    assert said.status == 0
    assert "Traceback" not in said.err
    assert not asking.worker_runs(house.on.deployment)
