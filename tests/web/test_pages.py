"""The list of overdue invoices, the hand-overs, and one hand-over's course."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.domain.case import CaseStanding
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import HandOverState, Origin, PdfState, Request, WriteBackState
from connector.domain.invoice import InvoiceState, Standing
from connector.domain.text import StoredWords
from connector.flows.events import requests
from connector.store import (
    case_readings,
    cases,
    executors,
    following,
    hand_over_work,
    hand_overs,
    inbox,
    pdf_work,
    restores,
    tables,
    troubles,
)
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Lease
from connector.store.restores import Why
from connector.store.timeline import TimelineEntry
from connector.store.troubles import Failing
from connector.web.shown import event as shown_event
from connector.web.shown import events as shown_events
from connector.words import catalogue
from tests.flows.stage import CONNECTION, Stage
from tests.said import en
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.page import read
from tests.web.test_app import change_settings
from tests.web.visitor import Visitor

CASE_ID = "67a1f0c2d4e5b6a798012345"


def asked(house: Stage, invoice_id: str, **wishes: object) -> HandOver:
    """The hand-over of a person's request, taken up and not yet worked on."""
    request = Request.model_validate(
        {"connection": CONNECTION, "invoice_id": invoice_id, "origin": Origin.PAGE, "asked_by": EMAIL} | wishes
    )
    return requests.take(house.deployment, request, lambda _job: None)


def leased(house: Stage, hand_over: HandOver) -> Lease:
    lease = hand_over_work.claim(house.deployment.databases.main, hand_over.id, for_s=60, settle_s=0)
    assert isinstance(lease, Lease)
    return lease


def armed(house: Stage, hand_over: HandOver) -> Lease:
    db = house.deployment.databases.main
    lease = leased(house, hand_over)
    hand_over_work.name_invoice(db, lease, "INV/2026/00001")
    hand_over_work.arm(
        db,
        lease,
        for_s=60,
        settle_s=0,
        debtor_name="Kund AB",
        capital=Decimal("1250.00"),
        standing=Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00")),
        counted=(),
    )
    return lease


def registered(house: Stage, hand_over: HandOver) -> None:
    hand_over_work.registered(
        house.deployment.databases.main,
        armed(house, hand_over),
        registration_id="r",
        case_id=CASE_ID,
        ocr="20252463478311301072",
        findings=(),
    )


def completed(house: Stage, hand_over: HandOver) -> None:
    db = house.deployment.databases.main
    pdf_work.result(db, leased(house, hand_over), PdfState.UPLOADED, None, bytes=1000)
    hand_over_work.write_back_result(
        db, leased(house, hand_over), WriteBackState.WRITTEN, None, places=("x_amili_case_id",), case_id_written=True
    )
    assert hand_over_work.finish(db, hand_over.id)


def finding(severity: Severity) -> Finding:
    return Finding(
        code="pdf_unavailable", severity=severity, says=StoredWords("Ingen fakturakopia.", "No invoice copy.")
    )


def test_the_list_says_what_stops_each_invoice_and_links_to_it(eva: Visitor, house: Stage) -> None:
    clean = house.invoice()
    nameless = house.invoice(house.ledger.books.add_customer("Utan Nummer AB", street="", zip="972 31", city="Luleå"))
    page = eva.page(f"/connections/{CONNECTION}/")
    assert "Redo" in page.text
    assert "Hindrar Org-/personnummer saknas" in page.text
    assert "… och 1 till" in page.text
    assert "1 250,00 kr" in page.text
    assert "45 dagar sedan" in page.text
    for invoice in (clean, nameless):
        assert f"/connections/{CONNECTION}/invoices/{invoice}" in page.links


