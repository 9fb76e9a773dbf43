"""What a Swedish company's books in Odoo begin with: currency, tax, accounts and journals."""

from __future__ import annotations

from connector.sandbox.odoo.records import Records

SEK, SWEDEN, VAT_25 = 18, 196, 5
SALES_JOURNAL, BANK_JOURNAL = 7, 12
RECEIVABLE, SALES, OUTGOING_VAT, BANK, SUSPENSE, OUTSTANDING, LOSS, ADVANCES = (
    85,
    195,
    150,
    90,
    91,
    92,
    93,
    144,
)


def add_chart(records: Records) -> None:
    """Put them into empty books."""
    create = records.create
    create("res.currency", {"name": "SEK", "symbol": "kr", "active": True}, identifier=SEK)
    create("res.country", {"name": "Sweden", "code": "SE"}, identifier=SWEDEN)
    create("res.lang", {"name": "English (US)", "code": "en_US", "active": False}, identifier=1)
    create("res.lang", {"name": "Swedish / Svenska", "code": "sv_SE", "active": True}, identifier=85)
    create("account.tax", {"name": "25% G", "amount": 25.0}, identifier=VAT_25)
    for number, code, name, kind in (
        (RECEIVABLE, "1510", "Trade receivables", "asset_receivable"),
        (SALES, "3001", "Sales within Sweden, 25% VAT (Goods)", "income"),
        (OUTGOING_VAT, "2611", "Outgoing VAT on sales within Sweden, 25%", "liability_current"),
        (BANK, "1930", "Bank", "asset_cash"),
        (SUSPENSE, "1931", "Bank suspense account", "asset_current"),
        (OUTSTANDING, "1933", "Outstanding Receipts", "asset_current"),
        (LOSS, "6351", "Losses on receivables", "expense"),
        (ADVANCES, "2420", "Advances from customers", "liability_current"),
    ):
        create("account.account", {"code": code, "name": name, "account_type": kind}, identifier=number)
    for number, name, kind, code in ((SALES_JOURNAL, "Sales", "sale", "INV"), (BANK_JOURNAL, "Bank", "bank", "BNK1")):
        create(
            "account.journal",
            {
                "name": name,
                "type": kind,
                "code": code,
                "active": True,
                "company_id": 1,
                "invoice_reference_type": "invoice",
                "invoice_reference_model": "se_ocr2",
            },
            identifier=number,
        )
