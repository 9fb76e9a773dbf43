"""The rival that sets the limit: the connector's own calls from a bare pool of threads, with nothing stored.

A kill loses everything in flight and nobody knows what was registered; that is what the connector's price is paid for.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.bench.contender import CASE, ID, KEY, LEDGER, NUMBER, WIZARD, Order, race

_of_thread = threading.local()


def run(order: Order) -> None:
    """Every invoice's calls in order, so many invoices at once as the order says."""
    with ThreadPoolExecutor(order["threads"]) as pool:
        for _ in pool.map(lambda bill: _hand_over(order, bill), order["bills"]):
            pass


def _hand_over(order: Order, bill: dict[str, str]) -> None:
    marks = {ID: bill["id"], NUMBER: bill["number"], CASE: "", WIZARD: "", KEY: order["token"]}
    for call in order["calls"]:
        base = order["ledger_url"] if call["side"] == LEDGER else order["amili_url"]
        response = _session().request(
            call["method"],
            base + _filled(call["path"], marks),
            params=[(name, _filled(value, marks)) for name, value in call["query"]],
            headers={name: _filled(value, marks) for name, value in call["headers"].items()},
            data=_filled(call["body"], marks).encode("latin-1") or None,
            timeout=(5, 30),
        )
        response.raise_for_status()
        answer = response.json()
        if call["brings"] == CASE:
            marks[CASE] = answer["_cases"][0]
        elif call["brings"] == WIZARD:
            marks[WIZARD] = str(answer[0])


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_of_thread, "session", None)
    if session is None:
        session = _of_thread.session = requests.Session()
    return session


def _filled(text: str, marks: dict[str, str]) -> str:
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


if __name__ == "__main__":
    race(run)
