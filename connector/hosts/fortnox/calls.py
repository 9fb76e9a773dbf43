"""Everything that is ever asked of Fortnox's API: what is not listed here cannot be called.

Fortnox has reading addresses that send, print or book (API.md, "Actions and PDF"). So paths are formed here alone, from
this list, and a key cannot lengthen one: `print` or `email` are reached by no key, however it is written.
"""

from __future__ import annotations

import re
from enum import Enum
from urllib.parse import quote

from connector.domain.errors import NotFound
from connector.hosts.fortnox.documents import SYSTEM
from connector.remote.calls import Kind

_NUMBER = re.compile(r"[0-9]{1,18}")
_CUSTOMER_NUMBER = re.compile(r"[\w+/-]{1,200}")
"""Letters, digits and - + / _ (API.md, "Customers"). Without dots it leads nowhere else, however it is decoded."""


class Call(Enum):
    """A method, a path, the name its answer is wrapped in, and the shape of its key."""

    READ_COMPANY = ("GET", "/3/companyinformation", "CompanyInformation", None)
    LIST_INVOICES = ("GET", "/3/invoices", "Invoices", None)
    READ_INVOICE = ("GET", "/3/invoices/{}", "Invoice", _NUMBER)
    PREVIEW_INVOICE = ("GET", "/3/invoices/{}/preview", "", _NUMBER)
    CHANGE_INVOICE = ("PUT", "/3/invoices/{}", "Invoice", _NUMBER)
    LIST_CUSTOMERS = ("GET", "/3/customers", "Customers", None)
    READ_CUSTOMER = ("GET", "/3/customers/{}", "Customer", _CUSTOMER_NUMBER)
    LIST_PAYMENTS = ("GET", "/3/invoicepayments", "InvoicePayments", None)
    READ_PAYMENT = ("GET", "/3/invoicepayments/{}", "InvoicePayment", _NUMBER)
    LIST_LABELS = ("GET", "/3/labels", "Labels", None)
    CREATE_LABEL = ("POST", "/3/labels", "Label", None)
    UPLOAD_FILE = ("POST", "/3/inbox", "File", None)
    LIST_ATTACHMENTS = ("GET", "/api/fileattachments/attachments-v1", "", None)
    ATTACH_FILE = ("POST", "/api/fileattachments/attachments-v1", "", None)

    def __init__(self, verb: str, template: str, wrapper: str, key_shape: re.Pattern[str] | None) -> None:
        self.verb = verb
        self.template = template
        self.wrapper = wrapper
        self.key_shape = key_shape

    @property
    def operation(self) -> str:
        """Return what is tried, in words."""
        return self.name.lower().replace("_", " ")

    @property
    def kind(self) -> Kind:
        """Return what its answer is, which limits how large it may be."""
        if self is Call.PREVIEW_INVOICE:
            return Kind.PDF
        return Kind.LIST if self.name.startswith("LIST_") else Kind.DOCUMENT

    def path(self, key: str = "") -> str:
        """The path to call, for the thing that `key` names. Raises `NotFound` for what cannot be such a key."""
        if self.key_shape is None:
            return self.template
        if not self.key_shape.fullmatch(key):
            raise NotFound("there is no such thing.", system=SYSTEM, operation=self.operation)
        return self.template.format(quote(key, safe=""))
