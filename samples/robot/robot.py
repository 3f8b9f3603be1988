"""How a batch goes through this robot."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from samples.robot.study_design import Tag, tags
from samples.robot.wire import Exchange, Json, jsonl

log = logging.getLogger("robot")

VERSION = "1.0"
SOURCE = "study-design-robot"
SCHEME = "study-design"
# A statement of its own, for a reviewer to filter by. It has no score: there is nothing to be sure of.
NOT_STATED: Json = {"annotation_type": "boolean", "scheme": SCHEME, "label": "not stated", "value": True}

Work = Callable[[Exchange, Json], Awaitable[None]]


def judge(reference: Json) -> Json:
    """Give the result entry of one reference: an enhancement, or an error if there is nothing to judge it by."""
    texts = {"title": "", "abstract": ""}
    used: list[str] = []
    for enhancement in reference.get("enhancements") or []:
        for name in texts:
            if text := enhancement["content"].get(name):
                texts[name] = text
                used.append(enhancement["id"])
    found = tags(texts["title"], texts["abstract"])
    if not found and not texts["abstract"]:
        what = "its title names no study design" if texts["title"] else "it has no title"
        return {"reference_id": reference["id"], "message": f"Can't be judged: it has no abstract, and {what}."}
    annotations = [_annotation(tag) for tag in found] or [NOT_STATED]
    return {
        "reference_id": reference["id"],
        "source": SOURCE,
        "visibility": "public",
        "robot_version": VERSION,
        "derived_from": used,
        "content": {"enhancement_type": "annotation", "annotations": annotations},
    }


def _annotation(tag: Tag) -> Json:
    """Tag a design, with what a reviewer needs to check it."""
    return {
        "annotation_type": "boolean",
        "scheme": SCHEME,
        "label": tag.design,
        "value": True,
        "score": tag.score,
        "data": {"phrases": list(tag.phrases), "in_title": tag.in_title},
    }


async def work(exchange: Exchange, order: Json) -> None:
    """Judge every reference of a batch, and deliver."""
    entries = [judge(reference) async for reference in exchange.references(order)]
    await exchange.deliver(order, jsonl(entries))


class Robot:
    """Takes batches over HTTP and works on them in the background; asked for the same batch again, says it has it."""

    def __init__(self, exchange: Exchange, work_on: Work = work) -> None:
        self._exchange = exchange
        self._work_on = work_on
        self._batches: dict[str, asyncio.Task[None]] = {}

    def app(self) -> web.Application:
        """Return the web application: `POST /batch/` and `GET /health`."""
        app = web.Application()
        app.router.add_post("/batch/", self._take)
        app.router.add_get("/health", _healthy)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        """Answer at once: the exchange does not wait for the work."""
        body = await request.read()
        if not self._exchange.credentials.signed(request.headers, body):
            return web.json_response({"detail": "This is not signed by the exchange."}, status=401)
        order: Json = json.loads(body)
        if order["id"] in self._batches:
            return web.json_response({"detail": "I have this batch already."}, status=409)
        self._batches[order["id"]] = asyncio.create_task(self._handle(order))
        return web.Response(status=202)

    async def _handle(self, order: Json) -> None:
        batch_id = order["id"]
        log.info("batch %s: begun", batch_id)
        try:
            error = await self._failure(order)
            await self._exchange.report(batch_id, error)
        except Exception:
            log.exception("batch %s: the exchange could not be told", batch_id)
        else:
            log.info("batch %s: the exchange was told: %s", batch_id, error or "the result is ready")

    async def _failure(self, order: Json) -> str | None:
        """Do the work; if it fails as a whole, return in words why."""
        try:
            await self._work_on(self._exchange, order)
        except Exception as error:
            log.exception("batch %s: failed", order["id"])
            return f"{type(error).__name__}: {error}"
        return None


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "well"})
