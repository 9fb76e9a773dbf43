"""A page as a reader without a browser sees it: its text, its links, its forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_HIDDEN_IN = {"script", "style", "noscript", "title"}
_VOID = {"input", "meta", "link", "br"}


@dataclass
class Form:
    """One form: where it goes, and what it would send if nothing were changed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    to_fill_in: set[str] = field(default_factory=set)


@dataclass
class Page:
    """`text` is what is read, with one space between words."""

    language: str = ""
    title: str = ""
    text: str = ""
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    fields_shown: list[str] = field(default_factory=list)
    outside_forms: list[str] = field(default_factory=list)

    def shown_but_not_sent(self) -> list[str]:
        """Names of what a reader can fill in, while another form on the page sends a value of its own for it.

        Whatever stands outside every form is sent by none.
        """
        doubled = [
            name for form in self.forms for name in form.to_fill_in if any(name in other.hidden for other in self.forms)
        ]
        return self.outside_forms + doubled

    def form(self, action_part: str) -> Form:
        """The one form whose action contains `action_part`."""
        (found,) = [form for form in self.forms if action_part in form.action]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._open: list[str] = []

    def _named(self, found: dict[str, str], *, hidden: bool = False) -> None:
        name = found.get("name", "")
        if "form" not in self._open or "form" in found:
            self.page.outside_forms.append(name)
        elif hidden:
            self.page.forms[-1].hidden.add(name)
        else:
            self.page.forms[-1].to_fill_in.add(name)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in found:
            self.page.ids.append(found["id"])
        match tag:
            case "html":
                self.page.language = found.get("lang", "")
            case "a":
                self.page.links.append(found.get("href", ""))
            case "form":
                self.page.forms.append(Form(found.get("action", ""), found.get("method", "get")))
            case "label":
                self.page.labelled.add(found.get("for", ""))
            case "select" | "textarea":
                self._named(found)
                self.page.fields_shown.append(found.get("id", ""))
            case "input":
                self._input(found)

    def _input(self, found: dict[str, str]) -> None:
        kind = found.get("type", "text")
        self._named(found, hidden=kind == "hidden")
        if kind != "hidden":
            self.page.fields_shown.append(found.get("id", ""))
        if kind in {"checkbox", "radio"} and "checked" not in found:
            return
        self.page.forms[-1].fields[found.get("name", "")] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.page.title += data
        elif not _HIDDEN_IN & set(self._open):
            self.page.text += f" {data}"


def read(html: str) -> Page:
    """The page that `html` is."""
    reader = _Reader()
    reader.feed(html)
    reader.page.text = " ".join(reader.page.text.replace("\u00a0", " ").split())
    reader.page.title = " ".join(reader.page.title.split())
    return reader.page
