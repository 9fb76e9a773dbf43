"""Amili's API for one API user: registering cases, acting on them, and reading what Amili holds.

Every method raises the errors of `connector.domain.errors`. Nothing is retried, apart from one repetition
with a fresh token when Amili answers 401; whether and when to repeat is the caller's to decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from urllib3.filepost import encode_multipart_formdata

from connector.amili import SYSTEM, respite
from connector.amili.actions import (
    ACTION_PATHS,
    Action,
    ActionReceipt,
    RegisteredAction,
    action_json,
    matching,
)
from connector.amili.answers import read_model, unreadable
from connector.amili.auth import Credentials, authenticate
from connector.amili.calls import Calls
from connector.amili.changes import changed_since
from connector.amili.fields import to_json
from connector.amili.finance import Payout, PayoutLine
from connector.amili.lists import PAGE_SIZE, Query, Wheres, is_bad_query, item_path, of_creditor
from connector.amili.models import (
    CASE_PROJECTION,
    FOUND_CASE_PROJECTION,
    Account,
    Case,
    CaseRegistration,
    Creditor,
    FoundCase,
    Registration,
    RegistrationReceipt,
    is_closed,
)
from connector.amili.probing import NO_ID, Probed, probe
from connector.amili.transport import Creation, Transport
from connector.domain.action import ActionKind
from connector.domain.errors import Refused, WithoutCase
from connector.remote.policy import ORDINARY, HttpPolicy
from connector.remote.tokens import TokenStore

SANDBOX_BASE_URL = "https://api-sandbox.amili.se"
"""Amili's sandbox. The production address is not published (API.md, "Addresses"), so it is always stated."""

OPEN_CASE_FILTERS: tuple[Mapping[str, Any], ...] = ({"closed": None}, {"closed": False})
"""How to ask for open cases: one list for each. That one may ask by `closed` is documented, what it holds is not
(API.md, "State and closing"), so both of the ways in which an open case may look are asked for. Unconfirmed; a single
empty filter reads every case, which is always right and costs a call for each hundred closed ones too."""

_LIKE_AN_ID = re.compile("[0-9a-fA-F]{24}")

_DOING: Mapping[ActionKind, str] = {
    ActionKind.PAYMENT: "report a payment",
    ActionKind.CREDITING: "report a credit",
    ActionKind.CANCELLATION: "withdraw a case",
}


@dataclass(frozen=True)
class Visible:
    """What our key sees first: its accounts and creditors. No creditors means missing rights
    (API.md, "Keys and access groups")."""

    accounts: tuple[Account, ...]
    creditors: tuple[Creditor, ...]


