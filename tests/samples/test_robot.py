"""The sample robot over HTTP."""

import logging

import aiohttp
import pytest

from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import LinkedRobotError
from samples.robot.wire import TRIES, Exchange
from tests.samples.references import Json, given, reference, texts
from tests.samples.stand_in import CUT, jsonl, with_robot

ONE = jsonl(reference("A qualitative study of nurses"))
# aiohttp itself repeats a GET once if the connection is cut.
CUT_EACH_TIME = [CUT] * 2 * TRIES


async def test_every_reference_gets_one_entry_that_fits_the_contract() -> None:
    references = given()
    async with with_robot(jsonl(*references)) as exchange:
        assert await exchange.ask() == 202
        assert await exchange.called_back() == {"request_id": exchange.batch_id, "error": None}
        entries = exchange.entries()
    assert [entry["reference_id"] for entry in entries] == [item["id"] for item in references]
    for item, entry in zip(references, entries, strict=True):
        if "message" in entry:
            LinkedRobotError.model_validate(entry)
            assert texts(item)[1] == ""
            continue
        enhancement = Enhancement.model_validate(entry)
        assert enhancement.robot_version
        assert entry["derived_from"] == [one["id"] for one in item["enhancements"]]
        labels = [annotation["label"] for annotation in entry["content"]["annotations"]]
        assert len(labels) == len(set(labels)) > 0


async def test_what_can_not_be_judged_gets_an_error() -> None:
    references: list[Json] = [
        reference("Depression"),
        reference(),
        {"id": reference()["id"], "enhancements": None},
        reference("Depression", "Nurses shared their thoughts."),
        reference("Depression: a qualitative study"),
    ]
    async with with_robot(jsonl(*references)) as exchange:
        await exchange.ask()
        await exchange.called_back()
        no_clue, no_text, nothing, not_stated, title_only = exchange.entries()
    assert no_clue["message"] == "Can't be judged: it has no abstract, and its title names no study design."
    assert no_text["message"] == nothing["message"] == "Can't be judged: it has no abstract, and it has no title."
    assert [one["label"] for one in not_stated["content"]["annotations"]] == ["not stated"]
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


async def test_lines_of_any_length_and_a_last_one_without_an_end() -> None:
    long = reference("Depression", "A qualitative study. " + "And so on. " * 60_000)
    async with with_robot((jsonl(long) + ONE).rstrip()) as exchange:
        await exchange.ask()
        assert (await exchange.called_back())["error"] is None
        assert [entry["content"]["annotations"][0]["label"] for entry in exchange.entries()] == [
            "qualitative study"
        ] * 2


async def test_what_fails_for_now_is_tried_again() -> None:
    faults = {"download": [503, CUT], "upload": [503, CUT, 500], "callback": [503, CUT, 429]}
    async with with_robot(ONE, faults) as exchange:
        await exchange.ask()
        assert (await exchange.called_back())["error"] is None
        assert exchange.requests == ["download"] * 3 + ["upload"] * 4 + ["callback"] * 4
        assert len(exchange.entries()) == 1


async def test_expired_urls_are_replaced_by_fresh_ones() -> None:
    async with with_robot(ONE, {"read": [503]}) as exchange:
        order = exchange.order()
        exchange.expire()
        await exchange.ask(order)
        assert (await exchange.called_back())["error"] is None
        assert exchange.requests == ["download", "read", "read", "download", "upload", "read", "upload", "callback"]


async def test_the_same_batch_again_is_409_and_done_once() -> None:
    async with with_robot(ONE) as exchange:
        assert await exchange.ask() == 202
        assert await exchange.ask() == 409
        await exchange.called_back()
        assert await exchange.ask() == 409
        assert exchange.requests == ["download", "upload", "callback"]
        assert exchange.callbacks.empty()


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"download": [404]}, "RefusedError: GET was answered with 404"),
        ({"download": [503] * TRIES}, "RefusedError: GET was answered with 503"),
        ({"upload": [403, 403]}, "RefusedError: PUT was answered with 403"),
        ({"upload": [403], "read": [404]}, "RefusedError: GET was answered with 404"),
        ({"download": CUT_EACH_TIME}, "ServerDisconnectedError: Server disconnected"),
    ],
)
async def test_a_failure_of_the_whole_batch_is_reported(faults: dict[str, list[int]], message: str) -> None:
    async with with_robot(ONE, faults) as exchange:
        await exchange.ask()
        assert await exchange.called_back() == {"request_id": exchange.batch_id, "error": {"message": message}}
        assert exchange.result == b""


async def test_a_failure_of_its_own_is_reported_and_the_robot_goes_on() -> None:
    async def work(_exchange: Exchange, order: Json) -> None:
        raise LookupError(f"no model for {order['extra_fields']}")

    async with with_robot(ONE, work_on=work) as exchange:
        await exchange.ask()
        assert (await exchange.called_back())["error"] == {"message": "LookupError: no model for None"}
        assert await exchange.ask({**exchange.order(), "id": "another"}) == 202
        assert (await exchange.called_back())["request_id"] == "another"


async def test_a_callback_that_is_refused_leaves_the_robot_well() -> None:
    async with with_robot(ONE, {"callback": [404]}) as exchange:
        await exchange.ask()
        assert await exchange.ask({**exchange.order(), "id": "another"}) == 202
        await exchange.called_back()
        async with aiohttp.ClientSession() as session, session.get(f"{exchange.robot_url}/health") as response:
            assert response.status == 200


async def test_signed_urls_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for faults in ({"download": [404]}, {"upload": [503]}, {"download": CUT_EACH_TIME}, {"upload": [403]}):
        async with with_robot(ONE, faults) as exchange:
            await exchange.ask()
            await exchange.called_back()
    assert "batch" in caplog.text
    assert "sig=" not in caplog.text
