from pathlib import Path

import pytest

from exchange.domain.errors import InputRejected
from exchange.files.replacing import replacing
from exchange.formats import Row, write_references
from tests.unit.formats.files import make_reference


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with replacing(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    with pytest.raises(TypeError), replacing(target) as file:
        file.writelines([b"half", None])  # type: ignore[list-item] # the second fails
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("suffix", ["ris", "bib", "csv", "tsv", "xlsx", "jsonl"])
def test_a_reference_file_keeps_its_permissions_and_its_link(suffix: str, tmp_path: Path) -> None:
    target, link = tmp_path / "shared", tmp_path / f"a.{suffix}"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_references(link, "auto", [Row(make_reference())])
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_bytes() != b"old"
    assert sorted(tmp_path.iterdir()) == sorted([target, link])


def test_a_link_that_leads_to_itself_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "a.ris"
    link.symlink_to(link)
    write_references(link, "auto", [Row(make_reference())])
    assert link.read_bytes().startswith(b"TY")


@pytest.mark.parametrize("suffix", ["ris", "csv", "xlsx"])
def test_a_file_that_cannot_be_written_is_one_sentence(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / "missing" / f"a.{suffix}"
    with pytest.raises(InputRejected, match=r"cannot be written: No such file or directory\.$"):
        write_references(target, "auto", [Row(make_reference())])
