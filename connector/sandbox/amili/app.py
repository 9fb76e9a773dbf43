"""An imitation of Amili's API over HTTP, written from its reference alone.

Strict about what is documented; what is not stands behind a switch (`connector.sandbox.shared.switches`).
Paths under /_sandbox/ are the imitation's own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from connector.sandbox.amili.actions import add_actions
from connector.sandbox.amili.calls import Answer, Calls, envelope
from connector.sandbox.amili.cases import add_cases
from connector.sandbox.amili.checks import registration_shape, value_issues
from connector.sandbox.amili.control import add_control, snapshot
from connector.sandbox.amili.finance import add_finance
from connector.sandbox.amili.query import BadQuery, Document
from connector.sandbox.amili.state import MEDIA_FIELDS, AmiliState
from connector.sandbox.shared.switches import AmiliSwitches, BodyKind, Duplicates, TokenForm
from connector.sandbox.shared.wire import as_json, install, install_control, path_template

ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512")
"""Accepted signing algorithms: amili/API.md, "Authentication"."""

LONGEST_JWT_LIFE = timedelta(minutes=10)
CLOCK_SKEW = timedelta(minutes=1)
"""`exp` is to be ten minutes ahead (amili/API.md, "Authentication"); how much skew is tolerated is unknown."""

FILE_TYPES = ("application/pdf", "image/jpeg", "image/png", "image/gif", "image/bmp")
"""Allowed by default: amili/API.md, "Upload of the invoice"."""


class _Intake:
    """The handlers of authentication, registration and files."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.state = calls.state

    # Authentication: amili/API.md, "Authentication"

    def signed_api_code(self, token: str) -> str:
        """The api code that a signed JWT proves. Raises `ValueError` if it proves none."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            api_code = str(claims["api_code"])
            public_key = self.state.public_key(api_code)
            if public_key is None:
                raise ValueError("unknown api code")
            jwt.decode(
                token,
                public_key,
                algorithms=list(ALGORITHMS),
                options={"require": ["exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (jwt.PyJWTError, KeyError, TypeError, OverflowError) as error:
            raise ValueError("not a token of a known api code") from error
        now = self.state.now()
        if not now < expires <= now + LONGEST_JWT_LIFE + CLOCK_SKEW:
            raise ValueError("exp is past, or more than ten minutes ahead")
        return api_code

    def authenticate(self) -> Response:
        try:
            api_code = self.signed_api_code(request.headers.get("X-API-Key", ""))
        except ValueError:
            return self.calls.refusal(401, "Please provide proper credentials")
        lifetime = timedelta(seconds=self.calls.switches.token_lifetime_s)
        token = secrets.token_hex(24)
        if self.calls.switches.token_form is TokenForm.JWT:
            expires = int((self.state.now() + lifetime).timestamp())
            token = jwt.encode({"exp": expires, "jti": token}, secrets.token_bytes(32), algorithm="HS256")
        self.state.issue_token(api_code, token, lifetime)
        body: dict[str, Any] = {self.calls.switches.token_field: token}
        if self.calls.switches.token_lifetime_field:
            body[self.calls.switches.token_lifetime_field] = self.calls.switches.token_lifetime_s
        return as_json(body, self.calls.switches.authenticate_status)

    # Case registrations: amili/API.md, "Case registration"

    def check_parties(self, api_code: str, body: Mapping[str, Any]) -> None:
        account, creditor = body["account"], body["creditor"]
        found: dict[str, str] = {}
        if account not in self.state.accounts or not self.state.may_see(api_code, account):
            found["account"] = f"value '{account}' must exist in resource 'accounts', field '_id'."
        known = self.state.creditors.get(creditor)
        if known is None or not self.state.may_see(api_code, known["account"]):
            found["creditor"] = f"value '{creditor}' must exist in resource 'creditors', field '_id'."
        elif not found and known["account"] != account:
            found["creditor"] = "creditor does not belong to account"
        if found:
            raise self.calls.invalid(found)
        if known is not None and not known["is_active"]:
            raise self.calls.invalid(
                {"creditor": "creditor is not active"}, self.calls.switches.inactive_creditor_status
            )

    def register(self) -> Response:
        api_code = self.calls.caller()
        body = self.calls.document(registration_shape(self.calls.switches))
        with self.state.lock:
            self.check_parties(api_code, body)
            if self.calls.switches.strict_values and (found := value_issues(body)):
                raise self.calls.invalid(found)
            if self.calls.switches.duplicate_registrations is not Duplicates.ACCEPTED:
                self.refuse_duplicates(body)
            return as_json(self.state.create_registration(body), 201)

    def refuse_duplicates(self, body: Mapping[str, Any]) -> None:
        found = {
            str(index): {"invoice_number": f"value '{debt['invoice_number']}' not unique"}
            for index, debt in enumerate(body["debts"])
            if self.state.open_case(body["creditor"], debt["invoice_number"]) is not None
        }
        if found and self.calls.switches.duplicate_registrations is Duplicates.REFUSED_409:
            raise Answer(self.calls.refusal(409, "Conflict"))
        if found:
            raise self.calls.invalid({"debts": found})

    # Files: amili/API.md, "Upload of the invoice"

    def upload(self, reference_id: str) -> Response:
        api_code = self.calls.caller()
        domain = request.form.get("domain", "media--files")
        path = request.form.get("dotted_path")
        file = request.files.get("file")
        if domain not in {*MEDIA_FIELDS, "media--files"}:
            return self.calls.refusal(400, f"Domain '{domain}' is not valid.")
        if domain != "media--files":
            if not path:
                return self.calls.refusal(400, "Dotted Path Not Found in request form")
            if path not in MEDIA_FIELDS[domain]:
                return self.calls.refusal(400, "Dotted Path is not valid")
        if file is None:
            return self.calls.refusal(400, "File is a required attribute.")
        if file.mimetype not in FILE_TYPES:
            expected = ", ".join(FILE_TYPES)
            return self.calls.refusal(
                400,
                f"The provided file's content type is not allowed. Expected: {expected}. Actual: {file.mimetype}",
            )
        case = self.state.cases.get(reference_id) if domain == "cases" else None
        if case is None or not self.state.may_see(api_code, case.account):
            return self.calls.refusal(404, "Resource Document Not Found")
        self.state.upload(case, file.filename or "", file.mimetype, file.read())
        signed = urlencode(
            {
                "Expires": int((self.state.now() + timedelta(hours=1)).timestamp()),
                "GoogleAccessId": "sandbox@sandbox.iam.example",
                "Signature": secrets.token_urlsafe(128),
            }
        )
        url = f"https://storage.example/sandbox/cases/{case.id}-{secrets.token_hex(16)}?{signed}"
        return as_json({"url": url} | ({"_status": "OK"} if self.calls.switches.media_status else {}), 201)


def _registered_numbers() -> list[str]:
    """The invoice numbers in the registration at hand, as far as it can be read."""
    if request.endpoint != "register":
        return []
    try:
        return [str(debt["invoice_number"]) for debt in json.loads(request.get_data())["debts"]]
    except (ValueError, LookupError, TypeError):
        return ["(unreadable)"]


def create_amili(state: AmiliState, switches: AmiliSwitches | None = None) -> Flask:
    """The imitation as a WSGI application, working on `state`; `switches` replace those of `state`.

    Serve it with `connector.sandbox.serve.running`; only there can connections be broken.
    """
    app = Flask(__name__, static_folder=None)
    board = state.switches
    if switches is not None:
        board.set(switches)
    calls = Calls(state)
    intake = _Intake(calls)

    install(
        app,
        board=board,
        traffic=state.traffic,
        operation=lambda: request.endpoint or "",
        template=lambda: path_template(request),
        registered=_registered_numbers,
        failure_in_json=envelope,
        rate_limit_body=BodyKind.TEXT,  # amili/API.md, "Errors"
    )
    install_control(
        app,
        board=board,
        switches_as_json=asdict,
        snapshot=lambda: snapshot(state),
        reset=state.reset,
    )
    add_control(app, state)

    @app.errorhandler(Answer)
    def early(answer: Answer) -> Response:
        return answer.response

    @app.errorhandler(BadQuery)
    def bad_query(error: BadQuery) -> Response:
        return calls.refusal(400, str(error))

    @app.errorhandler(HTTPException)
    def standard(error: HTTPException) -> Response:
        return calls.refusal(error.code or 500, error.description or error.name)

    app.add_url_rule("/authenticates/api-code", "authenticate", intake.authenticate, methods=["GET"])
    app.add_url_rule("/case--registrations", "register", intake.register, methods=["POST"])
    app.add_url_rule("/media--upload/<reference_id>", "upload", intake.upload, methods=["POST"])
    add_cases(app, calls)
    add_actions(app, calls)
    add_finance(app, calls)
    _add_registers(app, calls)
    return app


def _add_registers(app: Flask, calls: Calls) -> None:
    state = calls.state

    def seen(
        documents: Mapping[str, dict[str, Any]], account_field: str, identifier: str | None = None
    ) -> list[Document]:
        api_code = calls.caller()
        with state.lock:
            return [
                dict(document)
                for key, document in documents.items()
                if identifier in {None, key} and state.may_see(api_code, document[account_field])
            ]

    def first(documents: list[Document]) -> Document | None:
        return documents[0] if documents else None

    @app.get("/case--registrations", endpoint="registrations")
    def registrations() -> Response:
        state.make_due_cases()
        return calls.listed(seen(state.registrations, "account"), calls.where())

    @app.get("/case--registrations/<registration_id>", endpoint="read_registration")
    def read_registration(registration_id: str) -> Response:
        state.make_due_cases()
        return calls.one(first(seen(state.registrations, "account", registration_id)))

    @app.get("/creditors", endpoint="creditors")
    def creditors() -> Response:
        return calls.listed(seen(state.creditors, "account"), calls.where())

    @app.get("/creditors/<creditor_id>", endpoint="read_creditor")
    def read_creditor(creditor_id: str) -> Response:
        return calls.one(first(seen(state.creditors, "account", creditor_id)))

    @app.get("/accounts", endpoint="accounts")
    def accounts() -> Response:
        return calls.listed(seen(state.accounts, "_id"), calls.where())

    @app.get("/accounts/<account_id>", endpoint="read_account")
    def read_account(account_id: str) -> Response:
        return calls.one(first(seen(state.accounts, "_id", account_id)))
