"""The table of all benchmarks: its rows, how they are measured, and how they are formatted."""

from collections.abc import Iterable, Sequence

from benchmarks import (
    cold_start,
    command,
    import_items,
    latency,
    loading,
    register,
    robot_kit,
    snapshot,
    status_reads,
    validate_file,
    validate_line,
    whole_flow,
)
from benchmarks.goals import LIMIT, NAIVE, OURS, Benchmark, Effort, Row
from benchmarks.site import Site

BENCHMARKS: tuple[Benchmark, ...] = (
    validate_line.BENCHMARK,
    validate_file.BENCHMARK,
    import_items.BENCHMARK,
    snapshot.BENCHMARK,
    cold_start.BENCHMARK,
    command.BENCHMARK,
    robot_kit.BENCHMARK,
    latency.BENCHMARK,
    loading.BENCHMARK,
    status_reads.BENCHMARK,
    whole_flow.BENCHMARK,
    # Last, because it fills Cosmos DB with references that the others do not need.
    register.BENCHMARK,
)

HEADINGS = (
    *("benchmark", "unit", "exchange", "naive", "limit"),
    *("to naive", "goal", "to limit", "goal", "goal for the figure", "result"),
)

# The short run measures a benchmark again if it misses a floor, because another process may have disturbed it.
_ATTEMPTS = 3


async def measure_rows(benchmark: Benchmark, site: Site, effort: Effort) -> list[Row]:
    """Measure a benchmark. The short run repeats it if it misses a floor, and uses the rounds of all attempts.

    A row that the short run does not measure is left out.
    """
    pooled: dict[str, dict[str, list[float]]] = {goal.name: {} for goal in benchmark.goals}
    for _ in range(1 if effort.full else _ATTEMPTS):
        measured = await benchmark.measure(site, effort)
        for name, rounds in measured.items():
            for implementation, figures in rounds.items():
                pooled[name].setdefault(implementation, []).extend(figures)
        found = [Row(goal, pooled[goal.name], median=effort.full) for goal in benchmark.goals if goal.name in measured]
        if not any(row.missed_floors for row in found):
            break
    return found


def format_cells(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, for the columns of `HEADINGS`."""
    goal = row.goal
    return (
        goal.name,
        goal.unit,
        *(_format(row.compute_figure(implementation)) for implementation in (OURS, NAIVE, LIMIT)),
        _format(row.compute_ratio(NAIVE)),
        str(goal.naive or ""),
        _format(row.compute_ratio(LIMIT)),
        str(goal.limit or ""),
        str(goal.ours or ""),
        "BELOW THE FLOOR" if row.missed_floors else "goal missed" if row.missed_goals else "goal reached",
    )


def format_text(rows: Iterable[Row]) -> str:
    """Return the rows as a table for the terminal."""
    lines = [HEADINGS, *map(format_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_align(line, widths) for line in lines)


def format_markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(format_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _align(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()


def _format(figure: float | None) -> str:
    if figure is None:
        return ""
    return f"{figure:,.0f}" if figure >= 1_000 else f"{figure:.3g}"  # noqa: PLR2004 - decimals of large figures mean nothing
