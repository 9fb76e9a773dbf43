"""The inbox, the archive and the attachment service of the Fortnox imitation (fortnox/API.md, "Files")."""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Flask, Response, request

from connector.sandbox.fortnox.calls import Call, serve
from connector.sandbox.fortnox.documents import API
from connector.sandbox.fortnox.errors import AttachmentRefused, Refused, attachment_refusal, not_found
from connector.sandbox.fortnox.files import Attachment
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Change
from connector.sandbox.shared.wire import as_json

BASE = "/api/fileattachments/attachments-v1"
KINDS = ("OF", "O", "F", "C", "LGR_IO", "LGR_IG")
INVOICE = "F"
FOLDERS = tuple(f"Inbox_{name}" for name in ("a", "d", "s", "v", "b", "l", "kf", "o", "of"))


def _upload(call: Call) -> Response:
    folder = request.args.get("path") or request.args.get("folderId", "")
    if folder not in FOLDERS:
        raise not_found("mappen")
    sent = request.files.get("file")
    if sent is None:
        raise Refused("Filen saknas.")
    file = call.files.upload(sent.filename or "fil.pdf", folder, sent.read())
    call.wrote(["file"])
    row = {
        "@url": f"{API}/inbox/{file.id}", "Id": file.id, "ArchiveFileId": file.archive_id, "Name": file.name,
        "Path": folder, "Size": len(file.content), "Comments": None,
    }  # fmt: skip
    return as_json({"File": row}, 201)


def _content(call: Call, number: str) -> Response:
    file = call.files.find(request.args.get("fileid", number))
    if file is None:
        raise not_found("filen")
    return Response(file.content, content_type="application/octet-stream")


def _shown(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id, "entityId": attachment.entity, "entityType": attachment.kind,
        "fileId": attachment.file_id, "includeOnSend": attachment.include_on_send,
    }  # fmt: skip


def _sent() -> Any:
    try:
        return json.loads(request.get_data())
    except ValueError:
        raise AttachmentRefused("missing_mandatory_field") from None


def _check(call: Call, wanted: dict[str, Any]) -> None:
    if not {"entityId", "entityType", "fileId"} <= set(wanted) or wanted["entityType"] not in KINDS:
        raise AttachmentRefused("missing_mandatory_field")
    number = str(wanted["entityId"])
    if wanted["entityType"] != INVOICE or number not in call.books.invoices:
        raise AttachmentRefused("document_not_found", 404)
    if call.books.locked(call.books.invoice(number)) and not call.switches.attachments_on_booked:
        raise AttachmentRefused("field_not_writable")
    file = call.files.stored.get(wanted["fileId"])
    if file is None:
        raise AttachmentRefused("file_not_found", 404)
    if not file.content.startswith(b"%PDF-"):
        raise AttachmentRefused("wrong_file_type")
    if len(file.content) > call.switches.attachment_max_bytes:
        raise AttachmentRefused("file_too_big")
    if len(call.files.attached_to(wanted["entityId"], INVOICE)) >= call.switches.attachment_max_count:
        raise AttachmentRefused("attachment_files_max_count_exceeded")


def _attach(call: Call) -> Response:
    wanted = _sent()
    if not isinstance(wanted, list) or not wanted:
        raise AttachmentRefused("no_attachment_provided")
    for one in wanted:
        _check(call, one)
    made = [
        call.files.attach(
            one["entityId"], one["entityType"], one["fileId"], include_on_send=bool(one.get("includeOnSend"))
        )
        for one in wanted
    ]
    for attachment in made:
        call.books.change_invoice(str(attachment.entity), {}, Change.ATTACHMENT)
    call.wrote(["attachment"])
    return as_json([_shown(one) for one in made], 201)


def _entities(name: str) -> list[int]:
    given = [part for value in request.args.getlist(name) for part in value.split(",")]
    if not given or not all(part.isdecimal() for part in given) or request.args.get("entitytype") not in KINDS:
        raise AttachmentRefused("missing_mandatory_field")
    return [int(part) for part in given]


def _list(call: Call) -> Response:
    kind = request.args.get("entitytype", "")
    found = [one for entity in _entities("entityid") for one in call.files.attached_to(entity, kind)]
    return as_json([_shown(one) for one in found])


def _count(call: Call) -> Response:
    kind = request.args.get("entitytype", "")
    counts = [
        {"entityId": entity, "numberOfAttachments": len(call.files.attached_to(entity, kind))}
        for entity in _entities("entityids")
    ]
    return as_json(counts)


def _validate(call: Call) -> Response:
    for one in _sent():
        _check(call, one)
    return Response(status=204)


def _update(call: Call, number: str) -> Response:
    changed = call.files.set_include(number, include_on_send=bool(_sent().get("includeOnSend")))
    call.wrote(["includeOnSend"])
    return as_json(_shown(changed))


def _detach(call: Call, number: str) -> Response:
    removed = call.files.detach(number)
    call.books.change_invoice(str(removed.entity), {}, Change.ATTACHMENT)
    call.wrote()
    return Response(status=204)


def add_attachments(app: Flask, state: FortnoxState) -> None:
    """Put the inbox, the archive and the attachment service on `app`."""
    serve(app, state, "POST", "/3/inbox", "upload_file", _upload)
    serve(app, state, "GET", "/3/inbox/<number>", "inbox_file", _content)
    serve(app, state, "GET", "/3/archive/<number>", "archive_file", _content)
    serve(app, state, "GET", BASE, "list_attachments", _list)
    serve(app, state, "POST", BASE, "attach", _attach)
    serve(app, state, "GET", f"{BASE}/numberofattachments", "count_attachments", _count)
    serve(app, state, "POST", f"{BASE}/validateincludedonsend", "validate_attachments", _validate)
    serve(app, state, "PUT", f"{BASE}/<number>", "update_attachment", _update)
    serve(app, state, "DELETE", f"{BASE}/<number>", "detach", _detach)

    @app.errorhandler(AttachmentRefused)
    def refused(error: AttachmentRefused) -> Response:
        return attachment_refusal(error, secrets.token_hex(4))
