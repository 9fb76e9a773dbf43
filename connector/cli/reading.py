"""Reading the JSON files that commands are given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from connector.domain.connection import ConnectionSettings, first_problem
from connector.domain.errors import ConfigurationError
from connector.domain.settings_limits import SettingsRefused
from connector.words import say

JSON_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, its decimals as `Decimal`. Raises `ConfigurationError` saying what is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path} is not JSON: {error.msg} in line {error.lineno}.") from None
    except (UnicodeDecodeError, RecursionError):
        raise ConfigurationError(f"{path} is not JSON.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no JSON object.")
    return found


def read_settings(path: Path | None) -> ConnectionSettings:
    """A connection's settings from a JSON file, or the defaults. Raises `ConfigurationError` naming the field."""
    if path is None:
        return ConnectionSettings()
    try:
        return ConnectionSettings.model_validate(read_object(path))
    except ValidationError as error:
        field, problem = first_problem(error)
        raise ConfigurationError(f"{path}: the setting {field}: {problem}.") from None


@contextmanager
def refused_in(language: str) -> Iterator[None]:
    """Say in the reader's language why settings are refused."""
    try:
        yield
    except SettingsRefused as error:
        raise ConfigurationError(say(error.says, language)) from None
