"""The life-cycle webhooks of a Fortnox app: consents given and taken back (fortnox/API.md, "Messages on the app")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 2.0


@dataclass
class LifeCycleHook:
    """Where an app wants to be told, and the secret its messages are signed with; nothing is sent without a URL."""

    url: str = ""
    secret: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """What was sent, and what came of it."""

    def send(self, event: str, **values: Any) -> None:
        """One call, no second try."""
        if not self.url:
            return
        payload: Mapping[str, Any] = {"event": event, **values}
        body = json.dumps(payload).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is given by whoever runs the sandbox
            self.url,
            data=body,
            headers={"Content-Type": "application/json", "X-Signature": signature(body, self.secret)},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                outcome = str(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                outcome = str(error.code)
        except OSError as error:
            outcome = f"failed: {error}"
        self.calls.append({"payload": payload, "outcome": outcome})


def signature(body: bytes, secret: str) -> str:
    """The `X-Signature` of a body: base64 of its HMAC-SHA256."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
