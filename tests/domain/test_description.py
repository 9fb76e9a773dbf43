"""What the debt is said to concern."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain import description as description_module
from connector.domain.description import describe_debt, is_vague
from connector.domain.invoice import InvoiceKind, Line, LineKind
from tests.domain.clean_invoice import a_line, an_invoice, kr


def described(*texts: str, template: str = "{lines}") -> str:
    return describe_debt(an_invoice(lines=tuple(a_line("100.00", text) for text in texts)), template)


def test_the_invoices_own_goods_are_named() -> None:
    lines = (
        a_line("1000.00", "Takläggning Storgatan 1"),
        a_line("500.00", "Ställning,\nvecka 27"),
        a_line("500.00", "Ställning, vecka 27"),
        a_line("-100.00", "Rabatt"),
        a_line("0.00", "Tack för ordern"),
        a_line("50.00", "Fakturaavgift", LineKind.INVOICE_FEE),
        a_line("60.00", "Påminnelse", LineKind.REMINDER_FEE),
        a_line("10.00", "Ränta", LineKind.INTEREST),
    )
    assert describe_debt(an_invoice(lines=lines), "{lines}") == "Takläggning Storgatan 1, Ställning, vecka 27"


def test_an_interest_invoice_is_described_by_its_interest() -> None:
    lines = (a_line("10.00", "Ränta på faktura 12", LineKind.INTEREST),)
    assert describe_debt(an_invoice(kind=InvoiceKind.INTEREST, lines=lines), "{lines}") == "Ränta på faktura 12"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{lines}", "Takbyte"),
        ("Faktura {invoice_number} {invoice_date}: {lines}", "Faktura INV-2025-003 2025-07-07: Takbyte"),
        ("Services", "Services"),
        ("{lines} {other} {lines.__class__} {0} {", "Takbyte {other} {lines.__class__} {0} {"),
    ],
)
def test_the_template_is_filled(template: str, text: str) -> None:
    assert described("Takbyte", template=template) == text


def test_a_line_cannot_smuggle_in_a_placeholder() -> None:
    assert described("Skylt {invoice_number}") == "Skylt {invoice_number}"


def test_no_text_gives_no_description() -> None:
    assert described() == ""
    assert described("", "  ") == ""
    assert described("", template="{lines} ") == ""


@pytest.mark.parametrize("text", ["Besök 19900101-1239 hos läkare", "Besök (900101–1239) hos läkare"])
def test_personal_numbers_are_left_out(text: str) -> None:
    assert described(text) == "Besök hos läkare"


def test_an_invoice_number_that_looks_like_a_personal_number_stays() -> None:
    invoice = an_invoice(number="9001011239", lines=(a_line("1.00", "Takbyte"),))
    assert describe_debt(invoice, "{invoice_number}: {lines}") == "9001011239: Takbyte"


@pytest.mark.parametrize("limit", [40, 500])
def test_long_lines_are_shortened_and_the_template_stays(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description_module, "DEBT_DESCRIPTION_MAX_CHARACTERS", limit)
    text = described(*(f"Tavla nummer {number}" for number in range(99)), template="{lines} (INV {invoice_number})")
    assert len(text) <= limit
    assert text.startswith("Tavla")
    assert text.endswith("… (INV INV-2025-003)")


@given(st.lists(st.text(max_size=120), max_size=6), st.sampled_from(["{lines}", "{lines}/{lines}", "{lines} x" * 30]))
def test_the_limit_always_holds(texts: list[str], template: str) -> None:
    lines = tuple(Line(description=text, amount=kr("1.00")) for text in texts)
    text = describe_debt(an_invoice(lines=lines), template)
    assert len(text) <= description_module.DEBT_DESCRIPTION_MAX_CHARACTERS
    assert text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "Faktura",
        "faktura INV-2025-003",
        "Services",
        "Tjänster",
        "Diverse",
        "Enligt avtal",
        "Enligt order 4711",
        "Varor, enligt avtal",
        "Övriga kostnader",
        "1 st",
        "2025-07-07",
        "...",
    ],
)
def test_words_that_say_nothing_are_vague(text: str) -> None:
    assert is_vague(text, invoice_number="INV-2025-003")


@pytest.mark.parametrize(
    "text", ["Takbyte", "Konsulttimmar juli", "Service av värmepump", "Hyra lokal enligt avtal", "Roof repair"]
)
def test_words_that_say_what_was_sold_are_not(text: str) -> None:
    assert not is_vague(text, invoice_number="INV-2025-003")
