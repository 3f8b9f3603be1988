"""Uploading a list of references, before the batch request that names it."""

from exchange.contract.base import to_time
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.uploads import ReferenceIdsUpload
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected, NotFound, TooLarge
from exchange.domain.id_list import IdList, derive_list_id
from exchange.ports import Services


async def start_upload(user: User, services: Services) -> ReferenceIdsUpload:
    """Return where this user uploads a list. Nothing is stored.

    The name of the blob is derived from the user and the id. So another user who knows the id names another blob.
    """
    upload = services.new_id()
    expires_at = services.clock() + services.urls.lifetime_s
    url = await services.urls.sign_list_upload_url(derive_list_id(user.id, upload))
    return ReferenceIdsUpload(id=upload, upload_url=url, expires_at=to_time(expires_at))


async def find_list(
    request: BatchEnhancementRequestIn, user: User, services: Services, *, leave_out_missing: bool
) -> IdList | None:
    """Return the uploaded list that the request names, as it is now. None if the request has its references itself.

    Raises NotFound if nothing is uploaded, and InputRejected if it cannot be a list.
    """
    if request.reference_ids_upload is None:
        return None
    found = await services.id_lists.find_upload(derive_list_id(user.id, request.reference_ids_upload))
    if found is None:
        raise NotFound("reference_ids_upload names no file of yours. PUT the file to its upload_url first.")
    if found.fault is not None:
        raise InputRejected(found.fault)
    limit = services.limits.references_upload_limit_bytes
    if found.size > limit:
        raise TooLarge(f"The list of references has {found.size} bytes. At most {limit} are accepted.")
    return IdList(
        upload=request.reference_ids_upload,
        etag=found.etag,
        skip_enhanced=request.skip_enhanced,
        include_hidden=user.is_operator,
        leave_out_missing=leave_out_missing,
    )
