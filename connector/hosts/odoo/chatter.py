"""Internal notes in an invoice's chatter: seen by the company's own people, mailed to no one
(API.md, "Rights and companies")."""

from __future__ import annotations

from html import escape

from connector.hosts.base import LedgerMessage
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import Record

_DOMAIN = "amili-connector.invalid"


def post(client: OdooClient, move_id: int, message: LedgerMessage, context: Record) -> None:
    """Leave `message` as a note. Raises the errors of `OdooClient.call`.

    A "notification" does not make its author follow the invoice, and the subtype "Note" is internal, so that
    no customer who follows the invoice is told.
    """
    client.call(
        "account.move",
        "message_post",
        ids=[move_id],
        body=_html(message),
        body_is_html=True,
        message_type="notification",
        subtype_xmlid="mail.mt_note",
        message_id=_message_id(message),
        context=context,
        **_author(client),
    )


def _author(client: OdooClient) -> Record:
    """Return what a note must say of its author in addition, where Odoo takes none of a user without an e-mail address.

    Nothing is ever sent from the address that is given in its place.
    """
    if not client.dialect.notes_need_address:
        return {}
    uid = client.call("res.users", "context_get")["uid"]
    (user,) = client.call("res.users", "read", ids=[uid], fields=["email", "partner_id"])
    if user["email"]:
        return {}
    author = {"author_id": user["partner_id"][0]} if user["partner_id"] else {}
    return {**author, "email_from": f"amili-connector@{_DOMAIN}"}


def stands(client: OdooClient, move_id: int, message: LedgerMessage, context: Record) -> bool:
    """Return whether `message` has been left already."""
    found = client.call(
        "mail.message",
        "search_count",
        domain=[
            ("model", "=", "account.move"),
            ("res_id", "=", move_id),
            ("message_id", "=", _message_id(message)),
        ],
        context=context,
    )
    return bool(found)


def _message_id(message: LedgerMessage) -> str:
    # Odoo keeps the Message-Id that it is given, and finds messages by it.
    return f"<{message.key}@{_DOMAIN}>"


def _html(message: LedgerMessage) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in message.lines)
    listed = f"<ul>{lines}</ul>" if lines else ""
    link = f'<p><a href="{escape(message.link)}">{escape(message.link_text)}</a></p>' if message.link else ""
    return f"<p><b>{escape(message.title)}</b></p>{listed}{link}"
