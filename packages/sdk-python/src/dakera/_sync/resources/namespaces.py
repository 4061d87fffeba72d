# @generated from _async/resources/namespaces.py by packages/codegen; do not edit.
"""Namespaces."""

from __future__ import annotations

from ..._models import DeleteNamespaceResponse, ListedNamespace, Namespace, NamespaceOptions
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan, page_of
from ..._request import Call, apart, given, path
from ..transport import Transport


class Namespaces:
    """Places for memories, each with its own grants."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace.

        Returns the existing one if its settings match; fails with ConflictError if they differ. Needs an admin's key.

        Args:
            name: At most 128 letters, digits, ".", "_" and "-". The prefixes "_" and "system_" are reserved.

        """
        fields, options = apart("namespaces.create", settings, NamespaceOptions.__optional_keys__)
        body = given(name=name, **fields)
        call = Call("namespaces.create", "POST", "/v1/namespaces", Namespace, body=body, options=options)
        return self._transport.request(call)

    def upsert(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace or change its settings. Omitted settings stay unchanged. Needs an admin's key."""
        fields, options = apart("namespaces.upsert", settings, NamespaceOptions.__optional_keys__)
        body = given(**fields)
        call = Call("namespaces.upsert", "PUT", path("/v1/namespaces", name), Namespace, body=body, options=options)
        return self._transport.request(call)

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> Listing[ListedNamespace]:
        """List the namespaces on which this key has a grant; an admin sees all of them.

        All of them unless `limit` is given.
        """

        def call(place: Place) -> Call[Page[ListedNamespace]]:
            query = given(limit=limit, cursor=place)
            return Call(
                "namespaces.list",
                "GET",
                "/v1/namespaces",
                page_of(ListedNamespace, "items"),
                query=query,
                options=options,
            )

        return self._transport.list(Plan(call, cursor))

    def get(self, name: str, **options: Unpack[RequestOptions]) -> Namespace:
        """Fetch one namespace. Raises NotFoundError if there is none this key may read."""
        call = Call("namespaces.get", "GET", path("/v1/namespaces", name), Namespace, options=options)
        return self._transport.request(call)

    def delete(self, name: str, **options: Unpack[RequestOptions]) -> DeleteNamespaceResponse:
        """Delete a namespace, all its memories and all grants on it. Needs an admin's key."""
        url = path("/v1/namespaces", name)
        call = Call("namespaces.delete", "DELETE", url, DeleteNamespaceResponse, options=options)
        return self._transport.request(call)
