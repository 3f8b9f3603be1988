"""A robot that uses a release of the present protocol: it fetches, renews and reports with the SDK's client."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from exchange.contract.references import Reference
from exchange.contract.v1.jobs import RobotEnhancementBatchResult
from exchange.contract.v1.robots import ProvisionedPullRobot, PullRobotIn
from exchange.domain.ids import new_id
from tests.e2e.exchange import Exchange
from tests.sdk.reading import since
from tests.sdk.releases import Release

# Makes the entries of a result from the references.
MakeEntries = Callable[[list[Any]], Iterable[Any]]


class FetchingRobot:
    """Its work blocks, as the SDK's client does, so tests run it in a thread."""

    def __init__(self, sdk: Release, exchange: Exchange) -> None:
        self.sdk = sdk
        self.exchange = exchange
        # The answer to its registration.
        self.robot: Any = None

    async def register(self) -> None:
        """Register the robot, as an operator with the same SDK does."""
        model = self.sdk.model_for(PullRobotIn)
        fields = {"name": f"sdk {self.sdk.version} {new_id()}", "description": "d", "owner": "o"}
        if "base_url" in model.model_fields:
            fields["base_url"] = "http://127.0.0.1:9/robot"
        status, body = await self.exchange.post("/v1/robots/", model(**fields).model_dump_json().encode())
        assert status == 201, body
        self.robot = self.sdk.model_for(ProvisionedPullRobot).model_validate(body)

    @property
    def leases(self) -> bool:
        """Whether the release knows leases."""
        return self.sdk.version in since("0.7.1")

    def make_client(self, secret: str | None = None) -> Any:
        """Return the SDK's client, with the robot's secret or another one."""
        secret = secret or self.robot.client_secret
        return self.sdk.client.Client(self.exchange.stack.api, secret_key=secret, client_id=self.robot.id)

    def fetch(self, limit: int = 10, lease: str = "PT5M") -> Any:
        """Return a job, or None if there is no work."""
        options: dict[str, Any] = {"lease": lease} if self.leases else {}
        return self.make_client().poll_robot_enhancement_batch(robot_id=self.robot.id, limit=limit, **options)

    def renew(self, job: Any, lease: str | None = None) -> None:
        """Renew the lease. The client returns nothing, and raises for an error status."""
        self.make_client().renew_robot_enhancement_batch_lease(job.id, lease)

    def download_references(self, job: Any) -> list[Any]:
        """Return the references of a job."""
        content: bytes = self.sdk.client.httpx.get(str(job.reference_storage_url)).raise_for_status().content
        return [self.sdk.model_for(Reference).from_jsonl(line) for line in content.splitlines()]

    def deliver(self, job: Any, make_entries: MakeEntries) -> Any:
        """Upload the result and report it. Return the answer of the exchange."""
        result = "".join(f"{entry.to_jsonl()}\n" for entry in make_entries(self.download_references(job)))
        headers = {"x-ms-blob-type": "BlockBlob"}
        put = self.sdk.client.httpx.put(str(job.result_storage_url), content=result, headers=headers)
        assert put.status_code == 201
        return self.report(job.id)

    def report(self, job_id: UUID, error: str | None = None) -> Any:
        """Report that the result is complete, or that the whole job failed."""
        failure = self.sdk.robots.RobotError(message=error) if error else None
        result = self.sdk.make(RobotEnhancementBatchResult, request_id=job_id, error=failure)
        return self.make_client().send_robot_enhancement_batch_result(result)
