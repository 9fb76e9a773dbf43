"""The daily mail from real workers: sent on the schedule, and once, whoever is killed and started again."""

from __future__ import annotations

from pathlib import Path

from connector.domain.dates import today
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import Origin, Request
from connector.domain.text import StoredWords
from connector.flows.events import requests
from connector.store import digests, hand_over_work
from connector.store.digests import DigestState
from connector.store.hand_over_work import Lease
from tests import quick_passwords
from tests.flows.mail_server import mail_server
from tests.flows.stage import CONNECTION, Stage, stage
from tests.flows.waiting import until

EVA = "eva@byran.example"
BO = "bo@byran.example"
PATIENCE_S = 60.0
BLOCKING = Finding(code="E3", severity=Severity.BLOCK, says=StoredWords("Nummer saknas.", "Missing."))


def block(on: Stage) -> None:
    """An invoice that findings stop."""
    db = on.deployment.databases.main
    wish = Request(connection=CONNECTION, invoice_id=on.invoice(), origin=Origin.COMMAND, asked_by="test")
    hand_over = requests.take(on.deployment, wish, lambda _job: None)
    lease = hand_over_work.claim(db, hand_over.id, for_s=60, settle_s=0)
    assert isinstance(lease, Lease)
    hand_over_work.block(db, lease, (BLOCKING,))


def add(on: Stage, email: str) -> None:
    quick_passwords.enter(
        on.deployment.databases.main, email=email, name="", password="a long password", connections=(CONNECTION,)
    )


def test_workers_send_each_mail_once_whatever_becomes_of_them(tmp_path: Path) -> None:
    with mail_server() as server:
        settings = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "amili@connector.example",
            "DIGEST_HOUR": "0",
        }
        with stage(tmp_path / "house", **settings) as on:
            db = on.deployment.databases.main
            block(on)
            add(on, EVA)
            # A worker died while it sent this one.
            add(on, BO)
            assert digests.begin(db, BO, today())

            def eva_has_it() -> bool:
                return digests.of_day(db, today()).get(EVA) is DigestState.SENT

            workers = [on.start_worker()]
            try:
                until(eva_has_it, within_s=PATIENCE_S, what="Eva's mail")
                workers[0].kill()
                workers.append(on.start_worker())
                on.ask(on.invoice())
                until(lambda: on.amili.cases != {}, within_s=PATIENCE_S, what="the second worker's work")
            finally:
                for one in workers:
                    one.kill()
                    one.communicate(timeout=30)

            assert [mail["To"] for mail in server.mails()].count(EVA) == 1
            assert BO not in [mail["To"] for mail in server.mails()]
