from uuid import UUID

from exchange.contract.reports import BatchError, BatchErrors, EntryKind
from exchange.domain.error_counter import MAX_EXAMPLES, MAX_LISTED, ErrorCounter

IDS = [f"{number:08}-0000-4000-8000-000000000000" for number in range(20)]


def test_messages_are_counted_by_kind_and_text_most_frequent_first() -> None:
    counter = ErrorCounter()
    assert not counter
    counter.add(EntryKind.UNREADABLE, "Could not be read: x", None)
    for reference_id in IDS:
        counter.add(EntryKind.ROBOT_ERROR, "no abstract", reference_id)
        counter.add(EntryKind.ROBOT_ERROR, "no abstract", reference_id)
    counter.add(EntryKind.MISSING, "no abstract", IDS[0])
    assert counter.summarize() == BatchErrors(
        errors=[
            BatchError(
                kind=EntryKind.ROBOT_ERROR,
                message="no abstract",
                count=40,
                examples=[UUID(item) for item in IDS[:MAX_EXAMPLES]],
            ),
            BatchError(kind=EntryKind.UNREADABLE, message="Could not be read: x", count=1, examples=[]),
            BatchError(kind=EntryKind.MISSING, message="no abstract", count=1, examples=[UUID(IDS[0])]),
        ]
    )


def test_more_messages_than_are_listed_are_truncated() -> None:
    counter = ErrorCounter()
    for number in range(MAX_LISTED):
        counter.add(EntryKind.ROBOT_ERROR, f"message {number}", None)
    assert not counter.summarize().truncated
    counter.add(EntryKind.ROBOT_ERROR, "one more", None)
    counter.add(EntryKind.ROBOT_ERROR, "one more", None)
    summary = counter.summarize()
    assert summary.truncated
    assert len(summary.errors) == MAX_LISTED
    assert (summary.errors[0].message, summary.errors[0].count) == ("one more", 2)


def test_the_number_of_messages_in_memory_is_bounded() -> None:
    counter = ErrorCounter()
    for number in range(20_000):
        counter.add(EntryKind.ROBOT_ERROR, f"message {number}", IDS[0])
    counter.add(EntryKind.ROBOT_ERROR, "message 0", IDS[1])
    summary = counter.summarize()
    assert summary.truncated
    assert summary.errors[0].count == 2
    assert len(counter._counts) == len(counter._examples) == 10_000


def test_the_messages_of_many_reports_are_bounded_too() -> None:
    counter = ErrorCounter()
    for start in range(0, 20_000, MAX_LISTED):
        errors = [
            BatchError(kind=EntryKind.ROBOT_ERROR, message=f"message {number}", count=2, examples=[UUID(IDS[0])])
            for number in range(start, start + MAX_LISTED)
        ]
        counter.add_all(BatchErrors(errors=errors))
    assert counter.summarize().truncated
    assert len(counter._counts) == len(counter._examples) == 10_000
