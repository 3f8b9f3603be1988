"""Every endpoint of the contract, as it is meant to be used."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.exchange import BATCHES, SAMPLES, Exchange, exchange_on
from tests.e2e.robot import running_robot, takes_it
from tests.stacks import Stack, running_stack

ROBOT = {"name": "r", "base_url": "https://Robot.example/At/", "description": "d", "owner": "o"}


async def ask(exchange: Exchange, method: str, path: str, body: Any = None, role: str = "operator") -> tuple[int, Any]:
    headers = exchange.as_role(role)
    async with exchange.session.request(method, exchange.stack.api + path, json=body, headers=headers) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json(content_type=None)


async def a_robot(exchange: Exchange, **fields: Any) -> dict[str, Any]:
    robot: dict[str, Any]
    status, robot = await ask(exchange, "POST", "/robots/", {**ROBOT, "name": f"robot {uuid4()}", **fields})
    assert status == 201
    return robot


class TestRobots:
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_registered_listed_read_and_updated(self, exchange: Exchange, slash: str) -> None:
        fields = {"dependent_enhancements": ["abstract"], "dependent_identifiers": ["doi", "pm_id"]}
        provisioned = await a_robot(exchange, **fields)
        secret = provisioned.pop("client_secret")
        assert len(secret) == 64
        assert provisioned == {**ROBOT, **fields, "name": provisioned["name"], "id": provisioned["id"]}
        path = f"/robots/{provisioned['id']}{slash}"
        for role in ("requestor", "operator"):
            assert await ask(exchange, "GET", path, role=role) == (200, provisioned)
            status, robots = await ask(exchange, "GET", f"/robots{slash}", role=role)
            assert status == 200
            assert provisioned in robots
            assert [robot["name"] for robot in robots] == sorted(robot["name"] for robot in robots)
        changed = {**ROBOT, "name": f"renamed {uuid4()}", "owner": "somebody else"}
        updated = {**changed, "id": provisioned["id"]}
        assert await ask(exchange, "PUT", path, changed) == (200, updated)
        assert await ask(exchange, "GET", path) == (200, updated)

    async def test_what_a_robot_does_not_depend_on_is_left_out(self, exchange: Exchange) -> None:
        robot = await a_robot(exchange)
        assert set(robot) == {*ROBOT, "id", "client_secret"}

    async def test_a_name_is_taken_once_also_by_renaming(self, exchange: Exchange) -> None:
        first, second = await a_robot(exchange), await a_robot(exchange)
        status, problem = await ask(exchange, "PUT", f"/robots/{second['id']}/", {**ROBOT, "name": first["name"]})
        assert (status, first["name"] in problem["detail"]) == (409, True)
        assert (await ask(exchange, "PUT", f"/robots/{first['id']}/", {**ROBOT, "name": first["name"]}))[0] == 200

    async def test_a_cycled_secret_is_another_one_and_shown_once(self, exchange: Exchange) -> None:
        robot = await a_robot(exchange)
        secrets = {robot["client_secret"]}
        for _ in range(3):
            status, cycled = await ask(exchange, "POST", f"/robots/{robot['id']}/secret/")
            assert status == 201
            secrets.add(cycled["client_secret"])
            assert {**cycled, "client_secret": ""} == {**robot, "client_secret": ""}
        assert len(secrets) == 4
        _, read = await ask(exchange, "GET", f"/robots/{robot['id']}/")
        assert not [secret for secret in secrets if secret in json.dumps(read)]

    @pytest.mark.parametrize(("method", "end"), [("GET", ""), ("PUT", ""), ("POST", "/secret")])
    async def test_no_such_robot(self, exchange: Exchange, method: str, end: str) -> None:
        body = {**ROBOT, "name": f"robot {uuid4()}"} if method == "PUT" else None
        robot_id = str(uuid4())
        status, problem = await ask(exchange, method, f"/robots/{robot_id}{end}", body)
        assert (status, robot_id in problem["detail"]) == (404, True)


class TestReferences:
    async def test_loaded_found_and_read(self, exchange: Exchange) -> None:
        name, pm_id = f"n {uuid4()}", uuid4().int % 10**9
        identifiers: list[dict[str, Any]] = [
            {"identifier_type": "doi", "identifier": f"https://doi.org/10.1000/{uuid4()}"},
            {"identifier_type": "pm_id", "identifier": pm_id},
            {"identifier_type": "other", "identifier": "a/b?c#d", "other_identifier_name": name},
        ]
        enhancement = {
            "source": "s",
            "visibility": "public",
            "enhancement_type": "abstract",
            "content": {"enhancement_type": "abstract", "process": "other", "abstract": "żółć"},
        }
        reference = {"visibility": "restricted", "identifiers": identifiers, "enhancements": [enhancement]}
        status, loaded = await ask(exchange, "POST", "/references/", reference)
        assert (status, loaded["existing"]) == (201, False)
        assert await ask(exchange, "POST", "/references", reference) == (201, {**loaded, "existing": True})
        status, read = await ask(exchange, "GET", f"/references/{loaded['id']}/", role="requestor")
        assert status == 200
        doi = identifiers[0]["identifier"].removeprefix("https://doi.org/")
        assert read["identifiers"] == [{**identifiers[0], "identifier": doi}, *identifiers[1:]]
        (found,) = read["enhancements"]
        assert (found["content"], found["reference_id"]) == (enhancement["content"], loaded["id"])
        for query in (
            {"identifier_type": "doi", "identifier": doi.upper()},
            {"identifier_type": "pm_id", "identifier": str(pm_id)},
            {"identifier_type": "other", "identifier": "a/b?c#d", "other_identifier_name": name},
        ):
            url = f"{exchange.stack.api}/references/"
            async with exchange.session.get(url, params=query, headers=exchange.as_role("requestor")) as response:
                assert (response.status, await response.json()) == (200, read)

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("identifier=10.1000/nobody&identifier_type=doi", 404),
            ("identifier=7", 422),
            ("identifier=7&identifier_type=isbn", 422),
            ("identifier=seven&identifier_type=pm_id", 422),
            ("identifier=7&identifier_type=other", 422),
            ("", 422),
        ],
    )
    async def test_what_is_not_found(self, exchange: Exchange, query: str, status: int) -> None:
        assert (await ask(exchange, "GET", f"/references/?{query}"))[0] == status

    async def test_what_is_hidden_is_shown_to_operators_alone(self, exchange: Exchange) -> None:
        def reference(visibility: str, *enhancements: str) -> dict[str, Any]:
            content = {"enhancement_type": "abstract", "process": "other", "abstract": "a"}
            given = [
                {"source": "s", "visibility": one, "enhancement_type": "abstract", "content": content}
                for one in enhancements
            ]
            return {"visibility": visibility, "enhancements": given}

        _, hidden = await ask(exchange, "POST", "/references/", reference("hidden"))
        _, partly = await ask(exchange, "POST", "/references/", reference("public", "hidden", "restricted"))
        assert (await ask(exchange, "GET", f"/references/{hidden['id']}", role="requestor"))[0] == 404
        assert (await ask(exchange, "GET", f"/references/{hidden['id']}"))[0] == 200
        _, seen = await ask(exchange, "GET", f"/references/{partly['id']}", role="requestor")
        _, all_of_it = await ask(exchange, "GET", f"/references/{partly['id']}")
        assert [one["visibility"] for one in seen["enhancements"]] == ["restricted"]
        assert len(all_of_it["enhancements"]) == 2

    async def test_a_file_of_many_lines_is_answered_line_by_line(self, exchange: Exchange) -> None:
        lines = SAMPLES.read_bytes().splitlines()
        body = b"\r\n".join([*lines[:200], b"", b"{", *lines[:100]])
        headers = {"Content-Type": "application/jsonl; charset=utf-8", **exchange.as_role("operator")}
        async with exchange.session.post(f"{exchange.stack.api}/references/", data=body, headers=headers) as response:
            assert (response.status, response.content_type) == (200, "application/jsonl")
            answers = [json.loads(line) for line in (await response.read()).splitlines()]
        assert len(answers) == 200 + 1 + 100
        assert "Invalid JSON" in answers[200]["error"]
        assert [one["id"] for one in answers[201:]] == [one["id"] for one in answers[:100]]
        assert all(one["existing"] for one in answers[201:])


@pytest.fixture(scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """Give a stack of its own, where nobody else requests batches, and few may be open."""
    with running_stack(tmp_path_factory.mktemp("quiet"), OPEN_BATCHES_LIMIT="60") as stack:
        async with exchange_on(stack) as client:
            yield client


class TestBatchList:
    async def test_pages_newest_first_by_status_and_only_ones_own(self, quiet: Exchange) -> None:
        references = await quiet.load(1)
        async with running_robot(quiet, takes_it) as robot:
            robot_id = await quiet.register_robot(robot.url)
            asked = [(await quiet.request(robot_id, references))["id"] for _ in range(58)]
            theirs = {"robot_id": robot_id, "reference_ids": references}
            assert (await quiet.post(BATCHES, theirs, role="operator"))[0] == 202
            await quiet.until({"id": asked[-1]}, {"accepted"})
            listed = await self.all_pages(quiet, "requestor")
            assert [one["id"] for one in listed] == asked[::-1]
            assert {(one["robot_id"], one["source"], one["references"]) for one in listed} == {(robot_id, "test", 1)}
            assert len(await self.all_pages(quiet, "operator")) == 59
            ended = await quiet.call_as_robot(
                robot.asked_as[asked[7]], {"request_id": asked[7], "error": {"message": "no"}}
            )
            assert ended[0] == 200
            failed = await self.all_pages(quiet, "requestor", status="failed")
            assert [(one["id"], one["error"]) for one in failed] == [(asked[7], "The robot reported an error: no")]
            # 57 of the requestor's are open now.
            for _ in range(3):
                await quiet.request(robot_id, references)
            url, headers = quiet.stack.api + BATCHES, quiet.as_role("requestor")
            async with quiet.session.post(url, json=theirs, headers=headers) as response:
                assert (response.status, response.headers["Retry-After"]) == (429, "60")
                assert "60 batch requests" in (await response.json())["detail"]
            assert (await quiet.post(BATCHES, theirs, role="operator"))[0] == 202, "the limit is each one's own"

    async def all_pages(self, exchange: Exchange, role: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            headers = exchange.as_role(role)
            async with exchange.session.get(exchange.stack.api + BATCHES, params=query, headers=headers) as response:
                assert response.status == 200
                page = await response.json()
            found += page["batch_requests"]
            assert len(page["batch_requests"]) <= 50
            if page["continuation"] is None:
                return found
            query["continuation"] = page["continuation"]


async def test_the_open_doors(exchange: Exchange) -> None:
    for path, content_type in (
        ("/health", "application/json"),
        ("/openapi.json", "application/json"),
        ("/docs", "text/html"),
    ):
        async with exchange.session.get(exchange.stack.api + path) as response:
            assert (response.status, response.content_type) == (200, content_type)
            assert await response.read()


async def test_health_names_what_is_down_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, unused_tcp_port: int
) -> None:
    down = f"Endpoint=sb://127.0.0.1:{unused_tcp_port};SharedAccessKeyName=local;SharedAccessKey=s3cret;UseDevelopmentEmulator=true;"
    with running_stack(tmp_path_factory.mktemp("unwell"), SERVICE_BUS=down) as stack:
        async with exchange_on(stack) as client, client.session.get(f"{stack.api}/health") as response:
            assert response.status == 503
            assert (await response.json())["errors"] == ["Down: service bus."]


async def test_with_no_issuer_nobody_is_let_in_and_everybody_told_why(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_stack(tmp_path_factory.mktemp("closed"), TOKEN_AUDIENCE="", TOKEN_KEYS_URL="") as stack:
        async with exchange_on(stack) as client:
            for role in ("requestor", "operator"):
                status, problem = await ask(client, "GET", "/robots/", role=role)
                assert status == 503
                assert (
                    problem["detail"]
                    == "Nobody can be let in while settings are missing: TOKEN_AUDIENCE, TOKEN_KEYS_URL."
                )


def test_each_stack_has_tokens_of_its_own(usual_stack: Stack, stack_with_everything_twice: Stack) -> None:
    assert set(usual_stack.tokens) == {"requestor", "operator"}
    assert usual_stack.tokens != stack_with_everything_twice.tokens
