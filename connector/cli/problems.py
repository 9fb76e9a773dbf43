"""What becomes of an error in a command: one sentence on standard error, and an exit status."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from connector.cli.exit_codes import ExitCode
from connector.domain.errors import ConfigurationError, ConnectorError


class Misused(click.ClickException):
    """The command was given wrongly, in a way that only shows once it runs."""

    exit_code = ExitCode.USAGE

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the sentence as every other error's."""
        click.echo(self.message, err=True)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Print every error in words on standard error, and end with its exit status.

    A stack, without the error's own text, is shown only for what no one foresaw.
    """
    try:
        yield
    except ConfigurationError as error:
        click.echo(f"{error.message} {error.advice}".strip(), err=True)
        raise SystemExit(ExitCode.CONFIGURATION) from None
    except ConnectorError as error:
        click.echo(str(error), err=True)
        raise SystemExit(ExitCode.REMOTE) from None
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nEnded; nothing more is done.", err=True)
        raise SystemExit(ExitCode.ENDED) from None
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the text of a foreign exception may hold what must not be shown
        lines = "".join(traceback.format_tb(error.__traceback__))
        kind = type(error).__name__
        click.echo(f"{lines}This should not happen ({kind}). Tell whoever keeps the connector these lines.", err=True)
        raise SystemExit(ExitCode.UNEXPECTED) from None


def show_what_the_terminal_cannot() -> None:
    """Print “?” for a character that the terminal's encoding lacks, instead of failing over it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
