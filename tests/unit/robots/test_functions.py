"""How the author's function is called."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from exchange.robots import Annotation, CannotJudge, Reference, Robot, SystematicFailure, annotation
from exchange.robots.functions import MAX_TRACEBACKS, Failures
from exchange.robots.logs import JsonFormatter, bind_batch


def make_references(count: int) -> list[Reference]:
    return [Reference({"id": str(number)}) for number in range(count)]


async def judge(robot: Robot, count: int, workers: int = 1) -> list[str]:
    """Return the label or the message of each reference."""
    judge = robot.make_judge(workers)
    try:
        lines = await judge.judge(make_references(count), Failures())
    finally:
        judge.close()
    entries = [json.loads(line) for line in lines.splitlines()]
    assert [entry["reference_id"] for entry in entries] == [str(number) for number in range(count)]
    return [entry.get("message") or entry["content"]["annotations"][0]["label"] for entry in entries]


def label(reference: Reference) -> Annotation:
    return annotation("s", f"label {reference.id}")


async def label_async(reference: Reference) -> Annotation:
    await asyncio.sleep(0)
    return label(reference)


def yield_label(reference: Reference) -> Iterator[Annotation]:
    yield label(reference)


async def yield_label_async(reference: Reference) -> AsyncIterator[Annotation]:
    yield await label_async(reference)


@pytest.mark.parametrize("function", [label, label_async, yield_label, yield_label_async])
@pytest.mark.parametrize("workers", [1, 4])
async def test_a_function_of_one_reference(function: Callable[[Reference], Any], workers: int) -> None:
    robot = Robot("r")
    robot.enhance(function)
    assert await judge(robot, 20, workers) == [f"label {number}" for number in range(20)]


def label_many(references: list[Reference]) -> list[Annotation]:
    return [label(reference) for reference in references]


async def label_many_async(references: list[Reference]) -> list[Annotation]:
    return [await label_async(reference) for reference in references]


def yield_labels(references: list[Reference]) -> Iterator[Annotation]:
    yield from map(label, references)


async def yield_labels_async(references: list[Reference]) -> AsyncIterator[Annotation]:
    for reference in references:
        yield await label_async(reference)


@pytest.mark.parametrize("function", [label_many, label_many_async, yield_labels, yield_labels_async])
@pytest.mark.parametrize("workers", [1, 4])
async def test_a_function_of_many_references(function: Callable[..., Any], workers: int) -> None:
    robot = Robot("r")
    robot.enhance_many(size=3)(function)
    assert await judge(robot, 20, workers) == [f"label {number}" for number in range(20)]


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_failed_call_is_repeated_for_each_reference_alone(is_async: bool) -> None:  # noqa: FBT001 - a case
    robot = Robot("r")
    calls: list[int] = []

    def fail(references: list[Reference]) -> list[Annotation]:
        calls.append(len(references))
        if any(reference.id == "3" for reference in references):
            raise LookupError("no model")
        return label_many(references)

    async def fail_async(references: list[Reference]) -> list[Annotation]:
        return fail(references)

    robot.enhance_many(size=4)(fail_async if is_async else fail)
    labels = await judge(robot, 6)
    assert labels[3] == "The robot failed: LookupError: no model"
    assert [each for each in labels if each.startswith("label")] == [f"label {number}" for number in (0, 1, 2, 4, 5)]
    assert sorted(calls) == [1, 1, 1, 1, 2, 4]


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError(), GeneratorExit()])
async def test_an_exception_that_would_end_the_process_fails_the_reference(error: BaseException) -> None:
    robot = Robot("r")

    @robot.enhance
    def end(reference: Reference) -> Annotation:
        if reference.id == "1":
            raise error
        return label(reference)

    labels = await judge(robot, 3)
    assert labels == ["label 0", f"The robot failed: {type(error).__name__}: {error}", "label 2"]


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
async def test_an_exception_that_would_end_the_task_fails_the_reference(error: BaseException) -> None:
    robot = Robot("r")

    @robot.enhance
    async def end(reference: Reference) -> Annotation:
        if reference.id == "1":
            raise error
        return await label_async(reference)

    labels = await judge(robot, 3)
    assert labels == ["label 0", f"The robot failed: {type(error).__name__}: {error}", "label 2"]


async def test_a_cancelled_call_of_an_async_function_ends() -> None:
    robot = Robot("r")
    started = asyncio.Event()

    @robot.enhance
    async def wait(_reference: Reference) -> None:
        started.set()
        await asyncio.Event().wait()

    judging = asyncio.create_task(judge(robot, 3))
    await started.wait()
    judging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(judging, 5)


async def test_the_wrong_number_of_results_is_an_error() -> None:
    robot = Robot("r")

    @robot.enhance_many(size=4)
    def forget(references: list[Reference]) -> list[Annotation | CannotJudge]:
        return [CannotJudge("unknown") if reference.id == "1" else label(reference) for reference in references[:-1]]

    message = "The function returned 0 results for 1 references."
    assert await judge(robot, 4) == [message] * 4


@pytest.mark.parametrize("is_async", [False, True])
async def test_after_a_systematic_failure_no_more_calls_are_made(is_async: bool) -> None:  # noqa: FBT001 - a case
    robot = Robot("r")
    calls: list[str] = []

    def fail(reference: Reference) -> Annotation:
        calls.append(reference.id)
        if len(calls) == 5:
            raise SystematicFailure("no model")
        return label(reference)

    async def fail_async(reference: Reference) -> Annotation:
        return fail(reference)

    robot.enhance(fail_async if is_async else fail)
    with pytest.raises(SystematicFailure, match="no model"):
        await judge(robot, 100, workers=2)
    assert 5 <= len(calls) <= 7


async def test_not_more_calls_run_at_once_than_there_are_workers() -> None:
    robot = Robot("r")
    barrier = threading.Barrier(3, timeout=20)
    threads: set[int] = set()

    @robot.enhance
    def wait(reference: Reference) -> Annotation:
        barrier.wait()
        threads.add(threading.get_ident())
        return label(reference)

    assert len(await judge(robot, 12, workers=3)) == 12
    assert len(threads) == 3


async def test_the_log_has_the_first_tracebacks_and_the_batch(caplog: pytest.LogCaptureFixture) -> None:
    robot = Robot("r")
    seen: list[str] = []

    @robot.enhance
    def fail(reference: Reference) -> Annotation:
        record = logging.makeLogRecord({"name": "author", "levelname": "INFO", "msg": "from the function"})
        seen.append(json.loads(JsonFormatter().format(record))["batch_id"])
        raise LookupError(reference.id)

    with bind_batch("the batch"):
        await judge(robot, 2 * MAX_TRACEBACKS)
    assert caplog.text.count("Traceback") == MAX_TRACEBACKS
    assert set(seen) == {"the batch"}


def test_a_robot_has_one_function() -> None:
    robot = Robot("r")
    with pytest.raises(ValueError, match="the robot has no function"):
        robot.make_judge(1)
    assert robot.enhance(label) is label
    with pytest.raises(ValueError, match="has a function already"):
        robot.enhance_many(size=2)(label_many)
    with pytest.raises(ValueError, match="size must be at least 1"):
        Robot("r").enhance_many(size=0)


@pytest.mark.parametrize("options", [{"name": ""}, {"name": "r", "version": ""}, {"name": "r", "version": "1" * 201}])
def test_a_robot_that_the_exchange_would_refuse_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"name|version"):
        Robot(**options)
