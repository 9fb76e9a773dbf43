"""Sending one mail through the deployment's mail server, and what is known of it afterwards."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing
from email.message import EmailMessage

from connector.settings import Settings


class MailServerFails(Exception):
    """No conversation with the mail server came about, so nothing was sent to anybody."""


class MailRefused(Exception):
    """The mail server clearly did not take this mail."""


class MailOutcomeUnknown(Exception):
    """The mail server went silent while it had, or may have had, the mail."""


def send(settings: Settings, mail: EmailMessage) -> None:
    """Send one mail to its one addressee. Raises the errors of this module, which name no address."""
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerFails(_kind(error)) from None
    with closing(server):
        try:
            server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as error:
            raise MailRefused(_kind(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailOutcomeUnknown(_kind(error)) from None


def _connected(settings: Settings) -> smtplib.SMTP:
    wait_s = settings.connect_timeout_s + settings.read_timeout_s
    domain = settings.mail_from.rpartition("@")[2]
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, local_hostname=domain, timeout=wait_s, context=context
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, local_hostname=domain, timeout=wait_s)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _kind(error: Exception) -> str:
    """The error's kind and the server's code; its text may quote an address."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else ""
    return f"{type(error).__name__} {code}".strip()
