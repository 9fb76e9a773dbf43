"""Says at the end of a run how much its tests tried: examples of property tests, and deaths in the crash tests.

This module is a plugin of pytest. Together with the collected and passed tests these figures show that a run that has
become quicker still tries as much as before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator

import pytest
from _pytest.terminal import TerminalReporter

_MARK = "tried: "
_EXAMPLES = "examples of property tests"
DEATHS = "kill points"


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Tells how many of something this test has tried."""

    def tell(what: str, count: int) -> None:
        request.node.user_properties.append((_MARK + what, count))

    return tell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count the examples of a property test, by Hypothesis's own statistics of it."""
    report = yield
    statistics = getattr(item, "hypothesis_statistics", "")
    if call.when == "call" and statistics:
        passing = sum(int(count) for count in re.findall(r"(\d+) passing", statistics))
        report.user_properties.append((_MARK + _EXAMPLES, passing))
    return report


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Add everything up, over all processes of the run."""
    sums: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                sums.update({name: int(str(value)) for name, value in report.user_properties if name.startswith(_MARK)})
    if sums:
        said = ", ".join(f"{count} {what.removeprefix(_MARK)}" for what, count in sorted(sums.items()))
        terminalreporter.write_line(f"{_MARK}{said}")
