"""The section on growth: its tables and plots."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import growth, results, svg
from benchmarks.growth import FLAT_SIZES, MAX_EXPONENT, MAX_MEMORY, OPERATIONS, SIZES, Cost
from exchange.contract.batches import MAX_REFERENCES

_MEBI = 1 << 20
# The memory for a large file compared with a small one. Some variation is due to the allocator.
_MAX_FLAT_RATIO = 1.1

_METHOD = f"""\
Each operation runs in a new process, with {SIZES[0]:,} to {SIZES[-1]:,} entries of as many references. The Cosmos DB
server is slow with a million documents, and Azurite keeps its blobs in memory. Therefore fakes replace them here
(`benchmarks/fake_stores.py`): blobs are files, and a fake container serializes, counts and answers the requests of our
adapter. Only the growth of our part is measured. Time is CPU time, up to 100,000 entries the best of three runs.
Memory is that of the whole process: before the operation, and its peak."""

Found = Mapping[int, Mapping[str, Cost]]


async def run(data: Path) -> None:
    """Measure everything and write the section."""
    found = {}
    for count in SIZES:
        found[count] = await growth.measure_size(count, data)
        print(count, *(f"{name} {cost.seconds:.1f} s {cost.peak >> 20} MiB" for name, cost in found[count].items()))
    file_sizes = {"a file with the usual mix of lines": await growth.measure_file_sizes(data, None)}
    file_sizes["a file with lines of 1 MiB"] = await growth.measure_file_sizes(data, _MEBI)
    results.write_section(
        "Growth",
        "\n\n".join(
            [
                _METHOD,
                *_write_plots(found),
                _format_costs(found),
                _format_growth(found),
                _format_file_sizes(file_sizes),
                _format_dense_lines(await growth.measure_dense_lines()),
            ]
        ),
    )


def _write_plots(found: Found) -> Iterator[str]:
    seconds = {
        operation: [(count, costs[operation].seconds) for count, costs in found.items()] for operation in OPERATIONS
    }
    memory = {
        operation: [(count, costs[operation].peak / _MEBI) for count, costs in found.items()]
        for operation in OPERATIONS
    }
    yield results.write_plot("growth-time", svg.draw_lines("Client CPU", "entries", "seconds", seconds))
    yield results.write_plot("growth-memory", svg.draw_lines("Peak memory", "entries", "MiB", memory))


def _format_costs(found: Found) -> str:
    lines = [
        "| entries | operation | CPU, s | us per entry | peak, MiB | before, MiB | requests |",
        "|---|---|---|---|---|---|---|",
    ]
    for count, costs in found.items():
        for operation, cost in costs.items():
            per_entry = 1e6 * cost.seconds / count
            memory = f"{cost.peak / _MEBI:.0f} | {cost.before / _MEBI:.0f}"
            lines.append(
                f"| {count:,} | {operation} | {cost.seconds:.2f} | {per_entry:.1f} | {memory} | {cost.requests:,} |"
            )
    return "\n".join(lines)


def _format_growth(found: Found) -> str:
    """Compare the growth of time and memory of each operation with its maximum."""
    lines = ["| operation | exponent of time | maximum | memory, MiB | maximum | result |", "|---|---|---|---|---|---|"]
    for operation in OPERATIONS:
        exponent = growth.fit_exponent([(count, costs[operation].seconds) for count, costs in found.items()])
        taken = found[MAX_REFERENCES][operation].memory
        result = "goal reached" if exponent <= MAX_EXPONENT and taken <= MAX_MEMORY else "GOAL MISSED"
        memory = f"{taken / _MEBI:.0f} | {MAX_MEMORY / _MEBI:.0f}"
        lines.append(f"| {operation} | {exponent:.3f} | {MAX_EXPONENT} | {memory} | {result} |")
    maximum = f"The memory is the peak minus that before, at {MAX_REFERENCES:,} entries, the maximum of a batch."
    return "\n".join([*lines, "", maximum])


def _format_file_sizes(found: Mapping[str, Sequence[Cost]]) -> str:
    """Compare the memory for a small and a large file."""
    sizes = [f"{size // _MEBI:,} MiB" for size in FLAT_SIZES]
    lines = [
        f"| validation of | peak at {sizes[0]} | peak at {sizes[1]} | MiB per CPU second | result |",
        "|---|---|---|---|---|",
    ]
    for name, (small, large) in found.items():
        result = "goal reached" if large.peak <= _MAX_FLAT_RATIO * small.peak else "GOAL MISSED"
        peaks = " | ".join(f"{cost.peak / _MEBI:.0f} MiB" for cost in (small, large))
        lines.append(f"| {name} | {peaks} | {FLAT_SIZES[1] / _MEBI / large.seconds:.0f} | {result} |")
    return "\n".join(lines)


def _format_dense_lines(costs: Mapping[str, Cost]) -> str:
    """Compare the memory for lines with many small values with its maximum."""
    lines = [
        f"| {growth.DENSE_LINES} lines of 1 MiB with empty objects | memory, MiB | maximum | CPU, s per GiB | result |",
        "|---|---|---|---|---|",
    ]
    for operation, cost in costs.items():
        result = "goal reached" if cost.memory <= MAX_MEMORY else "GOAL MISSED"
        seconds = 1024 * cost.seconds / growth.DENSE_LINES
        lines.append(
            f"| {operation} | {cost.memory / _MEBI:.0f} | {MAX_MEMORY / _MEBI:.0f} | {seconds:.0f} | {result} |"
        )
    return "\n".join(lines)
