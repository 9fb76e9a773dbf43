"""Reading `.env` strictly: a line that cannot be read stops the start, so that no setting silently has its default.

The format is python-dotenv's, without filling in `${...}`: a password may hold it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from connector.domain.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE = re.compile(r"[^=]*=[^\S\r\n]*(.*)", re.DOTALL)
_ADVICE = "Mend that line; .env.example says how values are quoted. Nothing is started with half of the settings."


def read_env_file(path: Path, *, known: Collection[str]) -> dict[str, str]:
    """The values in the file at `path` by their names as written, the last of several; none if there is no file.

    `known` are the names of settings in lower case: a name that is one slip of the keyboard from one of them is
    taken for it, and stops too. Names of other programs are given back like any other. Raises `ConfigurationError`
    with the number of the line and never its text, and what reading a file of text raises.
    """
    if not path.exists():
        return {}
    return dict(_values(path, path.read_text(encoding="utf-8-sig"), known))


def _values(path: Path, text: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    for binding in parse_stream(io.StringIO(text)):
        if problem := _problem(binding, known):
            raise ConfigurationError(f"{path} cannot be read: line {_line(binding)} {problem}.", advice=_ADVICE)
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value


def _line(binding: Binding) -> int:
    """The line on which a binding's text begins; blank lines before it are counted to it by the parser."""
    text = binding.original.string
    before = text[: len(text) - len(text.lstrip())]
    return int(binding.original.line) + len(re.findall(r"\r\n|\n|\r", before))


def _problem(binding: Binding, known: Collection[str]) -> str:
    """Return what is wrong with one line, or ""."""
    if binding.error:
        return "is not NAME=VALUE, or a quote in it is not closed, or something stands behind its closing quote"
    if binding.key is None:
        return ""
    if binding.value is None or not _NAME.fullmatch(binding.key):
        return "is not NAME=VALUE"
    if re.search(r"[\r\n]", binding.value):
        return "holds a quote that is not closed, or a line break, which no setting holds"
    if "${" in binding.value and not _is_in_single_quotes(binding):
        return "holds ${, which is not filled in; if it belongs to the value, put that in single quotes"
    name = binding.key.lower()
    if name not in known and (meant := next((one for one in known if _one_slip(name, one)), "")):
        return f"sets what is no setting; {meant.upper()} is probably meant"
    return ""


def _is_in_single_quotes(binding: Binding) -> bool:
    found = _VALUE.match(binding.original.string)
    return found is not None and found[1].startswith("'")


def _one_slip(written: str, meant: str) -> bool:
    """Return whether one character is missing, too many, another, or swapped with the next."""
    shorter, longer = sorted((written, meant), key=len)
    at = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(shorter) != len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = shorter[at : at + 2] == longer[at : at + 2][::-1] and shorter[at + 2 :] == longer[at + 2 :]
    return swapped or shorter[at + 1 :] == longer[at + 1 :]
