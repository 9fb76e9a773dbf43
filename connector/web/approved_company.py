"""The page on which both sides of a company that has approved are shown and saved, and the one that says what next."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings
from connector.flows.companies import connecting as joining
from connector.flows.companies import consent, provisioning
from connector.flows.companies.consent import Approved
from connector.flows.hand_over import asking
from connector.hosts.base import LedgerIdentity
from connector.hosts.fortnox.refusals import ConsentRefused
from connector.store import connections
from connector.web import attempts
from connector.web.attempts import Choice
from connector.web.connecting import installer
from connector.web.person import deployment, usable_connection

log = logging.getLogger(__name__)

approved_company = Blueprint("approved_company", __name__)


@approved_company.before_request
def must_be_installer() -> None:
    """Every page of this blueprint is for those who may use every company."""
    installer()


@dataclass(frozen=True)
class _Sides:
    """A company that has approved, by its own answer, and the creditors at Amili with its organisation number."""

    approved: Approved
    choice: Choice
    ledger: LedgerIdentity
    creditors: tuple[Creditor, ...]

    @property
    def seen(self) -> str:
        """What a form must be about: another company, or another choice, is another page."""
        return f"{self.approved.tenant_id} {self.choice.environment} {self.choice.amili_access}"

    @property
    def can_be_saved(self) -> bool:
        return not self.ledger.missing_rights and any(creditor.is_active for creditor in self.creditors)


@approved_company.get("/connect/fortnox/company")
def show() -> AnyResponse | str:
    """Both sides, as they answer now."""
    sides = _read()
    return _page(sides) if isinstance(sides, _Sides) else sides


@approved_company.post("/connect/fortnox/company")
def save() -> AnyResponse | tuple[str, int]:
    """Save what the person saw, if it still is so; else show it again and say what is missing."""
    sides = _read()
    if not isinstance(sides, _Sides):
        return sides
    if request.form.get("seen") != sides.seen or not sides.can_be_saved:
        return _page(sides, problem="connect.check.changed"), 409
    chosen = request.form.get("creditor", "") or (sides.creditors[0].id if len(sides.creditors) == 1 else "")
    creditor = next((one for one in sides.creditors if one.id == chosen and one.is_active), None)
    if creditor is None:
        return _page(sides, problem="connect.check.choose_creditor"), 422
    name = request.form.get("name", "").strip()
    if not joining.CONNECTION_ID.fullmatch(name):
        return _page(sides, problem="connect.check.name_malformed"), 422
    if name in connections.ids(deployment().databases.main):
        return _page(sides, problem="connect.check.name_taken"), 422
    saved = consent.join(
        deployment(),
        sides.approved,
        sides.ledger,
        creditor,
        connection_id=name,
        settings=ConnectionSettings(environment=sides.choice.environment),
        amili_access=sides.choice.amili_access,
    )
    for line in provisioning.prepare(deployment(), saved):
        log.info("connection %s: %s", saved, line)
    return _to_done(saved)


@approved_company.get("/connect/fortnox/done/<connection_id>")
def done(connection_id: str) -> str:
    """That the company is connected, and what next."""
    return render_template(
        "connect_done.html",
        connection=usable_connection(connection_id),
        renewed="renewed" in request.args,
        stays="stays" in request.args,
        worker_runs=asking.worker_runs(deployment()),
    )


def _read() -> _Sides | AnyResponse:
    """Both sides of the company that has approved; or the page to go to, where there is none to be saved."""
    found = attempts.company()
    if found is None:
        return redirect(url_for("connecting.start"), 303)
    approved, choice = found
    if known := consent.connection_of(deployment(), approved.tenant_id):
        return _to_done(known)
    ledger = consent.ledger_of(deployment(), approved)
    amili = deployment().amili(choice.environment, deployment().access(choice.amili_access))
    try:
        creditors = consent.creditors_of(deployment(), amili, approved, ledger)
    except ConsentRefused as error:
        attempts.drop_company()
        return redirect(url_for("connecting.start", problem=attempts.refuse(error)), 303)
    return _Sides(approved, choice, ledger, creditors)


def _to_done(connection_id: str) -> AnyResponse:
    attempts.drop_company()
    return redirect(url_for("approved_company.done", connection_id=connection_id), 303)


def _page(sides: _Sides, *, problem: str = "") -> str:
    return render_template(
        "connect_company.html",
        sides=sides,
        scopes_missing=consent.scopes_of(sides.ledger.missing_rights),
        several_accesses=len(connections.usable_accesses(deployment().databases.main)) > 1,
        chosen=request.form.get("creditor", ""),
        name=request.form.get("name", "") or joining.suggested_id(sides.ledger.company),
        problem=problem,
    )
