from __future__ import annotations

import json

import pytest
import responses

from connector.amili import respite
from connector.amili.respite import RespiteEndpoint
from connector.domain.errors import ByHandOnly, NotFound
from tests.amili.samples import BASE, CASE_ID, client


def _agree() -> None:
    """Nothing speaks against sending."""


def _never() -> None:
    raise AssertionError("nothing may be sent")


def test_while_the_endpoint_is_unknown_a_person_is_led_to_the_cases_page() -> None:
    with responses.RequestsMock() as amili:
        amili_client = client()
        with pytest.raises(ByHandOnly) as caught:
            amili_client.grant_respite(CASE_ID, 14, may_send=_never)
        assert len(amili.calls) == 0
    assert caught.value.url == f"https://app.amili.se/open?resource=cases&id={CASE_ID}"
    assert caught.value.url in str(caught.value)
    assert "nothing was sent" in str(caught.value)


def test_once_it_is_known_the_days_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respite, "RESPITE_ENDPOINT", RespiteEndpoint("/somewhere", "number_of_days"))
    with responses.RequestsMock() as amili:
        amili.post(f"{BASE}/somewhere/{CASE_ID}", status=201, json={"_status": "OK"})
        amili_client = client()
        amili_client.grant_respite(CASE_ID, 14, may_send=_agree)
        body = amili.calls[0].request.body
        assert isinstance(body, bytes)
        assert json.loads(body) == {"number_of_days": 14}
        with pytest.raises(NotFound):
            amili_client.grant_respite("a/b", 14, may_send=_never)
