"""A robot that fetches its jobs, for the tests of the screens."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from exchange.bootstrap import connect, make_services
from exchange.contract.robots import Delivery, RobotSettings
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.callers import CallingRobot
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.fetch_part import fetch_part
from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import Exchange
from tests.results import annotation, jsonl

NO_ABSTRACT = "The reference has no abstract."
LEASE_S = 600.0
# Has expired when it is looked at.
NO_LEASE_S = 0.001


@dataclass(frozen=True, slots=True)
class FetchingRobot:
    """Fetches parts and delivers their results when a test says so."""

    id: str
    exchange: Exchange
    services: Services

    async def fetch(self, limit: int, lease_s: float = LEASE_S) -> Batch:
        """Return a part with at most so many references."""
        part = await fetch_part(CallingRobot(UUID(self.id)), limit, lease_s, self.services)
        assert part is not None
        return part

    async def deliver(self, part: Batch, failures: int = 0) -> None:
        """Deliver the result of a part. The first references are reported as failures."""
        assert part.snapshot is not None
        url = await self.services.urls.sign_read_url(blob_names.reference_data(part.id, part.snapshot))
        async with self.exchange.session.get(url) as response:
            ids = [json.loads(line)["id"] for line in (await response.read()).splitlines()]
        failed = [{"reference_id": item, "message": NO_ABSTRACT} for item in ids[:failures]]
        body = jsonl(*failed, *map(annotation, ids[failures:]))
        upload_url = await self.services.urls.sign_upload_url(part.id)
        async with self.exchange.session.put(upload_url, data=body, headers={"x-ms-blob-type": "BlockBlob"}) as stored:
            assert stored.status == 201
        credentials = Credentials(UUID(self.id), self.exchange.secrets[self.id])
        status, answer = await self.exchange.call_as_robot(credentials, {"request_id": str(part.id)})
        assert status == 200, answer


@asynccontextmanager
async def fetching_robot(exchange: Exchange) -> AsyncIterator[FetchingRobot]:
    """Register a robot that fetches its jobs."""
    connections = connect(Settings.read(exchange.stack.settings))
    try:
        services = make_services(Settings.read(exchange.stack.settings), connections)
        robot_id = await exchange.register_robot("http://127.0.0.1:9")
        settings = RobotSettings(delivery=Delivery.PULL)
        await exchange.as_user("operator").change_robot(UUID(robot_id), settings)
        yield FetchingRobot(robot_id, exchange, services)
    finally:
        await connections.close()
