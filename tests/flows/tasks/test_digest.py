"""The daily mail, through a real mail server: who gets what, once a day, and what happens when the server fails."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from connector.domain.dates import today
from connector.domain.findings import Finding, Severity
from connector.domain.text import StoredWords
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.tasks import digest, tasks
from connector.flows.tasks.digest import send_due, until_due_s
from connector.settings import Settings
from connector.store import digests, hand_over_work, hand_overs, users
from connector.store.digests import DigestState
from tests import quick_passwords
from tests.certificates import self_signed
from tests.conftest import SettingsFactory
from tests.flows.mail_server import MailServer, mail_server
from tests.store.samples import CONNECTION, add_connection, ask, blocked, claimed

EVA = "eva@byran.example"
BO = "bo@byran.example"
SENDER = "amili@connector.example"
TODAY = today()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def deployment(settings_factory: SettingsFactory, server: MailServer) -> Iterator[Deployment]:
    """One company, Eva, who may use it, and a mail server."""
    opened = open_deployment(
        settings_factory(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            mail_from=SENDER,
            public_url="https://connector.example",
        )
    )
    add_connection(opened.databases, opened.vault)
    add_person(opened, EVA, CONNECTION)
    yield opened
    opened.close()


def add_person(deployment: Deployment, email: str, *companies: str, language: str = "sv") -> None:
    quick_passwords.enter(
        deployment.databases.main,
        email=email,
        name=email,
        password="a long password",
        connections=companies,
        language=language,
    )


def changed(deployment: Deployment, **values: object) -> Deployment:
    """The same deployment with other settings."""
    return Deployment(deployment.settings.model_copy(update=values), deployment.databases, deployment.vault)


def state(deployment: Deployment, email: str = EVA) -> DigestState | None:
    return digests.of_day(deployment.databases.main, today()).get(email)


def said(caplog: pytest.LogCaptureFixture) -> str:
    """What the connector itself logged."""
    return "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("connector"))


def text(mail: EmailMessage) -> str:
    return str(mail.get_content())


def test_a_person_is_told_what_waits_and_where_and_of_no_customer(deployment: Deployment, server: MailServer) -> None:
    hand_over, _ = ask(deployment.databases, invoice_number="10045")
    told = Finding(
        code="E15", severity=Severity.WARNING, says=StoredWords("Numret används av Kund AB.", "Used by Kund AB.")
    )
    hand_over_work.block(deployment.databases.main, claimed(deployment.databases, hand_over), (told,))

    send_due(deployment, TODAY)

    (envelope,), (mail,) = server.taken, server.mails()
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [EVA])
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == (SENDER, EVA, "auto-generated")
    assert mail["Subject"] == "Amili-kopplingen: 1 uppgift väntar"
    assert mail.get_content_type() == "text/plain"
    for shown in (
        "Testbolaget AB",
        "Faktura 10045 stoppades och är inte skickad (sedan i dag)",
        f"https://connector.example/hand-overs/{hand_over.id}",
        "https://connector.example/tasks",
    ):
        assert shown in text(mail)
    assert "Kund AB" not in text(mail)
    assert state(deployment) is DigestState.SENT


def test_it_is_sent_once_a_day_however_often_it_is_due(deployment: Deployment, server: MailServer) -> None:
    blocked(deployment.databases)
    at_once = [threading.Thread(target=send_due, args=(deployment, today())) for _ in range(4)]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    send_due(deployment, today())

    assert len(server.taken) == 1


def test_nothing_is_sent_when_nothing_waits_nor_later_that_day(deployment: Deployment, server: MailServer) -> None:
    send_due(deployment, TODAY)
    blocked(deployment.databases)
    send_due(deployment, TODAY)

    assert server.taken == []
    assert state(deployment) is DigestState.NOTHING


def test_what_was_skipped_is_in_no_mail(deployment: Deployment, server: MailServer) -> None:
    db = deployment.databases.main
    blocked(deployment.databases)
    (task,) = tasks.gather(db)
    tasks.skip(db, task, by=EVA, reason="Betald")
    send_due(deployment, TODAY)

    assert server.taken == []


def test_each_is_told_of_their_own_companies_in_their_own_language(deployment: Deployment, server: MailServer) -> None:
    add_person(deployment, BO, "*", language="en")
    add_person(deployment, "other@byran.example", "another-company")
    blocked(deployment.databases, invoice_number="10045")
    send_due(deployment, TODAY)

    found = {mail["To"]: mail for mail in server.mails()}
    assert set(found) == {EVA, BO}
    assert found[BO]["Subject"] == "Amili connector: 1 task waits"
    assert "Invoice 10045 was stopped and is not sent" in text(found[BO])
    assert [len(one.rcpt_tos) for one in server.taken] == [1, 1]


def test_a_colleagues_task_is_no_news_and_a_task_of_ones_own_is_marked(
    deployment: Deployment, server: MailServer
) -> None:
    add_person(deployment, BO, CONNECTION)
    blocked(deployment.databases, asked_by=BO)
    send_due(deployment, TODAY)

    (mail,) = server.mails()
    assert mail["To"] == BO
    assert ", din)" in text(mail)


def test_whoever_wants_no_mail_gets_none(deployment: Deployment, server: MailServer) -> None:
    users.set_digest(deployment.databases.main, EVA, wanted=False)
    blocked(deployment.databases)
    send_due(deployment, TODAY)
    assert server.taken == []

    users.set_digest(deployment.databases.main, EVA, wanted=True)
    send_due(deployment, TODAY)
    assert len(server.taken) == 1


def test_a_long_list_is_cut_with_how_many_are_left_out(deployment: Deployment, server: MailServer) -> None:
    for number in range(53):
        blocked(deployment.databases, invoice_id=str(number), invoice_number=f"N{number}")
    send_due(deployment, TODAY)

    (mail,) = server.mails()
    assert "53 uppgifter väntar" in mail["Subject"]
    assert text(mail).count("/hand-overs/") == 50
    assert "… och 3 till." in text(mail)


@pytest.mark.parametrize("answer", ["recipient_answer", "mail_answer"])
def test_a_mail_that_is_clearly_refused_is_tried_again_that_day(
    deployment: Deployment, server: MailServer, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    blocked(deployment.databases)
    setattr(server, answer, f"451 not now, {EVA}")
    with caplog.at_level(logging.INFO):
        send_due(deployment, TODAY)
    assert state(deployment) is DigestState.FAILED
    assert "tried again later" in said(caplog)
    assert EVA not in said(caplog)

    setattr(server, answer, "")
    send_due(deployment, TODAY)
    assert len(server.taken) == 1


def test_one_persons_refused_mail_does_not_keep_back_the_others(deployment: Deployment, server: MailServer) -> None:
    add_person(deployment, "nobody@[broken", CONNECTION)
    add_person(deployment, BO, CONNECTION)
    blocked(deployment.databases)
    send_due(deployment, TODAY)

    assert {BO, EVA} <= {mail["To"] for mail in server.mails()}


def test_without_a_mail_server_it_is_tried_again_that_day(
    deployment: Deployment, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    blocked(deployment.databases)
    # Nobody listens on the port for discarding.
    gone = changed(deployment, smtp_port=9)
    for _ in range(digests.MOST_TRIES + 1):
        send_due(gone, TODAY)
    assert state(deployment) is None
    assert "cannot be used" in said(caplog)

    send_due(deployment, TODAY)
    assert len(server.taken) == 1


def test_a_server_that_goes_silent_with_the_mail_is_not_given_it_twice(
    deployment: Deployment, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    blocked(deployment.databases)
    server.silent = True
    send_due(deployment, TODAY)
    server.silent = False
    send_due(deployment, TODAY)

    assert len(server.taken) == 1
    assert "went silent" in said(caplog)
    assert EVA not in said(caplog)


def test_a_round_that_comes_too_late_sends_nothing(deployment: Deployment, server: MailServer) -> None:
    blocked(deployment.databases)
    send_due(deployment, today() - timedelta(days=1))

    assert server.taken == []


def at(hour: int, minute: int = 0) -> float:
    """An instant of a winter's day in Sweden."""
    return datetime(2026, 11, 24, hour - 1, minute, tzinfo=UTC).timestamp()


