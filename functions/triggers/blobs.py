"""Blob events: a robot's result file was uploaded."""

import azure.functions as func
from azurefunctions.extensions.bindings import blob  # type: ignore[import-untyped] # it ships no hints

from functions.domain.blob_names import batch_of_result
from functions.steps.validate import validate_upload
from functions.triggers.current import services
from functions.triggers.outcomes import outcome

blueprint = func.Blueprint()


@blueprint.blob_trigger(
    arg_name="upload", path="results/{name}", connection="DATA_STORAGE", source=func.BlobSource.EVENT_GRID
)
async def validate(upload: blob.BlobClient) -> None:
    """Validate it. Only the blob's name is taken from the event: its content would pass through the worker whole."""
    async with outcome(upload.blob_name):
        await validate_upload(batch_of_result(upload.blob_name), services())
