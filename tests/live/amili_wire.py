"""Amili's API as a trial speaks to it: every answer as it comes, with its status and its form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from connector.amili.auth import ACCESS_TOKEN_FIELDS, Credentials, signed_token
from connector.amili.transport import KEY_HEADER, USER_AGENT
from connector.domain.errors import ConfigurationError

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Answer:
    """One answer. `document` is {} where it is no JSON object; `form` says what it is."""

    status: int
    document: Mapping[str, Any]
    form: str

    @property
    def is_taken(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def items(self) -> list[dict[str, Any]]:
        """What a list holds."""
        return list(self.document.get("_items", ()))

    @property
    def words(self) -> str:
        """What a refusal says; never what a success holds."""
        issues = self.document.get("_issues") or self.document.get("_error") or self.form
        return f"{self.status} {json.dumps(issues, ensure_ascii=False)[:300]}"


class AmiliWire:
    """One API user at one base address."""

    def __init__(self, base_url: str, credentials: Credentials, now: Callable[[], datetime]) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._now = now
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})
        self._key = ""

    def authenticate(self) -> Answer:
        """Ask for an access token, and use it from now on. Raises `ConfigurationError` where none can be found."""
        answer = self._call("GET", "/authenticates/api-code", key=signed_token(self._credentials, now=self._now()))
        found = [answer.document[name] for name in ACCESS_TOKEN_FIELDS if answer.document.get(name)]
        if not answer.is_taken or not found:
            names = ", ".join(answer.document) if answer.is_taken else answer.words
            raise ConfigurationError(
                f"No access token was found in the answer ({names}).",
                advice="Add the name that holds it to ACCESS_TOKEN_FIELDS in connector/amili/auth.py.",
            )
        self._key = str(found[0])
        return answer

    def get(self, path: str, *, key: str | None = None, **params: str) -> Answer:
        """Read from `path`, with our token or `key`."""
        return self._call("GET", path, key=key, params=params)

    def cases(self, where: Mapping[str, Any]) -> Answer:
        """The cases that a filter finds."""
        return self.get("/cases", where=json.dumps(where))

    def post(self, path: str, body: bytes) -> Answer:
        """Create something of a JSON `body`."""
        return self._call("POST", path, data=body, headers={"Content-Type": "application/json"})

    def upload(self, case: str, name: str, pdf: bytes) -> Answer:
        """Upload a case's original invoice."""
        fields = {"domain": "cases", "dotted_path": "original_invoice"}
        return self._call("POST", f"/media--upload/{case}", data=fields, files={"file": (name, pdf, "application/pdf")})

    def _call(self, method: str, path: str, *, key: str | None = None, **options: Any) -> Answer:
        headers = {KEY_HEADER: self._key if key is None else key} | options.pop("headers", {})
        answer = self._session.request(
            method, self._base_url + path, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, **options
        )
        try:
            document = answer.json()
        except ValueError:
            document = None
        kind = answer.headers.get("Content-Type", "no type").partition(";")[0]
        form = "JSON" if isinstance(document, dict) else f"{kind}, {'nothing' if not answer.content else 'no JSON'}"
        return Answer(answer.status_code, document if isinstance(document, dict) else {}, form)
