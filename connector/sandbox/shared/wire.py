"""What all imitations do around every request: read it whole, count it, delay it, break it on purpose.

Also the control endpoints under /_sandbox/, which belong to the imitation and to no real system.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import ClientDisconnected

from connector.sandbox.shared.odd_answers import ODD, odd_answer
from connector.sandbox.shared.serve import CONNECTION, Connection
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind, S, SwitchBoard

CONTROL = "/_sandbox/"

VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
"""A variable in a rule of Flask's, with or without its converter."""

BREAKING = (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER, FaultKind.ENDLESS_ANSWER)
"""Faults that end the connection instead of answering."""

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Traffic:
    """What arrived and what was answered, counted by method and path template. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self.registrations_received: Counter[str] = Counter()
            self.requests: Counter[str] = Counter()
            self.answers: Counter[str] = Counter()
            self.incomplete_requests = 0
            self.odd_answer_bytes = 0

    def arrived(self, what: str) -> None:
        with self._lock:
            self.requests[what] += 1

    def registrations(self, invoice_numbers: Iterable[str]) -> None:
        """A registration of these invoice numbers arrived whole, whatever becomes of it."""
        with self._lock:
            self.registrations_received.update(invoice_numbers)

    def broke_off(self) -> None:
        """A request's head came, but not the whole of its body."""
        with self._lock:
            self.incomplete_requests += 1

    def took(self, count: int) -> None:
        """So many bytes of answers that are too large or too slow were taken from us."""
        with self._lock:
            self.odd_answer_bytes += count

    def answered(self, what: str, how: str) -> None:
        with self._lock:
            self.answers[f"{what} {how}"] += 1

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            return {
                "requests": dict(self.requests),
                "answers": dict(self.answers),
                "incomplete_requests": self.incomplete_requests,
                "odd_answer_bytes": self.odd_answer_bytes,
                "registrations_received": dict(self.registrations_received),
            }


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def as_json(value: object, status: int = 200) -> Response:
    """`value` as a JSON answer; `Decimal` becomes a number."""
    return Response(json.dumps(value, default=_plain), status=status, content_type="application/json")


def failure_answer(status: int, kind: BodyKind, in_json: Callable[[int, str], object]) -> Response:
    """A failure that never reached the application's own code, in one of the forms seen in the wild."""
    reason = REASONS.get(status, "Error")
    match kind:
        case BodyKind.JSON:
            return as_json(in_json(status, reason), status)
        case BodyKind.TEXT:
            text = "Rate limit exceeded" if status == 429 else reason
            return Response(text, status=status, content_type="text/plain; charset=utf-8")
        case BodyKind.HTML:
            page = f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"
            return Response(page, status=status, content_type="text/html; charset=utf-8")
        case BodyKind.EMPTY:
            return Response(b"", status=status)


def _mute(status: int, kind: BodyKind) -> Response:
    """A success that says nothing: an empty object, an empty body, or a page."""
    return as_json({}, status) if kind is BodyKind.JSON else failure_answer(status, kind, lambda *_: {})


def path_template(incoming: Request) -> str:
    """Method and path with its variables named: "GET /cases/{case_id}"."""
    rule = incoming.url_rule
    if rule is None:
        return f"{incoming.method} (unknown path)"
    path = VARIABLE.sub(r"{\1}", rule.rule)
    return f"{incoming.method} {path}"


def _break_off(connection: Connection, fault: Fault, answer: Response, traffic: Traffic) -> None:
    """Answer in a way that Flask has none for, or not at all."""
    if fault.kind in ODD:
        headers, parts = odd_answer(fault, answer.content_type, answer.get_data())
        traffic.took(connection.answer_with(answer.status, headers, parts))
        return
    if fault.hold_s:
        time.sleep(fault.hold_s)
    if fault.kind is FaultKind.HALF_ANSWER:
        connection.answer_half(answer.status, answer.get_data())
    else:
        connection.drop()


