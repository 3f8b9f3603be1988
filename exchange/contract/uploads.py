"""Lists of reference ids that requestors upload."""

from datetime import datetime

from pydantic import UUID4, Field

from exchange.contract.base import OwnUrl, WireModel


class ReferenceIdsUpload(WireModel):
    """Where to upload a list of reference ids, before the batch request that names it."""

    id: UUID4 = Field(description="For `reference_ids_upload` of the batch request. Only its user can use it.")
    upload_url: OwnUrl = Field(
        description="Signed URL to PUT the file, with the header `x-ms-blob-type: BlockBlob`. The file is UTF-8 text. "
        "Each line has one id, or a JSON string with the id, or a JSON object with `reference_id` or `id`."
    )
    expires_at: datetime = Field(description="When `upload_url` ends. A file that is uploaded stays.")
