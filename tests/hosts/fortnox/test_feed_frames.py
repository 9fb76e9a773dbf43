"""Frames of the event socket: fortnox/API.md, "Commands" and "Events"."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from connector.hosts.base import Hints
from connector.hosts.fortnox import feed_frames as frames
from connector.hosts.fortnox.feed_frames import Answer, Event
from tests.hosts.fortnox.event_server import EVENT


def test_commands_are_written_as_working_clients_write_them() -> None:
    tokens = [SecretStr("eyJ0eXAi"), SecretStr("eyJ0eXAj")]
    assert json.loads(frames.add_tenants(SecretStr("s3cr3t"), tokens)) == {
        "command": "add-tenants-v1",
        "includeChildTenants": False,
        "clientSecret": "s3cr3t",
        "accessTokens": ["Bearer eyJ0eXAi", "Bearer eyJ0eXAj"],
    }
    assert json.loads(frames.add_topic("invoices", "aK3f9")) == {
        "command": "add-topics-v1",
        "topics": [{"topic": "invoices", "offset": "aK3f9"}],
    }
    assert json.loads(frames.add_topic("invoices", ""))["topics"] == [{"topic": "invoices"}]
    assert json.loads(frames.subscribe()) == {"command": "subscribe-v1"}
    assert json.loads(frames.remove_tenants(["348211"])) == {"command": "remove-tenants-v1", "tenants": [348211]}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            '{"response":"add-tenants-v1","result":"ok","tenantIds":{"Bearer eyJ0eXAi":348211}}',
            Answer("add-tenants-v1", ok=True, tenants=frozenset({"348211"})),
        ),
        (
            '{"response":"add-tenants-v1","result":"ok","tenantIds":{"eyJ0eXAi":"348211"}}',
            Answer("add-tenants-v1", ok=True, tenants=frozenset({"348211"})),
        ),
        (
            '{"response":"list-tenants-v1","result":"ok","tenantIds":[348211,"348212"]}',
            Answer("list-tenants-v1", ok=True, tenants=frozenset({"348211", "348212"})),
        ),
        (
            '{"response":"add-tenants-v1","result":"error","invalidTokens":["Bearer eyJ0eXAi","eyJ0eXAj"]}',
            Answer("add-tenants-v1", ok=False, invalid_tokens=frozenset({"eyJ0eXAi", "eyJ0eXAj"})),
        ),
        (
            '{"response":"add-topics-v1","result":"error","invalidTopics":["invoicez",{"topic":"invoices"}]}',
            Answer("add-topics-v1", ok=False, invalid_topics=frozenset({"invoicez", "invoices"})),
        ),
        (
            '{"response":"subscribe-v1","result":"ok","unknown":{"field":1}}',
            Answer("subscribe-v1", ok=True),
        ),
        ('{"result":"error","invalidTokens":"all"}', Answer("", ok=False)),
        (json.dumps(EVENT), Event("invoices", "aK3fA", "348211", Hints(("10457",)))),
        (
            json.dumps(EVENT | {"tenantId": "348211", "offset": 17, "type": "invoice-frobnicated-v9"}),
            Event("invoices", "17", "348211", Hints(("10457",))),
        ),
        (json.dumps({"topic": "vouchers", "type": "voucher-created-v1"}), Event("vouchers", "", "", Hints())),
        ("", None),
        ("[1]", None),
        ('{"hello":"world"}', None),
        ('{"topic":' + "9" * 5000 + "}", None),
    ],
)
def test_answers_and_events_are_read_however_they_are_written(frame: str, expected: Answer | Event | None) -> None:
    assert frames.read(frame) == expected
    assert frames.read(frame.encode()) == expected


def test_bytes_that_are_no_text_say_nothing() -> None:
    assert frames.read(b"\xff\xfe{}") is None


@pytest.mark.parametrize(
    ("named", "command", "is_it"),
    [
        ("add-tenants-v1", frames.ADD_TENANTS, True),
        ("add-tenants", frames.ADD_TENANTS, True),
        ("add-tenants-v2", frames.ADD_TENANTS, True),
        ("", frames.ADD_TENANTS, True),
        ("add-topics-v1", frames.ADD_TENANTS, False),
    ],
)
def test_an_answer_belongs_to_its_command(named: str, command: str, is_it: bool) -> None:
    assert Answer(named, ok=True).answers(command) is is_it


def test_no_answer_shows_a_token() -> None:
    told = frames.read('{"response":"add-tenants-v1","result":"error","invalidTokens":["Bearer eyJ0eXAi"]}')

    assert "eyJ0eXAi" not in repr(told)
