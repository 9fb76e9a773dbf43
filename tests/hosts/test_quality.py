"""Each host's quality list is whole, is told in its guide, and says what can be seen in the code."""

from __future__ import annotations

import pytest

from connector.hosts import kinds
from connector.hosts.base import Hints, HostKind, Quality
from connector.sandbox import installed
from tests.source import PACKAGE, ROOT, imports

SAID_BY_WEBHOOKS = (b'{"_model": "account.move", "_id": 5}',)
"""One of each host that sends them."""


@pytest.fixture(params=[one.id for one in kinds.every()])
def kind(request: pytest.FixtureRequest) -> HostKind:
    return kinds.kind(request.param)


def test_everything_is_graded_once_and_what_is_not_kept_has_its_reason(kind: HostKind) -> None:
    assert kind.quality.keeps | kind.quality.lacks.keys() == set(Quality)
    assert not kind.quality.keeps & kind.quality.lacks.keys()
    assert all(kind.quality.lacks.values())


def test_the_guide_tells_it(kind: HostKind) -> None:
    guide = (PACKAGE / "hosts" / kind.id / "README.md").read_text(encoding="utf-8")

    rows = [
        f"| {one} | yes | |" if kind.quality.is_kept(one) else f"| {one} | no | {kind.quality.lacks[one]} |"
        for one in Quality
    ]
    assert guide.partition("\n## Quality\n")[2].partition("\n## ")[0].strip().splitlines()[4:] == rows


def test_what_can_be_seen_in_the_code_is_as_graded(kind: HostKind) -> None:
    suite = ROOT / "tests" / "hosts" / kind.id / "test_contract_sandbox.py"
    by_webhook = any(kind.hints(body) != Hints() for body in SAID_BY_WEBHOOKS)

    assert kind.quality.is_kept(Quality.PASSES_THE_CONTRACT) is ("tests.hosts.contract" in " ".join(imports(suite)))
    assert kind.quality.is_kept(Quality.HAS_A_DEMO) is (kind.id in installed.names())
    assert kind.quality.is_kept(Quality.TELLS_OF_CHANGES) is (by_webhook or kind.events is not None)
