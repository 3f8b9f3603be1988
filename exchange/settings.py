"""The settings of the app, read once at start from the environment (the app settings in Azure).

A setting's name is the field's name in upper case. The group of the field is not part of the name. Names with a double
underscore are those of the triggers' connections, which the Functions host reads too. Where a dependency can be reached
by key (on the local stack) or by managed identity (in Azure), both settings are optional and one of them is required.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from exchange.domain.console import ConsoleSignIn
from exchange.domain.limits import Deadlines, Limits, SettingsGroup

# A connection string, as on the local stack, or the address for managed identity.
_ALTERNATIVES = (
    ("DATA_STORAGE", "DATA_STORAGE__blobServiceUri"),
    ("DATA_STORAGE", "DATA_STORAGE__queueServiceUri"),
    ("SERVICE_BUS", "SERVICE_BUS__fullyQualifiedNamespace"),
)

_LOCAL_ADDRESS = re.compile(r"https?://(127\.0\.0\.1|localhost)[:/]")
_KEY_VAULT_REFERENCE = "@microsoft.keyvault"


class SettingsError(Exception):
    """Some settings are missing or invalid. The message names each of them."""


class Azure(SettingsGroup):
    """The Azure services, each by key (local stack) or by address for managed identity."""

    data_storage: str | None = Field(
        None, repr=False, description="Connection string of the data storage account. Local stack only."
    )
    data_storage__blob_service_uri: str | None = Field(
        None,
        alias="DATA_STORAGE__blobServiceUri",
        pattern="^https://",
        description="Address of the blob service of the data storage account.",
    )
    data_storage__queue_service_uri: str | None = Field(
        None,
        alias="DATA_STORAGE__queueServiceUri",
        pattern="^https://",
        description="Address of the queue service of the same account, which holds the blob trigger's poison queue.",
    )
    service_bus: str | None = Field(
        None, repr=False, description="Connection string of the Service Bus namespace. Local stack only."
    )
    service_bus__fully_qualified_namespace: str | None = Field(
        None,
        alias="SERVICE_BUS__fullyQualifiedNamespace",
        description="Host name of the Service Bus namespace.",
    )
    cosmos_endpoint: str = Field(description="Address of the Cosmos DB account.")
    cosmos_key: str | None = Field(None, repr=False, description="Key of the Cosmos DB account. Local stack only.")
    cosmos_database: str = Field(min_length=1, description="Name of the Cosmos DB database.")
    dispatch_queue: str = Field(min_length=1, description="Name of the queue with messages to call a robot.")
    import_queue: str = Field(min_length=1, description="Name of the queue with messages to import a result.")
    notify_queue: str = Field(min_length=1, description="Name of the queue with messages to notify webhooks.")


class Tokens(SettingsGroup):
    """Whose access tokens are accepted. While one of these is missing, requests with a token get 503."""

    token_issuer: str | None = Field(None, description="Issuer (`iss`) that access tokens must have.")
    token_audience: str | None = Field(None, description="Audience (`aud`) that access tokens must have.")
    token_keys_url: str | None = Field(
        None, pattern="^https://", description="Address of the issuer's public keys (a JWK set)."
    )


class Console(SettingsGroup):
    """Sign-in of the web console. Without CONSOLE_CLIENT_ID the console is off, and its paths get 404."""

    console_client_id: str | None = Field(None, description="Client id with which users of the console sign in.")
    console_authority: str | None = Field(
        None,
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])",
        description="OpenID Connect issuer where users of the console sign in, if it is not TOKEN_ISSUER.",
    )


class Settings(SettingsGroup):
    """All settings that our code reads."""

    azure: Azure
    tokens: Tokens
    console: Console
    limits: Limits
    deadlines: Deadlines

    sweep_schedule: str = Field(
        min_length=1,
        description="When the sweep runs: an NCRONTAB expression with seconds, in UTC. The Functions host reads it.",
    )
    robot_master_key: str = Field(
        min_length=32,
        repr=False,
        description="Key from which the secrets of all robots and webhooks are derived, so that none is stored. In "
        "Azure a Key Vault reference.",
    )
    robot_addresses_unrestricted: bool = Field(
        default=False,
        description="Whether robots and webhooks may be called over http and at addresses that are not public. "
        "Accepted on the local stack only.",
    )
    signed_url_lifetime_s: float = Field(
        3600.0,
        gt=0,
        le=6 * 86_400,
        description="Lifetime of a signed URL. A robot that needs longer reads the batch request again for fresh URLs.",
    )

    @property
    def is_local(self) -> bool:
        """Whether the app runs on the local stack."""
        return bool(_LOCAL_ADDRESS.match(self.azure.cosmos_endpoint))

    @property
    def console_sign_in(self) -> ConsoleSignIn | None:
        """Sign-in of the web console. None if the console is off."""
        authority, audience = self.console.console_authority or self.tokens.token_issuer, self.tokens.token_audience
        if not (self.console.console_client_id and authority and audience):
            return None
        return ConsoleSignIn.for_audience(authority, self.console.console_client_id, audience)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings. A blank value counts as missing. Raises SettingsError that names every fault."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        faults = [
            f"{key} (or {address}): Field required" for key, address in _ALTERNATIVES if not {key, address} & set(given)
        ]
        # Azure passes on a Key Vault reference that it cannot resolve as plain text.
        faults += [
            f"{setting.name}: the Key Vault reference is not resolved"
            for setting in list_settings()
            if given.get(setting.name, "").lower().startswith(_KEY_VAULT_REFERENCE)
        ]
        settings = None
        try:
            settings = cls.model_validate({**given, **{group.upper(): given for group in GROUPS}})
        except ValidationError as error:
            faults += [f"{detail['loc'][-1]}: {detail['msg']}" for detail in error.errors()]
        if settings is not None and settings.robot_addresses_unrestricted and not settings.is_local:
            faults.append("ROBOT_ADDRESSES_UNRESTRICTED: accepted on the local stack only")
        if settings is not None and settings.console.console_client_id and settings.console_sign_in is None:
            faults.append("CONSOLE_CLIENT_ID: needs TOKEN_AUDIENCE, and TOKEN_ISSUER or CONSOLE_AUTHORITY")
        if settings is None or faults:
            raise SettingsError("The app cannot start. Missing or invalid settings: " + "; ".join(faults))
        return settings


GROUPS: dict[str, type[SettingsGroup]] = {
    "azure": Azure,
    "tokens": Tokens,
    "console": Console,
    "limits": Limits,
    "deadlines": Deadlines,
}


class Setting:
    """One setting: the name of the app setting, the field that defines it, and the group that the field is in."""

    def __init__(self, field_name: str, field: FieldInfo, group: str | None) -> None:
        self.name = field.alias or field_name.upper()
        self.field = field
        self.group = group

    @property
    def default(self) -> Any:
        """The default value. None if the setting has no default."""
        return None if self.field.is_required() else self.field.default

    @property
    def description(self) -> str:
        """What the setting means."""
        return self.field.description or ""


def list_settings() -> Iterator[Setting]:
    """Yield every setting that our code reads, group by group."""
    for group, model in GROUPS.items():
        for name, field in model.model_fields.items():
            yield Setting(name, field, group)
    for name, field in Settings.model_fields.items():
        if name not in GROUPS:
            yield Setting(name, field, None)
