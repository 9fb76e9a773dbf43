"""One stage for the tests of a module, put in order again after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import AmiliSwitches
from connector.store import amili_accesses, connections, inbox
from tests.flows.bookkeeping import DISPUTED
from tests.flows.ledgers import FortnoxLedger, LedgerSide, OdooLedger
from tests.flows.stage import CONNECTION, Stage, stage_with

settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


LEDGERS: Mapping[str, Callable[[], LedgerSide]] = {
    "odoo": OdooLedger,
    "fortnox": lambda: FortnoxLedger(dispute_label=DISPUTED),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked with `ledgers` once with each of the ledgers that the mark names."""
    if mark := metafunc.definition.get_closest_marker("ledgers"):
        makers = [LEDGERS[name] for name in mark.args]
        metafunc.parametrize("make_side", makers, indirect=True, ids=mark.args, scope="module")


@pytest.fixture(scope="module")
def make_side(request: pytest.FixtureRequest) -> Callable[[], LedgerSide]:
    """How a stage's ledger is made: Odoo, unless the test is marked with `ledgers`."""
    make: Callable[[], LedgerSide] = getattr(request, "param", OdooLedger)
    return make


@pytest.fixture(scope="module")
def side(make_side: Callable[[], LedgerSide]) -> LedgerSide:
    """The ledger of the module's stage."""
    return make_side()


@pytest.fixture(scope="module")
def module_stage(side: LedgerSide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on SQLite whose times pass only when a test says so."""
    with stage_with(side, tmp_path_factory.mktemp("stage") / "data") as on:
        yield on


@pytest.fixture
def on(module_stage: Stage) -> Iterator[Stage]:
    """The module's stage, in order: no faults, an active creditor, the settings it began with, an empty inbox."""
    on = module_stage
    before = on.deployment.connection(CONNECTION)
    assert before.creditor_status is not None
    connections.save_creditor_status(on.deployment.databases.main, CONNECTION, before.creditor_status)
    on.amili.traffic.clear()
    yield on
    on.amili.switches.set(AmiliSwitches())
    on.side.behave_as_before()
    on.amili.now = lambda: datetime.now(UTC)
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=True)
    amili_accesses.accepted(on.deployment.databases.main, before.amili_access, before.settings.environment)
    connections.save_settings(on.deployment.databases.main, CONNECTION, before.settings)
    connections.save_creditor_status(on.deployment.databases.main, CONNECTION, before.creditor_status)
    while waiting := inbox.waiting(on.deployment.databases.inbox):
        ids = tuple(item.id for item in waiting)
        inbox.mark_dispatched(on.deployment.databases.inbox, ids)
        inbox.mark_done(on.deployment.databases.inbox, ids)
