"""The documents and files that are generated from the table of settings in `exchange.settings`."""

import json
from collections.abc import Iterable
from inspect import getdoc
from typing import Any

from exchange.settings import GROUPS, Setting, list_settings
from local.issuer import CONSOLE_CLIENT
from local.paths import ROOT

# These have a default of their own in Azure, or none. The values here are those of the local stack.
LOCAL_VALUES = {
    "DATA_STORAGE": "UseDevelopmentStorage=true",
    "SERVICE_BUS": (
        "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true;"
    ),
    "COSMOS_ENDPOINT": "https://127.0.0.1:8081",
    # The emulator's key is public.
    "COSMOS_KEY": "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
    "COSMOS_DATABASE": "exchange",
    "DISPATCH_QUEUE": "dispatch",
    "IMPORT_QUEUE": "import",
    "NOTIFY_QUEUE": "notify",
    "TOKEN_ISSUER": "https://issuer.local/",
    "TOKEN_AUDIENCE": "api://enhancement-exchange.local",
    "TOKEN_KEYS_URL": "https://127.0.0.1:7072/keys",
    "CONSOLE_CLIENT_ID": CONSOLE_CLIENT,
    "CONSOLE_AUTHORITY": "http://127.0.0.1:7073",
    "SWEEP_SCHEDULE": "0 * * * * *",
    "ROBOT_MASTER_KEY": "for the local stack only, everyone knows this key",
    "ROBOT_ADDRESSES_UNRESTRICTED": "true",
}
LOCAL_HOST_VALUES = {"FUNCTIONS_WORKER_RUNTIME": "python", "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
NOT_IN_AZURE = {
    "DATA_STORAGE": "by managed identity instead",
    "SERVICE_BUS": "by managed identity instead",
    "COSMOS_KEY": "by managed identity instead",
    "CONSOLE_AUTHORITY": "the same as TOKEN_ISSUER",
    "ROBOT_ADDRESSES_UNRESTRICTED": "refused there",
}
ONLY_IN_AZURE = {
    "DATA_STORAGE__blobServiceUri",
    "DATA_STORAGE__queueServiceUri",
    "SERVICE_BUS__fullyQualifiedNamespace",
}
# App settings in Azure that our code does not read: the reader, and the purpose.
READ_BY_OTHERS: dict[str, tuple[str, str]] = {
    "AzureWebJobsStorage__accountName": ("the host", "storage account of its locks, keys and queue of blob events"),
    "AzureWebJobsStorage__credential": ("the host", "`managedidentity`"),
    "AzureWebJobsStorage__clientId": ("the host", "client id of the managed identity"),
    "DATA_STORAGE__credential": ("the host and the blob binding", "`managedidentity`"),
    "DATA_STORAGE__clientId": ("the host and the blob binding", "client id of the managed identity"),
    "SERVICE_BUS__credential": ("the host", "`managedidentity`"),
    "SERVICE_BUS__clientId": ("the host", "client id of the managed identity"),
    "AZURE_CLIENT_ID": ("azure-identity", "client id of the managed identity that our code uses"),
    "APPLICATIONINSIGHTS_CONNECTION_STRING": ("the host and the worker's exporter", "where telemetry is sent"),
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": (
        "the host and the worker's exporter",
        "client id of the managed identity that sends telemetry",
    ),
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": ("the worker", "makes it set up OpenTelemetry"),
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME": (
        "the worker",
        "name of the one logger whose records are sent, with those of its children",
    ),
    "OTEL_TRACES_SAMPLER": ("OpenTelemetry", "`always_on`: without it five spans a second are kept, from any trace"),
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ("OpenTelemetry", "libraries that get no spans of their own"),
}

OTHERS_HEADING = "Settings that our code does not read"

