"""`python -m connector.manifest` renews the generated parts of manifest.json: the version and the schemas."""

from __future__ import annotations

import json
from typing import Any

from connector import __version__
from connector.domain.connection import ConnectionSettings
from connector.hosts import kinds
from connector.resources import manifest_path


def renewed(manifest: dict[str, Any]) -> dict[str, Any]:
    """`manifest` with the version and the schemas that the code has now; everything else as it is."""
    hosts = [{**host, "settings": kinds.kind(host["id"]).settings.model_json_schema()} for host in manifest["hosts"]]
    return {
        **manifest,
        "version": __version__,
        "hosts": hosts,
        "connection_settings": ConnectionSettings.model_json_schema(),
    }


def as_text(manifest: dict[str, Any]) -> str:
    """The manifest as its file holds it."""
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    path = manifest_path()
    path.write_text(as_text(renewed(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
