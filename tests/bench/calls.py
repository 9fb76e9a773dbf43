"""The HTTP calls of one hand-over, heard on the wire, as a pattern that others can repeat for other invoices.

A relay stands between the connector and the sandboxes, lets one hand-over through, and keeps every request.
What differs from invoice to invoice is replaced by marks. So a contender that repeats the pattern makes the
same calls as the connector, in number, order and size, whatever they are at present.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
from flask import Flask, Response, request

from connector.domain.hand_over import HandOverState, Origin, Request
from connector.flows.events.requests import take
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.sandbox.shared.serve import running
from connector.store import hand_overs
from tests.bench.contender import AMILI, CASE, ID, KEY, LEDGER, NUMBER, WIZARD
from tests.bench.deployed import CONNECTION, Deployed, deployed
from tests.bench.sandboxes import Bill, Sandboxes

LISTENING_BILLS = 120
_LEAST_ID = 110
"""Invoice ids from here on are no other number in any request (a limit, a customer), so that they can be told apart."""
_NOT_SENT_ON = ("host", "connection", "content-length", "accept-encoding")


@dataclass(frozen=True)
class Call:
    """One request with marks. `brings` is the mark that its answer has the value of, if any."""

    side: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str] = field(repr=False)
    body: str = field(repr=False)
    brings: str = ""


@dataclass(frozen=True)
class _Heard:
    call: Call
    answer: Any = field(repr=False)


def as_json(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """The pattern as JSON, for a contender in another process; bodies are bytes written as Latin-1."""
    return [asdict(call) for call in calls]


def calls_of_one_hand_over(folder: Path, boxes: Sandboxes) -> tuple[Call, ...]:
    """The pattern of one hand-over of a connector that has worked before, so that what it keeps is not asked anew."""
    bills = boxes.bills[-2:]
    heard: list[_Heard] = []
    with ExitStack() as stack:
        amili_url = stack.enter_context(_relay(boxes.amili_url, AMILI, heard))
        ledger_url = stack.enter_context(_relay(boxes.ledger_url, LEDGER, heard))
        ours = stack.enter_context(deployed(folder, boxes, amili_url=amili_url, ledger_url=ledger_url))
        for bill in bills:
            heard.clear()
            _hand_over(ours, bill)
    return _pattern(heard, bills[-1])


def _hand_over(ours: Deployed, bill: Bill) -> None:
    deployment = ours.deployment
    asked = Request(connection=CONNECTION, invoice_id=bill.id, origin=Origin.COMMAND, asked_by="bench")
    hand_over = take(deployment, asked, lambda _job: None)
    for step in (register, upload, write_back):
        step(deployment, hand_over.id)
    ended = hand_overs.get(deployment.databases.main, hand_over.id)
    if ended.state is not HandOverState.DONE:
        raise RuntimeError(f"the hand-over to listen to ended as {ended.state}: {ended.findings}")


@contextmanager
def _relay(target: str, side: str, heard: list[_Heard]) -> Iterator[str]:
    app = Flask(__name__)
    one_at_a_time = threading.Lock()

    @app.route("/<path:path>", methods=["GET", "POST"])
    def pass_on(path: str) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_SENT_ON}
        body = request.get_data()
        query = tuple(parse_qsl(request.query_string.decode(), keep_blank_values=True))
        call = Call(side, request.method, f"/{path}", query, headers, body.decode("latin-1"))
        with one_at_a_time:
            answer = requests.request(
                call.method, target + call.path, params=query, headers=headers, data=body, timeout=30
            )
            heard.append(_Heard(call, answer.json()))
        return Response(answer.content, status=answer.status_code, content_type=answer.headers["Content-Type"])

    with running(app) as url:
        yield url


def _pattern(heard: list[_Heard], bill: Bill) -> tuple[Call, ...]:
    if int(bill.id) < _LEAST_ID:
        raise ValueError("the invoice's id may be mistaken for another number")
    case, wizard = "", 0
    calls = []
    for one in heard:
        call = one.call
        brings = ""
        if call.path == "/case--registrations":
            case, brings = one.answer["_cases"][0], CASE
        elif call.path.endswith(".wizard/create"):
            wizard, brings = one.answer[0], WIZARD
        calls.append(replace(_marked(call, bill, case, wizard), brings=brings))
    return tuple(calls)


def _marked(call: Call, bill: Bill, case: str, wizard: int) -> Call:
    def marked(text: str) -> str:
        text = text.replace(bill.number, NUMBER)
        return text.replace(case, CASE) if case else text

    body = marked(call.body)
    if call.side == LEDGER:
        document = _ids_marked(json.loads(body), int(bill.id))
        if wizard and document.get("ids") == [wizard] and ".wizard/" in call.path:
            document["ids"] = [WIZARD]
        # A mark stands where a number stood, so without the quotes of a text.
        body = json.dumps(document).replace(f'"{ID}"', ID).replace(f'"{WIZARD}"', WIZARD)
    headers = {name: KEY if name.lower() == "x-api-key" else value for name, value in call.headers.items()}
    query = tuple((name, marked(value)) for name, value in call.query)
    return replace(call, path=marked(call.path), query=query, headers=headers, body=body)


def _ids_marked(value: Any, invoice_id: int) -> Any:
    if isinstance(value, dict):
        return {name: _ids_marked(inner, invoice_id) for name, inner in value.items()}
    if isinstance(value, list):
        return [_ids_marked(inner, invoice_id) for inner in value]
    return ID if type(value) is int and value == invoice_id else value