_HEAD = """\
# Settings

`make docs` generates this page from `exchange/settings.py`, `exchange/domain/limits.py` and
`local/generated_settings.py`. Change those files, not this page.

The app reads its settings once, when it starts. If settings are missing or invalid, it does not start, and one message
names all of them.

- **On the local stack**, `local.settings.sample.json` has every setting. `make up ARGS="--set NAME=value"` changes one.
- **In Azure**, "default" means that no app setting exists and the code's default applies. `infra/tunables.json` sets
  what differs from the default in every environment. The parameter `tunables` in a `.bicepparam` file changes a setting
  of one environment. `infra/modules/tunables.bicep` lists the settings that it accepts.

Names that end in `_S` are in seconds, names that end in `_BYTES` in bytes.
"""
_TAIL = """
`host.json` holds what only the Functions host reads. A function may run for 30 minutes, and the lock of a message is
renewed for as long.
"""
_HEADINGS = {
    "limits": "Limits",
    "deadlines": "Deadlines",
    None: "Other settings of the app",
    "azure": "Azure services",
    "tokens": "Access tokens",
    "console": "Web console",
}


def format_settings_page() -> str:
    """Return the text of docs/settings.md."""
    settings = list(list_settings())
    sections = "".join(
        _format_section(group, [setting for setting in settings if setting.group == group]) for group in _HEADINGS
    )
    return f"{_HEAD}{sections}{_format_read_by_others()}{_TAIL}"


def _format_section(group: str | None, settings: Iterable[Setting]) -> str:
    intro = f"{getdoc(GROUPS[group])}\n\n" if group else ""
    rows = "".join(
        f"| `{setting.name}` | {_describe_default(setting)} | {_describe_azure(setting)} | {setting.description} |\n"
        for setting in settings
    )
    return (
        f"\n## {_HEADINGS[group]}\n\n{intro}| setting | default | in Azure | description |\n|---|---|---|---|\n{rows}"
    )


def _describe_default(setting: Setting) -> str:
    if setting.default is not None:
        return format_value(setting.default)
    return "required" if setting.field.is_required() else "none"


def _describe_azure(setting: Setting) -> str:
    if setting.name in NOT_IN_AZURE:
        return f"not set, {NOT_IN_AZURE[setting.name]}"
    if setting.name in _read_tunables():
        return f"set to `{_read_tunables()[setting.name]}`"
    return "set" if setting.default is None else "default"


def _format_read_by_others() -> str:
    rows = "".join(f"| `{name}` | {reader} | {purpose} |\n" for name, (reader, purpose) in READ_BY_OTHERS.items())
    intro = "The deployment sets these app settings for the Functions host and for libraries."
    return f"\n## {OTHERS_HEADING}\n\n{intro}\n\n| setting | read by | purpose |\n|---|---|---|\n{rows}"


def format_sample() -> str:
    """Return the text of local.settings.sample.json: every setting, with the values of the local stack."""
    settings = {
        setting.name: LOCAL_VALUES.get(setting.name) or format_value(setting.default)
        for setting in list_settings()
        if setting.name not in ONLY_IN_AZURE
    }
    return json.dumps({"IsEncrypted": False, "Values": {**LOCAL_HOST_VALUES, **settings}}, indent=2) + "\n"


def format_tunables_type() -> str:
    """Return the text of infra/modules/tunables.bicep: the type of the parameter `tunables`, which refuses other names.

    It has every setting with a default that may be changed in Azure, and those of infra/tunables.json.
    """
    lines = [
        "// The settings that the parameter `tunables` accepts. `make docs` generates this file: do not edit it.",
        "",
        "@export()",
        "@sealed()",
        "@description('Settings of the app that differ from the default, by name.')",
        "type Tunables = {",
    ]
    for setting in list_settings():
        if setting.name in NOT_IN_AZURE or (setting.default is None and setting.name not in _read_tunables()):
            continue
        description = setting.description.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
        lines += [f"  @description('{description}')", f"  {setting.name}: string?"]
    return "\n".join([*lines, "}", ""])


def format_value(value: Any) -> str:
    """Write a default as the text of an app setting."""
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else json.dumps(value)


def _read_tunables() -> dict[str, str]:
    tunables: dict[str, str] = json.loads((ROOT / "infra" / "tunables.json").read_text())
    return tunables
