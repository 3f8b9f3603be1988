"""Publishing of the code, and the wait until the host lists its functions."""

from infra.deploy.errors import DeployError
from infra.deploy.resources import Outputs
from infra.deploy.terminal import print_line
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import ToolError, Tools

# The function that receives blob events. Until the host lists it, the handshake of the subscription gets a 404.
_RECEIVER = "validate"


def publish(tools: Tools, outputs: Outputs) -> None:
    """Upload the code. Azure installs its packages."""
    tools.show("func", "azure", "functionapp", "publish", outputs.function_app_name, "--python", "--build", "remote")


def wait_for_functions(tools: Tools, group: str, outputs: Outputs, timeouts: Timeouts) -> None:
    """Wait until the host lists the function for blob events. Raises DeployError after the timeout."""
    options = ["--resource-group", group, "--name", outputs.function_app_name]
    last_error: list[str] = []

    def find_receiver() -> bool | None:
        try:
            functions = tools.az("functionapp", "function", "list", *options) or []
        except ToolError as error:
            # The host may still be starting.
            last_error[:] = [error.tail]
            return None
        return any(function["name"].endswith(f"/{_RECEIVER}") for function in functions) or None

    if timeouts.wait_for(timeouts.functions_s, find_receiver) is None:
        raise DeployError(
            f"The host does not list the function '{_RECEIVER}', so the published app does not start. Fix the cause of "
            f"the exceptions in Application Insights, {outputs.application_insights_name}, and run it again.",
            "\n".join(last_error),
        )
    print_line(f"'{_RECEIVER}' is listed")
