"""Data that tries to take over the console: markup, links that run scripts, and names of a JavaScript object's own."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.console.conftest import Visitor
from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.robot import Job, Robot, running_robot
from tests.results import annotation
from tests.stacks import Stack
from tests.tiers import choose

MARKUP = '<img src=x onerror="globalThis.attacked=1"><script>attacked=1</script>{{settings}}${attacked=1}\''
LINK = "javascript:globalThis.attacked=1"
OWN_NAMES = ("__proto__", "constructor", "hasOwnProperty", "toString")
DOI = "10.5555/<script>attacked</script>%zz/../..//evil.example&javascript:attacked"
VISITED = ("", "batches/{batch}", "references/{reference}", "robots", "robots/{robot}", "new?from={batch}")
# Links within the console, and to the pages of identifiers.
SAFE_LINK = r"/(?!/)|#|https://(doi\.org|pubmed\.ncbi\.nlm\.nih\.gov|openalex\.org)/"


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack) as opened:
        yield opened


def make_reference() -> dict[str, Any]:
    bibliographic = {
        "enhancement_type": "bibliographic",
        "title": MARKUP,
        "publisher": LINK,
        "authorship": [{"display_name": MARKUP, "position": "first"}],
    }
    abstract = {"enhancement_type": "abstract", "process": "other", "abstract": MARKUP}
    return {
        "visibility": "public",
        "identifiers": [
            {"identifier_type": "doi", "identifier": DOI},
            {"identifier_type": "other", "other_identifier_name": "__proto__", "identifier": LINK},
            {"identifier_type": "other", "other_identifier_name": MARKUP, "identifier": MARKUP},
        ],
        "enhancements": [
            {"source": MARKUP, "visibility": "public", "enhancement_type": item["enhancement_type"], "content": item}
            for item in (bibliographic, abstract)
        ],
    }


async def enhance(robot: Robot, job: Job) -> web.Response:
    """Add labels with hostile names to the first reference, and report hostile errors for the others."""
    first, *others = [reference["id"] for reference in await robot.download_references(job)]
    added = annotation(first)
    added["content"]["annotations"] = [
        {"annotation_type": "boolean", "scheme": name, "label": name, "value": True, "score": 0.5}
        for name in (*OWN_NAMES, MARKUP, LINK)
    ]
    errors = [{"reference_id": other, "message": MARKUP} for other in others]
    assert await robot.upload(job, added, *errors, MARKUP.encode(), json.dumps({"__proto__": 1}).encode()) == 201
    await robot.call_back(job)
    return web.Response(status=202)


async def test_hostile_data_is_text(visit: Visitor, exchange: Exchange) -> None:
    line = json.dumps(make_reference()).encode()
    operator = exchange.as_user("operator")
    [loaded] = [answer async for answer in operator.load_references([line])]
    assert loaded.error is None, loaded.error
    references = [str(loaded.id), *await exchange.load_references(1)]
    async with running_robot(exchange, enhance) as robot:
        robot_id = await exchange.register_robot(robot.url, name=MARKUP, description=MARKUP, owner=LINK)
        metadata = {**dict.fromkeys(OWN_NAMES, MARKUP), "link": LINK}
        batch = await exchange.request_batch(robot_id, references, metadata=metadata)
        batch = await exchange.wait_until_ended(batch)
    visited = await visit("operator")
    safe = re.compile(f"{SAFE_LINK}|{re.escape(exchange.stack.addresses['blob'])}/")
    for path in VISITED:
        await visited.open("/console/" + path.format(batch=batch["id"], reference=references[0], robot=robot_id))
        await visited.wait_until_ready()
        await visited.page.wait_for_load_state("networkidle")
        if path.startswith("batches/"):
            await visited.page.get_by_role("button", name="Show labels and scores").click()
            await visited.page.get_by_label("Scores of", exact=True).wait_for()
        text = await visited.page.locator("main").inner_text()
        assert "attacked" in text, path
        links = await visited.page.locator("a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        assert [link for link in links if not safe.match(link)] == [], path
        assert await visited.page.locator("main img, main script").count() == 0, path
        assert await visited.page.evaluate("() => [globalThis.attacked, ({}).attacked]") == [None, None], path


HOSTILE_ADDRESSES = [
    "batches/..%2foperations%2fstats",
    "robots/..%5c..%5crobots",
    "webhooks/%2e%2e%2frobots",
    "new?from=../../../operations/stats",
    "new?robot=../webhooks",
    "new?from=" + quote("x?include_reference_ids=true#"),
    f"batches?source={quote(MARKUP)}&metadata.__proto__={quote(MARKUP)}&status=__proto__",
    f"references?find={quote(LINK)}",
    f"compare?baseline=__proto__&map={quote(MARKUP)}",
    "?state=x&code=y&error_description=" + quote(MARKUP),
    "/evil.example",
]


@pytest.mark.parametrize("path", choose(HOSTILE_ADDRESSES, one_in=4))
async def test_a_hostile_address_reaches_no_other_path_of_the_api(visit: Visitor, path: str) -> None:
    visited = await visit("operator")
    if path.startswith("batches?"):
        # The API refuses the filters.
        visited.watch.allow("answer 422")
    called: list[str] = []
    visited.page.on("request", lambda request: called.append(request.url.removeprefix(visited.stack.api)))
    await visited.open("/console/" + path)
    await visited.page.get_by_role("heading", level=1).wait_for()
    await visited.page.wait_for_load_state("networkidle")
    # What these screens load. A path of another origin is left whole.
    expected = re.compile(r"/console/|http|/robots/$|/references/enhancement/batch/\?|/references/lookup$")
    assert [path for path in called if not expected.match(path)] == []
    assert await visited.page.evaluate("() => [globalThis.attacked, ({}).attacked]") == [None, None]
    if "code=" in path:
        assert "code=" not in visited.page.url
