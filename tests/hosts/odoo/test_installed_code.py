"""What our actions do in each version of Odoo, run on records as Odoo runs them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts.odoo.running_code import Odoo, UserError

EVERY = pytest.mark.parametrize("major", [17, 18, 19])
EXEMPT: dict[int, dict[str, Any]] = {
    17: {"line_ids": [{"blocked": False}, {"blocked": True}]},
    19: {"no_followup": True},
}


@EVERY
def test_an_invoice_is_sent(major: int) -> None:
    odoo = Odoo(major)
    answer = odoo.run("send_to_collection.py.txt", odoo.invoices({}))
    assert [(row["x_kind"], row["x_invoice_id"]) for row in odoo.requests] == [("send", 1)]
    assert answer["params"]["message"] == "Begäran om inkasso för INV/2026/00001 är mottagen."


@pytest.mark.parametrize("major", EXEMPT)
@pytest.mark.parametrize(
    ("lang", "why"), [("sv_SE", "undantagna från uppföljning"), ("en_US", "excluded from follow-up")]
)
def test_an_invoice_that_is_marked_no_follow_up_is_refused_in_words(major: int, lang: str, why: str) -> None:
    odoo = Odoo(major)
    odoo.user.lang = lang
    answer = odoo.run("send_to_collection.py.txt", odoo.invoices(EXEMPT[major], {}))
    assert [row["x_invoice_id"] for row in odoo.requests] == [2]
    assert f"{why}: INV/2026/00001." in answer["params"]["message"]
    assert answer["params"]["type"] == "warning"


NOTED: dict[str, tuple[dict[str, Any], str]] = {
    "mark_disputed.py.txt": ({}, "Markerad som bestridd."),
    "settle_dispute.py.txt": ({"x_amili_disputed": True}, "Tvisten är avgjord."),
    "withdraw_case.py.txt": (
        {"x_amili_case_id": "case-1", "x_amili_withdrawal_reason": "Fel kund"},
        "Återkallelse av ärendet case-1 hos Amili begärd. Skäl: Fel kund",
    ),
}


@EVERY
@pytest.mark.parametrize("email", ["", "ek@testbolaget.example"])
@pytest.mark.parametrize("template", NOTED)
def test_a_dispute_and_a_withdrawal_are_noted_for_users_with_an_address_and_without(
    major: int, email: str, template: str
) -> None:
    changes, note = NOTED[template]
    odoo = Odoo(major)
    odoo.user.email = email
    odoo.run(template, odoo.invoices(changes))
    assert odoo.notes == [("Ekonom Ek", note)]
    assert len(odoo.requests) == 1


@pytest.mark.parametrize(("major", "taken"), [(17, False), (18, False), (19, True)])
def test_a_note_of_the_users_own_needs_an_address_before_19(major: int, taken: bool) -> None:
    odoo = Odoo(major)
    if taken:
        odoo.invoices({}).message_post(body="Hej")
        return
    with pytest.raises(UserError):
        odoo.invoices({}).message_post(body="Hej")