def test_an_invoice_with_a_hand_over_shows_its_state_and_leads_to_it(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    armed(house, hand_over)
    page = eva.page(f"/connections/{CONNECTION}/")
    assert "Skickas" in page.text
    assert f"/hand-overs/{hand_over.id}" in page.links
    assert f"/connections/{CONNECTION}/invoices/{hand_over.invoice_id}" not in page.links


def test_an_invoice_that_was_stopped_is_judged_anew(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    hand_over_work.block(house.deployment.databases.main, leased(house, hand_over), (finding(Severity.BLOCK),))
    page = eva.page(f"/connections/{CONNECTION}/")
    assert "Redo" in page.text
    preview = f"/connections/{CONNECTION}/invoices/{hand_over.invoice_id}"
    assert preview in page.links
    shown = eva.page(preview)
    assert "tidigare försök stoppades" in shown.text
    assert "Skicka som" in shown.text


def test_an_empty_list_is_said_in_words_and_has_no_pager(eva: Visitor) -> None:
    page = eva.page(f"/connections/{CONNECTION}/")
    assert "Inga förfallna fakturor" in page.text
    assert "Nästa sida" not in page.text


def test_the_list_goes_page_by_page(eva: Visitor, house: Stage) -> None:
    customer = house.customer()
    for _ in range(21):
        house.invoice(customer)
    first = eva.page(f"/connections/{CONNECTION}/")
    assert f"/connections/{CONNECTION}/?page=2" in first.links
    assert "Föregående sida" not in first.text
    second = eva.page(f"/connections/{CONNECTION}/?page=2")
    assert "Nästa sida" not in second.text
    invoices = [link for page in (first, second) for link in page.links if "/invoices/" in link]
    assert len(invoices) == len(set(invoices)) == 21


@pytest.mark.parametrize("page", ["0", "-3", "junk", "99999999999999999999"])
def test_an_odd_page_number_is_no_error(eva: Visitor, page: str) -> None:
    assert eva.get(f"/connections/{CONNECTION}/?page={page}").status_code == 200


def test_a_confirmed_invoice_is_being_taken_up_until_the_worker_has_it(eva: Visitor, house: Stage) -> None:
    invoice = house.invoice()
    path = f"/connections/{CONNECTION}/invoices/{invoice}"
    status = eva.submit(path, path).headers["Location"]
    page = eva.page(status)
    assert "Begäran tas om hand" in page.text
    assert "svarar inte just nu" in page.text
    executors.enrol(house.deployment.databases.main, "host:1:a")
    assert "svarar inte just nu" not in eva.page(status).text
    requests.dispatch(house.deployment, lambda _job: None)
    hand_over = house.hand_over(invoice)
    assert hand_over is not None
    assert eva.get(status).headers["Location"] == f"/hand-overs/{hand_over.id}"


def test_asking_again_does_not_show_the_earlier_end_meanwhile(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    hand_over_work.block(house.deployment.databases.main, leased(house, hand_over), (finding(Severity.BLOCK),))
    path = f"/connections/{CONNECTION}/invoices/{hand_over.invoice_id}"
    status = eva.submit(path, path).headers["Location"]
    assert "Begäran tas om hand" in eva.page(status).text


def test_the_status_of_an_invoice_nobody_asked_for_leads_to_the_invoice(eva: Visitor, house: Stage) -> None:
    path = f"/connections/{CONNECTION}/invoices/{house.invoice()}"
    assert eva.get(f"{path}/status").headers["Location"] == path


def test_the_course_of_a_hand_over_is_told_in_words_with_who_and_when(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice(), accepted=["B4"], lifted={"E12": "Stämt av <b>"})
    with house.deployment.databases.main.begin() as connection:
        summer = datetime(2026, 7, 7, 12, 30, tzinfo=UTC).timestamp()
        connection.execute(update(tables.hand_overs).values(asked_at=summer))
    registered(house, hand_over)
    completed(house, hand_over)
    response = eva.get(f"/hand-overs/{hand_over.id}")
    page = read(response.text)
    for shown in (
        "Faktura INV/2026/00001",
        "Hos Amili",
        CASE_ID,
        "20252463478311301072",
        "1 250,00 kr",
        "Uppladdad",
        "Ärende-id är skrivet på fakturan",
        f"2026-07-07 14:30 av {EMAIL} (från den här webbplatsen)",
        "Begärd från den här webbplatsen: Inkassokrav.",
        "Bekräftade kontroller: B4.",
        "Kontroll E12 hävdes: Stämt av <b>",
        "Skickas till Amili, kapital 1 250,00 kr.",
        f"Registrerat hos Amili som ärende {CASE_ID}.",
        "Fakturakopian finns hos Amili.",
        "Klart.",
    ):
        assert shown in page.text, shown
    assert "<b>" not in response.text
    assert "Kopplingen" in page.text
    assert "status.js" not in response.text


def test_the_link_to_amilis_app_is_there_in_production_only(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    link = f"https://app.amili.se/open?resource=cases&id={CASE_ID}"
    assert link not in eva.page(f"/hand-overs/{hand_over.id}").links
    change_settings(house, environment="production")
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert link in page.links
    assert "Skarp drift" in page.text


def test_an_unknown_outcome_is_shown_as_such_and_the_page_keeps_itself_up_to_date(eva: Visitor, house: Stage) -> None:
    db = house.deployment.databases.main
    hand_over = asked(house, house.invoice())
    hand_over_work.outcome_unknown(db, armed(house, hand_over), why="Amili (HTTP 503)")
    hand_over_work.looked_in_vain(db, leased(house, hand_over))
    hand_over_work.wait(db, leased(house, hand_over), waiting_for="")
    html = eva.get(f"/hand-overs/{hand_over.id}").text
    page = read(html)
    assert "Okänt läge (kontrolleras)" in page.title
    assert "så att ingen krävs två gånger" in page.text
    assert "Inget läsbart svar (Amili (HTTP 503))" in page.text
    assert "inget ärende syns ännu" in page.text
    assert "Arbetet går vidare." in page.text
    assert "status.js" in html
    assert '<meta http-equiv="refresh"' in html
    assert "Granska fakturan igen" not in page.text


def test_a_stopped_hand_over_says_why_and_how_to_go_on(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    found = Finding(
        code="A2", severity=Severity.BLOCK, says=StoredWords("Fakturan är <betald>.", "The invoice is <paid>.")
    )
    hand_over_work.block(house.deployment.databases.main, leased(house, hand_over), (found,))
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert "Åtgärd krävs" in page.text
    assert "Fakturan är <betald>." in page.text
    assert "Stoppad av kontroll A2. Inget har skickats." in page.text
    assert f"/connections/{CONNECTION}/invoices/{hand_over.invoice_id}" in page.links
    eva.submit(f"/hand-overs/{hand_over.id}", "/language", language="en")
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert "Action needed" in page.text
    assert "The invoice is <paid>." in page.text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"stopped_by": ["E2"], "findings": ["A7", "E2"]}, "Stoppad av kontroll E2. Inget har skickats."),
        ({"stopped_by": ["E2"], "posted": True}, "Stoppad av kontroll E2. Inget mer har skickats."),
        ({"stopped_by": ["amili_refused"], "refused": True}, "Amili tog inte emot registreringen: amili_refused."),
        ({"findings": ["A7", "E2"]}, "Stoppad. Kontrollerna fann A7, E2."),
    ],
)
def test_a_stop_is_told_as_it_was(data: dict[str, object], told: str) -> None:
    assert shown_event(TimelineEntry(0.0, "connector", "blocked", data), catalogue("sv")).text == told


def test_no_case_id_is_said_to_be_written_before_there_is_one() -> None:
    blocked = TimelineEntry(0.0, "connector", "blocked", {"stopped_by": ["E2"]})
    written = TimelineEntry(0.0, "connector", "written_back", {"places": ["x"], "status": "Åtgärd krävs"})
    registered = TimelineEntry(0.0, "connector", "registered", {"case_id": CASE_ID})
    refused = TimelineEntry(0.0, "connector", "write_back_refused", {"why": "x"})

    entries = (blocked, written, refused, registered, written, refused)
    told = [one.text for one in shown_events(entries, catalogue("sv"))]

    assert told[1:3] == [
        "Fakturan i bokföringen är uppdaterad: Åtgärd krävs.",
        "Bokföringen tog inte emot allt som skulle visas på fakturan.",
    ]
    assert told[4:] == ["Ärende-id är skrivet i bokföringen.", "Bokföringen tog inte emot ärende-id."]


@pytest.mark.parametrize(
    ("places", "holds", "says"),
    [
        (["ExternalInvoiceReference2"], True, "Ärende-id är skrivet på fakturan"),
        (["Labels"], False, "Ärende-id står inte på fakturan; den är märkt i Labels"),
    ],
)
def test_the_page_says_where_the_case_id_is_written(
    eva: Visitor, house: Stage, places: list[str], holds: bool, says: str
) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    db = house.deployment.databases.main
    hand_over_work.write_back_result(
        db, leased(house, hand_over), WriteBackState.WRITTEN, None, case_id_written=holds, places=places
    )
    assert says in eva.page(f"/hand-overs/{hand_over.id}").text


def test_the_page_of_a_case_says_what_is_refused_of_it(eva: Visitor, house: Stage) -> None:
    case, other = asked(house, house.invoice()), asked(house, house.invoice())
    registered(house, case)
    failing = Failing(system="Amili", operation="list an invoice's payout specifications", status=403, refused=True)
    troubles.note(
        house.deployment.databases.main, "follow_up", case.id, failing, connection=CONNECTION, hand_over=case.id
    )
    text = eva.page(f"/hand-overs/{case.id}").text
    assert "lista fakturans utbetalningsspecifikationer" in text
    assert "403" in text
    assert "403" not in eva.page(f"/hand-overs/{other.id}").text
    in_english(eva)
    assert "list an invoice's payout specifications" in eva.page(f"/hand-overs/{case.id}").text


def test_a_case_without_pdf_or_write_back_says_so(eva: Visitor, house: Stage) -> None:
    db = house.deployment.databases.main
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    remark = finding(Severity.WARNING)
    pdf_work.result(db, leased(house, hand_over), PdfState.UNAVAILABLE, remark, why=en(remark))
    hand_over_work.write_back_result(db, leased(house, hand_over), WriteBackState.REFUSED, None, why="locked")
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert "Kunde inte laddas upp" in page.text
    assert "Tog inte emot ärende-id" in page.text
    assert "Observera Ingen fakturakopia." in page.text


def test_an_event_that_the_pages_do_not_know_is_shown_by_its_name(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    with house.deployment.databases.main.begin() as connection:
        connection.execute(
            tables.timeline.insert().values(
                hand_over=hand_over.id, at=0.0, actor="connector", event="moved_to_the_moon", data="{}"
            )
        )
    assert "moved_to_the_moon" in eva.page(f"/hand-overs/{hand_over.id}").text


def test_hand_overs_are_listed_newest_first_and_by_state(eva: Visitor, house: Stage) -> None:
    customer = house.customer()
    first, second = asked(house, house.invoice(customer)), asked(house, house.invoice(customer))
    registered(house, first)
    page = eva.page(f"/connections/{CONNECTION}/hand-overs")
    listed = [link for link in page.links if link.startswith("/hand-overs/")]
    assert listed == [f"/hand-overs/{second.id}", f"/hand-overs/{first.id}"]
    assert "Inte läst ännu" in page.text
    page = eva.page(f"/connections/{CONNECTION}/hand-overs?state={HandOverState.REGISTERED}")
    assert f"/hand-overs/{first.id}" in page.links
    assert f"/hand-overs/{second.id}" not in page.links
    assert eva.get(f"/connections/{CONNECTION}/hand-overs?state=nonsense").status_code == 200


def in_english(eva: Visitor) -> None:
    eva.submit(f"/connections/{CONNECTION}/hand-overs", "/language", language="en")


def known_case(house: Stage, **values: object) -> None:
    """How the case stood when it was last read."""
    (place,) = case_readings.places(house.deployment.databases.main, DEFAULT_ACCESS)
    found = CaseStanding.model_validate({"id": CASE_ID, "creditor": "c", "closed": False} | values)
    cases.keep(house.deployment.databases.main, place, (found,), tells=lambda *_: False, showing=())


def test_a_case_that_was_not_read_yet_is_not_said_to_stand_anyhow(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    page = eva.page(f"/hand-overs/{hand_over.id}")
    for told in ("Inte läst hos Amili", "Inte betald i bokföringen", "Saldo kvar", "har inte lästs hos Amili ännu"):
        assert told in page.text, told


def test_how_a_case_stands_is_told_in_words_and_as_it_came(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    known_case(
        house,
        state="debt_collection",
        status="<hos_domstol>",
        updated_at=datetime(2026, 7, 7, 12, 30, tzinfo=UTC),
        capital_to_claim="1250.00",
        remaining_capital="1000.00",
        settled_capital="250.00",
        remaining_costs="60.00",
        remaining="1060.00",
        state_history=[{"state": "reminder", "at": datetime(2026, 7, 1, 8, 0, tzinfo=UTC)}, {"state": "ödla"}],
    )
    page = eva.page(f"/hand-overs/{hand_over.id}")
    for told in (
        "Öppet hos Amili",
        "Inte betald i bokföringen",
        "Saldo kvar",
        "Läge Hos Amili: Inkassokrav, <hos_domstol>",
        "Amilis egna ord debt_collection / <hos_domstol>",
        "Ändrat hos Amili 2026-07-07 14:30",
        "Betalt eller krediterat kapital 250,00 kr",
        "Kvar av kapitalet 1 000,00 kr",
        "Kvar av avgifter 60,00 kr",
        "Kvar av ränta okänt",
        "Kvar totalt 1 060,00 kr",
        "2026-07-01 10:00 reminder",
        "ödla",
        "Hos Amili: Inkassokrav, <hos_domstol>. Kvar att betala hos Amili: 1 060,00 kr.",
    ):
        assert told in page.text, told
    in_english(eva)
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert "Status At Amili: Collection demand, <hos_domstol>" in page.text
    assert "Left of interest unknown" in page.text
    assert "Open at Amili" in page.text
    cases.gone(house.deployment.databases.main, CASE_ID)
    page = eva.page(f"/hand-overs/{hand_over.id}")
    assert "Amili does not find the case" in page.text
    assert f"Amili no longer finds the case {CASE_ID}." in page.text


def test_the_list_shows_three_facts_and_finds_what_has_come_so_far(eva: Visitor, house: Stage) -> None:
    customer = house.customer()
    case, unsent = asked(house, house.invoice(customer)), asked(house, house.invoice(customer))
    registered(house, case)
    known_case(house, closed=True, remaining="0.00")
    following.note(
        house.deployment.databases.main,
        hand_overs.get(house.deployment.databases.main, case.id),
        Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00")),
    )
    path = f"/connections/{CONNECTION}/hand-overs"
    page = eva.page(path)
    assert "Avslutat hos Amili Betald i bokföringen Båda saldona noll" in page.text
    assert f"/hand-overs/{unsent.id}" in page.links
    assert [link for link in eva.page(f"{path}?ending=ended").links if link.startswith("/hand-overs/")] == [
        f"/hand-overs/{case.id}"
    ]
    assert "Inget att visa" in eva.page(f"{path}?ending=open").text
    assert eva.get(f"{path}?ending=nonsense").status_code == 200
    in_english(eva)
    assert "Closed at Amili Paid in the ledger Both balances zero" in eva.page(path).text


def test_the_list_shows_ocr_numbers_and_is_searched_by_them(eva: Visitor, house: Stage) -> None:
    customer = house.customer()
    case, unsent = asked(house, house.invoice(customer)), asked(house, house.invoice(customer))
    registered(house, case)
    path = f"/connections/{CONNECTION}/hand-overs"
    assert "20252463478311301072" in eva.page(path).text
    for number in ("20252463478311301072", "2025 2463 4783 1130 1072"):
        links = eva.page(f"{path}?ocr={number.replace(' ', '+')}").links
        assert f"/hand-overs/{case.id}" in links
        assert f"/hand-overs/{unsent.id}" not in links
    assert "Inget att visa" in eva.page(f"{path}?ocr=2025").text


def test_another_companys_hand_over_looks_like_one_that_does_not_exist(eva: Visitor, house: Stage) -> None:
    hand_over = asked(house, house.invoice())
    registered(house, hand_over)
    add_company(house.deployment, "beta")
    add_user(house.deployment, "beta", email="adam@byran.example")
    adam = Visitor(eva.client.application)
    adam.sign_in("adam@byran.example")
    for reference in (hand_over.id, "0123", CASE_ID):
        assert "Kund AB" not in adam.page(f"/hand-overs/{reference}", status=404).text
    path = f"/connections/{CONNECTION}/invoices/{hand_over.invoice_id}"
    assert adam.get(path).status_code == 404
    assert adam.get(f"{path}/status").status_code == 404
    token = adam.page("/connections/beta/hand-overs").form("/sign-out").fields["csrf_token"]
    posted = adam.client.post(path, data={"csrf_token": token, "first_action": "reminder"})
    assert posted.status_code == 404
    assert inbox.waiting(house.deployment.databases.inbox) == ()


def test_a_letter_that_is_none_in_one_row_hides_no_page(eva: Visitor, house: Stage) -> None:
    odd, well = house.invoice(), house.invoice()
    house.ledger.books.set_customer(int(house.ledger.books.field(int(odd), "partner_id")), name="Kund \ud800 AB")
    page = eva.page(f"/connections/{CONNECTION}/")
    assert house.number(odd) in page.text
    assert house.number(well) in page.text
    assert "Kund \ufffd AB" in eva.page(f"/connections/{CONNECTION}/invoices/{odd}").text


def test_a_company_of_which_nothing_is_sent_after_a_restore_says_so(eva: Visitor, house: Stage) -> None:
    db = house.deployment.databases.main
    page = f"/connections/{CONNECTION}/hand-overs"
    assert "återställd från en säkerhetskopia" not in eva.page(page).text
    restores.sign(db, restores.last(db), "here", why=Why.STILL)
    assert "återställd från en säkerhetskopia" in eva.page(page).text
    for hold in restores.holds(db):
        restores.release(db, hold)
    assert "återställd från en säkerhetskopia" not in eva.page(page).text
