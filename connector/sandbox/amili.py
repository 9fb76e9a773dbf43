"""An imitation of Amili's API over HTTP, written from its reference alone.

Strict about what is documented; what is not stands behind a switch (`connector.sandbox.switches`).
Paths under /_sandbox/ are the imitation's own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from connector.sandbox.amili_checks import as_rfc_1123, issues, registration_shape
from connector.sandbox.amili_query import (
    BadQuery,
    Document,
    in_order,
    matches,
    paged,
    project,
    read_projection,
    read_where,
)
from connector.sandbox.amili_state import MEDIA_FIELDS, AmiliState, Case
from connector.sandbox.switches import AmiliSwitches, BodyKind, ClosedAs, Duplicates, TokenForm
from connector.sandbox.wire import (
    as_json,
    control_body,
    failure_answer,
    install,
    install_control,
    path_template,
)

ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512")
"""Accepted signing algorithms: amili.md 1.3."""

LONGEST_JWT_LIFE = timedelta(minutes=10)
CLOCK_SKEW = timedelta(minutes=1)
"""`exp` is to be ten minutes ahead (amili.md 1.3); how much skew is tolerated is unknown."""

FILE_TYPES = ("application/pdf", "image/jpeg", "image/png", "image/gif", "image/bmp")
"""Allowed by default: amili.md 3."""


class Answer(Exception):
    """An answer that ends the handling of a request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def _envelope(code: int, message: str) -> dict[str, Any]:
    return {"_status": "ERR", "_error": {"code": code, "message": message}}


