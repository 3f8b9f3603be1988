"""What the robot is given: its references as they are at this moment, in a blob that never changes."""

from uuid import UUID

from functions.contract.base import jsonl_line
from functions.domain import blob_names
from functions.domain.batch import Batch
from functions.domain.selection import of_robot
from functions.ports import Services
from functions.steps.manifest_file import read_manifest
from functions.telemetry.spans import note, traced

_FLUSH_BYTES = 1 << 20


@traced("snapshot")
async def write_snapshot(batch: Batch, services: Services) -> UUID:
    """Write the references with what the robot depends on, and return the attempt that names the blob."""
    attempt = services.new_id()
    selection = of_robot((await services.robots.load(batch.robot_id)).robot)
    reference_ids = await read_manifest(batch.id, services.files)
    note(references=len(reference_ids))
    lines = bytearray()
    async with services.files.create(blob_names.reference_data(batch.id, attempt)) as blob:
        async for reference in services.references.snapshot(reference_ids, selection):
            lines += jsonl_line(reference)
            if len(lines) >= _FLUSH_BYTES:
                await blob.write(lines)
                lines.clear()
        await blob.write(lines)
    return attempt
