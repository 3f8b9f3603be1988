"""Result files in forms that people really upload."""

import gzip
import json

import pytest

from exchange.domain.batch import Batch
from tests.results import annotation, jsonl
from tests.unit.use_cases.conftest import Exchange

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def run(exchange: Exchange, content: bytes) -> Batch:
    """Deliver this result file and return the batch when it has ended."""
    batch_id = await exchange.register_and_dispatch()
    await exchange.results.put(batch_id, content)
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    batch = exchange.get_batch(batch_id)
    assert batch.ended
    return batch


def lines(exchange: Exchange) -> bytes:
    return jsonl(*map(annotation, exchange.reference_ids))


async def test_a_byte_order_mark_at_the_start_is_ignored(exchange: Exchange) -> None:
    batch = await run(exchange, BYTE_ORDER_MARK + lines(exchange))
    assert batch.status == "completed"
    assert batch.progress.added == len(exchange.reference_ids)


@pytest.mark.parametrize("pieces", [1, 2, 3, 64])
async def test_a_byte_order_mark_is_found_however_the_file_is_read(
    exchange: Exchange, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fakes.files.PIECE_BYTES", pieces)
    assert (await run(exchange, BYTE_ORDER_MARK + lines(exchange))).status == "completed"


async def test_a_byte_order_mark_in_the_middle_is_an_error_that_names_it(exchange: Exchange) -> None:
    first, rest = lines(exchange).split(b"\n", 1)
    batch = await run(exchange, first + b"\n" + BYTE_ORDER_MARK + rest)
    assert batch.status == "partial_failed"
    assert batch.progress.added == len(exchange.reference_ids) - 1
    assert any(
        line.startswith("Entry 2: Could not be read: a byte order mark") for line in exchange.read_report(batch.id)
    )


@pytest.mark.parametrize(
    ("encode", "words"),
    [
        (lambda content: content.decode().encode("utf-16"), "UTF-16"),
        (gzip.compress, "compressed (gzip)"),
        (lambda content: json.dumps([json.loads(line) for line in content.splitlines()]).encode(), "JSON array"),
        (lambda content: json.dumps(json.loads(content.splitlines()[0]), indent=2).encode(), "several lines"),
    ],
)
async def test_a_file_in_another_format_fails_and_the_error_names_the_format(
    exchange: Exchange, encode: object, words: str
) -> None:
    assert callable(encode)
    content = encode(lines(exchange))
    batch = await run(exchange, content)
    assert batch.status == "failed"
    assert words in (batch.error or "")
    entries = [line for line in content.split(b"\n") if line.strip()]
    assert len(exchange.read_report(batch.id)) == len(entries) + len(exchange.reference_ids)


async def test_a_file_with_a_usable_entry_is_not_blamed_for_its_first_line(exchange: Exchange) -> None:
    errors = [{"reference_id": str(item), "message": "no"} for item in exchange.reference_ids]
    batch = await run(exchange, b"[]\n" + jsonl(*errors))
    assert batch.status == "failed"
    assert "JSON array" not in (batch.error or "")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_is_not_json_makes_an_entry_unreadable_also_in_an_unknown_field(
    exchange: Exchange, number: str
) -> None:
    first, rest = lines(exchange).split(b"\n", 1)
    batch = await run(exchange, first.replace(b"{", b'{"confidence": ' + number.encode() + b", ", 1) + b"\n" + rest)
    assert batch.progress.added == len(exchange.reference_ids) - 1
    assert any("NaN and Infinity are not JSON" in line for line in exchange.read_report(batch.id))


async def test_an_invalid_entry_that_names_a_requested_reference_belongs_to_it(exchange: Exchange) -> None:
    first, *others = exchange.reference_ids
    batch = await run(exchange, jsonl({"reference_id": str(first), "source": 7}, *map(annotation, others)))
    assert batch.status == "partial_failed"
    (line,) = (line for line in exchange.read_report(batch.id) if "Could not be read" in line)
    assert line.startswith(f"Reference {first}: Could not be read: ")
    assert not any("Missing" in line for line in exchange.read_report(batch.id))
    assert batch.validation is not None
    assert batch.validation.missing == 0


async def test_an_invalid_entry_that_names_another_reference_belongs_to_none(exchange: Exchange) -> None:
    other = "11111111-1111-4111-8111-111111111111"
    batch = await run(exchange, jsonl({"reference_id": other, "source": 7}, *map(annotation, exchange.reference_ids)))
    assert any(line.startswith("Entry 1: Could not be read: ") for line in exchange.read_report(batch.id))


async def test_nan_in_a_text_is_text(exchange: Exchange) -> None:
    first, rest = lines(exchange).split(b"\n", 1)
    batch = await run(exchange, first.replace(b"{", b'{"unknown": "NaN Infinity", ', 1) + b"\n" + rest)
    assert batch.status == "completed"
