import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize("arguments", [["--only", "everything"], ["--short", "--only", "table"]])
def test_an_unknown_benchmark_is_reported_as_an_error(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"unknown benchmark '{arguments[-1]}'" in capsys.readouterr().err
