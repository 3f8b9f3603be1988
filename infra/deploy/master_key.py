"""The master key, which robots' secrets are derived from: it lives in the vault, and passes through here once."""

import secrets
import tempfile

from infra.deploy.patience import Patience
from infra.deploy.prerequisites import Account
from infra.deploy.resources import Outputs
from infra.deploy.terminal import say
from infra.deploy.tools import ToolError, Tools

_BYTES = 48
_ROLES_SPREAD = "Forbidden"
_ABSENT = "SecretNotFound"


def ensure_master_key(tools: Tools, outputs: Outputs, patience: Patience) -> None:
    """Make the key if there is none, recover one that was deleted, leave one that is there. Raises ToolError."""
    patience.through(patience.roles_s, _ROLES_SPREAD, lambda: _ensure(tools, outputs))


def _ensure(tools: Tools, outputs: Outputs) -> None:
    if _there(tools, "show", outputs):
        say("exists, and is left as it is")
    elif _there(tools, "show-deleted", outputs):
        _secret(tools, "recover", outputs, "--query", "id")
        say("recovered")
    else:
        set_master_key(tools, outputs)
        say("made")


def _there(tools: Tools, verb: str, outputs: Outputs) -> bool:
    """Whether the vault has such a secret: only its own word that it has none counts as no."""
    try:
        _secret(tools, verb, outputs, "--query", "id")
    except ToolError as failed:
        if _ABSENT in failed.words:
            return False
        raise
    return True


def set_master_key(tools: Tools, outputs: Outputs) -> None:
    """Give the secret a new random value, through a file that only we can read and that is gone afterwards."""
    with tempfile.NamedTemporaryFile("w", prefix="key-") as file:  # made with mode 0600
        file.write(secrets.token_urlsafe(_BYTES))
        file.flush()
        _secret(tools, "set", outputs, "--file", file.name, "--encoding", "utf-8", "--query", "id")


def _secret(tools: Tools, verb: str, outputs: Outputs, *more: str) -> None:
    """Do something with the secret; `more` asks for its id alone, so that its value never comes back."""
    tools.az("keyvault", "secret", verb, "--vault-name", outputs.vault_name, "--name", outputs.master_key_name, *more)


def refresh_references(tools: Tools, account: Account, group: str, outputs: Outputs) -> None:
    """Have the app's Key Vault references resolved now: what was not there is else looked for a day later."""
    within = f"/subscriptions/{account.subscription_id}/resourceGroups/{group}/providers"
    app = f"{within}/Microsoft.Web/sites/{outputs.function_app_name}"
    refresh = f"{app}/config/configreferences/appsettings/refresh?api-version=2022-03-01"
    tools.az("rest", "--method", "POST", "--url", refresh)
