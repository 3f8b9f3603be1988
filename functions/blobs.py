"""The blob trigger: a robot uploaded a result file."""

import azure.functions as func
from azurefunctions.extensions.bindings import blob  # type: ignore[import-untyped] # it ships no hints

from exchange.domain.blob_names import batch_of_result
from exchange.ports import GetServices
from exchange.use_cases.validate_upload import validate_upload
from functions.errors import apply_error_policy


def blob_triggers(get_services: GetServices) -> func.Blueprint:
    """Make the trigger of the container `results`."""
    blueprint = func.Blueprint()

    @blueprint.blob_trigger(
        arg_name="upload", path="results/{name}", connection="DATA_STORAGE", source=func.BlobSource.EVENT_GRID
    )
    async def validate(upload: blob.BlobClient) -> None:
        # Only the blob's name is taken from the event. Its content would pass through the worker in one piece.
        async with apply_error_policy(upload.blob_name):
            await validate_upload(batch_of_result(upload.blob_name), get_services())

    return blueprint
