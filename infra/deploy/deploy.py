"""`make deploy`: deploy the infrastructure and the code, and test the deployment."""

from infra.deploy import prerequisites
from infra.deploy.application import Json, find_application
from infra.deploy.entra import list_console_addresses, make_console_address
from infra.deploy.errors import DeployError
from infra.deploy.master_key import ensure_master_key, refresh_references
from infra.deploy.options import Options
from infra.deploy.publish import publish, wait_for_functions
from infra.deploy.resources import (
    Outputs,
    create_group,
    deploy_events,
    deploy_main,
    find_budget_start,
    preview,
    recover_vaults,
)
from infra.deploy.smoke import run_smoke_test
from infra.deploy.terminal import confirm, print_line, step
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import Tools, read_text


def deploy(options: Options, tools: Tools, timeouts: Timeouts) -> None:
    """Deploy step by step. Steps that are done already change nothing, so a second run continues after a failure."""
    account = prerequisites.check(tools, publishing=True)
    application = _find_application(tools, options, account)
    client_id = read_text(application, "appId")
    outputs = _deploy_infrastructure(tools, options, client_id, account)
    failure = "The master key could not be read. The role may not be effective yet. Try again in some minutes."
    with step("Master key", failure):
        ensure_master_key(tools, outputs, timeouts)
        refresh_references(tools, account, options.name, outputs)
    failure = "The code could not be published. If the error is a 403, try again in some minutes."
    with step("Code", failure):
        publish(tools, outputs)
    with step("Functions", "The app's functions could not be listed."):
        wait_for_functions(tools, options.name, outputs, timeouts)
    failure = "The app could not be subscribed to blob events. It may still be starting. Try again."
    with step("Blob events", failure):
        deploy_events(tools, options.name, outputs)
        print_line("subscribed")
    with step("Smoke test", "The smoke test could not run."):
        run_smoke_test(tools, options, outputs, client_id, timeouts)
    print(f"\nDeployed: {outputs.api_url}")
    if make_console_address(outputs.api_url) not in list_console_addresses(application):
        print(f"To let users sign in to the console, run `make entra ENV={options.environment}` again.")


def _find_application(tools: Tools, options: Options, account: prerequisites.Account) -> Json:
    with step(f"Application {options.name}", "The application could not be read from Entra. Run `az login` again."):
        application = find_application(tools, options, account)
        if application is None:
            raise DeployError(
                f"The application does not exist in Entra yet. Run `make entra ENV={options.environment}` first."
            )
        print_line(f"client id {read_text(application, 'appId')}")
        return application


def _list_parameters(tools: Tools, options: Options, client_id: str, account: prerequisites.Account) -> list[str]:
    """Return the parameters that are not in the parameter file."""
    alert = [f"alertEmail={options.alert_email}"] if options.alert_email else []
    return [
        f"tokenAudience={client_id}",
        f"deployerId={account.person_id}",
        f"deployerType={account.person_type}",
        f"budgetStart={find_budget_start(tools, account.subscription_id, options.name)}",
        *alert,
    ]


def _deploy_infrastructure(tools: Tools, options: Options, client_id: str, account: prerequisites.Account) -> Outputs:
    failure = "The resource group could not be created. You need the role Contributor for the subscription."
    with step(f"Resource group {options.name}", failure):
        create_group(tools, options)
    failure = "The key vault of an earlier deployment could not be recovered. You need the role Contributor."
    with step("Soft-deleted vaults", failure):
        recover_vaults(tools, options.name)
    with step("Preview", "The changes could not be previewed. The lines below name the error in the template."):
        parameters = _list_parameters(tools, options, client_id, account)
        preview(tools, options, parameters)
    confirm("Deploy?", yes=options.yes)
    failure = "The infrastructure could not be deployed. Fix the error that the lines below name, and run it again."
    with step("Infrastructure (takes some minutes)", failure):
        outputs = deploy_main(tools, options, parameters)
        print_line(outputs.api_url)
        return outputs
