"""URLs that open one blob, for one purpose, for a short time. Never stored, never logged."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from azure.storage.blob import BlobSasPermissions, UserDelegationKey, generate_blob_sas

from functions.adapters.azure_errors import translated
from functions.adapters.blobs import BlobAccount
from functions.domain import blob_names

_READ = BlobSasPermissions(read=True)
# Overwriting needs 'write'; 'create' alone is refused by some services even for a first upload.
_UPLOAD = BlobSasPermissions(create=True, write=True)

# A delegation key lives at most 7 days, and what it signed dies with it.
_KEY_LIFETIME = timedelta(hours=8)


class SignedUrls:
    """Signs with the account's key if it has one, as locally; else with a user delegation key by managed identity."""

    def __init__(self, account: BlobAccount, lifetime_s: float, clock: Callable[[], float]) -> None:
        self._account = account
        self._lifetime = timedelta(seconds=lifetime_s)
        self._clock = clock
        self._key: UserDelegationKey | None = None
        self._key_until = datetime.min.replace(tzinfo=UTC)
        self._asking = asyncio.Lock()

    async def to_read(self, name: str) -> str:
        """Sign a URL to read one of our blobs."""
        return await self._sign(blob_names.BATCHES, name, _READ)

    async def to_upload(self, batch_id: UUID) -> str:
        """Sign a URL to write a batch's result."""
        return await self._sign(blob_names.RESULTS, blob_names.result(batch_id), _UPLOAD)

    async def _sign(self, container: str, name: str, permission: BlobSasPermissions) -> str:
        client = self._account.client
        url = self._account.blob(container, name).url
        account_key: str | None = getattr(client.credential, "account_key", None)
        expiry = datetime.fromtimestamp(self._clock(), UTC) + self._lifetime
        token = generate_blob_sas(
            account_name=str(client.account_name),
            container_name=container,
            blob_name=name,
            account_key=account_key,
            user_delegation_key=None if account_key else await self._delegation_key(expiry),
            permission=permission,
            expiry=expiry,
            # Without it the URL would be good over http too.
            protocol="https" if url.startswith("https://") else "https,http",
        )
        return f"{url}?{token}"

    async def _delegation_key(self, needed_until: datetime) -> UserDelegationKey:
        async with self._asking:
            if self._key is None or self._key_until < needed_until:
                now = datetime.fromtimestamp(self._clock(), UTC)
                until = max(now + _KEY_LIFETIME, needed_until)
                with translated("delegation key"):
                    self._key = await self._account.client.get_user_delegation_key(now, until)
                self._key_until = until
            return self._key
