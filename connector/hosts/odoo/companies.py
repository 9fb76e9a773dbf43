"""Which company of an Odoo a connection reads, where nobody has said."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo.transport import SYSTEM


def only_company(company_ids: Sequence[int]) -> int:
    """The one company that the key's user sees. Raises `ConfigurationError` if there are several."""
    if len(company_ids) != 1:
        raise ConfigurationError(
            f"The key's user sees several companies ({', '.join(map(str, company_ids))}).",
            system=SYSTEM,
            advice="Choose one of them as company_id in the connection's Odoo settings.",
        )
    return int(company_ids[0])
