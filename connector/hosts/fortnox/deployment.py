"""What a deployment's settings say of its app at Fortnox. Names in the environment are the field names in capitals."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connector.remote.addresses import base_address


class FortnoxDeployment(BaseModel):
    """The app, where Fortnox is reached, and what companies are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fortnox_client_id: str = Field("", description="Client id of your app at Fortnox; empty: no company there.")
    fortnox_client_secret: SecretStr | None = Field(None, description="Client secret of your app at Fortnox.")
    fortnox_webhook_secret: SecretStr | None = Field(
        None,
        description="Secret by which Fortnox signs what it tells of your app; empty: nothing of it is believed.",
    )
    fortnox_authorisation_url: str = Field(
        "https://apps.fortnox.se", description="Base address of Fortnox's consent and tokens."
    )
    fortnox_api_url: str = Field("https://api.fortnox.se", description="Base address of Fortnox's API.")
    fortnox_events_url: str = Field(
        "wss://ws.fortnox.se/topics-v1",
        description="Address of Fortnox's events; empty: changes are found by asking alone.",
    )
    fortnox_receipts: bool = Field(
        False,
        description="Ask companies in Fortnox for what receipts need too, if your app has it: inbox and connectfile.",
    )

    @field_validator("fortnox_client_id", "fortnox_client_secret", "fortnox_webhook_secret", mode="before")
    @classmethod
    def _without_blanks(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and any(character.isspace() for character in text):
            raise ValueError("holds blanks, which none of Fortnox's does")
        return value

    @field_validator("fortnox_events_url")
    @classmethod
    def _socket_address(cls, url: str) -> str:
        if url and not url.startswith(("wss://", "ws://")):
            raise ValueError("must begin with wss://")
        return url

    @field_validator("fortnox_authorisation_url", "fortnox_api_url")
    @classmethod
    def _address(cls, url: str) -> str:
        return base_address(url)

    @model_validator(mode="after")
    def _whole_app(self) -> FortnoxDeployment:
        if bool(self.fortnox_client_id) != bool(self.fortnox_client_secret):
            raise ValueError("FORTNOX_CLIENT_ID and FORTNOX_CLIENT_SECRET must be set together")
        return self
