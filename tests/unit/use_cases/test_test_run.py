"""A test run: everything happens but the import."""

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead, BatchStatus, ErrorCode
from exchange.contract.reports import EntryCounts, ReferenceCounts
from exchange.use_cases.register_batch import register_batch
from tests.results import annotation
from tests.unit.use_cases.conftest import REQUESTOR, Exchange, read_now


async def run(exchange: Exchange, *entries: object) -> BatchEnhancementRequestRead:
    request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids, test_run=True)
    batch_id = (await register_batch(request, REQUESTOR, exchange.services)).id
    await exchange.dispatch(batch_id)
    await exchange.upload(batch_id, *entries)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert not exchange.references.enhancements
    return await read_now(batch_id, REQUESTOR, exchange.services)


async def test_a_test_run_reports_what_would_be_added(exchange: Exchange) -> None:
    one, *_ = exchange.reference_ids
    answer = await run(exchange, *map(annotation, exchange.reference_ids), annotation(one, source="again"))
    assert (answer.request_status, answer.test_run, answer.error) == (BatchStatus.COMPLETED, True, None)
    assert answer.counts == ReferenceCounts(requested=5, enhanced=5)
    assert answer.entries == EntryCounts(total=6, added=6)
    assert answer.enhancements_url is None
    assert set(exchange.read_report(answer.id)) == {
        f"Reference {item}: Enhancement would be added." for item in exchange.reference_ids
    }


async def test_a_test_run_ends_as_the_batch_would(exchange: Exchange) -> None:
    one, *_ = exchange.reference_ids
    partial = await run(exchange, annotation(one))
    assert partial.request_status is BatchStatus.PARTIAL_FAILED
    assert partial.counts == ReferenceCounts(requested=5, enhanced=1, missing=4)
    failed = await run(exchange, {"reference_id": str(one), "message": "no abstract"})
    assert (failed.request_status, failed.error_code) == (BatchStatus.FAILED, ErrorCode.NOTHING_USABLE)
