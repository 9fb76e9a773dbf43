"""Three hundred companies, of which thirty hang, drip or answer garbage: what the others notice."""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests
from pydantic import SecretStr

from connector.domain.hand_over import HandOverState, Origin, Request
from connector.store import connections, hand_overs, inbox
from connector.store.connections import DEFAULT_ACCESS
from tests import quick_passwords
from tests.bench.deployed import CONNECTION, Deployed, deployed
from tests.bench.sandboxes import LEDGER_KEY, Bill, Sandboxes, sandboxes
from tests.chaos.ledgers import Ill, ill_ledger

COMPANIES = 300
PAGES_AT_ONCE = 8
_WARM_S = 90.0
_SECONDS = 120.0
_HOOK_EVERY_S = 0.2
_CLICK_EVERY_S = 1.0
_READS_FOR_S = 1.0
"""How long somebody reads a page before they open the next."""
_LONGEST_CLICK_S = 120.0
_EMAIL, _PASSWORD = "eva@byran.example", "correct horse battery staple"


@dataclass(frozen=True)
class Figures:
    """What was measured beside `ill` companies. `lost` are webhooks that were not answered with 200 within a second."""

    ill: int
    hooks: int
    lost: int
    errors_5xx: int
    hook_p50_ms: float
    hook_p99_ms: float
    hook_worst_ms: float
    clicks: int
    not_done: int
    click_p50_s: float
    click_p95_s: float
    click_worst_s: float
    twice: int


@dataclass
class _Seen:
    hooks_ms: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    clicks_s: list[float] = field(default_factory=list)
    not_done: int = 0


def measured(ill: int) -> Figures:
    """Run it with so many ill companies of 300."""
    clicks = int(_SECONDS / _CLICK_EVERY_S) + 1
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, ExitStack() as stack:
        folder = Path(name)
        boxes = stack.enter_context(sandboxes(folder, bills=clicks + 1))
        made = stack.enter_context(deployed(folder, boxes))
        urls = [stack.enter_context(ill_ledger(kind)) for kind in Ill]
        tokens = _joined(made, urls, ill)
        quick_passwords.enter(
            made.deployment.databases.main,
            email=_EMAIL,
            name="Eva Lund",
            password=_PASSWORD,
            connections=tuple(tokens),
            language="sv",
        )
        stack.enter_context(made.process("serve"))
        time.sleep(_WARM_S)
        return _figures(made, boxes, tokens, ill)


def _joined(made: Deployed, urls: Sequence[str], ill: int) -> dict[str, str]:
    """Every company's webhook token by its id; the first `ill` have ill ledgers."""
    first = made.deployment.connection(CONNECTION)
    tokens = {}
    for number in range(COMPANIES):
        is_ill = number < ill
        name = f"{'ill' if is_ill else 'well'}{number:03}"
        host = first.settings.host | ({"url": urls[number % len(urls)]} if is_ill else {})
        tokens[name] = connections.add(
            made.deployment.databases.main,
            made.deployment.vault,
            connection_id=name,
            host="odoo",
            name=name,
            settings=first.settings.model_copy(update={"host": host}),
            amili_access=DEFAULT_ACCESS,
            secrets={"api_key": SecretStr(LEDGER_KEY)},
            creditor_status=first.creditor_status,
        )
    return tokens


def _figures(made: Deployed, boxes: Sandboxes, tokens: dict[str, str], ill: int) -> Figures:
    seen = _Seen()
    over = threading.Event()
    well = sorted(name for name in tokens if name.startswith("well"))
    looked_at = sorted(name for name in tokens if name.startswith("ill")) or well
    working: list[Callable[[], None]] = [lambda: _hooks(made, tokens, well, seen, over)]
    working += [lambda: _pages(made, looked_at, seen, over)] * PAGES_AT_ONCE
    threads = [threading.Thread(target=work) for work in working]
    for thread in threads:
        thread.start()
    _clicks(made, boxes.bills[1:], well, seen)
    over.set()
    for thread in threads:
        thread.join()
    quick = sorted(seen.hooks_ms)
    return Figures(
        ill=ill,
        hooks=len(quick),
        lost=sum(status != 200 for status in seen.statuses) + sum(ms > 1000 for ms in quick),
        errors_5xx=sum(status >= 500 for status in seen.statuses),
        hook_p50_ms=statistics.median(quick),
        hook_p99_ms=statistics.quantiles(quick, n=100, method="inclusive")[98],
        hook_worst_ms=quick[-1],
        clicks=len(seen.clicks_s),
        not_done=seen.not_done,
        click_p50_s=statistics.median(seen.clicks_s),
        click_p95_s=statistics.quantiles(seen.clicks_s, n=20, method="inclusive")[18],
        click_worst_s=max(seen.clicks_s),
        twice=sum(count > 1 for count in boxes.cases_by_invoice().values()),
    )


def _hooks(made: Deployed, tokens: dict[str, str], well: Sequence[str], seen: _Seen, over: threading.Event) -> None:
    draw = random.Random(1)
    with requests.Session() as session:
        while not over.wait(_HOOK_EVERY_S):
            name = draw.choice(well)
            body = {"_model": "account.move", "_id": 1, "_action": "Send to collection(#304)"}
            began_s = time.perf_counter()
            url = f"{made.url}/webhooks/odoo/{name}/{tokens[name]}?event=requested"
            seen.statuses.append(session.post(url, json=body, timeout=60).status_code)
            seen.hooks_ms.append(1000 * (time.perf_counter() - began_s))


def _pages(made: Deployed, names: Sequence[str], seen: _Seen, over: threading.Event) -> None:
    draw = random.Random(threading.get_ident())
    with requests.Session() as session:
        page = session.get(f"{made.url}/sign-in", timeout=60).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"email": _EMAIL, "password": _PASSWORD, "csrf_token": token[1] if token else ""}
        session.post(f"{made.url}/sign-in", data=form, timeout=60)
        while not over.is_set():
            over.wait(_READS_FOR_S)
            seen.pages.append(session.get(f"{made.url}/connections/{draw.choice(names)}/", timeout=60).status_code)


def _clicks(made: Deployed, bills: Sequence[Bill], well: Sequence[str], seen: _Seen) -> None:
    draw = random.Random(2)
    db = made.deployment.databases.main
    for bill in bills:
        name = draw.choice(well)
        began_s = time.monotonic()
        request = Request(connection=name, invoice_id=bill.id, origin=Origin.COMMAND, asked_by="chaos")
        inbox.put_request(made.deployment.databases.inbox, request)
        while time.monotonic() < began_s + _LONGEST_CLICK_S:
            found = hand_overs.latest(db, name, bill.id)
            if found is not None and found.state is HandOverState.DONE:
                seen.clicks_s.append(time.monotonic() - began_s)
                break
            time.sleep(0.01)
        else:
            seen.not_done += 1
        time.sleep(max(began_s + _CLICK_EVERY_S - time.monotonic(), 0.0))
