"""The deployed app's settings as a file, for `make dead-letters ENV=...`."""

import json

from infra.deploy import prerequisites
from infra.deploy.options import Options
from infra.deploy.resources import read_outputs
from infra.deploy.terminal import print_line, step
from infra.deploy.tools import ROOT, Tools

# Settings of the host, the worker and the app's identity. An operator signs in with another identity.
_OMITTED = ("AzureWebJobs", "APPLICATIONINSIGHTS_", "PYTHON_", "OTEL_", "AZURE_CLIENT_ID", "FUNCTIONS_")


def write_settings(options: Options, tools: Tools) -> None:
    """Write `.local/<environment>.settings.json`. It has addresses and limits, but no keys."""
    prerequisites.check(tools, publishing=False)
    failure = f"There is no deployment in {options.name}. Run `make deploy ENV={options.environment}` first."
    with step("Settings", failure):
        app = read_outputs(tools, options.name).function_app_name
        settings = tools.az(
            "functionapp", "config", "appsettings", "list", "--resource-group", options.name, "--name", app
        )
        values = {
            setting["name"]: setting["value"] for setting in settings or [] if not setting["name"].startswith(_OMITTED)
        }
        file = ROOT / ".local" / f"{options.environment}.settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"IsEncrypted": False, "Values": values}, indent=2))
        print_line(f"read from {app}")
