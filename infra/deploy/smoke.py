"""The smoke test: load one reference and run one batch through the deployment. It prints what each step proves."""

from uuid import UUID

from exchange.client import Client, ExchangeError, RetryPolicy
from exchange.contract.batches import BatchEnhancementRequestRead as Batch
from exchange.contract.batches import BatchStatus
from exchange.contract.enhancements import EnhancementType
from exchange.contract.health import Health
from exchange.contract.robots import RobotIn
from infra.deploy.errors import DeployError
from infra.deploy.options import Options
from infra.deploy.resources import Outputs
from infra.deploy.terminal import print_line
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import ROOT, ToolError, Tools

_NAME = "smoke-test"
_OPEN = {BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING}
_IMPORTED = {BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED}


def run_smoke_test(tools: Tools, options: Options, outputs: Outputs, client_id: str, timeouts: Timeouts) -> None:
    """Test the deployed exchange. Raises DeployError for the first fault."""
    token = _request_token(tools, options, client_id)
    try:
        _check_health(outputs, token, timeouts)
        with Client(outputs.api_url, lambda: token) as client:
            reference_id = _load_reference(client)
            robot_id = (
                client.find_robot(options.robot).id if options.robot else _register_rejecting_robot(client, outputs)
            )
            batch = _run_batch(client, robot_id, reference_id, outputs, timeouts)
            if options.robot:
                _check_robot_batch(batch, options.robot)
            else:
                _check_rejected_batch(batch)
            _check_reference_data(client, batch, reference_id)
    except ExchangeError as error:
        raise DeployError(f"The smoke test failed. {error}") from None
    _check_subscription(tools, options, outputs)


def _check_health(outputs: Outputs, token: str, timeouts: Timeouts) -> None:
    """Wait until the app has started and its roles are effective."""
    last_error: list[str] = []

    def get_health() -> Health | None:
        try:
            return client.read_health()
        except ExchangeError as error:
            last_error[:] = [str(error)]
            return None

    with Client(outputs.api_url, lambda: token, RetryPolicy(attempts=1)) as client:
        health = timeouts.wait_for(timeouts.health_s, get_health)
    if health is None:
        raise DeployError(f"The exchange is not healthy after {timeouts.health_s:g} s. {last_error[0]}")
    print_line("health        the published code runs, and its master key comes from the vault")
    print_line("              its roles give access to Blob Storage, Cosmos DB and Service Bus")


def _request_token(tools: Tools, options: Options, client_id: str) -> str:
    scope = f"api://{client_id}/.default"
    try:
        token = tools.az("account", "get-access-token", "--scope", scope, "--query", "accessToken")
    except ToolError as error:
        raise DeployError(
            f"There is no access token for the exchange. Run `make entra ENV={options.environment}`, then "
            f"`az login --scope {scope}`.",
            error.tail,
        ) from None
    return str(token)


def _load_reference(client: Client) -> UUID:
    """Load the first sample reference and return its id. It may be loaded already."""
    with (ROOT / "samples" / "references.jsonl").open("rb") as file:
        (loaded,) = client.load_references([file.readline()])
    if loaded.id is None:
        raise DeployError(f"The sample reference could not be loaded: {loaded.error}")
    client.read_reference(loaded.id)
    print_line("token         an access token of Entra with the role operator is accepted")
    print_line("reference     loaded and read back: Cosmos DB can be read and written")
    return loaded.id


def _register_rejecting_robot(client: Client, outputs: Outputs) -> UUID:
    """Register a robot and return its id. Its address is a page of the exchange, which refuses batches (4xx)."""
    registration = RobotIn(
        name=_NAME,
        base_url=f"{outputs.api_url.rstrip('/')}/docs",
        description="Rejects every batch. The smoke test uses it.",
        owner="the operator",
        dependent_enhancements=[EnhancementType.BIBLIOGRAPHIC],
    )
    existing = [robot for robot in client.list_robots().root if robot.name == _NAME]
    if existing:
        return client.replace_robot(existing[0].id, registration).id
    return client.register_robot(registration).id


def _run_batch(client: Client, robot_id: UUID, reference_id: UUID, outputs: Outputs, timeouts: Timeouts) -> Batch:
    """Request a batch. Return it once it has ended, or after the timeout."""
    latest = [client.request_batch(robot_id=robot_id, reference_ids=[reference_id], source=_NAME)]

    def get_ended() -> Batch | None:
        latest[0] = client.read_batch(latest[0].id)
        return None if latest[0].request_status in _OPEN else latest[0]

    timeouts.wait_for(timeouts.batch_s, get_ended)
    print_line(f"batch         {latest[0].id}: {latest[0].request_status}")
    if latest[0].request_status is BatchStatus.RECEIVED:
        raise DeployError(
            "The batch was not sent to the robot, or the robot cannot be reached. See the function 'dispatch' in "
            f"Application Insights, {outputs.application_insights_name}."
        )
    return latest[0]


def _check_rejected_batch(batch: Batch) -> None:
    if batch.request_status is not BatchStatus.REJECTED:
        raise DeployError(f"The batch should be rejected, but is {batch.request_status}: {batch.error}")
    print_line("              Service Bus delivered the message, and the call was rejected as expected")


def _check_robot_batch(batch: Batch, robot: str) -> None:
    status = batch.request_status
    if status in _OPEN:
        print_line(
            "              Service Bus delivered the message, and the robot accepted the batch. It is still open."
        )
    elif status in _IMPORTED:
        print_line("              everything works from request to report: Service Bus, robot, blob events and import")
    else:
        raise DeployError(
            f"The batch of robot {robot} ended as {status}: {batch.error or 'the report gives the reasons'}"
        )


def _check_reference_data(client: Client, batch: Batch, reference_id: UUID) -> None:
    """Check that the batch's signed URL returns the reference."""
    url = batch.reference_data_url
    if not url or not any(str(reference_id).encode() in line for line in client.read_lines(url)):
        raise DeployError("The batch's signed URL does not return the reference.")
    print_line("signed URL    returns the batch's references: Blob Storage is written, and URLs can be signed")


def _check_subscription(tools: Tools, options: Options, outputs: Outputs) -> None:
    topic = ["--resource-group", options.name, "--system-topic-name", outputs.event_topic_name]
    subscriptions = tools.az("eventgrid", "system-topic", "event-subscription", "list", *topic) or []
    states = [str(subscription.get("provisioningState")) for subscription in subscriptions]
    if "Succeeded" not in states:
        raise DeployError(
            f"The subscription to blob events should be 'Succeeded', but is {', '.join(states) or 'missing'}."
        )
    print_line("blob events   the subscription exists, and Event Grid's handshake with the app succeeded")
