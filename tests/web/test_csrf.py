"""No form is believed that did not come from this session's own page."""

from __future__ import annotations

import pytest
from flask import Flask

from connector.store import inbox
from connector.web.lifecycle import lifecycle
from connector.web.webhooks import webhooks
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL
from tests.web.visitor import Visitor


def test_every_changing_address_but_the_webhooks_is_refused_without_the_token(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    changing = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.methods
        and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        and not rule.endpoint.startswith((webhooks.name, lifecycle.name))
    ]
    assert len(changing) >= 4
    for rule in changing:
        path = adapter.build(
            rule.endpoint, dict.fromkeys(rule.arguments, "x") | dict(rule.defaults or {}), method="POST"
        )
        assert Visitor(app).client.post(path).status_code == 400, path


@pytest.mark.parametrize("token", ["", "x" * 43, "å", None])
def test_a_confirmation_with_a_wrong_token_stores_nothing(eva: Visitor, house: Stage, token: str | None) -> None:
    path = f"/connections/{CONNECTION}/invoices/{house.invoice()}"
    fields = eva.page(path).form(path).fields
    if token is None:
        del fields["csrf_token"]
    else:
        fields["csrf_token"] = token
    response = eva.client.post(path, data=fields)
    assert response.status_code == 400
    assert "Inget har sparats eller skickats" in response.text
    assert inbox.waiting(house.deployment.databases.inbox) == ()


def test_another_sessions_token_is_worth_nothing(eva: Visitor, house: Stage) -> None:
    path = f"/connections/{CONNECTION}/invoices/{house.invoice()}"
    fields = eva.page(path).form(path).fields
    stranger = Visitor(eva.client.application)
    stranger.sign_in(EMAIL)
    assert stranger.client.post(path, data=fields).status_code == 400
    assert inbox.waiting(house.deployment.databases.inbox) == ()


def test_a_token_in_the_address_is_not_one_in_the_form(eva: Visitor) -> None:
    token = eva.page(f"/connections/{CONNECTION}/hand-overs").form("/sign-out").fields["csrf_token"]
    assert eva.client.post(f"/sign-out?csrf_token={token}").status_code == 400
