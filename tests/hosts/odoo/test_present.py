"""What an Odoo has that others lack is asked for once, remembered, and asked for again when that is old."""

from __future__ import annotations

import pytest
import responses

from connector.domain.errors import NotAuthorised
from connector.hosts.odoo.documents import Extras
from connector.hosts.odoo.present import REMEMBERED_S, Present
from connector.hosts.odoo.reminders import REMINDER_FIELDS
from tests.hosts.odoo.recorded_documents import client, endpoint, says, says_recorded, sent

CONTEXT = {"allowed_company_ids": [1]}
INVOICES, CUSTOMERS = "account.move/fields_get", "res.partner/fields_get"
MAY_READ, REMINDERS = "credit.control.line/has_access", "credit.control.line/fields_get"
MATCHED, IN_PAYMENT = "account.payment/search_count", "account.move/search_count"


def installed() -> None:
    says(INVOICES, {"x_amili_disputed": {"type": "boolean"}})
    says(CUSTOMERS, {"x_amili_never_send": {"type": "boolean"}})
    says(MATCHED, 0)
    says(IN_PAYMENT, 0)


@responses.activate
def test_what_is_there_is_asked_for_once() -> None:
    installed()
    says(MAY_READ, True)
    says(REMINDERS, {name: {"type": "char"} for name in REMINDER_FIELDS})
    present = Present(client())

    for _ in range(3):
        extras = present.extras(CONTEXT)

    assert extras == Extras(
        move=frozenset({"x_amili_disputed"}),
        partner=frozenset({"x_amili_never_send"}),
        reminders=frozenset(REMINDER_FIELDS),
    )
    assert [call for call, _ in sent()] == [INVOICES, CUSTOMERS, MAY_READ, REMINDERS, MATCHED, IN_PAYMENT]
    assert all(body["context"] == CONTEXT for _, body in sent())


@responses.activate
def test_an_odoo_without_the_module_for_reminders() -> None:
    installed()
    says_recorded(MAY_READ, "unknown_model")
    assert Present(client()).extras(CONTEXT).reminders == frozenset()
    assert [call for call, _ in sent()] == [INVOICES, CUSTOMERS, MAY_READ, MATCHED, IN_PAYMENT]


@responses.activate
def test_a_user_who_may_not_see_reminders() -> None:
    installed()
    says(MAY_READ, False)
    assert Present(client()).extras(CONTEXT).reminders == frozenset()


@responses.activate
def test_reminders_that_are_refused_are_not_for_us_to_see() -> None:
    installed()
    says_recorded(MAY_READ, "no_right")
    assert Present(client()).extras(CONTEXT).reminders == frozenset()


@responses.activate
def test_a_key_that_ran_out_is_no_missing_module() -> None:
    installed()
    says_recorded(MAY_READ, "bad_key")
    with pytest.raises(NotAuthorised):
        Present(client()).extras(CONTEXT)


@responses.activate
def test_what_is_old_is_asked_for_again() -> None:
    says(INVOICES, {})
    says(CUSTOMERS, {})
    says(MATCHED, 0)
    says(IN_PAYMENT, 0)
    says_recorded(MAY_READ, "unknown_model")
    now_s = [0.0]
    present = Present(client(), clock_s=lambda: now_s[0])
    assert present.extras(CONTEXT) == Extras()

    now_s[0] = REMEMBERED_S
    present.extras(CONTEXT)
    assert len(sent()) == 5

    now_s[0] += 1
    present.extras(CONTEXT)
    assert len(sent()) == 10


@pytest.mark.parametrize(("matched", "in_payment", "awaits"), [(0, 0, False), (1, 0, True), (0, 1, True)])
@responses.activate
def test_a_company_that_matches_payments_with_the_bank_waits_for_the_bank(
    matched: int, in_payment: int, awaits: bool
) -> None:
    says(INVOICES, {})
    says(CUSTOMERS, {})
    says_recorded(MAY_READ, "unknown_model")
    says(MATCHED, matched)
    says(IN_PAYMENT, in_payment)
    assert Present(client()).extras(CONTEXT).awaits_bank is awaits
    counted = [body["domain"][0] for call, body in sent() if call in (MATCHED, IN_PAYMENT)]
    assert counted == [["company_id", "in", [1]]] * (1 if matched else 2)


POLICY, OVERDUE = "credit.control.policy/has_access", "account.invoice.overdue.reminder/has_access"
OF_AN_ACTION = "overdue.reminder.action/has_access"


@pytest.mark.parametrize("may_read", [True, False])
@responses.activate
def test_policies_are_read_by_those_who_may_and_missed_by_the_others(may_read: bool) -> None:
    says(INVOICES, {})
    says(CUSTOMERS, {"credit_policy_id": {"type": "many2one", "relation": "credit.control.policy"}})
    says(POLICY, may_read)
    says(MAY_READ, False)
    says(MATCHED, 0)
    says(IN_PAYMENT, 0)

    extras = Present(client()).extras(CONTEXT)

    assert extras.partner == ({"credit_policy_id"} if may_read else set())
    assert extras.policies_unseen is not may_read


@pytest.mark.parametrize("may_read", [True, False])
@responses.activate
def test_reminders_of_the_other_module_are_read_by_those_who_may(may_read: bool) -> None:
    says(INVOICES, {"overdue_reminder_ids": {"type": "one2many"}, "no_overdue_reminder": {"type": "boolean"}})
    says(CUSTOMERS, {})
    says(OVERDUE, True)
    says(OF_AN_ACTION, may_read)
    says(MAY_READ, False)
    says(MATCHED, 0)
    says(IN_PAYMENT, 0)

    extras = Present(client()).extras(CONTEXT)

    assert extras.move == {"no_overdue_reminder", *(["overdue_reminder_ids"] if may_read else [])}


@responses.activate
def test_which_fields_for_numbers_are_lists_of_them() -> None:
    installed()
    responses.replace(
        responses.POST,
        endpoint(CUSTOMERS),
        json={
            "id_numbers": {"type": "one2many", "relation": "res.partner.id_number"},
            "bank_ids": {"type": "one2many", "relation": "res.partner.bank"},
            "vat": {"type": "char"},
        },
    )
    says(MAY_READ, False)

    extras = Present(client(), ("id_numbers", "bank_ids", "vat")).extras(CONTEXT)

    assert extras.number_lists == {"id_numbers"}
    assert not extras.partner
