"""A Fortnox whose answers a test says, and what was sent to it, held to Fortnox's own description.

`openapi.json` is what Fortnox publishes of the calls that we make. It leaves out paging, which its guides describe, and
demands `CustomerNumber` in changes of an invoice, which a recorded change goes without (fortnox/API.md, "Lists" and
"Changing an invoice").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses
from jsonschema import Draft4Validator
from pydantic import SecretStr

from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.pacing import Pace

API = "https://api.fortnox.se"
TOKEN = "first-access-token"
PAGING = {"page": {"type": "integer"}, "limit": {"type": "integer"}, "sortorder": {"enum": ["ascending", "descending"]}}


class Tokens:
    """Hands out one token after the other, each until it is refused."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens or (TOKEN,))

    def current(self) -> SecretStr:
        return SecretStr(self.left[0])

    def instead_of(self, refused: SecretStr) -> SecretStr:
        if refused.get_secret_value() == self.left[0] and len(self.left) > 1:
            self.left.pop(0)
        return self.current()


@dataclass
class Turns:
    """A budget with room for everything, that notes what it was asked for."""

    taken: int = 0
    blocked_s: list[float] = field(default_factory=list)

    def take(self, *, background: bool) -> float:
        self.taken += 1
        return 0.0

    def block(self, for_s: float) -> None:
        self.blocked_s.append(for_s)


def client(*tokens: str, turns: Turns | None = None, **options: Any) -> FortnoxClient:
    return FortnoxClient(Tokens(*tokens), Pace(turns or Turns(), system="Fortnox"), **options)


def says(method: str, path: str, body: Any, *, status: int = 200, **more: Any) -> None:
    """Fortnox's next answer to `method` on `path`, which is below /3/."""
    content = body if isinstance(body, (str, bytes)) else json.dumps(body, default=float)
    options = {"content_type": "application/json"} | more
    responses.add(method, f"{API}/3/{path}", body=content, status=status, **options)


def sent() -> list[tuple[str, str, dict[str, str], Any]]:
    """What was sent so far: method, path below /3/, query and body."""
    found = []
    for call in responses.calls:
        address = urlsplit(str(call.request.url))
        body = _read(call.request.body) if call.request.body else None
        path = address.path.removeprefix("/3/")
        found.append((str(call.request.method), path, dict(parse_qsl(address.query)), body))
    return found


def _read(body: str | bytes) -> Any:
    """The content of a body: a JSON value, or the parts of a form by their names."""
    written = body.encode() if isinstance(body, str) else body
    if not written.startswith(b"--"):
        return json.loads(written)
    form = BytesParser().parsebytes(
        b"Content-Type: multipart/form-data; boundary=" + written.split()[0][2:] + b"\n\n" + written
    )
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in form.walk()
        if not part.is_multipart()
    }


@contextmanager
def fortnox() -> Iterator[None]:
    """Let answers be said, and hold whatever was sent to the description afterwards."""
    with responses.mock:
        yield
        for call in responses.calls:
            require_described(str(call.request.method), str(call.request.url), call.request.body)


def require_described(method: str, url: str, body: str | bytes | None) -> None:
    """Fail unless Fortnox describes the request."""
    address = urlsplit(url)
    assert f"{address.scheme}://{address.netloc}" == API
    operation = _operation(method, address.path)
    described = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"} | PAGING
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        assert name in described, f"{name} is no parameter of {method} {address.path}"
        schema = described[name]
        numbers = schema.get("type") == "integer" or schema.get("items", {}).get("type") == "integer"
        told: Any = int(value) if numbers else value
        Draft4Validator(schema).validate([told] if schema.get("type") == "array" else told)
    if "requestBody" in operation:
        assert body, f"{method} {address.path} needs a body"
        ((kind, content),) = operation["requestBody"]["content"].items()
        described_body = _read(body)
        if kind == "multipart/form-data":
            assert set(described_body) <= set(content["schema"]["properties"])
        else:
            Draft4Validator(_strict(content["schema"])).validate(described_body)
    else:
        assert not body, f"{method} {address.path} takes no body"


@cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
    return found


def _operation(method: str, path: str) -> dict[str, Any]:
    for template, methods in _description()["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            found: dict[str, Any] | None = methods.get(method.lower())
            assert found, f"Fortnox describes no {method} on {path}"
            return found
    raise AssertionError(f"Fortnox describes no {path}")


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its references filled in, that takes no unknown field and partial invoices."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        found = _strict(_description()["components"]["schemas"][name])
        return {key: value for key, value in found.items() if (name, key) != ("fortnox_InvoicePayload", "required")}
    if "properties" in schema:
        properties = {name: _strict(one) for name, one in schema["properties"].items()}
        return {**schema, "properties": properties, "additionalProperties": False}
    return {**schema, "items": _strict(schema["items"])} if "items" in schema else schema
