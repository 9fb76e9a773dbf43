"""What a package installs in the entry-point group `amili_connector.sandboxes`: the imitation of a kind of host."""

from __future__ import annotations

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask

from connector.sandbox.shared.demo import DemoLedger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True)
class Made:
    """An imitation ready to be served. `lines` are printed below its address, for whoever started it."""

    app: WSGIApplication
    lines: tuple[str, ...] = ()


class Imitation(ABC):
    """An imitation of one kind of host, named in the group by the host's id.

    `help` says in a few words what is imitated.
    """

    help: ClassVar[str]

    def add_options(self, parser: ArgumentParser) -> None:  # noqa: B027 - none is a whole answer
        """Add the options with which `python -m connector.sandbox` starts it, beside `--port`."""

    @abstractmethod
    def made(self, options: Namespace) -> Made:
        """Return it as `options` ask for it."""

    @abstractmethod
    def app(self, state: Any) -> Flask:
        """Return it working on `state`, of its own kind, for tests that change that as they go."""

    @abstractmethod
    def demo(self, redirect_uri: str) -> AbstractContextManager[DemoLedger]:
        """Serve it with the five invoices of the demo within the block.

        `redirect_uri` is where people who approve an app are sent back to.
        """
