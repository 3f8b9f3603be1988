"""`references load` of a RIS file, compared with posting the same references as ready JSON lines."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from benchmarks.command import RUN, run_python
from benchmarks.goals import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import make_references
from benchmarks.site import Site, running_site
from exchange.client import Client
from exchange.contract.base import to_jsonl
from exchange.contract.references import ReferenceFileInput
from exchange.formats import Format, Reading, Row, read_references, write_references

RATE = Goal(
    name="references load, RIS",
    unit="references/s",
    limit=Bound(0.9, floor=0.7),
    explanation="The limit is the client with ready JSON lines, on the same stack. The command takes about half a "
    "second to start, and parses on the cores that the stack uses.",
)
MEMORY = Goal(
    name="references load, RIS: memory above idle",
    unit="MiB",
    limit=Bound(1.5, at_most=True, floor=3),
    ours=Bound(200, at_most=True),
    lower_is_better=True,
    explanation="The limit is the memory for a tenth of the references. Both are a few MiB.",
)

# The first round does not count, because it starts the workers of the stack.
_WARM_UP = 200


def _write_library(folder: Path, count: int) -> Path:
    """Write a file of references that no exchange knows."""
    library = folder / f"{uuid4()}.ris"

    def make_rows() -> Iterator[Row]:
        for number, reference in enumerate(make_references(count)):
            doi = {"identifier_type": "doi", "identifier": f"10.5555/{library.stem}/{number}"}
            yield Row(ReferenceFileInput.model_validate({**reference, "identifiers": [doi]}))

    write_references(library, Format.RIS, make_rows())
    return library


class _Loader:
    """Loads files into a stack, with the command or with the client alone."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site = site
        self._folder = folder

    async def sign_in(self) -> None:
        """Sign the command in."""
        stack = self._folder / "stack.json"
        content = json.dumps({"api": self._site.stack.api, "tokens": dict(self._site.stack.tokens)})
        await asyncio.to_thread(stack.write_text, content)
        await self._run("login", str(stack))

    async def _run(self, *arguments: str) -> tuple[float, float]:
        seconds, output = await run_python("-c", RUN, *arguments, EXCHANGE_CONFIG=str(self._folder))
        return seconds, float(output.splitlines()[-1])

    async def run_command(self, count: int) -> tuple[float, float]:
        """Load new references with the command. Return how many per second, and the peak of its memory in MiB."""
        library = await asyncio.to_thread(_write_library, self._folder, count)
        seconds, peak = await self._run("references", "load", str(library), "--output", f"{library}.jsonl")
        return count / seconds, peak

    async def run_client(self, count: int) -> float:
        """Post new references as ready JSON lines. Return how many per second."""
        library = await asyncio.to_thread(_write_library, self._folder, count)
        lines = [to_jsonl(item.reference) for item in read_references(library) if isinstance(item, Reading)]
        return count / await asyncio.to_thread(self._post, lines)

    def _post(self, lines: list[bytes]) -> float:
        with Client(self._site.stack.api, lambda: self._site.stack.tokens["operator"]) as client:
            started = time.perf_counter()
            if any(answer.error is not None for answer in client.load_references(lines)):
                raise RuntimeError("a reference was refused")
            return time.perf_counter() - started


async def measure(_site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure both on a separate stack, with the function app."""
    count, large = effort.choose(2_000, 10_000), effort.choose(5_000, 100_000)
    rates: dict[str, list[float]] = {OURS: [], LIMIT: []}
    with tempfile.TemporaryDirectory() as folder:
        async with running_site() as site:
            loader = _Loader(site, Path(folder))
            await loader.sign_in()
            await loader.run_client(_WARM_UP)
            for _ in range(effort.rounds):
                rates[LIMIT].append(await loader.run_client(count))
                rates[OURS].append((await loader.run_command(count))[0])
            _, idle = await loader.run_command(1)
            peaks = [(await loader.run_command(size))[1] - idle for size in (large // 10, large)]
    return {RATE.name: rates, MEMORY.name: {LIMIT: [peaks[0]], OURS: [peaks[1]]}}


BENCHMARK = Benchmark((RATE, MEMORY), measure)
