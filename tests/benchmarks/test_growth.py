from pathlib import Path

import pytest

from benchmarks.growth import fit_exponent, make_batch, measure_operation, measure_size
from benchmarks.inputs import SAMPLES, ResultMaker, make_ids
from benchmarks.parts import measure_parts


def test_linear_growth_has_the_exponent_1_and_quadratic_growth_2() -> None:
    assert fit_exponent([(10, 3), (100, 30), (1_000, 300)]) == pytest.approx(1)
    assert fit_exponent([(10, 1), (100, 100), (1_000, 10_000)]) == pytest.approx(2)


async def test_every_operation_works_on_the_fake_stores() -> None:
    found = await measure_size(200, SAMPLES, attempts=1)
    assert found["import"].added == 190
    assert found["import"].requests > 100
    assert found["snapshot"].requests == 2
    assert all(cost.peak >= cost.before > 0 for cost in found.values())


async def test_an_operation_that_fails_has_no_figures(tmp_path: Path) -> None:
    reference_ids = make_ids(3)
    await make_batch(tmp_path, reference_ids, ResultMaker().lines(reference_ids))
    (tmp_path / "batch.json").write_text("{}")
    with pytest.raises(ValueError, match="Expecting value"):
        await measure_operation("validate", tmp_path)


async def test_every_reference_of_a_batch_in_parts_is_accounted_for() -> None:
    found = await measure_parts(210, part=50)
    assert (found.parts, found.accounted) == (5, 210)
    assert found.seconds > 0
