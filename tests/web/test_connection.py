"""The pages of a connection as a whole: going live, pausing, its end; and those of the key pairs to Amili."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.amili.keys import make_key_pair
from connector.domain.connection import Environment
from connector.domain.hand_over import HandOverState
from connector.flows.companies import amili_keys
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from connector.web.app import create_app
from tests import canary
from tests.flows.hand_over_steps import begun
from tests.flows.ledgers import FortnoxLedger, LedgerSide, OdooLedger
from tests.flows.stage import CONNECTION, Stage
from tests.flows.two_amilis import LIVE, LIVE_CODE, TwoAmilis, two_amilis
from tests.web.conftest import add_user
from tests.web.visitor import Visitor

PAGE = f"/connections/{CONNECTION}/connection"
LIVE_PAGE = f"/connections/{CONNECTION}/go-live"
END_PAGE = f"/connections/{CONNECTION}/disconnect"
INSTALLER, ACCOUNTANT = "ina@byran.example", "eva@byran.example"
LANGUAGES = {
    "sv": ("Gå över till skarp drift", "Kopplingen är pausad", "Skarp drift", "Kopplingen är avslutad"),
    "en": ("Go live", "The connection pauses", "Live", "The connection has ended"),
}


@pytest.fixture(params=[OdooLedger, FortnoxLedger], ids=["odoo", "fortnox"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TwoAmilis]:
    """A company in the sandbox with production beside it, an installer, and an accountant of the company."""
    side: LedgerSide = request.param()
    with two_amilis(side, tmp_path / "data") as found:
        add_user(found.deployment, "*", email=INSTALLER)
        add_user(found.deployment, CONNECTION, email=ACCOUNTANT)
        yield found


def visitor(on: TwoAmilis | Stage, email: str = INSTALLER, language: str = "sv") -> Visitor:
    """Somebody signed in."""
    found = Visitor(create_app(on.deployment), language=language)
    assert found.sign_in(email).status_code == 303
    return found


def environment(both: TwoAmilis) -> Environment:
    """Where the company is."""
    return both.deployment.connection(CONNECTION).settings.environment


@pytest.mark.parametrize("language", ["sv", "en"])
def test_an_installer_goes_live_and_back(both: TwoAmilis, language: str) -> None:
    ina = visitor(both, language="sv")
    ina.client.post("/language", data={"language": language, "csrf_token": _token(ina)})
    title, _, production, _ = LANGUAGES[language]
    assert title in ina.page(PAGE).text
    refused = ina.page(LIVE_PAGE)
    assert "does not accept our API code" in refused.text, "the pair of the sandbox is none of production's"
    address = f"{LIVE_PAGE}?pair={LIVE}"

    seen = ina.page(address)
    assert both.deployment.connection(CONNECTION).name in seen.text
    unticked = ina.submit(address, LIVE_PAGE)
    assert (unticked.status_code, environment(both)) == (422, Environment.SANDBOX)
    went = ina.submit(address, LIVE_PAGE, understood="yes")

    assert went.status_code == 303
    assert environment(both) is Environment.PRODUCTION
    shown = ina.page(PAGE)
    assert production in shown.text
    assert ina.submit(PAGE, "/go-back").status_code == 303
    assert environment(both) is Environment.SANDBOX


def _token(who: Visitor) -> str:
    return who.page(PAGE).form("/language").fields["csrf_token"]


def test_what_has_changed_meanwhile_is_shown_again(both: TwoAmilis) -> None:
    ina = visitor(both)
    address = f"{LIVE_PAGE}?pair={LIVE}"
    form = ina.page(address).form(LIVE_PAGE)
    both.production.set_creditor(GUIDE_CREDITOR, is_active=False)

    answer = ina.client.post(form.action or address, data=form.fields | {"understood": "yes"})

    assert (answer.status_code, environment(both)) == (409, Environment.SANDBOX)
    both.production.set_creditor(GUIDE_CREDITOR, is_active=True)
    assert ina.submit(address, LIVE_PAGE, understood="yes").status_code == 303


def test_an_accountant_pauses_and_resumes_and_reads_who_does_the_rest(both: TwoAmilis) -> None:
    eva = visitor(both, ACCOUNTANT)
    assert eva.submit(PAGE, "/pause").status_code == 303
    paused = eva.page(PAGE)
    assert LANGUAGES["sv"][1] in paused.text
    assert LANGUAGES["sv"][1] in eva.page(f"/connections/{CONNECTION}/hand-overs").text
    assert ACCOUNTANT in paused.text
    assert eva.submit(PAGE, "/resume").status_code == 303
    assert both.deployment.connection(CONNECTION).paused_at is None

    assert "behörighet till alla företag" in eva.page(PAGE).text
    for address in (LIVE_PAGE, END_PAGE, "/amili-keys"):
        assert eva.get(address).status_code == 403
    token = _token(eva)
    for address in (LIVE_PAGE, f"/connections/{CONNECTION}/go-back", END_PAGE):
        assert eva.client.post(address, data={"csrf_token": token, "understood": "yes"}).status_code == 403
    assert environment(both) is Environment.SANDBOX


def test_an_installer_ends_the_connection_and_its_record_can_be_read(both: TwoAmilis) -> None:
    invoice = both.on.invoice()
    begun(both.on, invoice)
    ina = visitor(both)
    assert ina.submit(END_PAGE, END_PAGE).status_code == 422
    assert both.deployment.connection(CONNECTION).disconnected_at is None

    assert ina.submit(END_PAGE, END_PAGE, understood="yes").status_code == 303

    assert LANGUAGES["sv"][3] in ina.page(PAGE).text
    assert "Hoppades över" in ina.page(f"/connections/{CONNECTION}/hand-overs").text
    (one,) = both.of(invoice)
    assert "avslutades innan" in ina.page(f"/hand-overs/{one.id}").text
    assert ina.get(f"/connections/{CONNECTION}/").status_code == 302
    assert ina.get(END_PAGE).status_code == 404
    assert "Avslutad" in ina.page(PAGE).text


def test_left_cases_are_marked_with_their_environment(both: TwoAmilis) -> None:
    invoice = both.on.invoice()
    both.on.ask(invoice)
    both.dispatched()
    both.go()
    ina = visitor(both)

    listed = ina.page(f"/connections/{CONNECTION}/hand-overs?state=left")
    (one,) = both.of(invoice)
    shown = ina.page(f"/hand-overs/{one.id}")

    assert one.state is HandOverState.LEFT
    for page in (listed, shown):
        assert "Gäller inte längre" in page.text
        assert "Testmiljö" in page.text
    assert f"/connections/{CONNECTION}/invoices/{invoice}" in shown.links


def test_a_refused_pair_is_told_on_every_page_and_replaced(both: TwoAmilis) -> None:
    both.on.amili.register_key(canary.API_CODE, make_key_pair().public_key)
    both.on.amili.expire_tokens()
    ina = visitor(both)
    answer = ina.get(f"/connections/{CONNECTION}/invoices/{both.on.invoice()}")
    assert answer.status_code == 502
    assert PAGE in answer.text
    for address in (f"/connections/{CONNECTION}/hand-overs", f"/connections/{CONNECTION}/tasks"):
        assert "Amili godtar inte kopplingens nyckel" in ina.page(address).text
    assert "Amili godtar inte kopplingens nyckel" in ina.page("/tasks").text
    assert ina.get("/ready").json["amili_keys_refused"] == 1  # type: ignore[index]
    assert 'amili_connector_amili_keys{trouble="refused"} 1' in ina.get("/metrics").text
    assert "Amili godtar det inte" in ina.page("/amili-keys").text

    assert ina.submit("/amili-keys", f"/{DEFAULT_ACCESS}/replace").status_code == 303
    access = both.deployment.access(DEFAULT_ACCESS)
    assert access.new is not None
    assert access.new.public_key.strip().splitlines()[1] in ina.page("/amili-keys").text
    assert ina.submit("/amili-keys", f"/{DEFAULT_ACCESS}/confirm").status_code == 422
    both.on.amili.register_key(canary.API_CODE, access.new.public_key)
    assert ina.submit("/amili-keys", f"/{DEFAULT_ACCESS}/confirm").status_code == 303

    assert both.deployment.access(DEFAULT_ACCESS).public_key == access.new.public_key
    assert "amili_keys_refused" not in (ina.get("/ready").json or {})
    assert 'amili_connector_amili_keys{trouble="refused"} 0' in ina.get("/metrics").text
    assert "Amili godtar inte" not in ina.page(f"/connections/{CONNECTION}/hand-overs").text
    assert LIVE_CODE not in ina.get("/amili-keys").text


def test_a_new_pair_can_be_thrown_away(both: TwoAmilis) -> None:
    amili_keys.replace(both.deployment, DEFAULT_ACCESS, by="Ina")
    ina = visitor(both)
    assert ina.submit("/amili-keys", f"/{DEFAULT_ACCESS}/give-up").status_code == 303
    assert both.deployment.access(DEFAULT_ACCESS).new is None
    assert len(connections.usable_accesses(both.deployment.databases.main)) == 2
