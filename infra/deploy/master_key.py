"""The master key, from which robots' secrets are derived. It is in the vault; this module creates it once."""

import secrets
import tempfile

from infra.deploy.prerequisites import Account
from infra.deploy.resources import Outputs
from infra.deploy.terminal import print_line
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import ToolError, Tools

# What az prints while the role assignment is not effective yet.
FORBIDDEN = "Forbidden"
_KEY_BYTES = 48
_NOT_FOUND = "SecretNotFound"


def ensure_master_key(tools: Tools, outputs: Outputs, timeouts: Timeouts) -> None:
    """Create the key if the vault has none, or recover a deleted one. An existing key is kept. Raises ToolError."""
    timeouts.retry_while(timeouts.roles_s, FORBIDDEN, lambda: _ensure(tools, outputs))


def _ensure(tools: Tools, outputs: Outputs) -> None:
    if _exists(tools, "show", outputs):
        print_line("exists, not changed")
    elif _exists(tools, "show-deleted", outputs):
        _run(tools, "recover", outputs, "--query", "id")
        print_line("recovered")
    else:
        set_master_key(tools, outputs)
        print_line("created")


def _exists(tools: Tools, verb: str, outputs: Outputs) -> bool:
    """Return whether the vault has the secret. Only SecretNotFound means no. Other errors are raised."""
    try:
        _run(tools, verb, outputs, "--query", "id")
    except ToolError as error:
        if _NOT_FOUND in error.stderr:
            return False
        raise
    return True


def set_master_key(tools: Tools, outputs: Outputs) -> None:
    """Set the secret to a new random value. A temporary file that only the current user can read passes it to az."""
    with tempfile.NamedTemporaryFile("w", prefix="key-") as file:  # created with mode 0600
        file.write(secrets.token_urlsafe(_KEY_BYTES))
        file.flush()
        _run(tools, "set", outputs, "--file", file.name, "--encoding", "utf-8", "--query", "id")


def _run(tools: Tools, verb: str, outputs: Outputs, *options: str) -> None:
    """Run an `az keyvault secret` command. `options` query the id only, so that az never prints the value."""
    secret = ["--vault-name", outputs.vault_name, "--name", outputs.master_key_name]
    tools.az("keyvault", "secret", verb, *secret, *options)


def refresh_references(tools: Tools, account: Account, group: str, outputs: Outputs) -> None:
    """Make the app resolve its Key Vault references now. Otherwise it may take a day."""
    group_id = f"/subscriptions/{account.subscription_id}/resourceGroups/{group}"
    app_id = f"{group_id}/providers/Microsoft.Web/sites/{outputs.function_app_name}"
    refresh = f"{app_id}/config/configreferences/appsettings/refresh?api-version=2022-03-01"
    tools.az("rest", "--method", "POST", "--url", refresh)
