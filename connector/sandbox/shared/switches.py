"""The named switches of the imitations: every assumed behaviour, and every fault, has a name and a default.

An assumption is something the documentation suggests but does not state (amili/API.md, "The imitation" and
"Unconfirmed"); each is a field here, so that both answers can be tried. A fault is something that goes wrong on the
wire. What the imitation of a host can be switched to stands in its own folder.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from enum import Enum, StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints


class FaultKind(StrEnum):
    """What goes wrong, and whether the request took effect before it did."""

    FAIL_BEFORE = "fail_before"
    """An answer of the fault's `status`, 5xx or a refusal (401, 403, 404 …); nothing was done."""
    FAIL_AFTER = "fail_after"
    """A 5xx answer; everything was done."""
    DROP_BEFORE = "drop_before"
    """The connection closes without an answer; nothing was done."""
    DROP_AFTER = "drop_after"
    """The connection closes without an answer; everything was done."""
    HALF_ANSWER = "half_answer"
    """Everything was done; the answer breaks off in the middle of its body."""
    UNAUTHORISED = "unauthorised"
    """A 401 answer, although the caller is right; nothing was done."""
    RATE_LIMITED = "rate_limited"
    """A 429 answer; nothing was done."""
    MUTE_AFTER = "mute_after"
    """Everything was done; the answer has the status of success, and a body that names nothing."""
    LARGE_ANSWER = "large_answer"
    """Everything was done; blanks after the answer make it the fault's `size_bytes`."""
    PACKED_ANSWER = "packed_answer"
    """As LARGE_ANSWER, compressed: it comes as a thousandth of that, and unpacks to all of it."""
    ENDLESS_ANSWER = "endless_answer"
    """Everything was done; blanks follow the answer until the caller hangs up."""
    DRIPPING_ANSWER = "dripping_answer"
    """Everything was done; the answer comes a byte at a time, one each `every_s` of the fault."""


class BodyKind(StrEnum):
    """How a failure looks. Amili's own error page is unknown (amili/API.md, "Errors"), so a client must take any."""

    JSON = "json"
    TEXT = "text"
    HTML = "html"
    EMPTY = "empty"


class ClosedAs(StrEnum):
    """What `closed` of a case holds; its type is unknown (amili/API.md, "State and closing")."""

    ABSENT = "absent"
    BOOLEAN = "boolean"
    DATE = "date"
    OBJECT = "object"
    OBJECT_OR_EMPTY = "object_or_empty"
    """An object, which is empty for an open case."""
    LIST = "list"
    """A list of closures, which is empty for an open case."""


class Duplicates(StrEnum):
    """What a second registration of an open creditor and invoice number does (amili/API.md, "Unconfirmed")."""

    ACCEPTED = "accepted"
    REFUSED_409 = "refused_409"
    """As a conflict, with nothing said of a field."""
    REFUSED_422 = "refused_422"


class CasesMade(StrEnum):
    """When a registration that was taken becomes a case: until then its answer and its record name none."""

    AT_ONCE = "at_once"
    LATER = "later"
    """`cases_made_after_s` seconds after it was taken."""
    NEVER = "never"


class Unfit(StrEnum):
    """How an action that does not fit its case is answered (amili/API.md, "Unconfirmed")."""

    WARNING = "warning"
    """201; later `status` warning, and only what fits is settled."""
    ERROR = "error"
    """201; later `status` error, and nothing is settled. A cancellation, which knows no error, shows a warning."""
    REFUSED_422 = "refused_422"


class AccountOfActions(StrEnum):
    """Whether actions carry `account`; the pages contradict each other (amili/API.md, "Contradictions")."""

    READONLY = "readonly"
    REQUIRED = "required"


class UnknownFields(StrEnum):
    """What a field that the documentation does not show does; refusing is the framework's default."""

    REFUSED = "refused"
    IGNORED = "ignored"


class FilterOperators(StrEnum):
    """Whether `where` takes more than equality (amili/API.md, "Unconfirmed")."""

    REFUSED = "refused"
    ACCEPTED = "accepted"


