"""Uploading the original invoice. Source: amili/API.md, "Upload of the invoice"."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest

from connector.sandbox.shared.switches import AmiliSwitches
from tests.sandbox.conftest import Caller

PDF = b"%PDF-1.4 the invoice"


def form(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "file": (io.BytesIO(PDF), "original_invoice.pdf", "application/pdf"),
        "domain": "cases",
        "dotted_path": "original_invoice",
        **changes,
    }
    return {name: part for name, part in parts.items() if part is not None}


@pytest.fixture
def case(amili: Caller) -> str:
    identifier: str = amili.register().get_json()["_cases"][0]
    return identifier


def test_a_file_is_kept_and_answered_with_a_signed_address_alone(amili: Caller, case: str) -> None:
    answer = amili.upload(case, **form())
    assert answer.status_code == 201
    assert set(answer.get_json()) == {"url"}
    assert "Signature=" in answer.get_json()["url"]
    (kept,) = amili.client.get("/_sandbox/state").get_json()["cases"][0]["uploads"]
    assert kept == {
        "file_name": "original_invoice.pdf",
        "content_type": "application/pdf",
        "size_bytes": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
    }
    assert amili.client.get(f"/_sandbox/uploads/{case}/1").data == PDF


def test_the_answer_can_carry_a_status(amili: Caller, case: str) -> None:
    amili.state.switches.set(AmiliSwitches(media_status=True))
    assert amili.upload(case, **form()).get_json()["_status"] == "OK"


def test_the_case_can_show_that_it_has_the_invoice(amili: Caller, case: str) -> None:
    amili.state.switches.set(AmiliSwitches(shows_original_invoice=True))
    assert "original_invoice" not in amili.get(f"/cases/{case}").get_json()
    amili.upload(case, **form())
    assert amili.get(f"/cases/{case}").get_json()["original_invoice"]


def test_a_second_upload_is_seen(amili: Caller, case: str) -> None:
    amili.upload(case, **form())
    amili.upload(case, **form())
    assert len(amili.client.get("/_sandbox/state").get_json()["cases"][0]["uploads"]) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain": "letters"}, "Domain 'letters' is not valid."),
        ({"dotted_path": None}, "Dotted Path Not Found in request form"),
        ({"dotted_path": "invoice"}, "Dotted Path is not valid"),
        ({"file": None}, "File is a required attribute."),
        (
            {"file": (io.BytesIO(b"x"), "a.txt", "text/plain")},
            "The provided file's content type is not allowed.",
        ),
    ],
)
def test_a_wrong_form_is_refused_in_the_documented_words(
    amili: Caller, case: str, changes: dict[str, Any], message: str
) -> None:
    answer = amili.upload(case, **form(**changes))
    assert answer.status_code == 400
    assert answer.get_json()["_error"]["message"].startswith(message)
    assert not amili.state.cases[case].uploads


def test_an_unknown_case_is_not_found(amili: Caller) -> None:
    answer = amili.upload("0" * 24, **form())
    assert (answer.status_code, answer.get_json()["_error"]["message"]) == (404, "Resource Document Not Found")


def test_uploading_needs_an_access_token(amili: Caller, case: str) -> None:
    amili.headers = {}
    assert amili.upload(case, **form()).status_code == 401
