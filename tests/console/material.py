"""References, and batches of robots that answer, for the screens to show."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from exchange.domain.ids import new_id
from tests.e2e.exchange import Batch, Exchange
from tests.e2e.robot import Job, Robot, running_robot

Entry = Any
Json = dict[str, Any]


def new_number() -> int:
    """Return a number of nine digits that no other reference has."""
    return new_id().int % 900_000_000 + 100_000_000


def doi(end: str) -> Json:
    """Return a DOI as an identifier."""
    return {"identifier_type": "doi", "identifier": f"10.1000/{end}"}


def reference(
    title: str, *identifiers: Json, abstract: str | None = None, labels: Iterable[Json] = (), **fields: Any
) -> Json:
    """Return a reference to load. Without identifiers, it gets a DOI of its own."""
    contents: list[Json] = [{"enhancement_type": "bibliographic", "title": title}]
    if abstract is not None:
        contents.append({"enhancement_type": "abstract", "process": "other", "abstract": abstract})
    if annotations := list(labels):
        contents.append({"enhancement_type": "annotation", "annotations": annotations})
    common = {"source": "library", "visibility": "public"}
    enhancements = [
        {**common, "enhancement_type": content["enhancement_type"], "content": content} for content in contents
    ]
    return {"identifiers": list(identifiers) or [doi(str(new_id()))], "enhancements": enhancements, **fields}


def label(name: str, *, value: bool = True, score: float | None = None, scheme: str = "design") -> Json:
    """Return an annotation."""
    return {"annotation_type": "boolean", "scheme": scheme, "label": name, "value": value, "score": score}


def enhancement(reference_id: str, *labels: Json, **fields: Any) -> Json:
    """Return an enhancement as a robot delivers it."""
    content = {"enhancement_type": "annotation", "annotations": list(labels)}
    common = {"source": "design robot", "visibility": "public", "robot_version": "2.1"}
    return {"reference_id": reference_id, **common, "content": content, **fields}


async def load(exchange: Exchange, *references: Json) -> list[str]:
    """Load references and return their ids."""
    body = "".join(json.dumps(item) + "\n" for item in references).encode()
    headers = {"Content-Type": "application/jsonl", **exchange.as_role("operator")}
    async with exchange.session.post(f"{exchange.stack.api}/references/", data=body, headers=headers) as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert all(line["error"] is None for line in lines), lines
    return [line["id"] for line in lines]


async def run_batch(
    exchange: Exchange, reference_ids: list[str], answer: Callable[[str], Entry], **fields: Any
) -> Batch:
    """Request a batch of a new robot that answers each reference id with an entry. Return it when it has ended."""

    async def deliver(robot: Robot, job: Job) -> web.Response:
        ids = [item["id"] for item in await robot.download_references(job)]
        assert await robot.upload(job, *map(answer, ids)) == 201
        status, body = await robot.call_back(job)
        assert status == 200, body
        return web.Response(status=202)

    async with running_robot(exchange, deliver) as robot:
        robot_id = await exchange.register_robot(robot.url, **fields)
        return await exchange.wait_until_ended(await exchange.request_batch(robot_id, reference_ids))
