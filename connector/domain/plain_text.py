"""Texts in their plainest spelling: dashes, spaces and digits of every kind as on a keyboard, and escapes undone.

Every plain character knows the stretch of the text that it stands for, so that what is found in the plain spelling can
be taken out of the text itself.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_MINUS_SIGNS = frozenset("\u00ad\u02d7\u2027\u2043\u207b\u208b\u2212\u2500\u2501\u2796\u30fc\uff70")
"""Dashes that Unicode does not class as such; the first is the soft hyphen."""

_PLUS_SIGNS = frozenset("\u207a\u208a\u2795\ufb29\ufe62\uff0b")

_UNSEEN = frozenset({"Cc", "Mn", "Me"})
"""Control characters, and marks upon a letter or digit: with them two texts differ and look alike."""

_ESCAPE = re.compile(
    r"""
    (?P<percent>(?:%[0-9A-Fa-f]{2})+)
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,12});)
    | (?P<byte>(?:\\x[0-9A-Fa-f]{2})+)
    | \\u(?P<unit>[0-9A-Fa-f]{4})
    | (?P<space>\\[nrt])
    """,
    re.VERBOSE,
)
_MOST_LAYERS = 3
"""How many escapes within escapes are undone (`%252D`, `&amp;#45;`)."""


@dataclass(frozen=True)
class Spelling:
    """Another spelling of a text: the character at `n` stands for the text from `starts[n]` to `ends[n]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def stretch(self, match: re.Match[str]) -> tuple[int, int]:
        """Return where in the text stands what was found in the spelling."""
        return self.starts[match.start()], self.ends[match.end() - 1]


def folded(text: str) -> str:
    """`text` with every dash, plus sign, space and digit in its plain form, and without what is not seen."""
    return "".join(map(_plain, text))


def plain_spellings(text: str) -> Iterator[Spelling]:
    """`text` folded, with one space for many; and so again for each layer of escapes (URL, HTML, JSON) in it."""
    spelling = Spelling(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    yield _folded(spelling)
    for _ in range(_MOST_LAYERS):
        if not _ESCAPE.search(spelling.text):
            return
        spelling = _unescaped(spelling)
        yield _folded(spelling)


def _folded(spelling: Spelling) -> Spelling:
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for character, start, end in zip(spelling.text, spelling.starts, spelling.ends, strict=True):
        seen = _plain(character)
        if not seen or (not " " <= seen <= "~" and unicodedata.category(seen) in _UNSEEN):
            continue
        if seen == " " and plain and plain[-1] == " ":
            ends[-1] = end
            continue
        plain.append(seen)
        starts.append(start)
        ends.append(end)
    return Spelling("".join(plain), tuple(starts), tuple(ends))


def _plain(character: str) -> str:
    if " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category == "Pd" or character in _MINUS_SIGNS:
        return "-"
    if character in _PLUS_SIGNS:
        return "+"
    if category == "Cf":
        return ""
    if character.isspace():
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    wide = unicodedata.normalize("NFKC", character)
    return wide if len(wide) == 1 else character


def _unescaped(spelling: Spelling) -> Spelling:
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for escape in _ESCAPE.finditer(spelling.text):
        plain.append(spelling.text[at : escape.start()])
        starts += spelling.starts[at : escape.start()]
        ends += spelling.ends[at : escape.start()]
        meant = _meant(escape)
        start, end = spelling.stretch(escape)
        plain.append(meant)
        starts += [start] * len(meant)
        ends += [end] * len(meant)
        at = escape.end()
    return Spelling(
        "".join((*plain, spelling.text[at:])),
        (*starts, *spelling.starts[at:]),
        (*ends, *spelling.ends[at:]),
    )


def _meant(escape: re.Match[str]) -> str:
    if run := escape["percent"] or escape["byte"]:
        return bytes.fromhex(re.sub(r"%|\\x", "", run)).decode("utf-8", "replace")
    if entity := escape["entity"]:
        return html.unescape(entity)
    return " " if escape["space"] else chr(int(escape["unit"], 16))
