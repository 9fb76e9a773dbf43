"""`demo`: a newcomer sees what the connector does, and it comes out as stated."""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from connector.cli.demonstrating import EXPECTED
from tests.cli.terminal import Terminal
from tests.flows.waiting import until
from tests.web.page import read


def demo_folders(folder: Path) -> list[Path]:
    return list(folder.glob("amili-connector-demo-*"))


@pytest.mark.parametrize("host", ["odoo", "fortnox"])
def test_once_it_comes_out_as_stated(terminal: Terminal, host: str) -> None:
    started_s = time.monotonic()
    said = terminal.run("demo", "--host", host, "--once", env={"TMPDIR": str(terminal.folder)})
    outcomes = re.findall(r"^[INV/\d]+ .*  (a clean case|a case with a finding|blocked) .*✓$", said.out, re.MULTILINE)

    assert said.status == 0, said.out + said.err
    assert said.err == ""
    assert outcomes == ["a clean case", "blocked", "blocked", "a clean case", "a case with a finding"]
    assert len(outcomes) == len(EXPECTED)
    for special in (one.special for one in EXPECTED):
        assert special in said.out
    assert "5 invoices, 3 registrations received by Amili, 3 cases" in said.out
    assert said.out.rstrip().endswith("No case twice.")
    assert time.monotonic() - started_s < 60
    assert list(terminal.folder.iterdir()) == []


def test_it_says_why(terminal: Terminal) -> None:
    said = terminal.run("demo", "--once")
    why = said.out.partition("Why:")[2]

    assert "Nothing was sent. A2: The invoice is paid" in why
    assert "Nothing was sent. E2: The organisation or personal number is missing." in why
    assert "Amili made the case, but its answer never came. Nothing was sent again" in why
    assert "The case is registered without the invoice copy" in why


def test_the_columns_are_straight(terminal: Terminal) -> None:
    lines = terminal.run("demo", "--once").out.splitlines()
    ruler = next(number for number, line in enumerate(lines) if line.startswith("──"))
    starts = [match.start() for match in re.finditer(r"(?:^|(?<=  ))─", lines[ruler])]

    for line in lines[ruler + 1 : ruler + 6]:
        assert [start for start in starts[1:] if line[start - 2 : start] != "  "] == []


def test_the_surroundings_do_not_matter(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("SETTLE_S=1\nDATA_DIR=elsewhere\n", encoding="utf-8")
    strange = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "WORKER_CONCURRENCY": "many"}
    said = terminal.run("demo", "--once", env=strange | {"DATABASE_URL": "mysql://", "LOG_LEVEL": "LOUD"})

    assert said.status == 0, said.out + said.err
    assert not (terminal.folder / "elsewhere").exists()


def test_the_pages_stay_open_until_ctrl_c(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = terminal.start("demo", "--port", str(port), env={"TMPDIR": str(terminal.folder)})
        until(
            lambda: "Ctrl-C ends the demo." in running.out, within_s=90, what=f"the open pages; it said {running.err}"
        )
    (address,) = re.findall(r"The pages are open at (\S+)", running.out)
    ((email, password),) = re.findall(r"Sign in as (\S+) with the password (\S+)", running.out)
    assert not address.endswith(f":{port}")
    with requests.Session() as browser:
        form = read(browser.get(f"{address}/sign-in", timeout=10).text).form("/sign-in")
        signed_in = browser.post(
            f"{address}/sign-in", data=form.fields | {"email": email, "password": password}, timeout=10
        )
        cases = browser.get(f"{address}/connections/testbolaget/hand-overs", timeout=10)
    assert signed_in.status_code == 200
    assert "Björkö Bygg AB" in cases.text
    running.signal(signal.SIGINT)
    said = running.wait()

    assert said.status == 0, said.err
    assert said.out.rstrip().endswith("The demo has ended; nothing was kept.")
    assert "Traceback" not in said.err
    assert demo_folders(terminal.folder) == []


def test_ctrl_c_in_the_middle(terminal: Terminal) -> None:
    running = terminal.start("demo", env={"TMPDIR": str(terminal.folder)})
    until(lambda: "Sending" in running.out, within_s=90, what="the sending")
    running.signal(signal.SIGINT)
    said = running.wait()

    assert said.status in {0, 130}
    assert "Traceback" not in said.err
    assert demo_folders(terminal.folder) == []
