"""The page on which both sides of a company that has approved are shown and saved, and the one that says what next."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings
from connector.flows.companies import connecting as joining
from connector.flows.companies import consent, provisioning
from connector.flows.companies.consent import Approved
from connector.flows.hand_over import asking
from connector.hosts import kinds
from connector.hosts.base import ConsentRefused, LedgerIdentity
from connector.store import connections
from connector.web import attempts
from connector.web.attempts import Choice
from connector.web.pages.connecting import installer
from connector.web.person import deployment, told_of, usable_connection

log = logging.getLogger(__name__)

approved_company = Blueprint("approved_company", __name__)


@approved_company.record
def _mount(state: BlueprintSetupState) -> None:
    """Give the pages their addresses, once for each kind of host whose companies approve an app."""
    for kind in kinds.every():
        if kind.by_consent:
            below, given = f"/connect/{kind.id}", {"host": kind.id}
            state.add_url_rule(f"{below}/company", "show", show, methods=["GET"], defaults=given)
            state.add_url_rule(f"{below}/company", "save", save, methods=["POST"], defaults=given)
            state.add_url_rule(f"{below}/done/<connection_id>", "done", done, methods=["GET"], defaults=given)


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
        """Return what a form must be about: another company, or another choice, is another page."""
        return f"{self.approved.company} {self.choice.environment} {self.choice.amili_access}"

    @property
    def can_be_saved(self) -> bool:
        return not self.ledger.missing_rights and any(creditor.is_active for creditor in self.creditors)


def show(host: str) -> AnyResponse | str:
    """Both sides, as they answer now."""
    sides = _read(host)
    return _page(sides) if isinstance(sides, _Sides) else sides


def save(host: str) -> AnyResponse | tuple[str, int]:
    """Save what the person saw, if it still is so; else show it again and say what is missing."""
    sides = _read(host)
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
    return _to_done(host, saved)


def done(host: str, connection_id: str) -> str:
    """That the company is connected, and what next."""
    return render_template(
        "connect_done.html",
        t=told_of(host),
        host=host,
        connection=usable_connection(connection_id),
        renewed="renewed" in request.args,
        stays="stays" in request.args,
        worker_runs=asking.worker_runs(deployment()),
    )


def _read(host: str) -> _Sides | AnyResponse:
    """Both sides of the company that has approved; or the page to go to, where there is none to be saved."""
    found = attempts.company(host)
    if found is None:
        return redirect(url_for("connecting.start", host=host), 303)
    approved, choice = found
    if known := consent.connection_of(deployment(), approved.host, approved.company):
        return _to_done(host, known)
    ledger = consent.ledger_of(deployment(), approved)
    amili = deployment().amili(choice.environment, deployment().access(choice.amili_access))
    try:
        creditors = consent.creditors_of(deployment(), amili, approved, ledger)
    except ConsentRefused as error:
        attempts.drop_company()
        return redirect(url_for("connecting.start", host=host, problem=attempts.refuse(error)), 303)
    return _Sides(approved, choice, ledger, creditors)


def _to_done(host: str, connection_id: str) -> AnyResponse:
    attempts.drop_company()
    return redirect(url_for("approved_company.done", host=host, connection_id=connection_id), 303)


def _page(sides: _Sides, *, problem: str = "") -> str:
    return render_template(
        "connect_company.html",
        t=told_of(sides.approved.host),
        host=sides.approved.host,
        sides=sides,
        scopes_missing=consent.scopes_of(sides.ledger.missing_rights),
        several_accesses=len(connections.usable_accesses(deployment().databases.main)) > 1,
        chosen=request.form.get("creditor", ""),
        name=request.form.get("name", "") or joining.suggested_id(sides.ledger.company),
        problem=problem,
    )
