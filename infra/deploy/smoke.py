"""The smoke test: one reference and one batch through what was deployed, and what each step of it proves."""

from http import HTTPStatus
from typing import Any

from infra.deploy.api import Api, Json, fetch_signed
from infra.deploy.options import Options
from infra.deploy.patience import Patience
from infra.deploy.problem import DeployError
from infra.deploy.resources import Outputs
from infra.deploy.terminal import say
from infra.deploy.tools import ROOT, ToolError, Tools

_NAME = "smoke-test"
_UNDER_WAY = {"received", "accepted", "importing"}
_GOOD = {"completed", "partial_failed"}


def smoke_test(tools: Tools, options: Options, outputs: Outputs, client_id: str, patience: Patience) -> None:
    """See the deployed exchange work; raises DeployError where it doesn't."""
    _see_health(outputs, patience)
    api = Api(outputs.api_url, _token(tools, options, client_id))
    reference_id = _load_reference(api)
    robot_id = options.robot or _robot_that_refuses(api, outputs)
    batch = _run_batch(api, robot_id, reference_id, outputs, patience)
    if options.robot:
        _judge_robots_batch(batch, options.robot)
    else:
        _judge_refused_batch(batch)
    _see_data(batch, reference_id)
    _see_subscription(tools, options, outputs)


def _see_health(outputs: Outputs, patience: Patience) -> None:
    """Wait through a cold start, and until roles have spread."""
    last: list[str] = []

    def look() -> Any:
        try:
            return Api(outputs.api_url).get("/health")
        except DeployError as problem:
            last[:] = [str(problem)]
            return None

    if patience.until(patience.health_s, look) is None:
        raise DeployError(f"The exchange is not healthy after {patience.health_s:g} s. {last[0]}")
    say("health        the published code answers, with its master key out of the vault,")
    say("              and reaches Blob Storage, Cosmos DB and Service Bus with its roles")


def _token(tools: Tools, options: Options, client_id: str) -> str:
    scope = f"api://{client_id}/.default"
    try:
        token = tools.az("account", "get-access-token", "--scope", scope, "--query", "accessToken")
    except ToolError as failed:
        raise DeployError(
            f"There is no access token for the exchange: run `make entra ENV={options.environment}`, then "
            f"`az login --scope {scope}`.",
            failed.tail,
        ) from None
    return str(token)


def _load_reference(api: Api) -> str:
    """Load the first sample reference, or find it loaded; return its id."""
    with (ROOT / "samples" / "references.jsonl").open("rb") as file:
        loaded = api.post_line("/references/", file.readline())
    if loaded["error"]:
        raise DeployError(f"The sample reference could not be loaded: {loaded['error']}")
    reference_id = str(loaded["id"])
    api.get(f"/references/{reference_id}/")
    say("token         Entra's access token is taken, with the role operator")
    say("reference     loaded and read back: Cosmos DB reads and writes")
    return reference_id


def _robot_that_refuses(api: Api, outputs: Outputs) -> str:
    """Register a robot at an address of the exchange itself where nobody takes batches; return its id."""
    registration = {
        "name": _NAME,
        "base_url": f"{outputs.api_url.rstrip('/')}/docs",
        "description": "Refuses every batch: the smoke test's",
        "owner": "the operator",
        "dependent_enhancements": ["bibliographic"],
    }
    found = [robot for robot in api.get("/robots/") if robot["name"] == _NAME]
    if found:
        return str(api.put(f"/robots/{found[0]['id']}/", registration)["id"])
    return str(api.post("/robots/", registration)["id"])


def _run_batch(api: Api, robot_id: str, reference_id: str, outputs: Outputs, patience: Patience) -> Json:
    """Request a batch; return how it stands when it has ended, or after as long as we wait."""
    order = {"robot_id": robot_id, "reference_ids": [reference_id], "source": _NAME}
    batch: Json = api.post("/references/enhancement/batch/", order, HTTPStatus.ACCEPTED)
    seen: list[Json] = [batch]

    def look() -> Json | None:
        seen[0] = api.get(f"/references/enhancement/batch/{batch['id']}")
        return None if seen[0]["request_status"] in _UNDER_WAY else seen[0]

    patience.until(patience.batch_s, look)
    say(f"batch         {batch['id']}: {seen[0]['request_status']}")
    if seen[0]["request_status"] == "received":
        raise DeployError(
            "The batch was not offered to the robot, or the robot can't be reached: look at the function 'dispatch' in "
            f"Application Insights, {outputs.application_insights_name}."
        )
    return seen[0]


def _judge_refused_batch(batch: Json) -> None:
    if batch["request_status"] != "rejected":
        raise DeployError(f"The batch should have been rejected, but is {batch['request_status']}: {batch['error']}")
    say("              Service Bus carried it to the dispatch, which called out and was refused, as it should be")


def _judge_robots_batch(batch: Json, robot_id: str) -> None:
    status = batch["request_status"]
    if status in _UNDER_WAY:
        say("              Service Bus carried it to the dispatch, and the robot has taken it; it is still under way")
    elif status in _GOOD:
        say("              from the request to the report: Service Bus, the robot, blob events and the import work")
    else:
        raise DeployError(f"The batch of robot {robot_id} ended as {status}: {batch['error'] or 'its report says why'}")


def _see_data(batch: Json, reference_id: str) -> None:
    """See that what the robot was offered lies where the signed URL says."""
    url = batch["reference_data_url"]
    if not url or reference_id.encode() not in fetch_signed(url):
        raise DeployError("The batch's references don't lie where its signed URL leads.")
    say("signed URL    opens the batch's references: Blob Storage is written, and its keys delegated")


def _see_subscription(tools: Tools, options: Options, outputs: Outputs) -> None:
    named = ["--resource-group", options.name, "--system-topic-name", outputs.event_topic_name]
    listed = tools.az("eventgrid", "system-topic", "event-subscription", "list", *named) or []
    states = [str(one.get("provisioningState")) for one in listed]
    if "Succeeded" not in states:
        raise DeployError(
            f"The subscription to blob events should be 'Succeeded', but is {', '.join(states) or 'absent'}."
        )
    say("blob events   the subscription exists, and Event Grid's handshake with the app has succeeded")
