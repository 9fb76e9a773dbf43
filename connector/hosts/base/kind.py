"""One kind of accounting system, as everything outside its folder knows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

from connector.domain.invoice import Invoice
from connector.hosts.base.consent import AppContext
from connector.hosts.base.events import EventSource, Lifecycle, Outlets
from connector.hosts.base.host import App, Host
from connector.hosts.base.ledger import Hints, LedgerCases, SetUp
from connector.hosts.base.quality import QualityList
from connector.remote.policy import HttpPolicy


@dataclass(frozen=True)
class AskedSetting:
    """A setting of a connection that the command line takes as an option: `--name`, described by `help`.

    Who does not give it is asked `question`; with none, it is asked for only where `ApiKey.needs_login` says so.
    """

    name: str
    help: str
    question: str = ""


class ApiKey(ABC):
    """Ledgers that are opened by a key which a person enters."""

    asked: ClassVar[tuple[AskedSetting, ...]] = ()
    """What a person is asked for beside the key, in this order."""
    login_setting: ClassVar[str] = ""
    """The setting that holds the login of the key's user, for hosts that may want it."""
    APPROVES_RIGHTS: ClassVar[bool] = False
    """Whether the company approves the rights that we have: it is asked for those that lack, and not for a key."""
    OWN_CREDITOR_ONLY: ClassVar[bool] = False
    """Whether a ledger is joined to no creditor but one with its own organisation number, since no one but the ledger
    says whose it is."""

    @abstractmethod
    def open(self, settings: Mapping[str, Any], key: SecretStr, http: HttpPolicy) -> Host:
        """The ledger that a connection's host settings name. Nothing is called yet.

        Raises `ConfigurationError` for settings that cannot work.
        """

    def needs_login(self, settings: Mapping[str, Any], http: HttpPolicy) -> bool:  # noqa: ARG002 - for those that do
        """Return whether the ledger wants the login of the key's user beside the key; it may be asked.

        Raises `ConfigurationError` for settings that cannot work, and the errors of remote calls.
        """
        return False


@dataclass(frozen=True)
class Consent:
    """Ledgers that are opened by an app of the deployment's, once their companies have approved it.

    `app` gives it from the deployment's settings; None if they name none, and `advice` then says what to set.
    `company_setting` is the setting of a connection that holds its company's number, and `rights` are what companies
    are asked to approve by every such app.
    """

    APPROVES_RIGHTS: ClassVar[bool] = True
    OWN_CREDITOR_ONLY: ClassVar[bool] = True

    app: Callable[[AppContext], App | None]
    advice: str
    company_setting: str
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Administrator:
    """The user by whom something is installed: the key is used once and kept nowhere; `login` may be ""."""

    login: str
    key: SecretStr


class Installation(ABC):
    """What the connector needs inside a host, installed and removed by an administrator.

    The class says it in words for the command line: `installs` what that is, `login_help` when the administrator's
    login is wanted beside the key, and `patience` how long it takes.

    All raise `ConfigurationError`, `NotAuthorised`, and the errors of remote calls.
    """

    installs: ClassVar[str] = "what it needs"
    login_help: ClassVar[str] = "Login of that user, if it is wanted beside the key; asked for then if not given."
    patience: ClassVar[str] = "Setting it up. If it fails, what was begun is taken back."

    @abstractmethod
    def provision(
        self,
        settings: Mapping[str, Any],
        api_key: SecretStr,
        administrator: Administrator,
        http: HttpPolicy,
        *,
        webhook_url: str,
        other_first_actions: Sequence[str],
        told: Callable[[str], None],
    ) -> SetUp:
        """Install it, or repair it: all of it, or nothing.

        `api_key` is the connection's own, by which its user and company are known. `told` is given each step in words
        as it begins. Raises `LeftBehind` where a run that failed could not be taken back whole.
        """

    @abstractmethod
    def remove(self, settings: Mapping[str, Any], administrator: Administrator, http: HttpPolicy) -> SetUp:
        """Take away all that `provision` installed."""

    @abstractmethod
    def cases(
        self,
        settings: Mapping[str, Any],
        keys: Sequence[tuple[Mapping[str, Any], SecretStr]],
        administrator: Administrator,
        http: HttpPolicy,
    ) -> LedgerCases:
        """Return what `remove` will take away: every invoice with a case id, of every company in the database.

        `keys` are the settings and keys of the connections of that database, this one's first.
        """

    @abstractmethod
    def is_shared(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Return whether two ledgers, by their settings, are in one database, where `remove` takes away for both."""


class NoSettings(BaseModel):
    """What a kind of host says that wants to know nothing of the deployment."""


def _no_hints(body: bytes) -> Hints:  # noqa: ARG001 - for hosts that send none
    return Hints()


_UNGRADED = QualityList()


@dataclass(frozen=True)
class HostKind:
    """A kind of accounting system. Its `id` names it in addresses, commands and the store, its `name` to people.

    `settings` is the model of a connection's `host` settings; `deployment_settings` that of what the kind wants to
    know of the deployment, by the names that the environment has in capitals. `translate` gives the invoice of a saved
    document, and raises `Unreadable` for what is none. `same_books` says whether the settings of two connections name
    the same company's books, as far as they tell. `hints` gives what the body of a webhook points at, and never raises.
    `events` makes the source of its own events from the deployment settings, the app if it has one, and the store; None
    where they are not set up. `lifecycle` reads what it tells of the app. `quality` is what of the contract is kept.
    """

    id: str
    name: str
    settings: type[BaseModel]
    opened_by: ApiKey | Consent
    translate: Callable[[dict[str, Any], dict[str, Any]], Invoice]
    same_books: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    hints: Callable[[bytes], Hints] = _no_hints
    installation: Installation | None = None
    deployment_settings: type[BaseModel] = NoSettings
    events: Callable[[BaseModel, App | None, Outlets], EventSource | None] | None = None
    lifecycle: Lifecycle | None = None
    quality: QualityList = _UNGRADED

    @property
    def by_consent(self) -> Consent | None:
        """Return how its companies approve an app; None for a kind that is opened by a key."""
        return self.opened_by if isinstance(self.opened_by, Consent) else None

    @property
    def callback_path(self) -> str:
        """Return where people who approve are sent back to, below the deployment's public address."""
        return f"/{self.id}/callback"

    @property
    def lifecycle_path(self) -> str:
        """Return where the host tells of the app, if it does."""
        return f"/{self.id}/lifecycle"