class AmiliClient:
    """Speaks to one base address with one API user's credentials; may be shared by threads.

    `tokens` shares the access token with other clients and processes, `now` tells the time (aware).
    Raises `ConfigurationError` for a malformed `base_url`.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        tokens: TokenStore,
        *,
        http: HttpPolicy = ORDINARY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = Calls(Transport(base_url, http), credentials, tokens, now=now)

    def register(self, registration: CaseRegistration, *, may_send: Callable[[], None]) -> RegistrationReceipt:
        """Register one debt as a case (API.md, "Case registration").

        `may_send` is called after the connection stands and before the body leaves; what it raises stops the
        request and comes out unchanged. `OutcomeUnknown`, `Unreadable` included: there may be a case; `WithoutCase`
        says under which registration.
        """
        operation = "register a case"
        content = Creation(to_json(registration), "application/json", may_send)
        receipt = self._calls.receipt("/case--registrations", content, RegistrationReceipt, operation=operation)
        if not receipt.case_id:
            raise WithoutCase(
                "took the registration and did not name its case",
                registration_id=receipt.registration_id,
                system=SYSTEM,
                operation=operation,
                status=HTTPStatus.CREATED,
            )
        return receipt

    def upload_original_invoice(
        self, case_id: str, content: bytes, file_name: str, *, may_send: Callable[[], None]
    ) -> None:
        """Upload the invoice's PDF to a case (API.md, "Upload of the invoice"). `may_send` as in `register`.

        The answer's address is signed, so it is a secret: it is neither returned nor quoted.
        """
        operation = "upload the original invoice"
        body, content_type = encode_multipart_formdata(
            [
                ("domain", "cases"),
                ("dotted_path", "original_invoice"),
                ("file", (file_name, content, "application/pdf")),
            ]
        )
        path = item_path("/media--upload", case_id, operation=operation)
        document = self._calls.create(path, Creation(body, content_type, may_send), operation=operation)
        # Older pages show `url` alone, newer ones `_status` beside it.
        if not document.get("url") and document.get("_status") != "OK":
            raise unreadable("answered without the uploaded file's address", operation=operation)

    def case(self, case_id: str) -> Case:
        """One case. Raises `NotFound`."""
        return self._calls.item("/cases", case_id, Case, operation="read a case")

    def cases(self, where: Mapping[str, Any] | None = None) -> Iterator[Case]:
        """The cases that match `where` (API.md, "Lists"), oldest first, read a page at a time."""
        return self._calls.listed("/cases", Case, Query(where), operation="list cases")

    def cases_of_invoice(
        self, creditor: str, invoice_number: str, *, since: date | None = None
    ) -> tuple[FoundCase, ...]:
        """Every case, open or closed, of exactly this creditor's invoice number.

        The answer is compared again, and raises `Unreadable` if a case lacks what to compare: anyone who asks
        is about to register, and must not take an unclear answer for "none". A number that a filter may not find is
        looked for among the creditor's cases that changed on the day `since`, of the invoice, or later; among all of
        them if it is not given.
        """
        operation = "look for the invoice's cases"
        wheres: Wheres = ({"creditor": creditor, "debt.invoice_number": invoice_number}, of_creditor(creditor), {})
        found = tuple(self._calls.filtered("/cases", FoundCase, wheres, Query(), operation=operation))
        if not found and _is_taken_for_an_id(invoice_number):
            found = self._cases_of_creditor(creditor, since, operation=operation)
        if any(case.creditor is None or case.invoice_number is None for case in found):
            raise unreadable("answered with a case without creditor or invoice number", operation=operation)
        return tuple(case for case in found if (case.creditor, case.invoice_number) == (creditor, invoice_number))

    def _cases_of_creditor(self, creditor: str, since: date | None, *, operation: str) -> tuple[FoundCase, ...]:
        if since is None:
            query = Query(where=of_creditor(creditor), projection=FOUND_CASE_PROJECTION)
            return tuple(self._calls.listed("/cases", FoundCase, query, operation=operation))
        changed = changed_since(
            self._calls,
            "/cases",
            FoundCase,
            creditor=creditor,
            # Its midnight in Sweden is the evening before in GMT.
            since=datetime.combine(since, time(), UTC) - timedelta(hours=2),
            projection=FOUND_CASE_PROJECTION,
            operation=operation,
        )
        return tuple(changed)

    def open_cases(self, creditor: str | None) -> Iterator[Case]:
        """The creditor's open cases, a hundred a call, without anything of the debtors (API.md, "Finding cases").

        None for a creditor means every one that our key sees.

        That a case is missing here proves nothing: it may have been closed, or skipped while another one closed
        during the reading. Read it by itself before believing anything of it, and before acting on a state: Amili
        warns of acting on a list that has grown old.
        """
        operation = "list open cases"
        seen: set[str] = set()
        refused = 0
        for condition in OPEN_CASE_FILTERS:
            try:
                for case in self._cases_where({**of_creditor(creditor), **condition}, operation=operation):
                    if creditor is not None and case.creditor != creditor:
                        raise unreadable("answered with a case of unknown creditor", operation=operation)
                    if case.id not in seen and not is_closed(case):
                        seen.add(case.id)
                        yield case
            except Refused as refusal:
                # Where a value of one type is refused the other is of the right one, and tells all; but none found may
                # as well mean that open cases do not have the field.
                if not is_bad_query(refusal):
                    raise
                refused += 1
        if refused == len(OPEN_CASE_FILTERS) or (refused and not seen):
            yield from self._open_among_all(creditor, operation=operation)

    def _cases_where(self, where: Mapping[str, Any], *, operation: str) -> Iterator[Case]:
        query = Query(where=where, projection=CASE_PROJECTION)
        return self._calls.listed("/cases", Case, query, operation=operation)

    def _open_among_all(self, creditor: str | None, *, operation: str) -> Iterator[Case]:
        """The creditor's open cases, from all that the key sees if even the creditor cannot be asked for."""
        query = Query(projection=CASE_PROJECTION)
        wheres: Wheres = (of_creditor(creditor), {})
        for case in self._calls.filtered("/cases", Case, wheres, query, operation=operation):
            if case.creditor is None:
                raise unreadable("answered with a case of unknown creditor", operation=operation)
            if case.creditor == (creditor or case.creditor) and not is_closed(case):
                yield case

    def cases_changed_since(self, creditor: str | None, since: datetime) -> Iterator[Case]:
        """The creditor's cases, open and closed, that changed at `since` (aware) or later; see `changed_since`.

        None for a creditor means every one that our key sees.
        """
        return changed_since(
            self._calls,
            "/cases",
            Case,
            creditor=creditor,
            since=since,
            projection=CASE_PROJECTION,
            operation="list changed cases",
        )

    def act(self, action: Action, *, may_send: Callable[[], None]) -> ActionReceipt:
        """Report a payment or a credit, or withdraw a case (API.md, "Actions"). `may_send` as in `register`.

        The receipt says that Amili took it in, not that it took effect: read it back. `OutcomeUnknown`, `Unreadable`
        included: it may have been taken in, so look with `find_action` before any repetition.
        """
        operation = _DOING[action.kind]
        content = Creation(action_json(action), "application/json", may_send)
        return self._calls.receipt(ACTION_PATHS[action.kind], content, ActionReceipt, operation=operation)

    def find_action(self, action: Action) -> tuple[RegisteredAction, ...]:
        """Return whether Amili has `action` already: by case, then compared exactly by our reference.

        Only the case is asked for: whether references can be is not documented, and a filter that matches nothing
        would look like "none". A cancellation has no reference, so any of the case is it. How soon a new one can be
        found is not documented either, so none proves something only some time after the failed attempt. Raises
        `Unclear` where the answer does not tell (`connector.amili.actions.matching`).
        """
        operation = f"look for a {action.kind}"
        wheres: Wheres = ({"case": action.case}, of_creditor(action.creditor), {})
        path = ACTION_PATHS[action.kind]
        found = self._calls.filtered(path, RegisteredAction, wheres, Query(), operation=operation)
        return matching(action, found, operation=operation)

    def action(self, kind: ActionKind, action_id: str) -> RegisteredAction:
        """One payment, crediting or cancellation, read back. Raises `NotFound`."""
        return self._calls.item(ACTION_PATHS[kind], action_id, RegisteredAction, operation=f"read a {kind}")

    def grant_respite(self, case_id: str, days: int, *, may_send: Callable[[], None]) -> None:
        """Postpone a case by `days`. Raises `ByHandOnly` while it is not known how (`connector.amili.respite`)."""
        respite.grant_respite(self._calls, case_id, days, may_send=may_send)

    def payout_lines_since(self, creditor: str, since: datetime) -> Iterator[PayoutLine]:
        """The creditor's payout specifications made or changed at `since` (aware) or later (API.md, "Payouts")."""
        return changed_since(
            self._calls,
            "/finance--payout-specifications",
            PayoutLine,
            creditor=creditor,
            since=since,
            operation="list payout specifications",
        )

    def payout_lines_of(self, creditor: str, invoice_number: str) -> tuple[PayoutLine, ...]:
        """The payout specifications of exactly this creditor's invoice number (API.md, "Payouts"), compared again.

        Which field of a line names its case is not documented, so a withdrawn case's lines are among them. Raises
        `Unreadable` for a line that does not say whose it is.
        """
        operation = "list an invoice's payout specifications"
        query = Query(where={"creditor": creditor, "invoice_number": invoice_number})
        found = tuple(self._calls.listed("/finance--payout-specifications", PayoutLine, query, operation=operation))
        if not found and _is_taken_for_an_id(invoice_number):
            query = Query(where=of_creditor(creditor))
            found = tuple(self._calls.listed("/finance--payout-specifications", PayoutLine, query, operation=operation))
        if any(line.creditor is None or not line.invoice_number for line in found):
            raise unreadable("answered with a line without creditor or invoice number", operation=operation)
        return tuple(line for line in found if (line.creditor, line.invoice_number) == (creditor, invoice_number))

    def lines_of_payout(self, payout_id: str) -> Iterator[PayoutLine]:
        """The payout specifications that one payout gathers (API.md, "Payouts")."""
        query = Query(where={"payout": payout_id})
        operation = "list a payout's specifications"
        return self._calls.listed("/finance--payout-specifications", PayoutLine, query, operation=operation)

    def payouts_since(self, creditor: str, since: datetime) -> Iterator[Payout]:
        """The creditor's payouts made or changed at `since` (aware) or later.

        That payouts can be asked for by creditor is not documented; none found may mean that. The sure way is
        `payout`, with the id that every line of it names.
        """
        return changed_since(
            self._calls, "/finance--payouts", Payout, creditor=creditor, since=since, operation="list payouts"
        )

    def payout(self, payout_id: str) -> Payout:
        """One payout. Raises `NotFound`."""
        return self._calls.item("/finance--payouts", payout_id, Payout, operation="read a payout")

    def registration(self, registration_id: str) -> Registration:
        """One case registration read back. Raises `NotFound`."""
        return self._calls.item("/case--registrations", registration_id, Registration, operation="read a registration")

    def registrations(self, where: Mapping[str, Any] | None = None) -> Iterator[Registration]:
        """The case registrations that match `where`, oldest first."""
        return self._calls.listed("/case--registrations", Registration, Query(where), operation="list registrations")

    def creditors(self, organization_number: str | None = None) -> tuple[Creditor, ...]:
        """The creditors our key sees, or those of them with this organisation number (ten digits).

        A sole trader's organisation number is a personal number and must not stand in an address, where
        logs would show it: then all creditors are read and compared here.
        """
        operation = "list creditors"
        if organization_number is None:
            return tuple(self._calls.listed("/creditors", Creditor, Query(), operation=operation))
        wanted = _digits(organization_number)
        where = {"organization_no": wanted} if _is_legal_entity(wanted) else None
        found = self._calls.listed("/creditors", Creditor, Query(where), operation=operation)
        return tuple(creditor for creditor in found if wanted and _digits(creditor.organization_number) == wanted)

    def creditor(self, creditor_id: str) -> Creditor:
        """One creditor. Raises `NotFound`."""
        return self._calls.item("/creditors", creditor_id, Creditor, operation="read a creditor")

    def accounts(self) -> tuple[Account, ...]:
        """The accounts our key sees."""
        return tuple(self._calls.listed("/accounts", Account, Query(), operation="list accounts"))

    def who(self) -> Visible:
        """The first page of accounts and of creditors: whether the key works, and whom it speaks for."""
        accounts = self._calls.page("/accounts", {}, 1, PAGE_SIZE, operation="list accounts")
        creditors = self._calls.page("/creditors", {}, 1, PAGE_SIZE, operation="list creditors")
        return Visible(
            accounts=tuple(read_model(Account, item, operation="list accounts") for item in accounts.items),
            creditors=tuple(read_model(Creditor, item, operation="list creditors") for item in creditors.items),
        )

    def probe(self, creditor: str) -> tuple[Probed, ...]:
        """Try every endpoint that the flows read of a creditor, one call each. Raises nothing for one that fails."""
        return tuple(
            probe(
                self._calls,
                creditor,
                look=lambda: self.cases_of_invoice(creditor, NO_ID),
                open_cases=lambda: self.open_cases(creditor),
            )
        )


def _is_taken_for_an_id(text: str) -> bool:
    # Eve takes such a text in a filter for an id, and then finds it in no field of text (API.md, "Lists").
    return text != NO_ID and bool(_LIKE_AN_ID.fullmatch(text))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_legal_entity(digits: str) -> bool:
    # RULES.md, "Identity numbers": the third digit of an organisation number is at least 2, of a personal number less.
    return digits[2:3] >= "2"


def try_to_sign_in(base_url: str, credentials: Credentials, http: HttpPolicy, *, now: datetime) -> None:
    """See whether Amili lets `credentials` in, by asking for a token that is thrown away. Raises as `authenticate`."""
    authenticate(Transport(base_url, http), credentials, now=now)
