from exchange.domain.batch import Phase
from exchange.domain.lifecycle import ROWS
from local.generated_docs import PAGE, page


def test_the_page_is_what_the_table_gives() -> None:
    assert PAGE.read_text() == page(), "type: make docs"


def test_every_phase_and_every_move_is_on_it() -> None:
    text = page()
    for row in ROWS:
        assert f"| `{row.event.__name__}` |" in text.partition(f"## `{row.phase}`")[2].partition("\n## ")[0]
        for target in row.leads_to:
            assert any(
                line.startswith(f"    {row.phase} --> {target}: ") and row.event.__name__ in line
                for line in text.splitlines()
            )
    assert all(f"## `{phase}`" in text for phase in Phase)
