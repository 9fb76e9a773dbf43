"""The page of the comparison: its last run, each difference with what resolves it, and the wish to compare now."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import pytest
from sqlalchemy import delete, update

from connector.domain.connection import Environment
from connector.domain.follow_up import FollowUpKind, Reason, Step, Verdict
from connector.domain.reconcile import Difference, DifferenceKind, unknown_case
from connector.flows.reconcile import comparisons as comparing
from connector.flows.reconcile.reconcile_words import cause_of
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.store import (
    comparisons,
    connections,
    executors,
    follow_ups,
    hand_overs,
    ledger_keys,
    payout_lines,
    tables,
)
from connector.store.comparisons import Due
from connector.web import shown
from tests.flows.hand_over_steps import begun, case_at_amili, driven
from tests.flows.stage import CONNECTION, Stage
from tests.said import sv
from tests.web.conftest import EMAIL, add_company
from tests.web.visitor import Visitor

PAGE = f"/connections/{CONNECTION}/reconciliation"
KINDS = DifferenceKind
UNDER_WAY = "Jämförelsen pågår"


def sent(house: Stage) -> str:
    """An invoice that is at Amili; its hand-over's id."""
    return driven(house, begun(house, house.invoice())).id


def keep(house: Stage, *found: Difference) -> None:
    """What a comparison found just now."""
    db = house.deployment.databases.main
    comparisons.keep(db, CONNECTION, found, cases=12, began_at=comparisons.instant(db))


def differing(kind: DifferenceKind, hand_over: str = "h1", **values: object) -> Difference:
    details = {"invoice_number": "1001", "case_id": "c" * 24, "in_ledger": Decimal("1250.00")}
    amounts = {"claimed": Decimal("1250.00"), "at_amili": Decimal("750.00"), "amount": Decimal("500.00")}
    return Difference.model_validate(
        {"key": f"{hand_over}:{kind}", "kind": kind, "hand_over_id": hand_over, **details, **amounts, **values}
    )


