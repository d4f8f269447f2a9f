"""A Zarr store that notes the digests of what is written into it."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zarr.abc.store import Store


def recorder(store: "Store", digests: dict[str, str]) -> "Store":
    """A store that notes the digest of everything written into it, and forgets what is deleted."""
    from zarr.storage import WrapperStore

    class Recorder(WrapperStore):
        def _with_store(self, store):
            return Recorder(store)

        async def set(self, key, value):
            await super().set(key, value)
            digests[key] = hashlib.sha256(value.to_bytes()).hexdigest()

        async def set_if_not_exists(self, key, value):
            if not await self.exists(key):
                await self.set(key, value)

        async def delete(self, key):
            await super().delete(key)
            digests.pop(key, None)

    return Recorder(store)
