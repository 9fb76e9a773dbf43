"""Rows that charge fees, costs and interest are told from rows that only mention them."""

from __future__ import annotations

import unicodedata

import pytest

from connector.domain.fee_rows import FeeRow, fee_row

WORDINGS = {
    FeeRow.REMINDER_FEE: """
        Påminnelseavgift | Påminnelse avgift | Påminnelse-avgift | Påminnelseavgiften
        Påminnelseavgifter | Påm.avg
        Påm avg. | Påmavgift | Betalningspåminnelse | Betalningspåminnelse, avgift | Påminnelse | Påminnelse 1
        Påminnelse faktura 10457 | 2:a påminnelse | Avgift för påminnelse | Avgift betalningspåminnelse
        Kostnad för skriftlig påminnelse | Påminnelsekostnad | Kravavgift | Kravbrev
        Kravbrevsavgift | PAMINNELSEAVGIFT
        Påminnelseersättning | Reminder fee | Reminder fees | Payment reminder fee | Reminder charge | Dunning fee
        Dunning charges | Reminder letter fee | Fee for reminder | Reminder | Payment reminder | Första påminnelsen
        Konsulttimmar inkl. påminnelseavgift | Påminnelseavgift konsultfaktura 17 | Paaminnelseavgift
        Lagstadgad påminnelseavgift
        Påminnelseavgift 60:- | Påminnelse, avgift enl. lag | Påminnelsefaktura | Reminder letter | 2nd reminder notice
    """,
    FeeRow.LATE_COMPENSATION: """
        Förseningsavgift | Förseningsersättning | Försenings-ersättning | Förseningsersättningen
        Förs.avg | Förs. ers.
        Förseningskostnad | Dröjsmålsavgift | Dröjsmålsersättning
        Avgift för sen betalning | Ersättning för försenad betalning
        Ersättning vid sen betalning | Sen betalning | Sen betalning, avgift | Late payment fee
        Late fee | Late fees
        Late charge | Late payment charge | Late payment compensation | Compensation for late payment | Overdue fee
        Fee for late payment | Late payment penalty | Delay compensation | Foerseningsavgift | forseningsersattning
        Förseningsersättning enligt lag 1981:739 | Förseningsavgift 450 kr | Late-payment fee
        Kompensation för sen betalning | Ers. för sen bet.
    """,
    FeeRow.COLLECTION_COST: """
        Inkassokostnad | Inkassokostnader | Inkassoavgift | Inkasso-avgift | Inkasso avgift | Inkassokrav | Inkasso
        Ink.kostnad | Inkassoarvode | Inkassoersättning | Indrivningskostnad
        Indrivningsavgift | Avgift för inkassokrav
        Kronofogdeavgift | Avgift till Kronofogden | Ansökningsavgift Kronofogden | Kostnad betalningsföreläggande
        Amorteringsplan avgift | Avbetalningsplansavgift | Debt collection fee
        Debt collection costs | Collection cost
        Collection costs | Collection fee | Debt recovery costs | Collection agency fee | Cost of collection
        Instalment plan fee | Inkassokostnaden, lag 1981:739
        Uppläggningsavgift avbetalningsplan | Kravåtgärd
    """,
    FeeRow.INTEREST: """
        Dröjsmålsränta | Dröjsmåls-ränta | Dröjsmålsräntan | Dröjsmålsräntor
        Drojsmalsranta | Dröjsm.ränta | Dr.ränta
        Ränta | Räntor | Räntan | Ränta enligt räntelagen | Ränta enl. räntelagen 6 § | Ränta på faktura 12
        Ränta 8 % | Ränta t.o.m. 2026-01-31 | Räntekostnad | Ränta på förfallen faktura
        Upplupen ränta | Moraränta
        Räntefaktura | Förseningsränta | Straffränta | Räntekrav
        Ränteersättning | Late interest | Late payment interest
        Overdue interest | Default interest | Penalty interest | Accrued interest | Interest on late payment
        Interest on overdue invoice 12 | Interest charge | Interest
        Statutory interest | Interest according to the Interest Act
        Dröjsmålsränta faktura 10457 2026-01-01--2026-01-31 | Ränta för sen betalning | Droejsmaalsraenta
        Ränta p.g.a. sen betalning | Ränta jan-mars | Räntor februari | Ränta kvartal 2 | Ränteavgift
        Räntekompensation | Räntetillägg
    """,
    FeeRow.INVOICE_FEE: """
        Fakturaavgift | Faktureringsavgift | Fakt.avg | Aviavgift | Aviseringsavgift | Faktura-avgift | Invoice fee
        Invoicing charge | Pappersfakturaavgift | Avgift för pappersfaktura
    """,
}

