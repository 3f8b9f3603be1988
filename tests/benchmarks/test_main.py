import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize("given", [["--only", "everything"], ["--short", "--only", "table"]])
def test_what_there_is_not_is_not_measured_and_does_not_hold(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"there is no '{given[-1]}' to measure" in capsys.readouterr().err
