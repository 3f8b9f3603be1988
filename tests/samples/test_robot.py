"""The sample robot over HTTP."""

import logging

import aiohttp
import pytest

from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import LinkedRobotError
from samples.robot_from_scratch.wire import ATTEMPTS, Exchange
from tests.samples.fake_exchange import DISCONNECT, running_exchange_and_robot, to_jsonl
from tests.samples.references import Json, load_samples, make_reference, read_texts

ONE_REFERENCE = to_jsonl(make_reference("A qualitative study of nurses"))
# aiohttp itself repeats a GET once if the connection is closed.
ALWAYS_DISCONNECT = [DISCONNECT] * 2 * ATTEMPTS


async def test_every_reference_gets_one_entry_that_matches_the_contract() -> None:
    references = load_samples()
    async with running_exchange_and_robot(to_jsonl(*references)) as exchange:
        assert await exchange.send_job() == 202
        assert await exchange.wait_for_callback() == {"request_id": exchange.batch_id, "error": None}
        entries = exchange.read_entries()
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in references]
    for reference, entry in zip(references, entries, strict=True):
        if "message" in entry:
            LinkedRobotError.model_validate(entry)
            assert read_texts(reference)[1] == ""
            continue
        enhancement = Enhancement.model_validate(entry)
        assert enhancement.robot_version
        assert entry["derived_from"] == [used["id"] for used in reference["enhancements"]]
        labels = [annotation["label"] for annotation in entry["content"]["annotations"]]
        assert len(labels) == len(set(labels)) > 0


async def test_a_reference_without_any_text_to_judge_gets_an_error() -> None:
    references: list[Json] = [
        make_reference("Depression"),
        make_reference(),
        {"id": make_reference()["id"], "enhancements": None},
        make_reference("Depression", "Nurses shared their thoughts."),
        make_reference("Depression: a qualitative study"),
    ]
    async with running_exchange_and_robot(to_jsonl(*references)) as exchange:
        await exchange.send_job()
        await exchange.wait_for_callback()
        no_design, no_text, no_enhancements, not_stated, title_only = exchange.read_entries()
    assert no_design["message"] == "Cannot be judged: there is no abstract, and the title names no study design."
    for entry in (no_text, no_enhancements):
        assert entry["message"] == "Cannot be judged: there is no abstract and no title."
    assert [annotation["label"] for annotation in not_stated["content"]["annotations"]] == ["not stated"]
    assert title_only["content"]["annotations"] == [
        {
            "annotation_type": "boolean",
            "scheme": "study-design",
            "label": "qualitative study",
            "value": True,
            "score": 0.9,
            "data": {"phrases": ["qualitative"], "in_title": True},
        }
    ]


async def test_long_lines_and_a_last_line_without_line_feed_are_read() -> None:
    long = make_reference("Depression", "A qualitative study. " + "And so on. " * 60_000)
    async with running_exchange_and_robot((to_jsonl(long) + ONE_REFERENCE).rstrip()) as exchange:
        await exchange.send_job()
        assert (await exchange.wait_for_callback())["error"] is None
        assert [entry["content"]["annotations"][0]["label"] for entry in exchange.read_entries()] == [
            "qualitative study"
        ] * 2


async def test_requests_that_fail_temporarily_are_retried() -> None:
    faults = {"download": [503, DISCONNECT], "upload": [503, DISCONNECT, 500], "callback": [503, DISCONNECT, 429]}
    async with running_exchange_and_robot(ONE_REFERENCE, faults) as exchange:
        await exchange.send_job()
        assert (await exchange.wait_for_callback())["error"] is None
        assert exchange.requests == ["download"] * 3 + ["upload"] * 4 + ["callback"] * 4
        assert len(exchange.read_entries()) == 1


async def test_expired_urls_are_replaced_by_fresh_urls() -> None:
    async with running_exchange_and_robot(ONE_REFERENCE, {"read": [503]}) as exchange:
        job = exchange.make_job()
        exchange.expire_urls()
        await exchange.send_job(job)
        assert (await exchange.wait_for_callback())["error"] is None
        assert exchange.requests == ["download", "read", "read", "download", "upload", "read", "upload", "callback"]


async def test_a_repeated_job_is_refused_with_409_and_not_repeated() -> None:
    async with running_exchange_and_robot(ONE_REFERENCE) as exchange:
        assert await exchange.send_job() == 202
        assert await exchange.send_job() == 409
        await exchange.wait_for_callback()
        assert await exchange.send_job() == 409
        assert exchange.requests == ["download", "upload", "callback"]
        assert exchange.callbacks.empty()


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"download": [404]}, "RefusedError: GET returned HTTP 404"),
        ({"download": [503] * ATTEMPTS}, "RefusedError: GET returned HTTP 503"),
        ({"upload": [403, 403]}, "RefusedError: PUT returned HTTP 403"),
        ({"upload": [403], "read": [404]}, "RefusedError: GET returned HTTP 404"),
        ({"download": ALWAYS_DISCONNECT}, "ServerDisconnectedError: Server disconnected"),
    ],
)
async def test_the_callback_has_the_error_if_a_request_fails_permanently(
    faults: dict[str, list[int]], message: str
) -> None:
    async with running_exchange_and_robot(ONE_REFERENCE, faults) as exchange:
        await exchange.send_job()
        assert await exchange.wait_for_callback() == {"request_id": exchange.batch_id, "error": {"message": message}}
        assert exchange.result == b""


async def test_the_callback_has_the_error_if_the_work_fails_and_the_robot_continues() -> None:
    async def work(_exchange: Exchange, job: Json) -> None:
        raise LookupError(f"no model for {job['extra_fields']}")

    async with running_exchange_and_robot(ONE_REFERENCE, work_on=work) as exchange:
        await exchange.send_job()
        assert (await exchange.wait_for_callback())["error"] == {"message": "LookupError: no model for None"}
        assert await exchange.send_job({**exchange.make_job(), "id": "another"}) == 202
        assert (await exchange.wait_for_callback())["request_id"] == "another"


async def test_the_robot_continues_after_its_callback_is_refused() -> None:
    async with running_exchange_and_robot(ONE_REFERENCE, {"callback": [404]}) as exchange:
        await exchange.send_job()
        assert await exchange.send_job({**exchange.make_job(), "id": "another"}) == 202
        await exchange.wait_for_callback()
        async with aiohttp.ClientSession() as session, session.get(f"{exchange.robot_url}/health") as response:
            assert response.status == 200


async def test_signed_urls_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for faults in ({"download": [404]}, {"upload": [503]}, {"download": ALWAYS_DISCONNECT}, {"upload": [403]}):
        async with running_exchange_and_robot(ONE_REFERENCE, faults) as exchange:
            await exchange.send_job()
            await exchange.wait_for_callback()
    assert "batch" in caplog.text
    assert "sig=" not in caplog.text
