"""Places for memories."""

from __future__ import annotations

from typing import Any

from ..._models import DeleteNamespaceResponse, ListedNamespace, Namespace, NamespaceOptions
from ..._options import RequestOptions, Unpack
from ..._pages import AsyncListing, Page, Place, Plan
from ..._request import Call, apart, given, path
from ..transport import AsyncTransport


class AsyncNamespaces:
    """Places for memories, each with its own grants."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace. Needs an admin's key.

        One that exists is given back, unless the settings disagree with it: then ConflictError.
        """
        fields, options = apart("namespaces.create", settings, NamespaceOptions.__optional_keys__)
        body = {"name": name, **fields}
        call = Call("namespaces.create", "POST", "/v1/namespaces", Namespace, body=body, options=options)
        return await self._transport.request(call)

    async def upsert(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace or change its settings; what is left out stays. Needs an admin's key."""
        body, options = apart("namespaces.upsert", settings, NamespaceOptions.__optional_keys__)
        call = Call("namespaces.upsert", "PUT", path("/v1/namespaces", name), Namespace, body=body, options=options)
        return await self._transport.request(call)

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> AsyncListing[ListedNamespace]:
        """List the namespaces on which this key has a grant; an admin sees all of them. All of them unless `limit` is said."""

        def call(place: Place) -> Call[Page[ListedNamespace]]:
            query = given(limit=limit, cursor=place)
            return Call("namespaces.list", "GET", "/v1/namespaces", _page, query=query, options=options)

        return self._transport.list(Plan(call, cursor))

    async def get(self, name: str, **options: Unpack[RequestOptions]) -> Namespace:
        """Fetch one namespace."""
        call = Call("namespaces.get", "GET", path("/v1/namespaces", name), Namespace, options=options)
        return await self._transport.request(call)

    async def delete(self, name: str, **options: Unpack[RequestOptions]) -> DeleteNamespaceResponse:
        """Delete a namespace, all its memories and all grants on it. Needs an admin's key."""
        call = Call(
            "namespaces.delete", "DELETE", path("/v1/namespaces", name), DeleteNamespaceResponse, options=options
        )
        return await self._transport.request(call)


def _page(reply: Any) -> Page[ListedNamespace]:
    items = [ListedNamespace({**item, "namespace": item["name"]}) for item in reply["items"]]
    return Page(items, next_cursor=reply.get("next_cursor"))