def install(
    app: Flask,
    *,
    board: SwitchBoard[S],
    traffic: Traffic,
    operation: Callable[[], str],
    template: Callable[[], str],
    registered: Callable[[], Sequence[str]],
    failure_in_json: Callable[[int, str], object],
    rate_limit_body: BodyKind | None = None,
) -> None:
    """Put counting, delay and faults around every request of `app` but the control endpoints.

    The callables read the request at hand: the name of its operation, its path template, and the invoice
    numbers it registers. `failure_in_json` is the envelope of this system's failures; `rate_limit_body` the one
    form that its 429 is known to have, `None` for a form that the fault chooses.
    """

    def connection() -> Connection:
        found: Connection | None = request.environ.get(CONNECTION)
        if found is None:
            raise RuntimeError("only the real server can break a connection: use connector.sandbox.shared.serve")
        return found

    def strike_before(fault: Fault) -> Response | None:
        match fault.kind:
            case FaultKind.FAIL_BEFORE:
                return failure_answer(fault.status, fault.body, failure_in_json)
            case FaultKind.UNAUTHORISED:
                return failure_answer(401, fault.body, failure_in_json)
            case FaultKind.RATE_LIMITED:
                answer = failure_answer(429, rate_limit_body or fault.body, failure_in_json)
                if fault.retry_after_s is not None:
                    answer.headers["Retry-After"] = str(fault.retry_after_s)
                return answer
            case FaultKind.DROP_BEFORE:
                return Response(b"")  # never written: `leave` drops the connection
            case _:
                return None

    @app.before_request
    def arrive() -> Response | None:
        g.fault = None
        if request.path.startswith(CONTROL):
            return None
        traffic.arrived(template())
        try:
            request.get_data(cache=True)
        except ClientDisconnected:
            traffic.broke_off()
            raise
        numbers = registered()
        traffic.registrations(numbers)
        switches = board.switches
        name = operation()
        wait_s = switches.slow_s + switches.slow_operations_s.get(name, 0.0)
        if wait_s:
            time.sleep(wait_s)
        g.fault = board.draw(name, numbers)
        return strike_before(g.fault) if g.fault else None

    @app.after_request
    def leave(answer: Response) -> Response:
        if request.path.startswith(CONTROL):
            return answer
        fault: Fault | None = g.fault
        if fault is not None and fault.kind is FaultKind.FAIL_AFTER:
            answer = failure_answer(fault.status, fault.body, failure_in_json)
        if fault is not None and fault.kind is FaultKind.MUTE_AFTER and answer.status_code < 300:
            answer = _mute(answer.status_code, fault.body)
        breaks = fault is not None and fault.kind in BREAKING
        # Counted before the caller can see anything, so that anyone who sees the answer sees the count.
        traffic.answered(template(), "broken" if breaks else str(answer.status_code))
        if fault is not None and (breaks or fault.kind in ODD):
            _break_off(connection(), fault, answer, traffic)
        return answer


def control_body() -> Any:
    """The JSON of a control request; an empty body is an empty object."""
    return json.loads(request.get_data() or b"{}", parse_float=Decimal)


def install_control(
    app: Flask,
    *,
    board: SwitchBoard[S],
    switches_as_json: Callable[[S], Mapping[str, Any]],
    snapshot: Callable[[], Mapping[str, Any]],
    reset: Callable[[], None],
) -> None:
    """The control endpoints every imitation has: switches, state, reset."""

    @app.get("/_sandbox/switches")
    def show_switches() -> Response:
        return as_json(switches_as_json(board.switches))

    @app.post("/_sandbox/switches")
    def change_switches() -> Response:
        try:
            return as_json(switches_as_json(board.change(json.loads(request.get_data()))))
        except (ValueError, TypeError, AttributeError) as error:
            return as_json({"error": str(error)}, 400)

    @app.get("/_sandbox/state")
    def show_state() -> Response:
        return as_json({**snapshot(), "faults_fired": dict(board.fired)})

    @app.post("/_sandbox/reset")
    def forget() -> Response:
        reset()
        board.set(board.switches)
        return as_json({"reset": True})
