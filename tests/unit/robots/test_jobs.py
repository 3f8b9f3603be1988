"""The state folder."""

import os
import stat
import time
from pathlib import Path
from uuid import uuid4

import pytest

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.jobs import REMEMBERED_S, JobStore, Progress
from exchange.robots.work import WindowSize


def make_job() -> BatchRobotRequest:
    urls = {"reference_storage_url": "https://s/r?sig=secret", "result_storage_url": "https://s/w?sig=secret"}
    return BatchRobotRequest.model_validate({"id": uuid4(), **urls})


def list_names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_saved_job_is_loaded_until_it_is_finished(tmp_path: Path) -> None:
    jobs = [make_job(), make_job()]
    for job in jobs:
        JobStore(tmp_path / "state").save(job)
    store = JobStore(tmp_path / "state")
    assert sorted(store.load_all(), key=lambda job: job.id) == sorted(jobs, key=lambda job: job.id)
    for job in jobs:
        assert not store.is_finished(str(job.id))
        store.finish(str(job.id))
    assert list(store.load_all()) == []
    assert list_names(tmp_path / "state") == {"finished"}
    assert all(JobStore(tmp_path / "state").is_finished(str(job.id)) for job in jobs)


def test_a_finished_job_whose_files_are_left_is_not_loaded(tmp_path: Path) -> None:
    store, job = JobStore(tmp_path), make_job()
    store.finish(str(job.id))
    store.save(job)
    assert list(store.load_all()) == []
    assert list_names(tmp_path) == {"finished"}


def test_finished_jobs_are_forgotten_after_some_days(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    for batch_id, age_s in (("old", REMEMBERED_S + 60), ("recent", REMEMBERED_S - 60)):
        store.finish(batch_id)
        finished_at = time.time() - age_s
        os.utime(tmp_path / "finished" / batch_id, (finished_at, finished_at))
    store.finish("new")
    assert [store.is_finished(batch_id) for batch_id in ("old", "recent", "new")] == [False, True, True]


def test_only_the_user_of_the_robot_can_read_the_files(tmp_path: Path) -> None:
    job, folder = make_job(), tmp_path / "state"
    folder.mkdir(0o755)
    store = JobStore(folder)
    store.save(job)
    store.save_progress(str(job.id), Progress())
    store.open_result(str(job.id), 0).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file.is_file()} == {0o600}
    assert len(list_names(folder)) == 4


def test_a_damaged_job_is_ignored_and_its_urls_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = JobStore(tmp_path)
    job = make_job()
    store.save(job)
    (file,) = tmp_path.glob("*.job.json")
    file.write_bytes(file.read_bytes()[:-5])
    assert list(store.load_all()) == []
    assert "is damaged and is ignored" in caplog.text
    assert "secret" not in caplog.text


def test_a_result_is_continued_where_its_progress_ends(tmp_path: Path) -> None:
    store, batch_id = JobStore(tmp_path), str(uuid4())
    assert store.load_progress(batch_id) == Progress()
    with store.open_result(batch_id, 0) as result:
        result.write(b"saved, not saved")
    progress = Progress(100, '"1"', len(b"saved"), 1)
    store.save_progress(batch_id, progress)
    assert store.load_progress(batch_id) == progress
    with store.open_result(batch_id, progress.result_bytes) as result:
        result.write(b" and continued")
    assert store.result_file(batch_id).read_bytes() == b"saved and continued"


@pytest.mark.parametrize("damage", ["progress", "result", "no result"])
def test_files_that_do_not_fit_together_start_the_job_again(damage: str, tmp_path: Path) -> None:
    store, batch_id = JobStore(tmp_path), str(uuid4())
    with store.open_result(batch_id, 0) as result:
        result.write(b"12345")
    store.save_progress(batch_id, Progress(100, '"1"', 5, 1))
    match damage:
        case "progress":
            next(tmp_path.glob("*.progress.json")).write_bytes(b"{")
        case "result":
            store.result_file(batch_id).write_bytes(b"1234")
        case _:
            store.result_file(batch_id).unlink()
    assert store.load_progress(batch_id) == Progress()


def test_windows_grow_while_they_are_fast_and_shrink_when_they_are_slow() -> None:
    size = WindowSize(4)
    sizes = []
    for seconds in [0.1] * 12 + [0.7, 3, 3]:
        size.adjust(seconds)
        sizes.append(size.references)
    assert sizes[:3] == [8, 16, 32]
    assert sizes[8:] == [2048, 2048, 2048, 2048, 2048, 1024, 512]
    for _ in range(20):
        size.adjust(3)
    assert size.references == 4
