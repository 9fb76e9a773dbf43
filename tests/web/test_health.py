"""What is told to those who run the deployment, and that nobody is named there."""

from __future__ import annotations

import re

from flask import Flask

from connector.domain.connection import FirstAction
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.domain.reconcile import DifferenceKind, unknown_case
from connector.flows.deployment import Deployment
from connector.store import comparisons, executors, hand_overs, inbox, troubles
from connector.store.troubles import Failing
from tests.web.conftest import add_company
from tests.web.visitor import Visitor


def metric(visitor: Visitor, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", visitor.get("/metrics").text, re.MULTILINE)
    return float(value)


def test_the_process_is_up_whatever_else_is_not(visitor: Visitor, deployment: Deployment) -> None:
    break_store(deployment)
    response = visitor.get("/health")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_ready_needs_a_worker_that_lives(visitor: Visitor, deployment: Deployment) -> None:
    response = visitor.get("/ready")
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["worker"] == "silent"
    executors.enrol(deployment.databases.main, "host:1:a")
    response = visitor.get("/ready")
    assert response.status_code == 200
    assert response.json == {"status": "ok", "databases": "ok", "worker": "alive", "oldest_waiting_s": 0.0}


def test_a_worker_silent_for_long_is_not_alive(visitor: Visitor, deployment: Deployment) -> None:
    executors.enrol(deployment.databases.main, "host:1:a")
    with deployment.databases.main.begin() as connection:
        connection.exec_driver_sql("UPDATE executors SET beat_at = beat_at - 16")
    assert visitor.get("/ready").status_code == 503
    assert metric(visitor, "amili_connector_worker_alive") == 0


def test_ready_is_not_while_workers_are_started_and_die(visitor: Visitor, deployment: Deployment) -> None:
    main = deployment.databases.main
    executors.enrol(main, "host:9:alive")
    for number in range(2):
        executors.enrol(main, f"host:{number}:dead")
        executors.bury(main, f"host:{number}:dead")
    assert visitor.get("/ready").status_code == 200, "two are an accident"
    executors.enrol(main, "host:3:dead")
    executors.bury(main, "host:3:dead")
    response = visitor.get("/ready")
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["worker"] == "dying"
    assert metric(visitor, "amili_connector_worker_deaths") == 3
    with main.begin() as connection:
        connection.exec_driver_sql("UPDATE worker_deaths SET died_at = died_at - 301")
    assert visitor.get("/ready").status_code == 200, "it has lived since"


def test_ready_says_when_the_databases_do_not_answer_without_saying_more(
    visitor: Visitor, deployment: Deployment
) -> None:
    break_store(deployment)
    response = visitor.get("/ready")
    assert (response.status_code, response.json) == (503, {"status": "unavailable", "databases": "unreachable"})


def test_one_companys_old_work_is_told_but_takes_nobodys_pages_away(visitor: Visitor, deployment: Deployment) -> None:
    executors.enrol(deployment.databases.main, "host:1:a")
    inbox.put_hint(deployment.databases.inbox, "alfa", "7")
    with deployment.databases.inbox.begin() as connection:
        connection.exec_driver_sql("UPDATE inbox SET received_at = received_at - 86400")
    response = visitor.get("/ready")
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["oldest_waiting_s"] >= 86_400
    assert metric(visitor, "amili_connector_oldest_waiting_seconds") >= 86_400


def test_what_waits_is_whatever_waits_and_not_the_inbox_alone(visitor: Visitor, deployment: Deployment) -> None:
    main = deployment.databases.main
    assert metric(visitor, "amili_connector_oldest_waiting_seconds") == 0
    add_company(deployment, "alfa", "Alfa AB")
    failing = Failing(system="Amili", operation="list open cases", status=403, refused=True)
    troubles.note(main, "cases", "default", failing, access="default")
    with main.begin() as connection:
        connection.exec_driver_sql("UPDATE troubles SET since = since - 4000")
    assert metric(visitor, "amili_connector_oldest_waiting_seconds") >= 4_000
    assert metric(visitor, 'amili_connector_failing_steps{step="cases"}') == 1
    request = Request(connection="alfa", invoice_id="7", origin=Origin.PAGE, asked_by="eva@byran.example")
    creditor = deployment.connection("alfa").settings.creditor
    hand_overs.ask(main, request, creditor=creditor, default_action=FirstAction.REMINDER)
    with main.begin() as connection:
        connection.exec_driver_sql("UPDATE hand_overs SET asked_at = asked_at - 9000")
    assert metric(visitor, "amili_connector_oldest_waiting_seconds") >= 9_000


def test_metrics_count_hand_overs_by_state_and_name_nobody(app: Flask, deployment: Deployment) -> None:
    add_company(deployment, "hemligabolaget", "Hemliga Bolaget AB")
    request = Request(connection="hemligabolaget", invoice_id="7", origin=Origin.PAGE, asked_by="eva@byran.example")
    connection = deployment.connection("hemligabolaget")
    hand_overs.ask(
        deployment.databases.main,
        request,
        creditor=connection.settings.creditor,
        default_action=connection.settings.first_action,
    )
    visitor = Visitor(app)
    assert metric(visitor, 'amili_connector_hand_overs{state="requested"}') == 1
    text = visitor.get("/metrics").text
    assert set(re.findall(r'state="(\w+)"', text)) == set(HandOverState)
    assert set(re.findall(r'kind="(\w+)"', text)) == set(DifferenceKind)
    assert not re.search(r"hemliga|eva@|byran|INV", text, re.IGNORECASE)
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? \S+", line) for line in text.splitlines())


def test_metrics_count_what_does_not_agree_and_comparisons_that_fail(visitor: Visitor, deployment: Deployment) -> None:
    add_company(deployment, "alfa")
    db = deployment.databases.main
    comparisons.enrol(db, "alfa", due_at=0.0)
    comparisons.keep(db, "alfa", (unknown_case("c1", "1", None), unknown_case("c2", "2", None)), cases=0, began_at=1.0)
    assert metric(visitor, 'amili_connector_differences{kind="unknown_case"}') == 2
    assert metric(visitor, 'amili_connector_differences{kind="case_gone"}') == 0
    assert metric(visitor, "amili_connector_failing_comparisons") == 0

    comparisons.failed(db, "alfa", why="Amili: does not answer.")

    assert metric(visitor, "amili_connector_failing_comparisons") == 1


def break_store(deployment: Deployment) -> None:
    with deployment.databases.main.begin() as connection:
        connection.exec_driver_sql("DROP TABLE executors")
