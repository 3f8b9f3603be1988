"""The example of docs/comparing.md."""

from pathlib import Path

import pytest

from tests.documents.reading import fences
from tests.samples.references import FILE
from tests.unit.compare.samples import list_references, list_results


def test_the_example_of_the_document_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "references.jsonl").write_bytes(FILE.read_bytes())
    (tmp_path / "batch-references.jsonl").write_bytes(b"\n".join(list_references()))
    (tmp_path / "enhancements.jsonl").write_bytes(b"\n".join(list_results()))
    monkeypatch.chdir(tmp_path)
    (code,) = fences("docs/comparing.md", "python")
    exec(code, {})  # noqa: S102 - our own document
    assert "114" in (tmp_path / "comparison.html").read_text(encoding="utf-8")
