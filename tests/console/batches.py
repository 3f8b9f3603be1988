"""Batch requests for the tests of the screens, and the robots that answer them."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from exchange.domain.ids import new_id
from tests.e2e.exchange import BATCHES, Batch, Exchange
from tests.e2e.robot import Job, Robot, running_robot
from tests.results import annotation

NO_ABSTRACT = "The reference has no abstract."
UNKNOWN_LANGUAGE = "The language is not supported."
NO_MODEL = "The model is not available."
Behaviour = Callable[[Robot, Job], Awaitable[web.Response]]


def new_source(about: str) -> str:
    """Return a source that no other batch has, so that a test can list its own batches only."""
    return f"{about} {new_id()}"


async def deliver(robot: Robot, job: Job, *entries: Any) -> web.Response:
    """Upload the entries and call back before answering the call of the exchange."""
    assert await robot.upload(job, *entries) == 201
    assert (await robot.call_back(job))[0] == 200
    return web.Response(status=202)


async def enhance_all(robot: Robot, job: Job) -> web.Response:
    """Add a label with a score to each reference."""
    return await deliver(robot, job, *map(annotation, await _read_ids(robot, job)))


def enhance_some(reference_ids: list[str]) -> Behaviour:
    """Leave out the last reference, report errors for the two before it, and enhance the others."""
    *good, first, second, _ = reference_ids
    errors = ((first, NO_ABSTRACT), (second, UNKNOWN_LANGUAGE))
    reported = [{"reference_id": reference, "message": message} for reference, message in errors]

    async def behave(robot: Robot, job: Job) -> web.Response:
        return await deliver(robot, job, *map(annotation, good), *reported, b"not JSON")

    return behave


async def fail(robot: Robot, job: Job) -> web.Response:
    """Call back with an error instead of a result."""
    assert (await robot.call_back(job, error=NO_MODEL))[0] == 200
    return web.Response(status=202)


async def _read_ids(robot: Robot, job: Job) -> list[str]:
    return [reference["id"] for reference in await robot.download_references(job)]


async def request(
    exchange: Exchange, robot_id: str, reference_ids: list[str], *, role: str = "requestor", **fields: Any
) -> Batch:
    """Request a batch with these fields."""
    body = {"robot_id": robot_id, "reference_ids": reference_ids, **fields}
    status, batch = await exchange.post(BATCHES, body, role=role)
    assert status == 202, batch
    return batch


async def run(exchange: Exchange, behaviour: Behaviour, reference_ids: list[str], **fields: Any) -> Batch:
    """Request a batch of a new robot with this behaviour. Return it when it has ended."""
    async with running_robot(exchange, behaviour) as robot:
        robot_id = await exchange.register_robot(robot.url)
        return await exchange.wait_until_ended(await request(exchange, robot_id, reference_ids, **fields))


async def list_batches(exchange: Exchange, source: str) -> list[Batch]:
    """Return the first page of the requestor's batches with this source, newest first."""
    url, headers = exchange.stack.api + BATCHES, exchange.as_role("requestor")
    async with exchange.session.get(url, params={"source": source}, headers=headers) as response:
        assert response.status == 200
        found: list[Batch] = (await response.json())["batch_requests"]
        return found


async def load_title(exchange: Exchange, title: str, doi: str | None = None) -> str:
    """Load a reference with this title and return its id."""
    identifier = {"identifier_type": "doi", "identifier": doi or f"10.1234/{new_id()}"}
    content = {"enhancement_type": "bibliographic", "title": title}
    enhancement = {
        "source": "test",
        "visibility": "public",
        "enhancement_type": "bibliographic",
        "content": content,
    }
    reference = {"visibility": "public", "identifiers": [identifier], "enhancements": [enhancement]}
    status, loaded = await exchange.post("/references/", reference)
    assert status in {200, 201}, loaded
    return str(loaded["id"])