class _Amili:
    """The handlers' common ground: the state and the switches in force."""

    def __init__(self, state: AmiliState) -> None:
        self.state = state

    @property
    def switches(self) -> AmiliSwitches:
        return self.state.switches.switches

    def refusal(self, code: int, message: str, found: Mapping[str, Any] | None = None) -> Response:
        """A refusal in the form that the switch `error_body` asks for."""
        if self.switches.error_body is not BodyKind.JSON:
            return failure_answer(code, self.switches.error_body, _envelope)
        body = _envelope(code, message)
        return as_json(body if found is None else {**body, "_issues": found}, code)

    def invalid(self, found: Mapping[str, Any], code: int = 422) -> Answer:
        message = "Insertion failure: 1 document(s) contain(s) error(s)"
        return Answer(self.refusal(code, message, found))

    def caller(self) -> str:
        """The api code behind the access token of the request at hand; ends it with 401 if there is none."""
        code = self.state.api_code_of(request.headers.get("X-API-Key", ""))
        if code is None:
            raise Answer(self.refusal(401, "Please provide proper credentials"))
        return code

    # Authentication: amili.md 1.3

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
            return self.refusal(401, "Please provide proper credentials")
        lifetime = timedelta(seconds=self.switches.token_lifetime_s)
        token = secrets.token_hex(24)
        if self.switches.token_form is TokenForm.JWT:
            expires = int((self.state.now() + lifetime).timestamp())
            token = jwt.encode({"exp": expires, "jti": token}, secrets.token_bytes(32), algorithm="HS256")
        self.state.issue_token(api_code, token, lifetime)
        body: dict[str, Any] = {self.switches.token_field: token}
        if self.switches.token_lifetime_field:
            body[self.switches.token_lifetime_field] = self.switches.token_lifetime_s
        return as_json(body, self.switches.authenticate_status)

    # Case registrations: amili.md 2

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
            raise self.invalid(found)
        if known is not None and not known["is_active"]:
            raise self.invalid({"creditor": "creditor is not active"}, self.switches.inactive_creditor_status)

    def register(self) -> Response:
        api_code = self.caller()
        if request.mimetype != "application/json":
            return self.refusal(400, "Unknown or no Content-Type header supplied")
        try:
            body = json.loads(request.get_data(), parse_float=Decimal)
        except ValueError:
            return self.refusal(400, "The request could not be understood: not JSON")
        found = issues(body, registration_shape(self.switches), self.switches.unknown_fields)
        if found is not None:
            raise self.invalid(found if isinstance(found, dict) else {"": found})
        with self.state.lock:
            self.check_parties(api_code, body)
            if self.switches.duplicate_registrations is Duplicates.REFUSED_422:
                self.refuse_duplicates(body)
            return as_json(self.state.create_registration(body), 201)

    def refuse_duplicates(self, body: Mapping[str, Any]) -> None:
        found = {
            str(index): {"invoice_number": f"value '{debt['invoice_number']}' not unique"}
            for index, debt in enumerate(body["debts"])
            if self.state.open_case(body["creditor"], debt["invoice_number"]) is not None
        }
        if found:
            raise self.invalid({"debts": found})

    # Cases: amili.md 4

    def case_document(self, case: Case) -> dict[str, Any]:
        switches = self.switches
        now = self.state.now()
        born = case.created + timedelta(seconds=switches.initializing_s)
        state, status = ("initializing", "initialized") if now < born else (case.state, case.status)
        if switches.unknown_state:
            state = status = switches.unknown_state
        history = [{"state": "initializing", "state_date": as_rfc_1123(case.created)}]
        if now >= born:
            history.append({"state": state, "state_date": as_rfc_1123(born)})
        costs = case.document["local_added_costs_amount"]
        remaining = {
            "remaining_capital_amount": case.remaining_capital,
            "remaining_costs_amount": Decimal(0) if case.closed_at else costs,
            "remaining_interest_amount": Decimal(0),
            "remaining_transaction_amount": case.remaining_capital + (0 if case.closed_at else costs),
        }
        document = {
            **case.document,
            "state": state,
            "status": status,
            "state_history": history,
            "status_history": [],
            "latest_state_date": history[-1]["state_date"],
            **{f"local_{name}": amount for name, amount in remaining.items()},
        }
        if switches.shows_total_amounts:
            document |= {f"total_{name}": amount for name, amount in remaining.items()}
        if switches.shows_original_invoice and case.uploads:
            document["original_invoice"] = f"{case.id}-{len(case.uploads)}"
        match switches.closed_as:
            case ClosedAs.BOOLEAN:
                document["closed"] = case.closed_at is not None
            case ClosedAs.DATE if case.closed_at:
                document["closed"] = as_rfc_1123(case.closed_at)
            case ClosedAs.OBJECT if case.closed_at:
                document["closed"] = {"date": as_rfc_1123(case.closed_at), "reason": case.status}
            case _:
                pass
        return document

    def visible_cases(self, where: Mapping[str, Any], api_code: str) -> list[Document]:
        number = where.get("debt.invoice_number")
        with self.state.lock:
            cases = self.state.cases_of(number) if isinstance(number, str) else list(self.state.cases.values())
        settled = self.state.now() - timedelta(seconds=self.switches.visible_after_s)
        return [
            self.case_document(case)
            for case in cases
            if case.created <= settled and self.state.may_see(api_code, case.account)
        ]

    def listed(self, documents: list[Document], where: Mapping[str, Any]) -> Response:
        found = [document for document in documents if matches(document, where)]
        page = paged(
            in_order(found, request.args.get("sort")),
            request.args.get("page"),
            request.args.get("max_results"),
        )
        shown = read_projection(request.args.get("projection"))
        page["_items"] = [project(item, shown) for item in page["_items"]]
        return as_json(page)

    def where(self) -> dict[str, Any]:
        return read_where(request.args.get("where"), self.switches.filter_operators)

    def one(self, document: Document | None) -> Response:
        if document is None:
            return self.refusal(404, "The requested URL was not found on the server.")
        return as_json(project(document, read_projection(request.args.get("projection"))))

    # Files: amili.md 3

    def upload(self, reference_id: str) -> Response:
        api_code = self.caller()
        domain = request.form.get("domain", "media--files")
        path = request.form.get("dotted_path")
        file = request.files.get("file")
        if domain not in {*MEDIA_FIELDS, "media--files"}:
            return self.refusal(400, f"Domain '{domain}' is not valid.")
        if domain != "media--files":
            if not path:
                return self.refusal(400, "Dotted Path Not Found in request form")
            if path not in MEDIA_FIELDS[domain]:
                return self.refusal(400, "Dotted Path is not valid")
        if file is None:
            return self.refusal(400, "File is a required attribute.")
        if file.mimetype not in FILE_TYPES:
            expected = ", ".join(FILE_TYPES)
            return self.refusal(
                400,
                f"The provided file's content type is not allowed. Expected: {expected}. Actual: {file.mimetype}",
            )
        case = self.state.cases.get(reference_id) if domain == "cases" else None
        if case is None or not self.state.may_see(api_code, case.account):
            return self.refusal(404, "Resource Document Not Found")
        self.state.upload(case, file.filename or "", file.mimetype, file.read())
        signed = urlencode(
            {
                "Expires": int((self.state.now() + timedelta(hours=1)).timestamp()),
                "GoogleAccessId": "sandbox@sandbox.iam.example",
                "Signature": secrets.token_urlsafe(128),
            }
        )
        url = f"https://storage.example/sandbox/cases/{case.id}-{secrets.token_hex(16)}?{signed}"
        return as_json({"url": url} | ({"_status": "OK"} if self.switches.media_status else {}), 201)


def _registered_numbers() -> list[str]:
    """The invoice numbers in the registration at hand, as far as it can be read."""
    if request.endpoint != "register":
        return []
    try:
        return [str(debt["invoice_number"]) for debt in json.loads(request.get_data())["debts"]]
    except (ValueError, LookupError, TypeError):
        return ["(unreadable)"]


def switches_as_json(switches: AmiliSwitches) -> dict[str, Any]:
    return asdict(switches)


