"""The robot: accepts jobs over HTTP, works on them in the background, and calls back."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from samples.robot_from_scratch.wire import Exchange, Json, to_jsonl
from samples.study_design import Tag, find_tags

log = logging.getLogger("robot")

VERSION = "1.0"
SOURCE = "study-design-robot"
SCHEME = "study-design"
# Reviewers can filter by this label. It has no score, because the robot found nothing that could be uncertain.
NOT_STATED: Json = {"annotation_type": "boolean", "scheme": SCHEME, "label": "not stated", "value": True}

Work = Callable[[Exchange, Json], Awaitable[None]]


def make_entry(reference: Json) -> Json:
    """Return the result entry of a reference: an enhancement, or an error if there is no text to judge it by."""
    texts = {"title": "", "abstract": ""}
    used: list[str] = []
    for enhancement in reference.get("enhancements") or []:
        for name in texts:
            if text := enhancement["content"].get(name):
                texts[name] = text
                used.append(enhancement["id"])
    tags = find_tags(texts["title"], texts["abstract"])
    if not tags and not texts["abstract"]:
        reason = "no abstract, and the title names no study design" if texts["title"] else "no abstract and no title"
        return {"reference_id": reference["id"], "message": f"Cannot be judged: there is {reason}."}
    annotations = [_to_annotation(tag) for tag in tags] or [NOT_STATED]
    return {
        "reference_id": reference["id"],
        "source": SOURCE,
        "visibility": "public",
        "robot_version": VERSION,
        "derived_from": used,
        "content": {"enhancement_type": "annotation", "annotations": annotations},
    }


def _to_annotation(tag: Tag) -> Json:
    """Return the annotation of a design. Its `data` lets a reviewer check it."""
    return {
        "annotation_type": "boolean",
        "scheme": SCHEME,
        "label": tag.design,
        "value": True,
        "score": tag.score,
        "data": {"phrases": list(tag.phrases), "in_title": tag.in_title},
    }


async def work(exchange: Exchange, job: Json) -> None:
    """Make an entry for every reference of the job, and upload the result."""
    entries = [make_entry(reference) async for reference in exchange.read_references(job)]
    await exchange.upload_result(job, to_jsonl(entries))


class Robot:
    """Accepts jobs over HTTP and works on them in the background. A repeated job is refused with 409."""

    def __init__(self, exchange: Exchange, work_on: Work = work) -> None:
        self._exchange = exchange
        self._work_on = work_on
        self._batches: dict[str, asyncio.Task[None]] = {}

    def make_app(self) -> web.Application:
        """Return the web application: `POST /batch/` and `GET /health`."""
        app = web.Application()
        app.router.add_post("/batch/", self._accept)
        app.router.add_get("/health", _return_health)
        return app

    async def _accept(self, request: web.Request) -> web.Response:
        """Accept a job and start the work. The answer must not wait for the work."""
        body = await request.read()
        if not self._exchange.credentials.verify(request.headers, body):
            return web.json_response({"detail": "The request has no valid signature of the exchange."}, status=401)
        job: Json = json.loads(body)
        if job["id"] in self._batches:
            return web.json_response({"detail": "This batch was accepted before."}, status=409)
        self._batches[job["id"]] = asyncio.create_task(self._handle(job))
        return web.Response(status=202)

    async def _handle(self, job: Json) -> None:
        batch_id = job["id"]
        log.info("batch %s: started", batch_id)
        try:
            error = await self._run(job)
            await self._exchange.call_back(batch_id, error)
        except Exception:
            log.exception("batch %s: the callback failed", batch_id)
        else:
            log.info("batch %s: called back: %s", batch_id, error or "the result is ready")

    async def _run(self, job: Json) -> str | None:
        """Do the work. Return the reason if the whole batch fails."""
        try:
            await self._work_on(self._exchange, job)
        except Exception as error:
            log.exception("batch %s: failed", job["id"])
            return f"{type(error).__name__}: {error}"
        return None


async def _return_health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
