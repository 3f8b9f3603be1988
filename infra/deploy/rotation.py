"""`make rotate-master-key`: another master key, and so another secret for each robot."""

from infra.deploy import prerequisites
from infra.deploy.master_key import refresh_references, set_master_key
from infra.deploy.options import Options
from infra.deploy.patience import Patience
from infra.deploy.resources import last_outputs
from infra.deploy.terminal import confirm, say, step
from infra.deploy.tools import Tools

WARNING = """
Every robot's secret is derived from the master key: all of them end at once, and no robot can call or be called
until it has a new one, from `POST /robots/<id>/secret`. Batches that are under way wait for that, and may fail."""


def rotate_master_key(options: Options, tools: Tools, patience: Patience) -> None:
    """Set a new version of the master key and restart the app with it."""
    account = prerequisites.check(tools, publishing=False)
    failed = f"There is no deployment to be found in {options.name}: run `make deploy ENV={options.environment}` first."
    with step("Deployment", failed):
        outputs = last_outputs(tools, options.name)
        say(f"{outputs.function_app_name}, vault {outputs.vault_name}")
    print(WARNING)
    confirm("Rotate the master key?", yes=options.yes)
    with step(
        "Master key", "The key could not be set: that takes the role Key Vault Secrets Officer, as the deployer has."
    ):
        patience.through(patience.roles_s, "Forbidden", lambda: set_master_key(tools, outputs))
        say("a new version is set")
    failed = "The new key is set, but the app still has the old one: restart it, and don't rotate again."
    with step("Restart", failed):
        refresh_references(tools, account, options.name, outputs)
        named = ["--resource-group", options.name, "--name", outputs.function_app_name]
        tools.az("functionapp", "restart", *named)
        say("the app restarts with the new key")
    print("\nNow give each robot a new secret.")
