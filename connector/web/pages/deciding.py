"""The page on which a person says whose an open case at Amili is, beside the invoice that has its number."""

from __future__ import annotations

import hmac

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import Origin
from connector.flows.hand_over import deciding as decisions
from connector.flows.hand_over.deciding import CaseQuestion
from connector.store import hand_overs
from connector.web import shown
from connector.web.person import deployment, read, signed_in_user, usable_connection

THIS, ANOTHER, ONCE_MORE = "this", "another", "once_more"

deciding = Blueprint("deciding", __name__)


@deciding.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@deciding.get("/hand-overs/<hand_over_id>/case")
def show(hand_over_id: str) -> str:
    """The invoice and the open cases of its number, side by side."""
    return _page(_question(hand_over_id))


@deciding.post("/hand-overs/<hand_over_id>/case")
def decide(hand_over_id: str) -> AnyResponse | tuple[str, int]:
    """Keep what the person says, if what they saw still is so."""
    asked = _question(hand_over_id)
    act, case_id = request.form.get("act", ""), request.form.get("case", "")
    if act not in (THIS, ANOTHER, ONCE_MORE):
        abort(400)
    if not hmac.compare_digest(request.form.get("seen", "").encode(), _seal(asked).encode()):
        return _page(asked, problem="decide.changed"), 409
    by = signed_in_user().email
    try:
        if act == ONCE_MORE:
            decisions.send_once_more(deployment(), asked, by=by)
            request_made = None
        else:
            request_made = decisions.say_whose(
                deployment(), asked, case_id, is_this=act == THIS, by=by, origin=Origin.PAGE
            )
    except ConfigurationError:
        return _page(asked, problem="decide.changed"), 409
    if request_made is not None:
        hand_over = asked.hand_over
        target = url_for(
            "pages.status",
            connection_id=hand_over.connection,
            invoice_id=hand_over.invoice_id,
            item=request_made.item,
        )
        return redirect(target, 303)
    return redirect(url_for("pages.hand_over", hand_over_id=hand_over_id), 303)


def _question(hand_over_id: str) -> CaseQuestion:
    found = hand_overs.find(deployment().databases.main, hand_over_id)
    hand_over = next((one for one in found if one.id == hand_over_id), None) or abort(404)
    usable_connection(hand_over.connection)
    with_ = deployment()
    return read(hand_over.connection, ("case", hand_over_id), lambda: decisions.question(with_, hand_over_id))


def _page(asked: CaseQuestion, *, problem: str = "") -> str:
    return render_template(
        "decide.html",
        connection=asked.connection,
        asked=asked,
        debtor=shown.debtor(asked.invoice, asked.connection.settings, None, today=today()) if asked.invoice else None,
        problem=problem,
        seen=_seal(asked),
    )


def _seal(asked: CaseQuestion) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, repr(asked.facts).encode(), "sha256").hexdigest()
