"""The two parts of the demo: a robot that works as it should, and a robot that makes mistakes."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from exchange.client import AsyncClient
from exchange.contract.robots import ProvisionedRobot
from local.demo import expected_report
from local.demo.errors import DemoError
from local.demo.expected_report import Json, ReportLine
from local.demo.output import (
    ENDED,
    Steps,
    console,
    save_report,
    save_status,
    show_counts,
    show_enhancement,
    show_how_to_retry,
    show_mistakes,
    show_references,
    show_report,
    show_selection,
)
from samples.robot_from_scratch.robot import SOURCE

_WHY_COMPLETED = """\
  The status `completed` means that every requested reference was enhanced.
"""
_WHY_PARTIAL = """\
  The status `partial_failed` is expected here: the exchange added the valid entries, and refused the others.
"""
_TIMEOUT_S = 60.0
_POLL_S = 0.05


async def run_sample_robot(
    requestor: AsyncClient, robot: ProvisionedRobot, references: Mapping[str, Json], folder: Path
) -> None:
    """Request the study designs of the references that the robot can judge.

    Raises DemoError if the status or the report is not as expected.
    """
    requested = expected_report.select_judgeable(references)
    show_selection(len(requested), len(references))
    batch = await _run_batch(requestor, robot, requested, folder)
    found = await _fetch_report(requestor, batch, folder)
    expected_report.check(expected_report.expect_from_sample_robot(requested), found)
    _check_counts(batch, found)
    _check_status(batch, "completed")
    console.print(_WHY_COMPLETED, markup=False)
    show_enhancement(_to_json(await requestor.read_reference(UUID(requested[0]))), SOURCE)


async def run_misbehaving_robot(
    requestor: AsyncClient, robot: ProvisionedRobot, reference_ids: Iterable[str], folder: Path
) -> None:
    """Compare the report with the robot's own account of its mistakes. Raises DemoError if they differ."""
    batch = await _run_batch(requestor, robot, reference_ids, folder)
    found = await _fetch_report(requestor, batch, folder)
    account = json.loads(await _fetch(requestor, f"{robot.base_url}/account"))
    show_mistakes(account)
    expected_report.check(expected_report.expect_from_misbehaving_robot(account), found)
    _check_counts(batch, found)
    _check_status(batch, "partial_failed")
    console.print(_WHY_PARTIAL, end="", markup=False)
    show_how_to_retry(batch)


async def _run_batch(
    requestor: AsyncClient, robot: ProvisionedRobot, reference_ids: Iterable[str], folder: Path
) -> Json:
    """Request a batch and show each of its statuses until it has ended."""
    requested = map(UUID, reference_ids)
    batch = _to_json(await requestor.request_batch(robot_id=robot.id, reference_ids=requested, source="the demo"))
    try:
        with Steps() as steps:
            async with asyncio.timeout(_TIMEOUT_S):
                while steps.show(batch["request_status"]) not in ENDED:
                    await asyncio.sleep(_POLL_S)
                    batch = _to_json(await requestor.read_batch(UUID(batch["id"])))
    except TimeoutError:
        raise DemoError(f"The batch still has the status '{batch['request_status']}' after {_TIMEOUT_S:g} s.") from None
    finally:
        save_status(folder, batch)
    return batch


async def _fetch_report(requestor: AsyncClient, batch: Json, folder: Path) -> Counter[ReportLine]:
    """Fetch and save the report, show its counts and first lines, and return its lines."""
    if not batch["validation_result_file"]:
        raise DemoError(f"The batch ended as '{batch['request_status']}' without a report: {batch['error']}")
    text = await _fetch(requestor, batch["validation_result_file"])
    lines = await _fetch(requestor, batch["validation_result_url"])
    save_report(folder, text, lines)
    report = [json.loads(line) for line in lines.splitlines()]
    found = expected_report.read_report(report)
    show_counts(expected_report.count_kinds(found))
    show_references(batch["counts"])
    show_report(text.decode().splitlines())
    if len(text.splitlines()) != len(report):
        raise DemoError("The two forms of the report have different numbers of lines.")
    return found


async def _fetch(requestor: AsyncClient, url: str) -> bytes:
    """Return a small file: a report, or the robot's account of its mistakes."""
    return b"".join([piece async for piece in requestor.download(url)])


def _to_json(model: BaseModel) -> Json:
    """Return the model as the exchange sent it."""
    return model.model_dump(mode="json", exclude_unset=True)


def _check_counts(batch: Json, found: Counter[ReportLine]) -> None:
    """Compare the counts of the batch with its report."""
    expected = expected_report.count_references(found, batch["counts"]["requested"])
    if {state: count for state, count in batch["counts"].items() if count} != expected:
        raise DemoError(f"The counts are {batch['counts']}. The report has {expected}.")


def _check_status(batch: Json, expected: str) -> None:
    if batch["request_status"] != expected:
        raise DemoError(f"The batch ended as '{batch['request_status']}' instead of '{expected}'.")