class TokenForm(StrEnum):
    """Whether the access token can be read as a JWT with `exp`, or is opaque (amili/API.md, "Unconfirmed")."""

    OPAQUE = "opaque"
    JWT = "jwt"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong now and then.

    It strikes requests of the `operations` named (empty: every one), limited to registrations of
    `invoice_numbers` when given: the next `next_n` of them, and of the rest the `share` (0 to 1) that a seeded
    draw picks. `status` is for the two kinds that answer; `retry_after_s` for a 429, `None` leaves the
    header out; `hold_s` keeps the caller waiting before a connection is dropped; `size_bytes` and `every_s` are for
    answers that are large or slow.
    """

    kind: FaultKind
    operations: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()
    share: float = 0.0
    next_n: int = 0
    status: int = 503
    body: BodyKind = BodyKind.JSON
    retry_after_s: int | None = None
    hold_s: float = 0.0
    size_bytes: int = 0
    every_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("share is between 0 and 1")


def answer_lost_after_create(
    *,
    share: float = 0.0,
    next_n: int = 0,
    invoice_numbers: tuple[str, ...] = (),
    hold_s: float = 0.0,
    operation: str = "register",
) -> Fault:
    """The fault that matters most: the case exists, and no one was told.

    `operation` may be another creation: `pay`, `credit`, `cancel`.
    """
    return Fault(
        FaultKind.DROP_AFTER,
        operations=(operation,),
        invoice_numbers=invoice_numbers,
        share=share,
        next_n=next_n,
        hold_s=hold_s,
    )


@dataclass(frozen=True)
class AmiliSwitches:
    """How the imitation of Amili behaves where the documentation leaves it open, and what goes wrong.

    `slow_s` is added to every request, `slow_operations_s` to single operations by name. Required fields beyond the
    documented four are unknown (amili/API.md, "Unconfirmed"): the defaults are what every example carries.
    `first_actions` are the two values that the guide calls the most common, so others exist; `further_fee_keys` are
    taken among both kinds of fees beside the guide's one each, which it gives as examples.

    Actions (payments, creditings, cancellations) take effect `actions_settle_after_s` after they were taken in; with
    `actions_fail` every one of them fails then, for that reason. Above `rest_claim_kronor` of costs, a case whose
    capital is paid stays open for the rest (RULES.md, "After the hand-over"). `cancellation_cost_kronor` is charged for
    a withdrawal.

    What an independent server of the same framework does: with `casts_object_ids` a text of 24 hexadecimal digits in a
    filter is taken for an id, and found in no text; with `ties_in_any_order` what is alike in the field sorted by comes
    in another order each time; with `strict_values` a Swedish `zip_code` is five digits and a capital a positive number
    of whole öre. `hidden_case_fields` ("debt.invoice_date") are left out of every case that is shown.

    With `filters_by_type`, a filter on `closed` with a value of another type than `closed_as` is refused (400), as Eve
    does where its filters are validated; `refused_filters` are refused whatever they hold: names of fields.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 1
    slow_s: float = 0.0
    slow_operations_s: Mapping[str, float] = field(default_factory=dict)

    error_body: BodyKind = BodyKind.JSON
    token_field: str = "token"  # noqa: S105
    token_lifetime_field: str = ""
    token_lifetime_s: int = 3600
    token_form: TokenForm = TokenForm.OPAQUE
    authenticate_status: int = 200

    cases_made: CasesMade = CasesMade.AT_ONCE
    cases_made_after_s: float = 0.0
    duplicate_registrations: Duplicates = Duplicates.ACCEPTED
    strict_values: bool = False
    unknown_fields: UnknownFields = UnknownFields.REFUSED
    required_customer_fields: tuple[str, ...] = ("name", "id_number", "address")
    required_debt_fields: tuple[str, ...] = (
        "invoice_number",
        "debt_description",
        "invoice_date",
        "capital_to_claim",
        "invoice_due_days_after_invoice_date",
    )
    inactive_creditor_status: int = 422
    first_actions: tuple[str, ...] = ("reminder", "debt_collection")
    further_fee_keys: tuple[str, ...] = ()

    initializing_s: float = 0.0
    visible_after_s: float = 0.0
    unknown_state: str = ""
    closed_as: ClosedAs = ClosedAs.OBJECT
    case_updated_moves: bool = True
    hidden_case_fields: tuple[str, ...] = ()
    shows_original_invoice: bool = False
    shows_total_amounts: bool = True
    media_status: bool = False
    filter_operators: FilterOperators = FilterOperators.REFUSED
    casts_object_ids: bool = False
    ties_in_any_order: bool = False
    filters_by_type: bool = False
    refused_filters: tuple[str, ...] = ()
    sorts_by_one_key: bool = False

    account_of_actions: AccountOfActions = AccountOfActions.READONLY
    duplicate_references: Duplicates = Duplicates.ACCEPTED
    shows_action_references: bool = True
    shows_action_status: bool = True
    answers_actions_whole: bool = False
    actions_settle_after_s: float = 0.0
    actions_fail: str = ""
    overpayment: Unfit = Unfit.WARNING
    overcrediting: Unfit = Unfit.WARNING
    action_on_closed_case: Unfit = Unfit.ERROR
    crediting_all_closes: bool = True
    rest_claim_kronor: int = 100
    cancellation_cost_kronor: int = 0
    offers_respite: bool = False
    payout_status: str = "scheduled"
    payout_shows_creditor: bool = True


