"""Somebody at the pages: keeps cookies, reads pages, fills in their forms."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from tests.canary import WatchedClient
from tests.web.page import Page, read

PASSWORD = "correct horse battery staple"


class _Compiled(BytecodeCache):
    """The pages' templates as compiled for an app before: another template has another key or checksum."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._kept.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Visitor:
    """One browser session at `app`."""

    def __init__(self, app: Flask, *, language: str = "sv", address: str = "192.0.2.1") -> None:
        app.test_client_class = WatchedClient
        app.jinja_env.bytecode_cache = _COMPILED
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        self.client.environ_base["REMOTE_ADDR"] = address

    def get(self, path: str) -> TestResponse:
        """What is answered to a GET."""
        return self.client.get(path, buffered=True)

    def page(self, path: str, *, status: int = 200) -> Page:
        """The page at `path`, on which every choice that can be seen is one that its own button sends."""
        response = self.get(path)
        assert response.status_code == status, (response.status_code, response.headers.get("Location"))
        found = read(response.text)
        assert found.shown_but_not_sent() == [], path
        return found

    def submit(self, path: str, action_part: str, **filled: str | list[str]) -> TestResponse:
        """Open `path` and send its form with that action, `filled` in."""
        form = self.page(path).form(action_part)
        fields = form.fields | {name.replace("__", "-"): value for name, value in filled.items()}
        return self.client.post(form.action or path, data=fields)

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Fill in the sign-in form."""
        return self.submit("/sign-in", "/sign-in", email=email, password=password)