INNOCENT = """
    Avgiftsfri leverans | Ränteutredning, timmar | Påminnelsetjänst, abonnemang | SMS-påminnelser, 200 st
    SMS-påminnelser, avgift per månad | Räntefri avbetalning | Utbildning i dröjsmålsränta och inkassokostnader
    Kurs: inkassokostnader | Bok om räntelagen | Rådgivning om förseningsersättning
    Kravspecifikation | Kravanalys, 10 h
    KRAV-märkta ägg | KRAV-avgift, certifiering | Inkassotjänster
    Inkassosystem, licens | System för påminnelseavgifter
    Konsulttimmar, ingen påminnelseavgift | Månadsavgift | Medlemsavgift 2026 | Startavgift
    Serviceavgift hiss | Fraktkostnad
    Körersättning | Milersättning | Kostnadskalkyl badrum | Reseersättning | Tryckning av påminnelsekort
    Programmering av ränteberäkning | Räntabilitetsanalys | Ränteskillnadsersättning | Låneränta enligt skuldebrev
    Ränta på lån enligt skuldebrev | Waste collection fee | Data collection
    Collection of parcels | Points of interest, karta
    Interest group meeting | Expression of interest | Reminder service subscription
    Appointment reminders, monthly fee
    Late check-out fee | Late delivery compensation, flight | Tool rental, late fee | Förseningsavgift bibliotek
    Training in late payment interest | Book: Late fees explained | Software module for interest charges
    Förseningsanalys byggprojekt | Sen leverans | Avgift parkering | Administration av betalningar | Frånluftsdon
    Konsulttimmar utan dröjsmålsränta | Parkett, betsad | Orange färg | Prästränta
    Garantiränta | Intressentanalys
    Pamflett, tryck | Pamela Ek, städning | Inkontinensskydd | Försäkring | Försening i tåg, utredning
    Utveckling av modul för dröjsmålsränta | Implementering: påminnelseavgift i affärssystem
    Genomgång av inkassokostnader
    Mall för inkassokrav | Översättning av kravbrev | Juridisk rådgivning, inkasso | Interest rate swap advisory
    Kostnadsersättning | Betalningsterminal, avgift | Betalningslösning, månadsavgift
    Påminnelseklocka | Kalender med påminnelser | Kravhantering, 12 h | Kompensation för sen leverans | Mars, choklad
    Ränteavtal, granskning | Uppläggningsavgift
"""


def rows(text: str) -> list[str]:
    return [row for line in text.splitlines() for row in (part.strip() for part in line.split("|")) if row]


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, text in WORDINGS.items() for row in rows(text)])
def test_a_row_that_charges_is_told_however_it_is_written(kind: FeeRow, row: str) -> None:
    for written in (row, row.upper(), unicodedata.normalize("NFD", row), row.replace(" ", "\u00a0")):
        assert fee_row(written) is kind


@pytest.mark.parametrize("row", rows(INNOCENT))
def test_a_row_that_only_mentions_it_is_goods(row: str) -> None:
    for written in (row, row.upper(), unicodedata.normalize("NFD", row)):
        assert fee_row(written) is None
