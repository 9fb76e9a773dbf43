"""The contract of a host: all that a package which adds one needs to know of the product.

A host opened for one connection speaks to one company's ledger with that connection's credentials. Its
methods raise the errors of `connector.domain.errors` and nothing else; `tests/hosts/contract.py` is the suite
that every host must pass.
"""

from connector.hosts.base.consent import (
    AppContext,
    Consented,
    ConsentRefused,
    RequestQuota,
    ServiceAccountRefused,
    TokenStore,
    Why,
)
from connector.hosts.base.events import CHANGES, Companies, EventSource, FollowedLedger, Lifecycle, Outlets
from connector.hosts.base.host import App, Host
from connector.hosts.base.kind import Administrator, ApiKey, AskedSetting, Consent, HostKind, Installation
from connector.hosts.base.ledger import (
    CaseEnd,
    Changes,
    Hints,
    HintTiming,
    IdentityCoverage,
    LedgerCase,
    LedgerCases,
    LedgerIdentity,
    LedgerMessage,
    PdfUnavailable,
    ReceiptFile,
    SetUp,
    UnknownName,
    Wish,
    WithdrawalWish,
    WriteBack,
    WriteBackResult,
)
from connector.hosts.base.quality import Quality, QualityList
from connector.words.languages import Language

__all__ = [
    "CHANGES",
    "Administrator",
    "ApiKey",
    "App",
    "AppContext",
    "AskedSetting",
    "CaseEnd",
    "Changes",
    "Companies",
    "Consent",
    "ConsentRefused",
    "Consented",
    "EventSource",
    "FollowedLedger",
    "HintTiming",
    "Hints",
    "Host",
    "HostKind",
    "IdentityCoverage",
    "Installation",
    "Language",
    "LedgerCase",
    "LedgerCases",
    "LedgerIdentity",
    "LedgerMessage",
    "Lifecycle",
    "Outlets",
    "PdfUnavailable",
    "Quality",
    "QualityList",
    "ReceiptFile",
    "RequestQuota",
    "ServiceAccountRefused",
    "SetUp",
    "TokenStore",
    "UnknownName",
    "Why",
    "Wish",
    "WithdrawalWish",
    "WriteBack",
    "WriteBackResult",
]
