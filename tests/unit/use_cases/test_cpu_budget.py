"""The bound on the CPU time of a validation."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from exchange.domain.errors import TooLarge
from exchange.domain.limits import Limits
from exchange.use_cases.cpu_budget import CpuBudget
from tests.fakes.world import LIMITS
from tests.results import annotation
from tests.stacks import ROOT
from tests.unit.use_cases.conftest import Exchange

LIMIT_S = 0.05


def work() -> int:
    """Use more than half of the limit, but not all of it."""
    end = time.thread_time() + 0.6 * LIMIT_S
    while time.thread_time() < end:
        pass
    return 7


async def test_the_budget_is_used_up_by_all_the_work_together() -> None:
    budget = CpuBudget(LIMIT_S)
    assert await budget.run_in_thread(work) == 7
    with pytest.raises(TooLarge, match=r"takes more than 0\.05 s of CPU time"):
        await budget.run_in_thread(work)


async def test_waiting_does_not_use_the_budget() -> None:
    await CpuBudget(LIMIT_S).run_in_thread(lambda: time.sleep(2 * LIMIT_S))


def _nested(exchange: Exchange, number: int) -> dict[str, Any]:
    lists: list[Any] = []
    for _ in range(100):
        lists = [lists]
    label = {
        "annotation_type": "boolean",
        "scheme": "s",
        "label": str(number),
        "value": True,
        "data": {"l": [lists] * 100},
    }
    content = {"enhancement_type": "annotation", "annotations": [label]}
    return annotation(exchange.reference_ids[0], content=content)


async def test_a_result_that_takes_too_long_fails_its_batch_and_is_not_validated_again() -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"validation_cpu_limit_s": LIMIT_S}))
    await exchange.populate()
    batch_id = await exchange.register_and_dispatch()
    # Each takes about 20 ms.
    await exchange.upload(batch_id, *(_nested(exchange, number) for number in range(10)))
    await exchange.validate(batch_id)
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    batch = exchange.get_batch(batch_id)
    assert (batch.status, batch.validations_started) == ("failed", 1)
    assert batch.error is not None
    assert batch.error.startswith("The validation of the result takes more than 0.05 s of CPU time.")
    assert len(exchange.read_report(batch_id)) == len(exchange.reference_ids)
    assert not exchange.references.enhancements


def test_the_largest_budget_ends_before_the_host_stops_the_function() -> None:
    """Otherwise the validation would be killed and started again."""
    timeout = json.loads(Path(ROOT, "host.json").read_text())["functionTimeout"]
    hours, minutes, seconds = map(int, timeout.split(":"))
    (largest,) = (rule.le for rule in Limits.model_fields["validation_cpu_limit_s"].metadata if hasattr(rule, "le"))
    assert largest < 3600 * hours + 60 * minutes + seconds
