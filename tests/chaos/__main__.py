"""Run what takes minutes, and print one table of each. Exits with 1 if anything was lost, doubled or too slow."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Collection
from itertools import groupby
from pathlib import Path

from tests.bench.databases import postgres
from tests.chaos import away, hung, stops

SCENARIOS = ("hung", "stops", "away")
ILL = 30
HOOK_P99_MS = 200.0
HOOK_WORST_MS = 1_000.0
CLICK_FACTOR = 1.2
DONE_WITHIN_S = 120.0


def main() -> None:
    """Run the scenarios that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("scenario", nargs="*", metavar="|".join(SCENARIOS), help="all if none is named")
    parser.add_argument("--during", nargs="*", choices=list(stops.Step), help="the steps that `stops` stops")
    chosen = parser.parse_args()
    steps = tuple(map(stops.Step, chosen.during or stops.Step))
    scenarios = {"hung": _hung, "stops": lambda: _stops(steps), "away": _away}
    missed = [sentence for name in chosen.scenario or scenarios for sentence in scenarios[name]()]
    for sentence in missed:
        print(f"Missed: {sentence}.", file=sys.stderr)
    sys.exit(1 if missed else 0)


def _hung() -> list[str]:
    print(f"| ill of {hung.COMPANIES} | webhooks | lost | 5xx | p50 ms | p99 ms | worst ms ", end="")
    print("| clicks | not done | twice | p50 s | p95 s | worst s |")
    print("|" + "---|" * 13)
    found = {}
    for ill in (0, ILL):
        one = found[ill] = hung.measured(ill)
        print(
            f"| {one.ill} | {one.hooks} | {one.lost} | {one.errors_5xx} | {one.hook_p50_ms:.0f} | {one.hook_p99_ms:.0f}"
            f" | {one.hook_worst_ms:.0f} | {one.clicks} | {one.not_done} | {one.twice} | {one.click_p50_s:.2f}"
            f" | {one.click_p95_s:.2f} | {one.click_worst_s:.2f} |",
            flush=True,
        )
    well, beside = found[0], found[ILL]
    missed = []
    if beside.lost or beside.not_done or beside.twice:
        missed.append("something was lost, doubled or not done beside companies that hang")
    if beside.hook_p99_ms >= HOOK_P99_MS or beside.hook_worst_ms >= HOOK_WORST_MS:
        missed.append(f"a webhook took {beside.hook_worst_ms:.0f} ms, the 99th of 100 {beside.hook_p99_ms:.0f} ms")
    if beside.click_p95_s > CLICK_FACTOR * well.click_p95_s:
        missed.append(f"clicks took {beside.click_p95_s / well.click_p95_s:.2f} times as long as beside well companies")
    return missed


def _stops(steps: Collection[stops.Step]) -> list[str]:
    print("| interrupted by | database | during | lost | twice |", end="")
    print(" | ".join(f" done after s, the call {call_s:g} s" for call_s in stops.CALLS_TAKE_S), "|")
    print("|" + "---|" * (5 + len(stops.CALLS_TAKE_S)))
    missed = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, postgres(Path(name)) as server:
        found = [_told(one) for one in stops.measured(server, steps)]
    for _, of_row in groupby(sorted(found, key=_row), key=_row):
        ones = sorted(of_row, key=lambda one: one.call_s)
        lost, twice = sum(one.lost for one in ones), sum(one.twice for one in ones)
        first = ones[0]
        waits = " | ".join(str(one.done_after_s) for one in ones)
        line = f"| {first.trouble} | {first.database} | {first.step} | {lost} | {twice} | {waits} |"
        print(line, flush=True)
        late = [one for one in ones if one.done_after_s is None or one.done_after_s > one.within_s]
        if lost or twice or late:
            missed.append(f"an interruption: {line}")
    return missed


def _told(one: stops.Stop) -> stops.Stop:
    """The run takes many minutes: say on the way how far it is."""
    came = f"{one.lost} lost, {one.twice} twice, {one.done_after_s} s"
    print(f"{one.trouble}, {one.database}, {one.step}, {one.call_s:g} s: {came}", file=sys.stderr, flush=True)
    return one


def _row(one: stops.Stop) -> tuple[int, str, int]:
    return list(stops.Trouble).index(one.trouble), one.database, list(stops.Step).index(one.step)


def _away() -> list[str]:
    print("| trouble | hand-overs | lost | twice | done after s |")
    print("|" + "---|" * 5)
    missed = []
    for measured in (away.database_away, away.disk_full):
        one = measured()
        line = f"| {one.trouble} | {one.hand_overs} | {one.lost} | {one.twice} | {one.done_after_s} |"
        print(line, flush=True)
        if one.lost or one.twice or one.done_after_s is None or one.done_after_s > DONE_WITHIN_S:
            missed.append(line)
    return missed


if __name__ == "__main__":
    main()
