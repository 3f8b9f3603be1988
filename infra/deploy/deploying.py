"""`make deploy`: from a checkout to an exchange that answers."""

from infra.deploy import entra, prerequisites
from infra.deploy.master_key import ensure_master_key, refresh_references
from infra.deploy.options import Options
from infra.deploy.patience import Patience
from infra.deploy.problem import DeployError
from infra.deploy.publishing import await_functions, publish
from infra.deploy.resources import (
    Outputs,
    budget_start,
    deploy_events,
    deploy_main,
    make_group,
    preview,
    recover_vaults,
)
from infra.deploy.smoke import smoke_test
from infra.deploy.terminal import confirm, say, step
from infra.deploy.tools import Tools, text


def deploy(options: Options, tools: Tools, patience: Patience) -> None:
    """Deploy, step by step; what is done already is left alone, so that a second run goes on where one failed."""
    account = prerequisites.check(tools, publishing=True)
    client_id = _client_id(tools, options)
    outputs = _infrastructure(tools, options, client_id, account)
    with step(
        "Master key", "The vault could not be asked for the master key: roles may still be spreading, try again."
    ):
        ensure_master_key(tools, outputs, patience)
        refresh_references(tools, account, options.name, outputs)
    with step("Code", "The code could not be published: see above, and try again in some minutes if that was a 403."):
        publish(tools, outputs)
    with step("Functions", "The app's functions can't be listed."):
        await_functions(tools, options.name, outputs, patience)
    with step("Blob events", "The app could not be subscribed to blob events: it may be starting, try again."):
        deploy_events(tools, options.name, outputs)
        say("subscribed")
    with step("Smoke test", "The smoke test could not be run."):
        smoke_test(tools, options, outputs, client_id, patience)
    print(f"\nDeployed: {outputs.api_url}")


def _client_id(tools: Tools, options: Options) -> str:
    with step(f"Application {options.name}", "Entra could not be asked for the application: run `az login` again."):
        application = entra.find(tools, options.name)
        if application is None:
            raise DeployError(
                f"There is no such application in Entra yet: run `make entra ENV={options.environment}` first."
            )
        client_id = text(application, "appId")
        say(f"client id {client_id}")
        return client_id


def _parameters(tools: Tools, options: Options, client_id: str, account: prerequisites.Account) -> list[str]:
    """Give what the parameter file can't know."""
    alert = [f"alertEmail={options.alert_email}"] if options.alert_email else []
    return [
        f"tokenAudience={client_id}",
        f"deployerId={account.person_id}",
        f"deployerType={account.person_type}",
        f"budgetStart={budget_start(tools, account.subscription_id, options.name)}",
        *alert,
    ]


def _infrastructure(tools: Tools, options: Options, client_id: str, account: prerequisites.Account) -> Outputs:
    failed = "The resource group could not be made: that takes the role Contributor for the subscription."
    with step(f"Resource group {options.name}", failed):
        make_group(tools, options)
    failed = "The key vault of an earlier deployment could not be recovered: that takes the role Contributor."
    with step("Soft-deleted vaults", failed):
        recover_vaults(tools, options.name)
    with step("What would change", "What would change can't be said: the words below name the fault in the template."):
        parameters = _parameters(tools, options, client_id, account)
        preview(tools, options, parameters)
    confirm("Deploy?", yes=options.yes)
    failed = "The infrastructure could not be deployed: mend what the words below name, and run it again."
    with step("Infrastructure (takes some minutes)", failed):
        outputs = deploy_main(tools, options, parameters)
        say(outputs.api_url)
        return outputs
