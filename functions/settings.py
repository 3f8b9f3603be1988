"""The app's settings: one typed table, read once at start from the environment (Azure's app settings).

A name is the field's in upper case. Where a dependency may be reached by key, as locally, or by managed identity, as
in Azure, the setting of the key is optional. Names with a double underscore are those of the triggers' connections:
the host reads the same ones.
"""

import re
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# A connection string, as locally, or the address that a managed identity is used with.
_EITHER = (
    ("DATA_STORAGE", "DATA_STORAGE__blobServiceUri"),
    ("DATA_STORAGE", "DATA_STORAGE__queueServiceUri"),
    ("SERVICE_BUS", "SERVICE_BUS__fullyQualifiedNamespace"),
)


_LOCAL = re.compile(r"https?://(127\.0\.0\.1|localhost)[:/]")


class SettingsError(Exception):
    """Some settings are missing or bad; the message names each."""


class Settings(BaseModel):
    """Every setting that our code reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=str.upper, allow_inf_nan=False)

    # Where things are: a connection string, or the address for managed identity.
    data_storage: str | None = Field(None, repr=False)
    data_storage__blob_service_uri: str | None = Field(None, alias="DATA_STORAGE__blobServiceUri", pattern="^https://")
    data_storage__queue_service_uri: str | None = Field(
        None, alias="DATA_STORAGE__queueServiceUri", pattern="^https://"
    )
    service_bus: str | None = Field(None, repr=False)
    service_bus__fully_qualified_namespace: str | None = Field(None, alias="SERVICE_BUS__fullyQualifiedNamespace")
    cosmos_endpoint: str
    cosmos_key: str | None = Field(None, repr=False)
    cosmos_database: str = Field(min_length=1)
    dispatch_queue: str = Field(min_length=1)
    import_queue: str = Field(min_length=1)

    # NCRONTAB with seconds, in UTC: how often overdue batches are looked for. The host reads it too.
    sweep_schedule: str = Field(min_length=1)

    # Whose access tokens are taken: the issuer, what they must be for, and where the issuer publishes its keys. While
    # one is missing, nobody with a token is let in, and each is told why.
    token_issuer: str | None = None
    token_audience: str | None = None
    token_keys_url: str | None = Field(None, pattern="^https://")

    # What robots' secrets are derived from, so that none is stored. Whoever has it can be any robot.
    robot_master_key: str = Field(min_length=32, repr=False)

    # How much is taken at once.
    http_body_limit_bytes: int = Field(10 << 20, gt=0)
    references_per_batch_limit: int = Field(100_000, gt=0, le=100_000)
    # Lines of one references file: it has to be answered while somebody waits.
    references_per_load_limit: int = Field(5_000, gt=0)
    # Of one requestor.
    open_batches_limit: int = Field(100, gt=0)
    # One plain PUT carries at most 5,000 MiB; a robot's storage SDK could send more.
    result_file_limit_bytes: int = Field(4 << 30, gt=0)
    result_line_limit_bytes: int = Field(1 << 20, gt=0)
    # Of entries that can't be read, repeat others or name references nobody asked for: what has more is no result.
    result_useless_entries_limit: int = Field(200_000, gt=0)
    # A window is what is imported between two records of progress, and what is held in memory of a result.
    import_window_entries: int = Field(25_000, gt=0)
    import_window_bytes: int = Field(32 << 20, gt=0)
    import_requests_at_once: int = Field(4, gt=0)

    # How long a signed URL lives; a robot that takes longer asks anew. A delegation key lives a week at most.
    signed_url_lifetime_s: float = Field(3600.0, gt=0, le=6 * 86_400)

    # One call to a robot, connect and read together; and of that, for the connection.
    robot_call_timeout_s: float = Field(30.0, gt=0)
    robot_connect_timeout_s: float = Field(10.0, gt=0)
    # For the local stack alone: robots may be called by http and at addresses that are not public.
    robots_anywhere: bool = False
    # A robot out of reach is tried again after this long, then twice as long each time up to the longest, ...
    robot_retry_first_s: float = Field(5.0, gt=0)
    robot_retry_longest_s: float = Field(600.0, gt=0)
    # ... for this long since the first call.
    robot_retry_all_s: float = Field(3600.0, gt=0)

    # What the sweep goes by: how long each wait may take before something is done about it.
    dispatch_overdue_s: float = Field(300.0, gt=0)
    received_limit_s: float = Field(7200.0, gt=0)
    validation_wait_s: float = Field(120.0, gt=0)
    callback_wait_s: float = Field(900.0, gt=0)
    robot_silence_limit_s: float = Field(86_400.0, gt=0)
    progress_limit_s: float = Field(900.0, gt=0)
    progress_tries: int = Field(10, gt=0)
    # Long work records its progress at least this often.
    progress_record_s: float = Field(30.0, gt=0)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the table; a blank value counts as not set. Raises SettingsError naming every missing or bad one."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        faults = [
            f"{key} (or {address}): Field required" for key, address in _EITHER if not {key, address} & set(given)
        ]
        faults += [
            f"{name}: the Key Vault reference is not resolved"
            for name in (field.alias or "" for field in cls.model_fields.values())
            # Azure hands on a reference that it can't resolve as it stands, for all to guess.
            if given.get(name, "").lower().startswith("@microsoft.keyvault")
        ]
        settings = None
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            faults += [f"{detail['loc'][0]}: {detail['msg']}" for detail in error.errors()]
        if settings is not None and settings.robots_anywhere and not _LOCAL.match(settings.cosmos_endpoint):
            faults.append("ROBOTS_ANYWHERE: this is for the local stack alone")
        if settings is None or faults:
            raise SettingsError("The app can't start. Settings missing or bad: " + "; ".join(faults))
        return settings