class Named(Protocol):
    """A dataclass: its fields have names."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


class AnySwitches(Named, Protocol):
    """What every set of switches has."""

    @property
    def faults(self) -> tuple[Fault, ...]: ...
    @property
    def seed(self) -> int: ...
    @property
    def slow_s(self) -> float: ...
    @property
    def slow_operations_s(self) -> Mapping[str, float]: ...


S = TypeVar("S", bound=AnySwitches)
D = TypeVar("D", bound=Named)


def _converted(name: str, hint: Any, value: Any) -> Any:
    if name == "faults":
        return tuple(_built(Fault, item) for item in value)
    if get_origin(hint) is Mapping:
        return {str(key): _converted(name, get_args(hint)[1], item) for key, item in value.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if get_origin(hint) is tuple:
        if isinstance(value, str):
            raise ValueError(f"{name} is a list")
        return tuple(_converted(name, get_args(hint)[0], item) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint == int | None:
        return value if value is None else int(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ValueError(f"{name} is a {hint.__name__}")
    return value


def _read(cls: type[D], values: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    unknown = sorted(set(values) - {item.name for item in fields(cls)})
    if unknown:
        raise ValueError(f"no such switch: {', '.join(unknown)}")
    return {name: _converted(name, hints[name], value) for name, value in values.items()}


def _built(cls: type[D], values: Mapping[str, Any]) -> D:
    if "kind" not in values and cls is Fault:
        raise ValueError("a fault needs a kind")
    return cls(**_read(cls, values))


def changed(switches: S, changes: Mapping[str, Any]) -> S:
    """`switches` with the JSON values of `changes` in place. Raises `ValueError` naming what is wrong."""
    result: S = replace(switches, **_read(type(switches), changes))
    return result


class SwitchBoard(Generic[S]):
    """The switches in force, changeable at run time, and the draws of its faults. Safe between threads.

    Every fault draws from its own generator once for every request it could strike, whether or not another
    fault strikes first: for a given seed the n-th such request always meets the same fate.
    """

    def __init__(self, switches: S) -> None:
        self._lock = threading.Lock()
        self.set(switches)

    @property
    def switches(self) -> S:
        return self._switches

    def set(self, switches: S) -> None:
        """Put `switches` in force; the draws and the `next_n` counts start again."""
        with self._lock:
            self._switches: S = switches
            self._draws = [random.Random(f"{switches.seed}:{index}") for index in range(len(switches.faults))]
            self._left = [fault.next_n for fault in switches.faults]
            self.fired: Counter[str] = Counter()

    def change(self, changes: Mapping[str, Any]) -> S:
        """Change the switches named; the draws start again only if `faults` or `seed` is among them."""
        switches = changed(self._switches, changes)
        if {"faults", "seed"} & set(changes):
            self.set(switches)
        else:
            with self._lock:
                self._switches = switches
        return switches

    def draw(self, operation: str, invoice_numbers: Iterable[str] = ()) -> Fault | None:
        """The fault that strikes this request, if any; the first in the list when several do."""
        struck: Fault | None = None
        numbers = set(invoice_numbers)
        with self._lock:
            for index, fault in enumerate(self._switches.faults):
                if fault.operations and operation not in fault.operations:
                    continue
                if fault.invoice_numbers and numbers.isdisjoint(fault.invoice_numbers):
                    continue
                if self._left[index] > 0:
                    self._left[index] -= 1
                    hit = True
                else:
                    hit = self._draws[index].random() < fault.share
                if hit and struck is None:
                    struck = fault
                    self.fired[fault.kind.value] += 1
        return struck
