"""Where the files that travel with the code lie: page and ledger templates, and the manifest.

In an installed wheel they are inside the package (`connector/_data`), in a source checkout beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    packed = _PACKAGE / "_data"
    return packed if packed.is_dir() else _PACKAGE.parent


def manifest_path() -> Path:
    """The machine-readable description of the connector, `manifest.json`."""
    return _root() / "manifest.json"


def templates_path() -> Path:
    """The folder of templates: `pages/` and `help/` for people, and one for each host of what is installed into it."""
    return _root() / "templates"


def read_template(relative: str) -> str:
    """The text of one template, named by its path under `templates/`, for example "pages/base.html".

    Raises `FileNotFoundError` for a template that does not exist and `ValueError` for a path that leads out
    of the templates.
    """
    root = templates_path()
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ValueError(f"{relative!r} is not a template")
    return path.read_text(encoding="utf-8")
