"""`python -m connector.manifest` renews the generated parts of manifest.json: version, hosts and schemas.

What is said of a host stands in the `manifest.json` of its folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector import __version__, hosts
from connector.domain.connection import ConnectionSettings
from connector.hosts import kinds
from connector.resources import manifest_path


def renewed(manifest: dict[str, Any]) -> dict[str, Any]:
    """`manifest` with version, hosts and schemas as the code has them now; everything else as it is."""
    return {
        **manifest,
        "version": __version__,
        "hosts": [_described(host) for host in kinds.by_key_first() if _place(host).is_file()],
        "connection_settings": ConnectionSettings.model_json_schema(),
    }


def _place(host: str) -> Path:
    """Return where a host that comes with the product is described."""
    return Path(hosts.__path__[0]) / host / "manifest.json"


def _described(host: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(_place(host).read_text(encoding="utf-8"))
    return {**described, "settings": kinds.kind(host).settings.model_json_schema()}


def as_text(manifest: dict[str, Any]) -> str:
    """The manifest as its file holds it."""
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    path = manifest_path()
    path.write_text(as_text(renewed(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
