"""Which Odoo it is: what is asked, what is understood, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import responses

from connector.domain.errors import ConfigurationError, OutcomeUnknown, RateLimited, Unavailable, Unreadable
from connector.hosts.odoo.versions import Version
from tests.hosts.odoo.recorded_documents import URL, VERSION, answer, client

VERSION_INFO = "/web/webclient/version_info"


def says_version(text: str) -> None:
    """Odoo 19 and later: JSON at once."""
    responses.get(URL + VERSION, json={"version": text})


def says_serie(text: str, *, first: int = 303) -> None:
    """Odoo 18 and earlier: a redirect to the login page (or no such address), then the older way."""
    responses.get(URL + VERSION, status=first, headers={"Location": f"{URL}/web/login"} if first < 400 else {})
    responses.post(URL + VERSION_INFO, json={"jsonrpc": "2.0", "id": None, "result": {"server_serie": text}})


@responses.activate
def test_the_version_is_told_without_the_key() -> None:
    responses.get(URL + VERSION, body=json.dumps(answer("version")["body"]), content_type="application/json")

    assert client().version() == "19.0"
    assert "Authorization" not in responses.calls[0].request.headers


@pytest.mark.parametrize(("told", "version"), [("19.0", "19.0"), ("19.0+e", "19.0"), ("saas~19.1+e", "saas~19.1")])
@responses.activate
def test_a_version_with_json_2(told: str, version: str) -> None:
    says_version(told)
    assert client().version() == version
    assert len(responses.calls) == 1


@pytest.mark.parametrize("first", [301, 303, 404])
@pytest.mark.parametrize("told", ["18.0", "17.0"])
@responses.activate
def test_an_older_version_is_asked_for_the_older_way_and_no_redirect_is_followed(told: str, first: int) -> None:
    says_serie(told, first=first)

    assert client(login="connector").version() == told

    assert [call.request.url for call in responses.calls] == [URL + VERSION, URL + VERSION_INFO]
    assert json.loads(responses.calls[1].request.body or "") == {}


@pytest.mark.parametrize("told", ["16.0", "saas~17.2", "saas~18.4", "20.0", "21.0"])
@responses.activate
def test_a_version_not_known_to_work_is_refused_in_a_sentence_that_says_which_are(told: str) -> None:
    says_serie(told)

    with pytest.raises(ConfigurationError) as refusal:
        client(login="connector").call("account.move", "search", domain=[])

    assert refusal.value.message == f"This is Odoo {told}; the connector is known to work with 17, 18 and 19."
    assert f'accept_version to "{told}"' in refusal.value.advice


@pytest.mark.parametrize(("told", "accepted"), [("20.0", Version(20)), ("saas~20.2+e", Version(20, 2, online=True))])
@responses.activate
def test_an_installer_may_take_another_version_on_his_own_responsibility(told: str, accepted: Version) -> None:
    says_version(told)
    found = client(accept_version=accepted)
    assert found.version() == str(accepted)
    assert found.dialect.groups_field == "group_ids"


@responses.activate
def test_the_leave_is_for_one_version() -> None:
    says_version("21.0")
    with pytest.raises(ConfigurationError):
        client(accept_version=Version(20)).version()


@pytest.mark.parametrize("body", ["{}", "[]", '{"result": null}', '{"result": {"server_serie": "main"}}', "<html>"])
@responses.activate
def test_what_tells_no_version_is_no_odoo(body: str) -> None:
    responses.get(URL + VERSION, body="<html>", content_type="text/html")
    responses.post(URL + VERSION_INFO, body=body, content_type="application/json")
    with pytest.raises(Unreadable) as error:
        client().version()
    assert "address" in error.value.advice


@responses.activate
def test_an_odoo_that_is_down_is_not_taken_for_another_version() -> None:
    responses.get(URL + VERSION, status=502)
    with pytest.raises(OutcomeUnknown) as error:
        client().version()
    assert (type(error.value), len(responses.calls)) == (OutcomeUnknown, 1)


@pytest.mark.parametrize("answer", [{"status": 502}, {"body": requests.exceptions.ReadTimeout()}])
@responses.activate
def test_a_call_is_surely_not_sent_where_the_version_cannot_be_asked_for(answer: dict[str, Any]) -> None:
    responses.get(URL + VERSION, **answer)
    with pytest.raises(Unavailable) as error:
        client().call("account.move", "write", ids=[1], vals={})
    assert type(error.value) is Unavailable
    assert [call.request.method for call in responses.calls] == ["GET"]


@responses.activate
def test_being_asked_to_wait_is_heard() -> None:
    responses.get(URL + VERSION, status=429, headers={"Retry-After": "3"})
    with pytest.raises(RateLimited) as error:
        client().version()
    assert error.value.retry_after_s == 3
