"""`make rotate-master-key`: replace the master key, and with it the secrets of all robots and webhooks."""

from infra.deploy import prerequisites
from infra.deploy.master_key import FORBIDDEN, refresh_references, set_master_key
from infra.deploy.options import Options
from infra.deploy.resources import read_outputs
from infra.deploy.terminal import confirm, print_line, step
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import Tools

WARNING = """
The secrets of all robots and webhooks are derived from the master key. They become invalid at once. A robot cannot call
or be called until it has a new secret from `POST /robots/<id>/secret`. Open batches wait for that, and may fail. The
owner of a webhook gets its new secret from `POST /webhooks/<id>/secret`, and deliveries fail until then."""


def rotate_master_key(options: Options, tools: Tools, timeouts: Timeouts) -> None:
    """Set a new version of the master key and restart the app with it."""
    account = prerequisites.check(tools, publishing=False)
    failure = f"There is no deployment in {options.name}. Run `make deploy ENV={options.environment}` first."
    with step("Deployment", failure):
        outputs = read_outputs(tools, options.name)
        print_line(f"{outputs.function_app_name}, vault {outputs.vault_name}")
    print(WARNING)
    confirm("Rotate the master key?", yes=options.yes)
    failure = "The key could not be set. You need the role Key Vault Secrets Officer, which the deployer has."
    with step("Master key", failure):
        timeouts.retry_while(timeouts.roles_s, FORBIDDEN, lambda: set_master_key(tools, outputs))
        print_line("a new version is set")
    failure = "The new key is set, but the app still uses the old one. Restart the app, and do not rotate again."
    with step("Restart", failure):
        refresh_references(tools, account, options.name, outputs)
        app = ["--resource-group", options.name, "--name", outputs.function_app_name]
        tools.az("functionapp", "restart", *app)
        print_line("the app restarts with the new key")
    print("\nNow create a new secret for each robot, and ask the owners of webhooks to do the same.")
