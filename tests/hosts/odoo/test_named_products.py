"""Products that the settings name are found by what people call them, in whichever of Odoo's languages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.domain.invoice import LineKind
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.host import OdooHost
from connector.hosts.odoo.settings import OdooSettings
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running


@pytest.fixture
def state() -> OdooState:
    """A database with both languages: the fee has a name in each, and a reference."""
    state = OdooState()
    (fee,) = state.records.search("product.product", [["default_code", "=", "FAKTAVG"]])
    state.records.update("product.product", fee, {"name": "Invoice fee_1"})
    state.records.translated["product.product", fee, "sv_SE"] = "Faktureringsavgift"
    return state


@pytest.fixture
def url(state: OdooState) -> Iterator[str]:
    with running(create_odoo(state)) as address:
        yield address


def host(state: OdooState, url: str, **chosen: tuple[str, ...]) -> OdooHost:
    settings = OdooSettings(company_id=1, answer_action_id=ACTION_IDS[ANSWER]).model_copy(update=chosen)
    return OdooHost(
        OdooClient(url, state.database, SecretStr(state.api_key), http=HttpPolicy(allow_private=True)), settings
    )


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ("faktureringsavgift", LineKind.INVOICE_FEE),
        ("[FAKTAVG] Faktureringsavgift", LineKind.INVOICE_FEE),
        ("Invoice fee_1", LineKind.INVOICE_FEE),
        ("FAKTAVG", LineKind.INVOICE_FEE),
        ("Invoice fee%1", LineKind.GOODS),
        ("Invoice feeX1", LineKind.GOODS),
        ("Avgift", LineKind.GOODS),
    ],
)
def test_a_fee_is_known_by_its_name_in_each_language(state: OdooState, url: str, named: str, kind: LineKind) -> None:
    ledger = host(state, url, fee_products=(named,))
    customer = state.books.add_customer("Provkund AB")
    fee = InvoiceLine("Rad", Decimal(40), product_code="FAKTAVG")
    invoice = state.books.add_invoice(customer, [InvoiceLine("Arbete", Decimal(900)), fee], due_days_ago=45)
    assert [line.kind for line in ledger.read(str(invoice)).lines] == [LineKind.GOODS, kind]
    assert bool(ledger.check().to_mend) is (kind is LineKind.GOODS)


def test_what_the_settings_name_and_odoo_does_not_have_is_said(state: OdooState, url: str) -> None:
    right = {"fee_products": ("FAKTAVG",), "interest_accounts": ("1510",), "reminder_fee_products": ("Konsulttimme",)}
    assert host(state, url, **right).check().to_mend == ()
    wrong = right | {"interest_accounts": ("1510", "8313"), "reminder_fee_products": ("Konsulttime",)}
    told = host(state, url, **wrong).check().to_mend
    assert [text.partition(",")[0] for text in told] == [
        "The setting reminder_fee_products names 'Konsulttime'",
        "The setting interest_accounts names '8313'",
    ]


def test_settings_that_name_no_product_cost_no_call(state: OdooState, url: str) -> None:
    ledger = host(state, url)
    invoice = state.books.add_invoice(
        state.books.add_customer("Provkund AB"), [InvoiceLine("Arbete", Decimal(900))], due_days_ago=45
    )
    ledger.read(str(invoice))
    asked = state.traffic.snapshot()["requests"]
    assert [name for name in asked if "product.product" in name or "res.lang" in name] == []
