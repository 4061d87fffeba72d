# @generated from _async/resources/namespace_keys.py by packages/codegen; do not edit.
"""NamespaceKeys."""

from __future__ import annotations

from typing import Literal

from ..._models import CreatedNamespaceKey, DeleteNamespaceKeyResponse, KeyUsage, NamespaceKey
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan, page_of
from ..._request import Call, given, path
from ..transport import Transport


class NamespaceKeys:
    """Keys as one namespace sees them: by the grant they have there. Needs an admin's key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        namespace: str,
        name: str,
        *,
        expires_in_days: float | None = None,
        scope: Literal["read", "write"] | None = None,
        **options: Unpack[RequestOptions],
    ) -> CreatedNamespaceKey:
        """Issue a key with a single grant, on this namespace.

        The response contains its secret, which is not shown again.

        Args:
            name: Recorded as `author` on everything the key stores.
            expires_in_days: Days until it expires. By default it never expires. `expires_at` takes precedence.
            scope: `write` includes read access. Default "write".

        """
        url = path("/v1/namespaces", namespace, "keys")
        body = given(name=name, expires_in_days=expires_in_days, scope=scope)
        call = Call("namespaceKeys.create", "POST", url, CreatedNamespaceKey, body=body, options=options)
        return self._transport.request(call)

    def list(self, namespace: str, **options: Unpack[RequestOptions]) -> Listing[NamespaceKey]:
        """List the keys that have a grant on this namespace, oldest first."""
        url = path("/v1/namespaces", namespace, "keys")

        def call(_: Place) -> Call[Page[NamespaceKey]]:
            return Call("namespaceKeys.list", "GET", url, page_of(NamespaceKey, "keys"), options=options)

        return self._transport.list(Plan(call, None))

    def delete(self, namespace: str, key_id: str, **options: Unpack[RequestOptions]) -> DeleteNamespaceKeyResponse:
        """Delete a key whose only grant is on this namespace.

        A key with other grants, or an admin key, only loses this grant.
        """
        url = path("/v1/namespaces", namespace, "keys", key_id)
        call = Call("namespaceKeys.delete", "DELETE", url, DeleteNamespaceKeyResponse, options=options)
        return self._transport.request(call)

    def usage(self, namespace: str, key_id: str, **options: Unpack[RequestOptions]) -> KeyUsage:
        """Return the number of requests that a key with a grant on this namespace made here."""
        url = path("/v1/namespaces", namespace, "keys", key_id, "usage")
        call = Call("namespaceKeys.usage", "GET", url, KeyUsage, options=options)
        return self._transport.request(call)