def rows(eva: Visitor) -> list[dict[str, str]]:
    answer = eva.get(f"{PAGE}.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_before_the_first_night_nothing_is_said_to_agree(eva: Visitor) -> None:
    text = eva.page(PAGE).text

    assert "Ingen jämförelse är gjord ännu" in text
    assert "Allt stämmer" not in text
    assert rows(eva) == []


def test_what_a_comparison_found_is_shown(house: Stage, eva: Visitor) -> None:
    hand_over = sent(house)
    (case,) = house.amili.cases
    debtor_pays(house.amili, case, Decimal("500.00"))
    comparing.compare(house.deployment, CONNECTION)

    page = eva.page(PAGE)

    assert "Ärenden: 1. Avvikelser: 1." in page.text
    assert "750,00 kr" in page.text
    assert "500,00 kr" in page.text
    assert sv(cause_of(KINDS.PAID_AT_AMILI)) in page.text
    read_at = payout_lines.read_at(house.deployment.databases.main, "sandbox", GUIDE_CREDITOR)
    assert read_at is not None
    assert f"Inte utbetalt när Amilis utbetalningar lästes {shown.moment(read_at)}." in page.text
    assert f"/hand-overs/{hand_over}" in page.links
    (row,) = rows(eva)
    assert (row["case_id"], row["kind"], row["difference"]) == (case, "paid_at_amili", "500.00")
    assert (row["in_ledger"], row["at_amili"], row["cause"]) == ("1250.00", "750.00", sv(cause_of(KINDS.PAID_AT_AMILI)))


def test_what_was_never_read_is_not_said_to_be_unpaid(house: Stage, eva: Visitor) -> None:
    db = house.deployment.databases.main
    with db.begin() as connection:
        connection.execute(delete(tables.payout_reads))
    keep(house, differing(KINDS.PAID_AT_AMILI, sent(house)))

    assert "Amilis utbetalningar har inte lästs än." in eva.page(PAGE).text

    payout_lines.keep(db, environment="sandbox", creditor=GUIDE_CREDITOR, lines=(), read_to=1.0)
    text = eva.page(PAGE).text
    assert "har inte lästs än" not in text, "they have been since, and the next comparison tells"
    assert "Inte utbetalt" not in text


def test_nothing_that_differs_is_said_so(house: Stage, eva: Visitor) -> None:
    sent(house)
    comparing.compare(house.deployment, CONNECTION)

    text = eva.page(PAGE).text

    assert "Ärenden: 1. Avvikelser: 0." in text
    assert "Allt stämmer." in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_resolves_it_and_offers_it(house: Stage, eva: Visitor, kind: DifferenceKind) -> None:
    hand_over = "" if kind is KINDS.UNKNOWN_CASE else sent(house)
    keep(house, differing(kind, hand_over))

    page = eva.page(PAGE)

    assert sv(cause_of(kind)) in page.text
    offered = {
        f"/hand-overs/{hand_over}": bool(hand_over),
        f"/hand-overs/{hand_over}/withdraw": kind in (KINDS.SETTLED_IN_LEDGER, KINDS.NO_CLAIM, KINDS.DISPUTED),
        f"{PAGE}/invoice?number=1001": kind is KINDS.UNKNOWN_CASE,
    }
    assert {link: link in page.links for link in offered} == offered
    in_table = page.links[page.links.index(f"{PAGE}.csv") :]
    paid = kind in (KINDS.PAID_AT_AMILI, KINDS.CLOSED_AT_AMILI)
    assert (f"/connections/{CONNECTION}/money" in in_table) is paid


def test_a_question_that_waits_is_led_to(house: Stage, eva: Visitor) -> None:
    asked, other = sent(house), sent(house)
    db = house.deployment.databases.main
    verdict = Verdict(kind=FollowUpKind.PAYMENT, id="p1", ledger_id="p1", step=Step.ASK, reason=Reason.CASE_CLOSED)
    follow_ups.keep(db, hand_overs.get(db, asked), verdict, ())
    keep(house, *(differing(KINDS.REPORT_UNDER_WAY, hand_over) for hand_over in (asked, other)))

    links = eva.page(PAGE).links

    assert f"/hand-overs/{asked}#tasks-heading" in links
    assert f"/hand-overs/{other}#tasks-heading" not in links
    assert "tasks-heading" in eva.page(f"/hand-overs/{asked}").ids


def test_the_payout_to_book_is_named(house: Stage, eva: Visitor) -> None:
    payout = {"payout_date": date(2026, 11, 3), "payout_reference": "=P77"}
    keep(house, differing(KINDS.PAID_AT_AMILI, sent(house), **payout))

    assert "Utbetalt 2026-11-03, referens =P77." in eva.page(PAGE).text
    (row,) = rows(eva)
    assert (row["payout_date"], row["payout_reference"]) == ("2026-11-03", "'=P77")


def test_in_production_the_case_at_amili_is_linked_to(house: Stage, eva: Visitor) -> None:
    keep(house, differing(KINDS.CASE_GONE, sent(house)))
    assert not any("amili.se" in link for link in eva.page(PAGE).links)

    connection = house.deployment.connection(CONNECTION)
    connections.save_settings(
        house.deployment.databases.main,
        CONNECTION,
        connection.settings.model_copy(update={"environment": Environment.PRODUCTION}),
    )

    assert any("amili.se" in link and "c" * 24 in link for link in eva.page(PAGE).links)


def test_what_waits_for_somebody_comes_first(house: Stage, eva: Visitor) -> None:
    waits, stands = (differing(kind, sent(house)) for kind in (KINDS.MORE_IN_LEDGER, KINDS.DISPUTED))
    keep(house, stands, waits)
    with house.deployment.databases.main.begin() as connection:
        table = tables.differences
        connection.execute(update(table).values(first_seen=table.c.first_seen - 86_400))

    text = eva.page(PAGE).text

    assert text.index(sv(cause_of(KINDS.MORE_IN_LEDGER))) < text.index(sv(cause_of(KINDS.DISPUTED)))


def test_a_task_leads_to_its_difference_and_the_hand_over_says_it_too(house: Stage, eva: Visitor) -> None:
    hand_over = sent(house)
    keep(house, differing(KINDS.MORE_IN_LEDGER, hand_over))
    table = tables.differences
    with house.deployment.databases.main.begin() as connection:
        connection.execute(update(table).values(first_seen=table.c.first_seen - 86_400))

    key = f"{hand_over}:{KINDS.MORE_IN_LEDGER}"
    assert f"{PAGE}#{key}" in eva.page(f"/connections/{CONNECTION}/tasks").links
    assert key in eva.page(PAGE).ids
    assert sv(cause_of(KINDS.MORE_IN_LEDGER)) in eva.page(f"/hand-overs/{hand_over}").text


def test_more_than_a_page_holds_are_in_the_file(house: Stage, eva: Visitor) -> None:
    keep(house, *(unknown_case(f"{number:024}", f"N{number}", None) for number in range(203)))

    text = eva.page(PAGE).text

    assert "Avvikelser: 203." in text
    assert "Ytterligare 3 avvikelser" in text
    assert len(rows(eva)) == 203


def test_to_compare_now_is_asked_of_a_worker_and_no_page_waits(house: Stage, eva: Visitor) -> None:
    sent(house)
    house.amili.traffic.clear()
    executors.enrol(house.deployment.databases.main, "host:1:a")

    answer = eva.submit(PAGE, PAGE)

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    page = eva.page(PAGE)
    assert UNDER_WAY in page.text
    assert "svarar inte" not in page.text
    assert not [form for form in page.forms if form.action == PAGE]
    assert "status.js" in eva.get(PAGE).text
    assert house.amili.traffic.snapshot()["requests"] == {}
    stored = comparisons.get(house.deployment.databases.main, CONNECTION)
    assert stored is not None
    assert stored.asked_by == EMAIL

    comparing.run(house.deployment, Due(CONNECTION, 0, EMAIL))

    assert UNDER_WAY not in eva.page(PAGE).text
    assert "status.js" not in eva.get(PAGE).text


def test_what_a_wish_waits_for_is_said(house: Stage, eva: Visitor) -> None:
    eva.submit(PAGE, PAGE)
    assert "svarar inte just nu" in eva.page(PAGE).text

    ledger_keys.refused(house.deployment.databases.main, CONNECTION, 0)

    text = eva.page(PAGE).text
    assert "Jämförelsen väntar: Odoo godtar inte kopplingen" in text
    assert UNDER_WAY not in text


def test_why_one_failed_is_said_and_what_stood_stands(house: Stage, eva: Visitor) -> None:
    keep(house, differing(KINDS.CASE_GONE, sent(house)))
    comparisons.failed(house.deployment.databases.main, CONNECTION, why="Amili: does not answer. <b>")

    answer = eva.get(PAGE).text
    assert "Amili: does not answer. &lt;b&gt;" in answer
    page = eva.page(PAGE)
    assert "misslyckades" in page.text
    assert "Det som står här är från jämförelsen innan." in page.text
    assert sv(cause_of(KINDS.CASE_GONE)) in page.text

    comparisons.failed(house.deployment.databases.main, CONNECTION, why="")
    assert "Felet är kopplingens eget" in eva.page(PAGE).text


def test_a_case_that_nobody_sent_leads_to_its_invoice(house: Stage, eva: Visitor) -> None:
    invoice = house.invoice()
    case_at_amili(house, invoice)
    comparing.compare(house.deployment, CONNECTION)
    address = f"{PAGE}/invoice?number={quote(house.number(invoice), safe='/')}"
    assert address in eva.page(PAGE).links

    answer = eva.get(address)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/connections/{CONNECTION}/invoices/{invoice}"
    assert eva.get(f"{PAGE}/invoice?number=nobodys").status_code == 404


def test_english_readers_have_it_in_english(house: Stage, eva: Visitor) -> None:
    keep(house, differing(KINDS.NO_CLAIM, sent(house)))
    eva.submit(PAGE, "/language", language="en")

    page = eva.page(PAGE)

    assert "Withdraw the case, or restore the invoice." in page.text
    assert rows(eva)[0]["cause"].startswith("The invoice is cancelled")


def test_another_companys_comparison_is_not_there(house: Stage, eva: Visitor) -> None:
    add_company(house.deployment, "another")
    other = "/connections/another/reconciliation"

    for address in (other, f"{other}.csv", f"{other}/invoice?number=1"):
        assert eva.get(address).status_code == 404
    token = eva.page(PAGE).form(PAGE).fields["csrf_token"]
    assert eva.client.post(other, data={"csrf_token": token}).status_code == 404
    assert comparisons.get(house.deployment.databases.main, "another") is None
