"""The daily mail of what waits: to each person at most one a day, in their language, none when nothing waits.

It names companies and invoice numbers, and no customer.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from itertools import groupby
from typing import Final

from connector.domain.dates import STOCKHOLM, today
from connector.domain.text import text
from connector.flows import troubles
from connector.flows.deployment import Deployment
from connector.flows.job import DEPLOYMENT, job
from connector.flows.outcome import STOP, Outcome, Then
from connector.flows.tasks import mailbox, tasks
from connector.flows.tasks.mailbox import MailOutcomeUnknown, MailRefused, MailServerFails
from connector.flows.tasks.task import Task
from connector.settings import Settings
from connector.store import digests, users
from connector.store.digests import DigestState
from connector.store.users import User
from connector.words import say

log = logging.getLogger(__name__)

ROUND_S: Final = 900.0
"""How often it is looked whether someone's mail is still to be sent: what failed is tried again then."""
_MOST_LISTED = 50
_PLAIN_ADDRESS: Final = re.compile(r"""[^\s@<>,;:"()\[\]\\]+@[^\s@<>,;:"()\[\]\\]+""")
_KEPT_FOR = timedelta(days=60)


def until_due_s(settings: Settings, now_s: float) -> float:
    """In how many seconds mail is to be sent, by Stockholm's clock: 0 from the chosen hour on; infinite for never."""
    here = datetime.fromtimestamp(now_s, STOCKHOLM)
    if not settings.smtp_host:
        return float("inf")
    if here.hour >= settings.digest_hour:
        return 0.0
    begins = here.replace(hour=settings.digest_hour, minute=0, second=0, microsecond=0)
    return max(begins.timestamp() - now_s, 1.0)


@job("digest", every=ROUND_S, per=DEPLOYMENT, trouble=troubles.DIGEST, at_start=True)
def send(deployment: Deployment, _all: str) -> Outcome:
    """Send every mail of this day that is still to be sent, if its hour has come."""
    wait_s = until_due_s(deployment.settings, time.time())
    if wait_s > 0:
        return Outcome(Then.AGAIN, wait_s, worked=True) if wait_s < ROUND_S else STOP
    return send_due(deployment, today())


def send_due(deployment: Deployment, day: date) -> Outcome:
    """Send every mail of `day` that is still to be sent. One that is over sends nothing: the new day has its own."""
    if day != today():
        return STOP
    db = deployment.databases.main
    known = digests.of_day(db, day)
    open_still = (None, DigestState.FAILED)
    sent = 0
    for user in users.every(db):
        if not user.digest or known.get(user.email) not in open_still or not digests.begin(db, user.email, day):
            continue
        try:
            sent += _send(deployment, user, day)
        except MailServerFails as error:
            digests.withdraw(db, user.email, day)
            log.warning("daily mail: the mail server cannot be used (%s); tried again later", error)
            break
    if sent:
        log.info("daily mail: %d sent", sent)
    digests.forget(db, before=day - _KEPT_FOR)
    return STOP


def _send(deployment: Deployment, user: User, day: date) -> bool:
    db = deployment.databases.main
    found = for_person(deployment, user)
    if not found:
        digests.settle(db, user.email, day, DigestState.NOTHING)
        return False
    if not _PLAIN_ADDRESS.fullmatch(user.email):
        digests.settle(db, user.email, day, DigestState.FAILED)
        log.warning("daily mail: a user's address is none that mail can be sent to")
        return False
    try:
        mailbox.send(deployment.settings, written(found, user, deployment.settings))
    except MailRefused as error:
        digests.settle(db, user.email, day, DigestState.FAILED)
        log.warning("daily mail: the mail server did not take a mail (%s); tried again later", error)
        return False
    except MailOutcomeUnknown as error:
        log.warning("daily mail: the mail server went silent over a mail (%s); not sent again today", error)
        return False
    digests.settle(db, user.email, day, DigestState.SENT)
    return True


def for_person(deployment: Deployment, user: User) -> tuple[Task, ...]:
    """Return what waits for a person, or for no one in particular, in the companies they may use."""
    db = deployment.databases.main
    found = tasks.waiting(tasks.gather(db, tasks.usable_ids(db, user)))
    return tuple(task for task in found if task.owner in ("", user.email))


def written(found: tuple[Task, ...], user: User, settings: Settings) -> EmailMessage:
    """The mail that tells a person of these tasks."""
    language = user.language
    mail = EmailMessage()
    mail["Subject"] = say(text("mail.subject", count=len(found)), language)
    mail["From"] = settings.mail_from
    mail["To"] = user.email
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = language
    mail.set_content("\n".join(_lines(found, user, settings.public_url)) + "\n", cte="quoted-printable")
    return mail


def _lines(found: tuple[Task, ...], user: User, public_url: str) -> Iterator[str]:
    language = user.language
    yield say(text("mail.opening"), language)
    listed = sorted(found[:_MOST_LISTED], key=lambda task: (task.company, task.connection))
    for (company, _), some in groupby(listed, key=lambda task: (task.company, task.connection)):
        yield from ("", _one_line(company))
        for task in some:
            owner = f", {say(text('mail.yours'), language)}" if task.owner else ""
            yield f"- {_one_line(say(task.title, language))} ({_age(task, language)}{owner})"
            yield f"  {public_url}{task.path}"
    if len(found) > _MOST_LISTED:
        yield from ("", say(text("mail.more", count=len(found) - _MOST_LISTED), language))
    yield from ("", say(text("mail.list"), language), f"{public_url}/tasks", "", say(text("mail.ending"), language))


def _age(task: Task, language: str) -> str:
    days = tasks.age_days(task)
    return say(text("mail.days", count=days) if days else text("mail.today"), language)


def _one_line(text: str) -> str:
    return " ".join(text.split())