def test_a_round_is_due_from_the_chosen_hour_on_in_sweden(deployment: Deployment) -> None:
    settings = deployment.settings
    assert until_due_s(settings, at(6, 59)) == 60
    assert until_due_s(settings, at(7)) == until_due_s(settings, at(7, 14)) == until_due_s(settings, at(23)) == 0
    assert until_due_s(settings.model_copy(update={"smtp_host": ""}), at(12)) == float("inf")


def encrypted(settings: Settings, port: int, password: str = "right") -> dict[str, object]:
    """Settings for a server that asks for encryption and a password."""
    given = Settings.model_validate(
        settings.model_dump()
        | {
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_security": "starttls",
            "smtp_user": "connector",
            "smtp_password": password,
        }
    )
    return {name: getattr(given, name) for name in Settings.model_fields if name.startswith("smtp_")}


def test_password_and_mail_go_only_over_an_encrypted_way_to_a_known_server(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pem, secret = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, secret)
    blocked(deployment.databases)
    with mail_server(tls_context=context, require_starttls=True, auth_required=True) as strict:
        unknown = changed(deployment, **encrypted(deployment.settings, strict.port))
        send_due(unknown, TODAY)
        assert (strict.logins, strict.taken) == ([], [])

        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        send_due(changed(deployment, **encrypted(deployment.settings, strict.port, "wrong-canary")), TODAY)
        assert strict.taken == []
        assert "SMTPAuthenticationError 535" in said(caplog)
        assert "wrong-canary" not in said(caplog)

        send_due(unknown, TODAY)
        assert len(strict.taken) == 1
        assert strict.logins[-1] == ("connector", "right")


def test_a_server_without_encryption_is_given_nothing(deployment: Deployment, server: MailServer) -> None:
    blocked(deployment.databases)
    send_due(changed(deployment, **encrypted(deployment.settings, server.port)), TODAY)

    assert (server.logins, server.taken) == ([], [])


def test_a_hand_over_that_went_through_is_in_no_mail(deployment: Deployment, server: MailServer) -> None:
    hand_over, _ = ask(deployment.databases)
    assert hand_overs.get(deployment.databases.main, hand_over.id).id == hand_over.id
    send_due(deployment, TODAY)
    assert server.taken == []
    assert digest.for_person(deployment, users.every(deployment.databases.main)[0]) == ()
