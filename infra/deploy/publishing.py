"""The code, and the wait until the host knows its functions."""

from infra.deploy.patience import Patience
from infra.deploy.problem import DeployError
from infra.deploy.resources import Outputs
from infra.deploy.terminal import say
from infra.deploy.tools import ToolError, Tools

# The function that blob events go to: the subscription's handshake meets 404 before the host knows it.
_RECEIVER = "validate"


def publish(tools: Tools, outputs: Outputs) -> None:
    """Send the code, and have it built with its packages in Azure."""
    tools.show("func", "azure", "functionapp", "publish", outputs.function_app_name, "--python", "--build", "remote")


def await_functions(tools: Tools, group: str, outputs: Outputs, patience: Patience) -> None:
    """Wait until the function for blob events is listed; raises DeployError if that takes too long."""
    named = ["--resource-group", group, "--name", outputs.function_app_name]
    words: list[str] = []

    def look() -> bool | None:
        try:
            listed = tools.az("functionapp", "function", "list", *named) or []
        except ToolError as failed:
            # The host may be starting.
            words[:] = [failed.tail]
            return None
        return any(one["name"].endswith(f"/{_RECEIVER}") for one in listed) or None

    if patience.until(patience.functions_s, look) is None:
        raise DeployError(
            f"The function '{_RECEIVER}' is not listed, so the published app doesn't start: look at the exceptions in "
            f"Application Insights, {outputs.application_insights_name}, mend what they name, and run it again.",
            "\n".join(words),
        )
    say(f"'{_RECEIVER}' is there")
