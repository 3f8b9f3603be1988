"""Every endpoint of the contract in normal use."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.exchange import BATCHES, SAMPLES, Exchange, exchange_on
from tests.e2e.robot import accept_job, running_robot
from tests.results import annotation
from tests.stacks import Stack, running_stack

ROBOT = {"name": "r", "base_url": "https://Robot.example/At/", "description": "d", "owner": "o"}


async def call(exchange: Exchange, method: str, path: str, body: Any = None, role: str = "operator") -> tuple[int, Any]:
    headers = exchange.as_role(role)
    async with exchange.session.request(method, exchange.stack.api + path, json=body, headers=headers) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json(content_type=None)


async def register_robot(exchange: Exchange, **fields: Any) -> dict[str, Any]:
    robot: dict[str, Any]
    status, robot = await call(exchange, "POST", "/robots/", {**ROBOT, "name": f"robot {uuid4()}", **fields})
    assert status == 201
    return robot


class TestRobots:
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_a_robot_is_registered_listed_read_and_updated(self, exchange: Exchange, slash: str) -> None:
        fields = {"dependent_enhancements": ["abstract"], "dependent_identifiers": ["doi", "pm_id"]}
        provisioned = await register_robot(exchange, **fields)
        secret = provisioned.pop("client_secret")
        assert len(secret) == 64
        assert provisioned == {**ROBOT, **fields, "name": provisioned["name"], "id": provisioned["id"]}
        path = f"/robots/{provisioned['id']}{slash}"
        for role in ("requestor", "operator"):
            assert await call(exchange, "GET", path, role=role) == (200, provisioned)
            status, robots = await call(exchange, "GET", f"/robots{slash}", role=role)
            assert status == 200
            assert provisioned in robots
            assert [robot["name"] for robot in robots] == sorted(robot["name"] for robot in robots)
        changed = {**ROBOT, "name": f"renamed {uuid4()}", "owner": "another owner"}
        updated = {**changed, "id": provisioned["id"]}
        assert await call(exchange, "PUT", path, changed) == (200, updated)
        assert await call(exchange, "GET", path) == (200, updated)

    async def test_empty_dependencies_are_omitted(self, exchange: Exchange) -> None:
        robot = await register_robot(exchange)
        assert set(robot) == {*ROBOT, "id", "client_secret"}

    async def test_a_robot_cannot_be_renamed_to_the_name_of_another(self, exchange: Exchange) -> None:
        first, second = await register_robot(exchange), await register_robot(exchange)
        status, problem = await call(exchange, "PUT", f"/robots/{second['id']}/", {**ROBOT, "name": first["name"]})
        assert (status, first["name"] in problem["detail"]) == (409, True)
        assert (await call(exchange, "PUT", f"/robots/{first['id']}/", {**ROBOT, "name": first["name"]}))[0] == 200

    async def test_cycling_returns_a_new_secret_that_no_read_shows(self, exchange: Exchange) -> None:
        robot = await register_robot(exchange)
        secrets = {robot["client_secret"]}
        for _ in range(3):
            status, cycled = await call(exchange, "POST", f"/robots/{robot['id']}/secret/")
            assert status == 201
            secrets.add(cycled["client_secret"])
            assert {**cycled, "client_secret": ""} == {**robot, "client_secret": ""}
        assert len(secrets) == 4
        _, read = await call(exchange, "GET", f"/robots/{robot['id']}/")
        assert not [secret for secret in secrets if secret in json.dumps(read)]

    async def test_operators_change_the_settings_of_a_robot(self, exchange: Exchange) -> None:
        robot = await register_robot(exchange)
        path, references = f"/robots/{robot['id']}/", await exchange.load_references(1)
        request = {"robot_id": robot["id"], "reference_ids": references}
        before = {name: value for name, value in robot.items() if name != "client_secret"}
        changed = {**before, "enabled": False, "version": "2.0"}
        for _ in range(2):
            assert await call(exchange, "PATCH", path, {"enabled": False, "version": "2.0"}) == (200, changed)
        assert await call(exchange, "GET", path, role="requestor") == (200, changed)
        assert changed in (await call(exchange, "GET", "/robots/"))[1]
        status, problem = await call(exchange, "POST", BATCHES, request, role="requestor")
        assert (status, "is disabled" in problem["detail"]) == (409, True)
        status, problem = await call(exchange, "PATCH", path, {"delivery": "post", "max_references": 5})
        assert (status, problem["detail"]) == (422, "delivery: Input should be 'push' or 'pull'.")
        assert (await call(exchange, "PATCH", path, {"enabled": True}, role="requestor"))[0] == 403
        assert await call(exchange, "PATCH", path, {"enabled": True, "version": None}) == (200, before)
        assert (await call(exchange, "POST", BATCHES, request, role="requestor"))[0] == 202

    async def test_the_activity_of_a_robot_counts_its_batches(self, exchange: Exchange) -> None:
        async with running_robot(exchange, accept_job) as robot:
            robot_id = await exchange.register_robot(robot.url)
            references = await exchange.load_references(1)
            for _ in range(2):
                batch = await exchange.request_batch(robot_id, references)
                await exchange.wait_until(batch, {"accepted"})
            await robot.upload(robot.jobs[0], annotation(references[0]))
            assert (await robot.call_back(robot.jobs[0]))[0] == 200
            await exchange.wait_until_ended(robot.jobs[0])
            path = f"/robots/{robot_id}/activity/"
            status, activity = await call(exchange, "GET", path, role="requestor")
        assert (status, activity["waiting"], activity["last_30_days"]["truncated"]) == (200, 1, False)
        counted = {name: count for name, count in activity["last_30_days"]["batches"].items() if count}
        assert counted == {"accepted": 1, "completed": 1}
        assert activity["last_30_days"]["references_enhanced"] == 1
        assert 0 < activity["last_30_days"]["p95_seconds_to_deliver"] < 60
        assert activity["last_seen_at"].endswith("Z")
        assert (await call(exchange, "GET", path, role="contributor"))[0] == 403

    @pytest.mark.parametrize(
        ("method", "end"), [("GET", ""), ("PUT", ""), ("PATCH", ""), ("POST", "/secret"), ("GET", "/activity")]
    )
    async def test_an_unknown_robot_gets_404(self, exchange: Exchange, method: str, end: str) -> None:
        bodies = {"PUT": {**ROBOT, "name": f"robot {uuid4()}"}, "PATCH": {"enabled": False}}
        robot_id = str(uuid4())
        status, problem = await call(exchange, method, f"/robots/{robot_id}{end}", bodies.get(method))
        assert (status, robot_id in problem["detail"]) == (404, True)


class TestReferences:
    async def test_a_reference_is_loaded_found_and_read(self, exchange: Exchange) -> None:
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
        status, loaded = await call(exchange, "POST", "/references/", reference)
        assert (status, loaded["existing"]) == (201, False)
        added = {name: loaded.pop(name) for name in ("added_identifiers", "added_enhancements")}
        assert added == {"added_identifiers": 3, "added_enhancements": 1}
        nothing = {"existing": True, "added_identifiers": 0, "added_enhancements": 0}
        assert await call(exchange, "POST", "/references", reference) == (201, {**loaded, **nothing})
        status, read = await call(exchange, "GET", f"/references/{loaded['id']}/", role="requestor")
        assert status == 200
        doi = identifiers[0]["identifier"].removeprefix("https://doi.org/")
        assert read["identifiers"] == [{**identifiers[0], "identifier": doi}, *identifiers[1:]]
        (found,) = read["enhancements"]
        assert (found["content"], found["reference_id"]) == (enhancement["content"], loaded["id"])
        assert (found["batch_request_id"], found["created_at"][-1]) == (None, "Z")
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
            ("identifier=10.1000/unknown&identifier_type=doi", 404),
            ("identifier=7", 422),
            ("identifier=7&identifier_type=isbn", 422),
            ("identifier=seven&identifier_type=pm_id", 422),
            ("identifier=7&identifier_type=other", 422),
            ("", 422),
        ],
    )
    async def test_an_unknown_or_invalid_identifier_is_refused(
        self, exchange: Exchange, query: str, status: int
    ) -> None:
        assert (await call(exchange, "GET", f"/references/?{query}"))[0] == status

    async def test_the_ids_of_many_references_are_looked_up(self, exchange: Exchange) -> None:
        doi, shelf = f"10.1000/{uuid4()}", str(uuid4())
        other = {"identifier_type": "other", "identifier": shelf, "other_identifier_name": "shelf"}
        _, first = await call(
            exchange, "POST", "/references/", {"identifiers": [{"identifier_type": "doi", "identifier": doi}]}
        )
        _, hidden = await call(exchange, "POST", "/references/", {"visibility": "hidden", "identifiers": [other]})
        given: list[dict[str, Any]] = [
            {
                "identifier_type": "doi",
                "identifier": f"https://dx.doi.org/{doi.upper()}",
                "other_identifier_name": None,
            },
            other,
            {"identifier_type": "doi", "identifier": doi, "other_identifier_name": None},
        ]
        for role, hidden_id in (("requestor", None), ("operator", hidden["id"])):
            status, answer = await call(exchange, "POST", "/references/lookup/", {"identifiers": given}, role=role)
            expected = [
                {**item, "id": found} for item, found in zip(given, (first["id"], hidden_id, first["id"]), strict=True)
            ]
            assert (status, answer) == (200, {"references": expected})
        assert (await call(exchange, "POST", "/references/lookup", {"identifiers": []}, role="contributor"))[0] == 403
        many = {"identifiers": [{"identifier_type": "pm_id", "identifier": number + 1} for number in range(5_001)]}
        assert (await call(exchange, "POST", "/references/lookup", many))[0] == 413
        status, problem = await call(
            exchange, "POST", "/references/lookup", {"identifiers": [*given, {**given[0], "identifier": "x"}]}
        )
        assert (status, problem["detail"].startswith("identifiers.3.identifier: ")) == (422, True)

    async def test_hidden_references_and_enhancements_are_shown_to_operators_only(self, exchange: Exchange) -> None:
        def make_reference(visibility: str, *enhancements: str) -> dict[str, Any]:
            content = {"enhancement_type": "abstract", "process": "other", "abstract": "a"}
            fields = {"source": "s", "enhancement_type": "abstract", "content": content}
            return {
                "visibility": visibility,
                "identifiers": [
                    {"identifier_type": "other", "identifier": str(uuid4()), "other_identifier_name": "test"}
                ],
                "enhancements": [{**fields, "visibility": enhancement} for enhancement in enhancements],
            }

        _, hidden = await call(exchange, "POST", "/references/", make_reference("hidden"))
        _, partly = await call(exchange, "POST", "/references/", make_reference("public", "hidden", "restricted"))
        assert (await call(exchange, "GET", f"/references/{hidden['id']}", role="requestor"))[0] == 404
        assert (await call(exchange, "GET", f"/references/{hidden['id']}"))[0] == 200
        _, seen = await call(exchange, "GET", f"/references/{partly['id']}", role="requestor")
        _, complete = await call(exchange, "GET", f"/references/{partly['id']}")
        assert [enhancement["visibility"] for enhancement in seen["enhancements"]] == ["restricted"]
        assert len(complete["enhancements"]) == 2

    async def test_a_known_reference_is_completed_skipped_or_refused(self, exchange: Exchange) -> None:
        def make_reference(*numbers: str) -> dict[str, Any]:
            return {
                "identifiers": [
                    {"identifier_type": "other", "identifier": number, "other_identifier_name": "test"}
                    for number in numbers
                ]
            }

        first, second, third = (str(uuid4()) for _ in range(3))
        _, loaded = await call(exchange, "POST", "/references/", make_reference(first), role="contributor")
        status, merged = await call(exchange, "POST", "/references/", make_reference(first, second))
        assert (status, merged["id"], merged["added_identifiers"]) == (201, loaded["id"], 1)
        status, skipped = await call(exchange, "POST", "/references/?on_existing=skip", make_reference(second, third))
        assert (status, skipped["id"], skipped["added_identifiers"]) == (201, loaded["id"], 0)
        status, problem = await call(exchange, "POST", "/references/?on_existing=fail", make_reference(second, third))
        assert (status, loaded["id"] in problem["detail"]) == (409, True)
        _, other = await call(exchange, "POST", "/references/", make_reference(third))
        status, problem = await call(exchange, "POST", "/references/", make_reference(first, third))
        assert status == 422
        assert loaded["id"] in problem["detail"]
        assert other["id"] in problem["detail"]
        assert (await call(exchange, "POST", "/references/?on_existing=replace", make_reference(first)))[0] == 422

    async def test_only_operators_delete_references(self, exchange: Exchange) -> None:
        body = {"identifiers": [{"identifier_type": "other", "identifier": str(uuid4()), "other_identifier_name": "d"}]}
        _, loaded = await call(exchange, "POST", "/references/", body)
        path = f"/references/{loaded['id']}/"
        for role in ("requestor", "contributor"):
            assert (await call(exchange, "DELETE", path, role=role))[0] == 403
        assert await call(exchange, "DELETE", path) == (204, None)
        assert (await call(exchange, "DELETE", path))[0] == 404
        assert (await call(exchange, "GET", path))[0] == 404
        status, again = await call(exchange, "POST", "/references/", body)
        assert (status, again["existing"], again["id"] == loaded["id"]) == (201, False, False)

    async def test_contributors_load_references_and_do_nothing_else(self, exchange: Exchange) -> None:
        for method, path in (
            ("GET", "/robots/"),
            ("POST", "/robots/"),
            ("GET", f"/references/{uuid4()}"),
            ("POST", "/references/enhancement/batch/"),
            ("GET", "/references/enhancement/batch/"),
        ):
            status, problem = await call(exchange, method, path, {}, role="contributor")
            assert status == 403
            assert "Your access token must have the role" in problem["detail"]

    async def test_each_line_of_a_large_file_gets_an_answer(self, exchange: Exchange) -> None:
        lines = SAMPLES.read_bytes().splitlines()
        body = b"\r\n".join([*lines[:200], b"", b"{", *lines[:100]])
        headers = {"Content-Type": "application/jsonl; charset=utf-8", **exchange.as_role("operator")}
        async with exchange.session.post(f"{exchange.stack.api}/references/", data=body, headers=headers) as response:
            assert (response.status, response.content_type) == (200, "application/jsonl")
            answers = [json.loads(line) for line in (await response.read()).splitlines()]
        assert len(answers) == 200 + 1 + 100
        assert "Invalid JSON" in answers[200]["error"]
        assert [answer["id"] for answer in answers[201:]] == [answer["id"] for answer in answers[:100]]
        assert all(answer["existing"] for answer in answers[201:])


@pytest.fixture(scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """A client of a stack that no other test uses, with a low limit of open batch requests."""
    with running_stack(tmp_path_factory.mktemp("quiet"), OPEN_BATCHES_LIMIT="60") as stack:
        async with exchange_on(stack) as client:
            yield client


class TestBatchList:
    async def test_a_requestor_lists_their_own_batch_requests_in_pages_newest_first(self, quiet: Exchange) -> None:
        references = await quiet.load_references(1)
        async with running_robot(quiet, accept_job) as robot:
            robot_id = await quiet.register_robot(robot.url)
            requested = [(await quiet.request_batch(robot_id, references))["id"] for _ in range(58)]
            request = {"robot_id": robot_id, "reference_ids": references}
            assert (await quiet.post(BATCHES, request, role="operator"))[0] == 202
            await quiet.wait_until({"id": requested[-1]}, {"accepted"})
            listed = await self.list_all(quiet, "requestor")
            assert [batch["id"] for batch in listed] == requested[::-1]
            summaries = {(batch["robot_id"], batch["source"], batch["references"]) for batch in listed}
            assert summaries == {(robot_id, "test", 1)}
            assert len(await self.list_all(quiet, "operator")) == 59
            ended = await quiet.call_as_robot(
                robot.credentials[requested[7]], {"request_id": requested[7], "error": {"message": "no"}}
            )
            assert ended[0] == 200
            failed = await self.list_all(quiet, "requestor", status="failed")
            assert [(batch["id"], batch["error"]) for batch in failed] == [
                (requested[7], "The robot reported an error: no")
            ]
            # The requestor has 57 open batch requests now.
            for _ in range(3):
                await quiet.request_batch(robot_id, references)
            url, headers = quiet.stack.api + BATCHES, quiet.as_role("requestor")
            async with quiet.session.post(url, json=request, headers=headers) as response:
                assert (response.status, response.headers["Retry-After"]) == (429, "60")
                assert "60 batch requests" in (await response.json())["detail"]
            assert (await quiet.post(BATCHES, request, role="operator"))[0] == 202, (
                "each requestor has a limit of their own"
            )

    @pytest.mark.exhaustive
    async def test_200_requests_at_one_moment_are_accepted_up_to_the_limit(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with running_stack(tmp_path_factory.mktemp("limited"), OPEN_BATCHES_LIMIT="5") as stack:
            async with exchange_on(stack) as limited:
                references = await limited.load_references(1)
                async with running_robot(limited, accept_job) as robot:
                    request = {"robot_id": await limited.register_robot(robot.url), "reference_ids": references}
                    answers = await asyncio.gather(
                        *(limited.post(BATCHES, request, role="requestor") for _ in range(200))
                    )
                    accepted = {body["id"] for status, body in answers if status == 202}
                    assert 0 < len(accepted) <= 5
                    assert {status for status, _ in answers} == {202, 429}
                    for batch_id in accepted:
                        await limited.wait_until({"id": batch_id}, {"accepted"})
                    assert {batch["id"] for batch in await self.list_all(limited, "requestor")} == accepted
                    assert {job["id"] for job in robot.jobs} == accepted

    async def list_all(self, exchange: Exchange, role: str, **query: str) -> list[dict[str, Any]]:
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


async def test_anyone_may_read_the_public_endpoints(exchange: Exchange) -> None:
    for path, content_type in (
        ("/health", "application/json"),
        ("/openapi.json", "application/json"),
        ("/docs", "text/html"),
    ):
        async with exchange.session.get(exchange.stack.api + path) as response:
            assert (response.status, response.content_type) == (200, content_type)
            assert await response.read()


@pytest.fixture(scope="module")
async def crippled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """A client of a stack without Service Bus and without an issuer."""
    down = "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=local;SharedAccessKey=s3cret;UseDevelopmentEmulator=true;"
    settings = {"SERVICE_BUS": down, "TOKEN_AUDIENCE": "", "TOKEN_KEYS_URL": ""}
    with running_stack(tmp_path_factory.mktemp("crippled"), **settings) as stack:
        async with exchange_on(stack) as client:
            yield client


async def test_health_names_the_dependency_that_is_down_and_no_more(crippled: Exchange) -> None:
    async with crippled.session.get(f"{crippled.stack.api}/health") as response:
        assert response.status == 503
        assert (await response.json())["errors"] == ["Not available: service bus."]


async def test_without_an_issuer_every_token_is_refused_with_the_reason(crippled: Exchange) -> None:
    for role in ("requestor", "operator"):
        status, problem = await call(crippled, "GET", "/robots/", role=role)
        assert status == 503
        missing = "TOKEN_AUDIENCE, TOKEN_KEYS_URL"
        assert problem["detail"] == f"No token can be validated because settings are missing: {missing}."


def test_each_stack_has_its_own_tokens(usual_stack: Stack, stack_with_every_event_twice: Stack) -> None:
    assert set(usual_stack.tokens) == {"requestor", "contributor", "operator"}
    assert usual_stack.tokens != stack_with_every_event_twice.tokens