def create_amili(state: AmiliState, switches: AmiliSwitches | None = None) -> Flask:
    """The imitation as a WSGI application, working on `state`; `switches` replace those of `state`.

    Serve it with `connector.sandbox.serve.running`; only there can connections be broken.
    """
    app = Flask(__name__, static_folder=None)
    board = state.switches
    if switches is not None:
        board.set(switches)
    amili = _Amili(state)

    install(
        app,
        board=board,
        traffic=state.traffic,
        operation=lambda: request.endpoint or "",
        template=lambda: path_template(request),
        registered=_registered_numbers,
        failure_in_json=_envelope,
        rate_limit_body=BodyKind.TEXT,  # amili.md 7.4
    )
    install_control(
        app,
        board=board,
        switches_as_json=switches_as_json,
        snapshot=state.snapshot,
        reset=state.reset,
    )
    _add_control(app, state)

    @app.errorhandler(Answer)
    def early(answer: Answer) -> Response:
        return answer.response

    @app.errorhandler(BadQuery)
    def bad_query(error: BadQuery) -> Response:
        return amili.refusal(400, str(error))

    @app.errorhandler(HTTPException)
    def standard(error: HTTPException) -> Response:
        return amili.refusal(error.code or 500, error.description or error.name)

    app.add_url_rule("/authenticates/api-code", "authenticate", amili.authenticate, methods=["GET"])
    app.add_url_rule("/case--registrations", "register", amili.register, methods=["POST"])
    app.add_url_rule("/media--upload/<reference_id>", "upload", amili.upload, methods=["POST"])
    _add_reading(app, state, amili)
    return app


def _add_reading(app: Flask, state: AmiliState, amili: _Amili) -> None:
    def seen(
        documents: Mapping[str, dict[str, Any]], account_field: str, identifier: str | None = None
    ) -> list[Document]:
        api_code = amili.caller()
        with state.lock:
            return [
                dict(document)
                for key, document in documents.items()
                if identifier in {None, key} and state.may_see(api_code, document[account_field])
            ]

    def first(documents: list[Document]) -> Document | None:
        return documents[0] if documents else None

    @app.get("/cases", endpoint="look")
    def look() -> Response:
        api_code = amili.caller()
        where = amili.where()
        return amili.listed(amili.visible_cases(where, api_code), where)

    @app.get("/cases/<case_id>", endpoint="read_case")
    def read_case(case_id: str) -> Response:
        api_code = amili.caller()
        case = state.cases.get(case_id)
        visible = case is not None and state.may_see(api_code, case.account)
        return amili.one(amili.case_document(case) if case is not None and visible else None)

    @app.get("/case--registrations", endpoint="registrations")
    def registrations() -> Response:
        return amili.listed(seen(state.registrations, "account"), amili.where())

    @app.get("/case--registrations/<registration_id>", endpoint="read_registration")
    def read_registration(registration_id: str) -> Response:
        return amili.one(first(seen(state.registrations, "account", registration_id)))

    @app.get("/creditors", endpoint="creditors")
    def creditors() -> Response:
        return amili.listed(seen(state.creditors, "account"), amili.where())

    @app.get("/creditors/<creditor_id>", endpoint="read_creditor")
    def read_creditor(creditor_id: str) -> Response:
        return amili.one(first(seen(state.creditors, "account", creditor_id)))

    @app.get("/accounts", endpoint="accounts")
    def accounts() -> Response:
        return amili.listed(seen(state.accounts, "_id"), amili.where())

    @app.get("/accounts/<account_id>", endpoint="read_account")
    def read_account(account_id: str) -> Response:
        return amili.one(first(seen(state.accounts, "_id", account_id)))


def _add_control(app: Flask, state: AmiliState) -> None:
    @app.post("/_sandbox/keys")
    def add_key() -> Response:
        body = control_body()
        accounts = body.get("accounts")
        state.register_key(body["api_code"], body["public_key"], accounts=None if accounts is None else tuple(accounts))
        return as_json({"registered": body["api_code"]}, 201)

    @app.post("/_sandbox/accounts")
    def add_account() -> Response:
        return as_json({"_id": state.add_account(**control_body())}, 201)

    @app.post("/_sandbox/creditors")
    def add_creditor() -> Response:
        return as_json({"_id": state.add_creditor(**control_body())}, 201)

    @app.post("/_sandbox/creditors/<creditor_id>")
    def set_creditor(creditor_id: str) -> Response:
        state.set_creditor(creditor_id, **control_body())
        return as_json(state.creditors[creditor_id])

    @app.post("/_sandbox/cases/<case_id>")
    def set_case(case_id: str) -> Response:
        body = control_body()
        if "remaining_capital" in body:
            body["remaining_capital"] = Decimal(body["remaining_capital"])
        state.set_case(case_id, **body)
        return as_json({"changed": case_id})

    @app.get("/_sandbox/uploads/<case_id>/<int:number>")
    def uploaded(case_id: str, number: int) -> Response:
        upload = state.cases[case_id].uploads[number - 1]
        return Response(upload.content, content_type=upload.content_type)

    @app.post("/_sandbox/tokens/expire")
    def expire_tokens() -> Response:
        state.expire_tokens()
        return as_json({"expired": True})
