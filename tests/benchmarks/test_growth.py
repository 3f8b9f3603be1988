from pathlib import Path

import pytest

from benchmarks.growth import at_size, exponent, grow, make_batch, smallest_manifest
from benchmarks.inputs import SAMPLES, ResultMaker, ids


def test_what_grows_in_proportion_has_the_exponent_1_and_what_grows_with_the_square_2() -> None:
    assert exponent([(10, 3), (100, 30), (1_000, 300)]) == pytest.approx(1)
    assert exponent([(10, 1), (100, 100), (1_000, 10_000)]) == pytest.approx(2)


def test_a_manifest_takes_sixteen_bytes_an_id_and_more() -> None:
    assert 16 * 1_000 < smallest_manifest(1_000) < 150 * 1_000


async def test_every_step_does_its_work_on_the_doubles() -> None:
    found = await at_size(200, SAMPLES)
    assert found["import"].added == 190
    assert found["import"].requests > 100
    assert found["snapshot"].requests > 100
    assert all(grown.peak >= grown.before > 0 for grown in found.values())


async def test_a_step_that_fails_gives_no_figures(tmp_path: Path) -> None:
    known = ids(3)
    await make_batch(tmp_path, known, ResultMaker().lines(known))
    (tmp_path / "batch.json").write_text("{}")
    with pytest.raises(ValueError, match="Expecting value"):
        await grow("validate", tmp_path)
