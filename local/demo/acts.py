"""The two acts: a robot that does its work, and one that misbehaves."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.demo import expected
from local.demo.requestor import DemoError, Json, Requestor
from local.demo.show import (
    ENDED,
    Steps,
    console,
    keep_report,
    keep_status,
    show_counts,
    show_enhancement,
    show_head,
    show_misdeeds,
)
from samples.robot.robot import SOURCE

_WHY_PARTIAL = """\
  It ends as `partial_failed`, as it should: some references have no abstract, and no design in their title, so the
  robot says that it can't judge them. `completed` is a batch of which every reference was enhanced.
"""
_PATIENCE_S = 60.0
_PAUSE_S = 0.05


async def first_act(requestor: Requestor, robot_id: str, references: Mapping[str, Json], folder: Path) -> None:
    """Have the study designs of the references tagged. Raises DemoError unless it ends as it should."""
    batch = await _run_batch(requestor, robot_id, references, folder)
    found = await _report_of(requestor, batch, folder)
    wanted = expected.of_first_act(references)
    expected.check(wanted, found)
    _check_status(batch, "completed" if expected.counts(wanted).keys() == {expected.ADDED} else "partial_failed")
    console.print(_WHY_PARTIAL, markup=False)
    tagged = next(item for item in references if found[expected.ADDED, item])
    show_enhancement(await requestor.reference(tagged), SOURCE)


async def second_act(requestor: Requestor, robot: Json, reference_ids: Iterable[str], folder: Path) -> None:
    """Hold the report against the misbehaving robot's own account. Raises DemoError unless each misdeed is named."""
    batch = await _run_batch(requestor, robot["id"], reference_ids, folder)
    found = await _report_of(requestor, batch, folder)
    account = await requestor.ask(f"{robot['base_url']}/account")
    show_misdeeds(account)
    expected.check(expected.of_second_act(account), found)
    _check_status(batch, "partial_failed")


async def _run_batch(requestor: Requestor, robot_id: str, reference_ids: Iterable[str], folder: Path) -> Json:
    """Request a batch and show each of its steps, until it has ended."""
    batch = await requestor.request(robot_id, reference_ids)
    try:
        with Steps() as steps:
            async with asyncio.timeout(_PATIENCE_S):
                while steps.show(batch["request_status"]) not in ENDED:
                    await asyncio.sleep(_PAUSE_S)
                    batch = await requestor.read(batch["id"])
    except TimeoutError:
        raise DemoError(f"The batch is still '{batch['request_status']}' after {_PATIENCE_S:g} s.") from None
    finally:
        keep_status(folder, batch)
    return batch


async def _report_of(requestor: Requestor, batch: Json, folder: Path) -> Counter[expected.Statement]:
    """Fetch the report, keep it, show its counts and its head; return what it states."""
    if not batch["validation_result_file"]:
        raise DemoError(f"The batch ended as '{batch['request_status']}' with no report: {batch['error']}")
    text = await requestor.fetch(batch["validation_result_file"])
    lines = await requestor.fetch(batch["validation_result_url"])
    keep_report(folder, text, lines)
    report = [json.loads(line) for line in lines.splitlines()]
    found = expected.statements(report)
    show_counts(expected.counts(found))
    show_head(text.decode().splitlines())
    if len(text.splitlines()) != len(report):
        raise DemoError("The two forms of the report have different numbers of lines.")
    return found


def _check_status(batch: Json, wanted: str) -> None:
    if batch["request_status"] != wanted:
        raise DemoError(f"The batch should have ended as '{wanted}', and ended as '{batch['request_status']}'.")
