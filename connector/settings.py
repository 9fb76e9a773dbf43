"""The settings of one deployment, from the environment and `.env`.

Every field is described in OPERATING.md ("Settings") and in `.env.example`; a test holds the three together.
Secrets have no default: `amili-connector init` writes a `.env` with fresh ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connector import manifest
from connector.domain.errors import ConfigurationError
from connector.env_file import read_env_file
from connector.hosts import kinds
from connector.remote.addresses import base_address

_LAST_PORT = 65535
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_NO_ADDRESS = frozenset(' <>,;:"()[]\\')


class Settings(BaseSettings):
    """One deployment. Names in the environment are the field names in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        description="Keys that encrypt stored secrets, comma-separated, newest first; older ones still decrypt."
    )
    session_secret: SecretStr = Field(min_length=32, description="Signs the page sessions and form tokens.")
    public_url: str = Field("http://127.0.0.1:8080", description="The address under which ledgers and people reach us.")
    listen: str = Field("127.0.0.1:8080", description="Address and port that the web server listens on.")
    data_dir: Path = Field(Path("data"), description="Folder of the SQLite files, when no DATABASE_URL is set.")
    database_url: SecretStr | None = Field(
        None, description="postgresql://user:password@host/name; unset: SQLite in DATA_DIR."
    )
    amili_sandbox_url: str = Field(
        manifest.load().collector.environments["sandbox"].url, description="Base address of Amili's sandbox API."
    )
    amili_production_url: str = Field(
        "",
        description="Base address of Amili's production API, as Amili states it; needed for production only.",
    )
    smtp_host: str = Field("", description="Mail server for the daily mail of what waits; empty: no mail is sent.")
    smtp_port: int = Field(587, ge=1, le=_LAST_PORT, description="Port of the mail server.")
    smtp_user: str = Field("", description="User at the mail server; empty: it asks for none.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is encrypted: starttls, tls, or none on this machine."
    )
    mail_from: str = Field("", description="Sender of the daily mail, for example amili@company.example.")
    digest_hour: int = Field(7, ge=0, le=23, description="From which hour in Sweden the daily mail is sent.")
    trusted_proxy: str = Field(
        "",
        description="Address of the reverse proxy whose X-Forwarded-For and -Proto are believed; empty: nobody's.",
    )
    session_idle_s: float = Field(
        3600.0, ge=60, description="How long people who do nothing stay signed in to the pages; ten hours at most."
    )
    worker_concurrency: int = Field(8, ge=1, le=64, description="Hand-overs that one worker works on at once.")
    connection_concurrency: int = Field(
        4, ge=1, le=64, description="Hand-overs of one connection that one worker works on at once."
    )
    connect_timeout_s: float = Field(5.0, gt=0, description="Longest wait for a connection to a remote system.")
    read_timeout_s: float = Field(
        30.0, gt=0, description="Longest wait for a remote system's answer to go on; all of it may take twice as long."
    )
    page_wait_s: float = Field(
        3.0, gt=0, description="How long a page waits for a ledger or Amili before it fills itself in."
    )
    attempt_s: float = Field(
        120.0, gt=0, description="How long a worker may own a hand-over before it must have sent or given up."
    )
    settle_s: float = Field(120.0, gt=0, description="Wait after an unanswered registration before it may be repeated.")
    stop_wait_s: int = Field(
        8, ge=0, le=600, description="How long a worker that is told to stop waits for the calls under way."
    )
    poll_interval_s: float = Field(
        300.0, ge=1, description="How often each ledger is asked for standing wishes and changes."
    )
    cases_interval_s: float = Field(
        900.0, ge=1, description="How often Amili is asked which cases have changed; all open ones are read daily."
    )
    reconcile_hour: int = Field(
        2, ge=0, le=23, description="From which hour in Sweden, over three hours, companies are compared with Amili."
    )
    retention_days: int = Field(
        90, ge=1, description="How long finished work of the engine and handled hints are kept."
    )
    allow_private_addresses: bool = Field(
        False, description="Allow ledgers at private or plain-http addresses (a ledger on the same network)."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    _of_hosts: dict[str, BaseModel] = PrivateAttr(default_factory=dict)

    def of_host(self, host: str) -> BaseModel:
        """Return what the deployment's settings say to a kind of host: its `HostKind.deployment_settings`."""
        return self._of_hosts[host]

    def with_hosts(self, values: Mapping[str, object]) -> Settings:
        """These settings, and those of every kind of host that is installed, of `values` by the settings' names.

        Raises `pydantic.ValidationError`, and `ConfigurationError` if no host is installed.
        """
        whole = self.model_copy()
        whole._of_hosts = {
            kind.id: kind.deployment_settings.model_validate(
                {name: values[name] for name in kind.deployment_settings.model_fields if name in values}
            )
            for kind in kinds.every()
        }
        return whole

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _usable_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not keys:
            raise ValueError("holds no key")
        for key in keys:
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError("each key must be 32 bytes in URL-safe base64, as `init` makes them") from None
        return keys

    @field_validator("database_url")
    @classmethod
    def _postgresql_only(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        if not url.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with postgresql://")
        return url

    @field_validator("trusted_proxy")
    @classmethod
    def _one_address(cls, value: str) -> str:
        return str(ip_address(value)) if value else ""

    @field_validator("amili_production_url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        if url and not url.startswith("https://"):
            raise ValueError("must begin with https://, because cases of real people go there")
        return url

    @field_validator("public_url", "amili_sandbox_url", "amili_production_url")
    @classmethod
    def _address(cls, url: str) -> str:
        return base_address(url)

    @field_validator("public_url")
    @classmethod
    def _whole_server(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.path.strip("/"):
            # The pages' links and forms, and the sign-in's cookie, are for the whole of a server.
            raise ValueError(
                f"names a path ({parts.path}), below which the connector cannot be served; "
                "give it a server name of its own, such as https://amili.company.example"
            )
        if parts.query or parts.fragment or "?" in url or "#" in url:
            raise ValueError("must end with the server's name, or its port")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must hold no user and no password")
        return url

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= _LAST_PORT:
            raise ValueError("must be ADDRESS:PORT, for example 127.0.0.1:8080")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_mail_address(cls, value: str) -> str:
        name, _, domain = value.partition("@")
        if value and (
            not name or not domain or not value.isascii() or not value.isprintable() or {*value} & _NO_ADDRESS
        ):
            raise ValueError("must be one plain e-mail address")
        return value

    @model_validator(mode="after")
    def _whole_mail_server(self) -> Settings:
        if bool(self.smtp_host) != bool(self.mail_from):
            raise ValueError("SMTP_HOST and MAIL_FROM must be set together")
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("SMTP_USER and SMTP_PASSWORD must be set together")
        if self.smtp_host and self.smtp_security == "none" and self.smtp_host not in _THIS_MACHINE:
            raise ValueError("SMTP_SECURITY may be none only where SMTP_HOST is this machine")
        return self

    @model_validator(mode="after")
    def _settle_outlasts_requests(self) -> Settings:
        if self.settle_s <= self.connect_timeout_s + self.read_timeout_s:
            raise ValueError("SETTLE_S must be longer than CONNECT_TIMEOUT_S and READ_TIMEOUT_S together")
        return self


def load_settings(env_file: Path | None = Path(".env"), **overrides: object) -> Settings:
    """The deployment's settings: `overrides`, else the environment, else `env_file`.

    Raises `ConfigurationError`, one sentence that names the first wrong setting, or the line of the file that cannot
    be read, and what reading a file of text raises.
    """
    written = read_env_file(env_file, known=setting_fields().keys()) if env_file else {}
    environment = {name.lower(): value for name, value in os.environ.items()}
    from_file = {name.lower(): value for name, value in written.items() if name.lower() not in environment}
    try:
        settings = Settings(**(from_file | overrides))  # type: ignore[arg-type]
        return settings.with_hosts(from_file | environment | overrides)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def setting_fields() -> dict[str, FieldInfo]:
    """Every setting by its name in small letters: a deployment's own, and those of the hosts that are installed.

    Raises `ConfigurationError` if no host is installed.
    """
    own = dict(Settings.model_fields)
    for kind in kinds.every():
        own |= kind.deployment_settings.model_fields
    return own


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]).upper() if first["loc"] else ""
    if first["type"] == "missing":
        return f"The setting {name} is missing; `amili-connector init` writes a .env with fresh secrets."
    problem = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"The setting {name} is malformed: {problem}." if name else f"{problem}."
