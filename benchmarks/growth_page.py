"""The section on growth: its tables, its plots, and what does not hold."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import growth, results, svg
from benchmarks.growth import FLAT_SIZES, MOST_EXPONENT, MOST_MEMORY, SIZES, STEPS, Grown

_MEBI = 1 << 20
# What a larger file may add to the peak: the allocator is not exact.
_MOST_FLAT = 1.1

_HOW = f"""Each step in a process of its own, at {SIZES[0]:,} to {SIZES[-1]:,} entries of as many references. The Cosmos
DB server is slow by itself at a million documents, and Azurite holds its blobs in memory: here blobs are files, and our
adapter writes to and reads from a container that makes the JSON, counts and answers (`benchmarks/doubles.py`). So this
is how our part grows. Time is that of the CPU, as nothing is waited for; up to 100,000 entries the best of three. Peak
memory is that of the whole process."""

Found = Mapping[int, Mapping[str, Grown]]


async def run(data: Path) -> None:
    """Measure it all and write the section."""
    found = {}
    for count in SIZES:
        found[count] = await growth.at_size(count, data)
        print(count, *(f"{step} {grown.seconds:.1f} s {grown.peak >> 20} MiB" for step, grown in found[count].items()))
    flat = {"a result of the usual mix": await growth.flat(data, None)}
    flat["a result of lines of 1 MiB"] = await growth.flat(data, _MEBI)
    results.write_section("Growth", "\n\n".join([_HOW, *_plots(found), _table(found), _fits(found), _flat(flat)]))


def _plots(found: Found) -> Iterator[str]:
    seconds = {step: [(count, grown[step].seconds) for count, grown in found.items()] for step in STEPS}
    memory = {step: [(count, grown[step].peak / _MEBI) for count, grown in found.items()] for step in STEPS}
    yield results.write_plot("growth-time", svg.lines("Client CPU", "entries", "seconds", seconds))
    yield results.write_plot("growth-memory", svg.lines("Peak memory", "entries", "MiB", memory))


def _table(found: Found) -> str:
    lines = ["| entries | step | CPU s | us an entry | peak MiB | before | requests |", "|---|---|---|---|---|---|---|"]
    for count, steps in found.items():
        for step, grown in steps.items():
            each = 1e6 * grown.seconds / count
            sizes = f"{grown.peak / _MEBI:.0f} | {grown.before / _MEBI:.0f}"
            lines.append(f"| {count:,} | {step} | {grown.seconds:.2f} | {each:.1f} | {sizes} | {grown.requests:,} |")
    return "\n".join(lines)


def _fits(found: Found) -> str:
    """Say of each step how its time grows, and how much more memory the largest size takes than it may."""
    small, large = SIZES[1], SIZES[-1]
    manifest = growth.smallest_manifest(large)
    lines = ["| step | exponent of time | at most | MiB at the largest | at most | |", "|---|---|---|---|---|---|"]
    for step in STEPS:
        fitted = growth.exponent([(count, grown[step].seconds) for count, grown in found.items()])
        peak, most = found[large][step].peak, MOST_MEMORY * found[small][step].peak + manifest
        verdict = "holds" if fitted <= MOST_EXPONENT and peak <= most else "MISSED"
        memory = f"{peak / _MEBI:.0f} | {most / _MEBI:.0f}"
        lines.append(f"| {step} | {fitted:.3f} | {MOST_EXPONENT} | {memory} | {verdict} |")
    what = f"{MOST_MEMORY} times the peak at {small:,}, and {manifest / _MEBI:.0f} MiB for {large:,} ids"
    return "\n".join([*lines, "", f"At most, of memory: {what} (16 bytes each, as objects in a set)."])


def _flat(found: Mapping[str, Sequence[Grown]]) -> str:
    """Say whether memory is the same whatever the size of the file."""
    sizes = [f"{size // _MEBI:,} MiB" for size in FLAT_SIZES]
    lines = [f"| validation of | peak at {sizes[0]} | at {sizes[1]} | MiB a CPU second | |", "|---|---|---|---|---|"]
    for name, (small, large) in found.items():
        verdict = "flat" if large.peak <= _MOST_FLAT * small.peak else "MISSED"
        peaks = " | ".join(f"{grown.peak / _MEBI:.0f} MiB" for grown in (small, large))
        lines.append(f"| {name} | {peaks} | {FLAT_SIZES[1] / _MEBI / large.seconds:.0f} | {verdict} |")
    return "\n".join(lines)
