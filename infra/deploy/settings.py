"""The deployed app's settings as a file, for what operators type: `make dead-letters ENV=...`."""

import json

from infra.deploy import prerequisites
from infra.deploy.options import Options
from infra.deploy.resources import last_outputs
from infra.deploy.terminal import say, step
from infra.deploy.tools import ROOT, Tools

# Of the host, of the worker and of the app's own identity: whoever is_operator the exchange shows another.
_NOT_THEIRS = ("AzureWebJobs", "APPLICATIONINSIGHTS_", "PYTHON_", "OTEL_", "AZURE_CLIENT_ID", "FUNCTIONS_")


def write_settings(options: Options, tools: Tools) -> None:
    """Write `.local/<environment>.settings.json`. It holds addresses and limits; keys there are none."""
    prerequisites.check(tools, publishing=False)
    failed = f"There is no deployment to be found in {options.name}: run `make deploy ENV={options.environment}` first."
    with step("Settings", failed):
        app = last_outputs(tools, options.name).function_app_name
        named = ["--resource-group", options.name, "--name", app]
        settings = tools.az("functionapp", "config", "appsettings", "list", *named) or []
        values = {one["name"]: one["value"] for one in settings if not one["name"].startswith(_NOT_THEIRS)}
        file = ROOT / ".local" / f"{options.environment}.settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"IsEncrypted": False, "Values": values}, indent=2))
        say(f"of {app}")
