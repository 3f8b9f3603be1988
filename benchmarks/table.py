"""The table of all benchmarks with a floor, and how it is measured and shown."""

from collections.abc import Iterable, Sequence

from benchmarks import (
    cold_start,
    import_items,
    register,
    snapshot,
    status_reads,
    validate_line,
    validate_step,
)
from benchmarks.figures import LIMIT, NAIVE, OURS, Benchmark, Effort, Row
from benchmarks.site import Site

BENCHMARKS: tuple[Benchmark, ...] = (
    validate_line.BENCHMARK,
    validate_step.BENCHMARK,
    import_items.BENCHMARK,
    snapshot.BENCHMARK,
    cold_start.BENCHMARK,
    status_reads.BENCHMARK,
    # Last: it fills Cosmos DB with what the others don't need.
    register.BENCHMARK,
)

HEADINGS = ("benchmark", "unit", "ours", "naive", "limit", "to naive", "goal", "to limit", "goal", "its own goal", "")

# In the short run, what misses its floor is measured again so often: something else may have run beside it.
_TRIES = 3


async def rows(benchmark: Benchmark, site: Site, effort: Effort) -> list[Row]:
    """Measure a benchmark; in the short run again, with more rounds to pick from, if it misses a floor."""
    pooled: dict[str, dict[str, list[float]]] = {goal.name: {} for goal in benchmark.goals}
    for _ in range(1 if effort.full else _TRIES):
        measured = await benchmark.measure(site, effort)
        for name, rounds in measured.items():
            for way, figures in rounds.items():
                pooled[name].setdefault(way, []).extend(figures)
        found = [Row(goal, pooled[goal.name], median=effort.full) for goal in benchmark.goals]
        if not any(row.missed for row in found):
            break
    return found


def cells(row: Row) -> tuple[str, ...]:
    """Give a row as texts, under `HEADINGS`."""
    goal = row.goal
    return (
        goal.name,
        goal.unit,
        *(_text(row.figure(way)) for way in (OURS, NAIVE, LIMIT)),
        _text(row.ratio(NAIVE)),
        str(goal.naive or ""),
        _text(row.ratio(LIMIT)),
        str(goal.limit or ""),
        str(goal.ours or ""),
        "UNDER ITS FLOOR" if row.missed else "short of its goal" if row.short else "holds",
    )


def plain(found: Iterable[Row]) -> str:
    """Lay the rows out for a terminal."""
    lines = [HEADINGS, *map(cells, found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_spaced(line, widths) for line in lines)


def markdown(found: Iterable[Row]) -> str:
    """Lay the rows out as a table in Markdown."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(cells, found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _spaced(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)]
    return "  ".join([first, *rest]).rstrip()


def _text(figure: float | None) -> str:
    if figure is None:
        return ""
    return f"{figure:,.0f}" if figure >= 1_000 else f"{figure:.3g}"  # noqa: PLR2004 - from there on, digits after the point say nothing
