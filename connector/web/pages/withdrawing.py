"""The page on which a person withdraws a case: what stands, what it may cost, why, and the button."""

from __future__ import annotations

import hmac

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.withdrawal import LONGEST_REASON_CHARACTERS, kept_reason
from connector.flows.follow_up import withdrawal
from connector.flows.follow_up.withdrawal import WithdrawalPreview
from connector.store import hand_overs
from connector.web import shown
from connector.web.person import deployment, read, signed_in_user, usable_connection, words

withdrawing = Blueprint("withdrawing", __name__)


@withdrawing.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@withdrawing.get("/hand-overs/<hand_over_id>/withdraw")
def show(hand_over_id: str) -> str:
    """Return what stands at Amili and in the ledger now, and the form."""
    return _page(_look(hand_over_id))


@withdrawing.post("/hand-overs/<hand_over_id>/withdraw")
def confirm(hand_over_id: str) -> AnyResponse | tuple[str, int]:
    """Ask for the withdrawal, if the person gave a reason and what they saw still is so."""
    look = _look(hand_over_id)
    reason = kept_reason(request.form.get("reason", ""))
    if not look.possible:
        return _page(look, reason=reason), 409
    if not hmac.compare_digest(request.form.get("seen", "").encode(), _seal(look).encode()):
        return _page(look, reason=reason, problem="withdraw.changed"), 409
    if not reason:
        return _page(look, problem="withdraw.reason_missing"), 422
    withdrawal.ask(deployment(), hand_over_id, by=signed_in_user().email, reason=reason)
    return redirect(url_for("pages.hand_over", hand_over_id=hand_over_id), 303)


def _look(hand_over_id: str) -> WithdrawalPreview:
    found = hand_overs.find(deployment().databases.main, hand_over_id)
    hand_over = next((one for one in found if one.id == hand_over_id), None) or abort(404)
    usable_connection(hand_over.connection)
    if not hand_over.case_id:
        abort(404)
    with_ = deployment()
    return read(hand_over.connection, ("withdrawal", hand_over_id), lambda: withdrawal.preview(with_, hand_over_id))


def _page(look: WithdrawalPreview, *, reason: str = "", problem: str = "") -> str:
    catalogue = words()
    return render_template(
        "withdraw.html",
        connection=look.connection,
        look=look,
        state=shown.case_words(look.case.model_dump(), catalogue),
        unreported=[shown.thing_that_happened(one.kind, one.amount, one.date, catalogue) for one in look.unreported],
        on_their_way=[
            shown.thing_that_happened(one.kind, one.amount, one.date, catalogue) for one in look.on_their_way
        ],
        asking=[shown.thing_that_happened(one.kind, one.amount, one.date, catalogue) for one in look.asking],
        reason=reason,
        problem=problem,
        seen=_seal(look),
        longest_reason=LONGEST_REASON_CHARACTERS,
    )


def _seal(look: WithdrawalPreview) -> str:
    parts = (look.hand_over.id, look.case.facts(), look.unreported, look.on_their_way, look.asking)
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, repr(parts).encode(), "sha256").hexdigest()
