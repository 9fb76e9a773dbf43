"""The products and accounts that the settings name: found by what people see, in whichever of Odoo's languages.

Without a language Odoo tells the names of its source, which is English, although everybody may know them in Swedish.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from connector.hosts.base import UnknownName
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.settings import OdooSettings

PRODUCT_SETTINGS = ("fee_products", "reminder_fee_products", "interest_products")
ACCOUNT_SETTINGS = ("fee_accounts", "reminder_fee_accounts", "interest_accounts")
_SOURCE = "en_US"

Context = Mapping[str, Any]


def products_in(settings: OdooSettings) -> tuple[str, ...]:
    """Every product that the settings name."""
    return tuple(dict.fromkeys(name for setting in PRODUCT_SETTINGS for name in getattr(settings, setting)))


def called(client: OdooClient, names: Collection[str], context: Context) -> dict[int, frozenset[str]]:
    """Return what the products that `names` may mean are called, in lower case: reference, name, and both as Odoo shows
    them.

    A call for each language of the database, and one that asks which these are; none without names.
    """
    if not names:
        return {}
    installed = client.call("res.lang", "get_installed", context=context)
    found: dict[int, set[str]] = {}
    for lang in (None, *(code for code, _ in installed if code != _SOURCE)):
        rows: list[dict[str, Any]] = client.call(
            "product.product",
            "search_read",
            domain=_naming(names),
            fields=["default_code", "name"],
            # Old invoices have products that no one sells any more.
            context={**context, "active_test": False, **({"lang": lang} if lang else {})},
        )
        for row in rows:
            found.setdefault(row["id"], set()).update(_names(row))
    return {product: frozenset(known) for product, known in found.items()}


def unknown(client: OdooClient, settings: OdooSettings, context: Context) -> tuple[UnknownName, ...]:
    """Return what the settings name and this Odoo does not have."""
    names = products_in(settings)
    known = set[str]().union(*called(client, names, context).values())
    codes = tuple(dict.fromkeys(code for setting in ACCOUNT_SETTINGS for code in getattr(settings, setting)))
    accounts: set[str] = set()
    if codes:
        rows = client.call(
            "account.account", "search_read", domain=[("code", "in", list(codes))], fields=["code"], context=context
        )
        accounts = {str(row["code"]) for row in rows}
    return (
        *_missing(settings, PRODUCT_SETTINGS, lambda name: name.casefold() in known, is_account=False),
        *_missing(settings, ACCOUNT_SETTINGS, lambda code: code in accounts, is_account=True),
    )


def in_words(unknown_names: Iterable[UnknownName]) -> Iterator[str]:
    """Return what someone must do about each name that is unknown."""
    for one in unknown_names:
        what = "account of the company has that code" if one.is_account else "product has that reference or name"
        yield f"The setting {one.setting} names {one.named!r}, and no {what} in Odoo. Correct it, or leave it out."


def _missing(
    settings: OdooSettings, names: Iterable[str], is_known: Callable[[str], bool], *, is_account: bool
) -> list[UnknownName]:
    return [
        UnknownName(setting, named, is_account)
        for setting in names
        for named in getattr(settings, setting)
        if not is_known(named)
    ]


def _naming(names: Iterable[str]) -> list[Any]:
    conditions = []
    for named in names:
        code, bracket, name = named.removeprefix("[").partition("] ")
        alike = name if named.startswith("[") and bracket else named
        conditions += [("name", "=ilike", _escaped(alike)), ("default_code", "=ilike", _escaped(code))]
    return [*["|"] * (len(conditions) - 1), *conditions]


def _escaped(text: str) -> str:
    """`text` as a pattern that only it fits."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _names(row: Mapping[str, Any]) -> set[str]:
    name, code = (str(row[field] or "").strip().casefold() for field in ("name", "default_code"))
    return {name, code, f"[{code}] {name}" if code else name} - {""}
