"""The invoice's PDF: the stored one, else rendered without a trace, else made by the wizard and sent to nobody."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import responses

from connector.domain.errors import NotAuthorised, NotFound, OutcomeUnknown
from connector.hosts.base import PdfUnavailable
from connector.hosts.odoo.pdf import fetch_pdf
from tests.hosts.odoo.recorded_documents import SETTINGS, client, endpoint, says, sent

READ, CREATE = "account.move/search_read", "account.move.send.wizard/create"
SEND = "account.move.send.wizard/action_send_and_print"
RUN = "ir.actions.server/run"
CONTENT = b"%PDF-1.4 the invoice"
WITH_ACTION = SETTINGS.model_copy(update={"pdf_action_id": 304})


def rendered(content: bytes) -> dict[str, Any]:
    return {"type": "ir.actions.act_window_close", "pdf": base64.b64encode(content).decode()}


def move(content: bytes | None, state: str = "posted") -> list[dict[str, Any]]:
    return [
        {
            "id": 7,
            "name": "INV/2026/00007",
            "state": state,
            "invoice_pdf_report_id": [499, "INV_2026_00007.pdf"] if content else False,
            "invoice_pdf_report_file": base64.b64encode(content).decode() if content else False,
        }
    ]


@responses.activate
def test_a_stored_pdf_is_read_and_nothing_else_is_done() -> None:
    says(READ, move(CONTENT))

    pdf = fetch_pdf(client(), "7", SETTINGS)

    assert (pdf.content, pdf.file_name, pdf.invoice_number) == (CONTENT, "INV_2026_00007.pdf", "INV/2026/00007")
    assert [call for call, _ in sent()] == [READ]


@responses.activate
def test_a_stored_pdf_is_taken_before_anything_is_rendered() -> None:
    says(READ, move(CONTENT))
    assert fetch_pdf(client(), "7", WITH_ACTION).content == CONTENT
    assert [call for call, _ in sent()] == [READ]


@responses.activate
def test_a_missing_pdf_is_rendered_by_the_installed_action() -> None:
    says(READ, move(None))
    says(RUN, rendered(CONTENT))

    pdf = fetch_pdf(client(), "7", WITH_ACTION)

    assert (pdf.content, pdf.file_name, pdf.invoice_number) == (CONTENT, "INV_2026_00007.pdf", "INV/2026/00007")
    (_, (call, body)) = sent()
    assert call == RUN
    assert body == {
        "ids": [304],
        "context": {
            "allowed_company_ids": [1],
            "active_model": "account.move",
            "active_id": 7,
            "active_ids": [7],
        },
    }


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"message": "Record does not exist or has been deleted."}, 404),
        ({"message": "You don't have enough access rights to run this action."}, 403),
        ({"message": "Unable to find Wkhtmltopdf on this system."}, 422),
        ({"message": "NameError"}, 500),
        ({"type": "ir.actions.act_window_close"}, 200),
        ({"type": "ir.actions.act_window_close", "pdf": "no base64"}, 200),
        (rendered(b"<html>"), 200),
        (False, 200),
    ],
)
@responses.activate
def test_where_the_action_fails_the_wizard_makes_the_pdf(
    caplog: pytest.LogCaptureFixture, answer: Any, status: int
) -> None:
    says(READ, move(None))
    says(RUN, answer, status=status)
    says(CREATE, [31])
    says(SEND, {})
    says(READ, move(CONTENT))

    assert fetch_pdf(client(), "7", WITH_ACTION).content == CONTENT
    assert [call for call, _ in sent()] == [READ, RUN, CREATE, SEND, READ]
    assert "action 304" in caplog.text


@responses.activate
def test_a_key_that_ran_out_is_no_failure_of_the_action() -> None:
    says(READ, move(None))
    says(RUN, {"message": "Invalid apikey"}, status=401)
    with pytest.raises(NotAuthorised):
        fetch_pdf(client(), "7", WITH_ACTION)
    assert [call for call, _ in sent()] == [READ, RUN]


@pytest.mark.parametrize("state", ["draft", "cancel"])
@responses.activate
def test_what_is_not_posted_is_not_printed(state: str) -> None:
    says(READ, move(None, state))
    with pytest.raises(PdfUnavailable, match="not posted"):
        fetch_pdf(client(), "7", WITH_ACTION)
    assert [call for call, _ in sent()] == [READ]


@responses.activate
def test_a_missing_pdf_is_made_and_sent_to_nobody() -> None:
    says(READ, move(None))
    says(CREATE, [31])
    says(SEND, {"type": "ir.actions.act_window_close"})
    says(READ, move(CONTENT))

    assert fetch_pdf(client(), "7", SETTINGS).content == CONTENT

    calls = sent()
    assert [call for call, _ in calls] == [READ, CREATE, SEND, READ]
    assert calls[1][1]["vals_list"] == [{"move_id": 7, "sending_methods": [], "template_id": False}]
    assert calls[2][1]["ids"] == [31]
    assert {str(body["context"]) for _, body in calls} == {"{'allowed_company_ids': [1]}"}


@pytest.mark.parametrize("refusing", [CREATE, SEND])
@pytest.mark.parametrize("status", [403, 422])
@responses.activate
def test_odoos_words_say_why_there_is_none(refusing: str, status: int) -> None:
    says(READ, move(None))
    for call, result in ((CREATE, [31]), (SEND, {})):
        if call == refusing:
            says(call, {"message": "Du kan inte generera fakturor som inte bokförs."}, status=status)
            break
        says(call, result)

    with pytest.raises(PdfUnavailable, match="Du kan inte generera fakturor"):
        fetch_pdf(client(), "7", SETTINGS)


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "made no PDF"), (b"<html>", "is not one"), (b"PK\x03\x04", "is not one")]
)
@responses.activate
def test_what_is_no_pdf_is_not_passed_on(content: bytes | None, complaint: str) -> None:
    says(READ, move(None))
    says(CREATE, [31])
    says(SEND, {})
    says(READ, move(content))
    with pytest.raises(PdfUnavailable, match=complaint):
        fetch_pdf(client(), "7", SETTINGS)


@pytest.mark.parametrize("stored", ["182.13 Kb", "åäö", 7])
@responses.activate
def test_stored_data_that_is_no_base64(stored: object) -> None:
    says(READ, [move(CONTENT)[0] | {"invoice_pdf_report_file": stored}])
    with pytest.raises(PdfUnavailable, match="cannot be read"):
        fetch_pdf(client(), "7", SETTINGS)


@responses.activate
def test_an_unanswered_wizard_leaves_the_outcome_unknown() -> None:
    says(READ, move(None))
    says(CREATE, [31])
    responses.post(endpoint(SEND), status=502)
    with pytest.raises(OutcomeUnknown):
        fetch_pdf(client(), "7", SETTINGS)


@responses.activate
def test_an_unknown_invoice_is_not_found() -> None:
    says(READ, [])
    with pytest.raises(NotFound):
        fetch_pdf(client(), "7", SETTINGS)
