"""Signed URLs: access to one blob, with one permission, for a limited time. They are never stored or logged."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from azure.storage.blob import BlobSasPermissions, UserDelegationKey, generate_blob_sas

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.blobs import BlobAccount
from exchange.domain import blob_names

_READ = BlobSasPermissions(read=True)
# Overwriting needs 'write'. Some services refuse 'create' alone even for a first upload.
_UPLOAD = BlobSasPermissions(create=True, write=True)

# Clocks differ: with a start in the future, the first URLs would be refused.
_KEY_STARTED_BEFORE = timedelta(minutes=15)
# A delegation key lives at most 7 days. URLs that it signed end with it.
_KEY_LIFETIME = timedelta(hours=8)


class SignedUrls:
    """Signs with the account's key if there is one (local stack), else with a user delegation key."""

    def __init__(self, account: BlobAccount, lifetime_s: float, clock: Callable[[], float]) -> None:
        self._account = account
        self._lifetime = timedelta(seconds=lifetime_s)
        self._clock = clock
        self._key: UserDelegationKey | None = None
        self._key_until = datetime.min.replace(tzinfo=UTC)
        self._asking = asyncio.Lock()

    @property
    def lifetime_s(self) -> float:
        """How long a URL is valid, in seconds."""
        return self._lifetime.total_seconds()

    @property
    def origin(self) -> str:
        """The origin that all URLs have: scheme, host and port."""
        parts = urlsplit(str(self._account.client.url))
        return f"{parts.scheme}://{parts.netloc}"

    async def sign_read_url(self, name: str) -> str:
        """Return a URL to read a blob of the container `batches`."""
        return await self._sign(blob_names.BATCHES, name, _READ)

    async def sign_upload_url(self, batch_id: UUID) -> str:
        """Return a URL to write the result of a batch."""
        return await self._sign(blob_names.RESULTS, blob_names.result(batch_id), _UPLOAD)

    async def sign_list_upload_url(self, list_id: UUID) -> str:
        """Return a URL to write a list of reference ids."""
        return await self._sign(blob_names.BATCHES, blob_names.id_list(list_id), _UPLOAD)

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
            # Without this the URL would be valid over http too.
            protocol="https" if url.startswith("https://") else "https,http",
        )
        # The SDK leaves `/` as it is. Some HTTP clients then encode the whole query again, and the signature is wrong.
        return f"{url}?{token.replace('/', '%2F')}"

    async def _delegation_key(self, needed_until: datetime) -> UserDelegationKey:
        async with self._asking:
            if self._key is None or self._key_until < needed_until:
                now = datetime.fromtimestamp(self._clock(), UTC)
                until = max(now + _KEY_LIFETIME, needed_until)
                with translate_errors("delegation key"):
                    self._key = await self._account.client.get_user_delegation_key(now - _KEY_STARTED_BEFORE, until)
                self._key_until = until
            return self._key
