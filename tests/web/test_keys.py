"""The page of a ledger's key: a new one is tested before it is saved, never shown, and what is wrong is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.dates import today
from connector.flows.companies import keys
from connector.sandbox.odoo.state import OdooState
from connector.store import ledger_keys
from tests.flows.stage import CONNECTION, Stage
from tests.web.page import Page, read
from tests.web.visitor import Visitor

NEW = "a-new-key-0123456789abcdef0123456789abcd"
PAGE = f"/connections/{CONNECTION}/key"
BOT = 5


def look(house: Stage) -> None:
    keys.look(house.deployment, CONNECTION)


def kill_key(ledger: OdooState) -> None:
    ledger.drop_key(ledger.api_key)


def page(eva: Visitor, address: str = PAGE) -> Page:
    return read(eva.get(address).text)


def enter(eva: Visitor, key: str) -> tuple[int, str]:
    answer = eva.submit(PAGE, "/key", api_key=key)
    return answer.status_code, answer.text


def stored_key(house: Stage) -> str:
    return house.deployment.connection(CONNECTION).secrets["api_key"].get_secret_value()


def test_a_dead_key_is_told_on_every_page_of_the_company_with_the_way_out(house: Stage, eva: Visitor) -> None:
    kill_key(house.ledger)
    look(house)
    for address in (f"/connections/{CONNECTION}/hand-overs", f"/connections/{CONNECTION}/"):
        shown = page(eva, address)
        assert "Odoo godtar inte vår nyckel" in shown.text
        assert PAGE in shown.links


def test_a_page_that_meets_a_dead_key_first_parks_the_company(house: Stage, eva: Visitor) -> None:
    kill_key(house.ledger)
    answer = eva.get(f"/connections/{CONNECTION}/")
    assert answer.status_code == 502
    assert "Odoo godtar inte vår nyckel" in read(answer.text).text
    assert PAGE in read(answer.text).links
    assert house.deployment.connection(CONNECTION).key.refused_at is not None
    before = sum(house.ledger.traffic.snapshot()["requests"].values())
    eva.get(f"/connections/{CONNECTION}/")
    assert sum(house.ledger.traffic.snapshot()["requests"].values()) == before


def test_the_end_of_a_key_is_told_ahead(house: Stage, eva: Visitor) -> None:
    ends = today() + timedelta(days=9)
    house.ledger.set_key(house.ledger.api_key, BOT, expires=ends)
    look(house)
    assert f"Nyckeln till Odoo gäller till {ends}" in page(eva, f"/connections/{CONNECTION}/hand-overs").text
    assert str(ends) in page(eva).text


def test_a_new_key_is_tested_saved_and_never_shown(house: Stage, eva: Visitor) -> None:
    kill_key(house.ledger)
    look(house)
    house.ledger.set_key(NEW, BOT)
    status, _ = enter(eva, f"  {NEW} ")
    assert status == 303
    assert stored_key(house) == NEW
    shown = eva.get(f"{PAGE}?entered=1").text
    assert "Den nya nyckeln fungerar" in read(shown).text
    assert "eva@byran.example" in shown
    assert NEW not in shown
    assert house.deployment.connection(CONNECTION).key.refused_at is None


@pytest.mark.parametrize(
    ("given", "says"),
    [("", "Fältet är tomt"), ("nyckel med å", "Fältet är tomt"), ("wrong-key", "Odoo godtar inte den här nyckeln")],
)
def test_what_is_no_key_changes_nothing(house: Stage, eva: Visitor, given: str, says: str) -> None:
    before = stored_key(house)
    status, text = enter(eva, given)
    assert status == 422
    assert says in read(text).text
    assert not given or given not in text
    assert stored_key(house) == before


def test_a_key_without_the_rights_is_refused_in_words(house: Stage, eva: Visitor) -> None:
    before = stored_key(house)
    house.ledger.add_user("Reader", key=NEW, groups=("base.group_user",))
    status, text = enter(eva, NEW)
    assert status == 422
    assert "lacks rights" in text
    assert stored_key(house) == before


def test_only_those_with_the_right_to_the_company_may_enter_a_key(house: Stage, visitor: Visitor, eva: Visitor) -> None:
    assert visitor.get(PAGE).status_code == 303
    assert eva.get("/connections/another/key").status_code == 404
    assert eva.client.post(PAGE, data={"api_key": NEW}).status_code == 400, "without the form's token"
    assert stored_key(house) != NEW


def test_metrics_count_keys_that_need_attention_and_name_nobody(house: Stage, visitor: Visitor, eva: Visitor) -> None:
    del visitor
    assert 'amili_connector_ledger_keys{trouble="refused"} 0' in eva.get("/metrics").text
    number = house.deployment.connection(CONNECTION).key.number
    ledger_keys.refused(house.deployment.databases.main, CONNECTION, number)
    text = eva.get("/metrics").text
    assert 'amili_connector_ledger_keys{trouble="refused"} 1' in text
    assert CONNECTION not in text
