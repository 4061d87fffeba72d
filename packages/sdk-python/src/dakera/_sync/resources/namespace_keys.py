# @generated from _async/resources/namespace_keys.py by scripts/generate.ts; do not edit.
"""Keys as one namespace sees them."""

from __future__ import annotations

from typing import Any, Literal

from ..._models import CreatedNamespaceKey, DeleteNamespaceKeyResponse, KeyUsage, NamespaceKey
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan
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
        scope: Literal["read", "write"] | None = None,
        expires_in_days: float | None = None,
        **options: Unpack[RequestOptions],
    ) -> CreatedNamespaceKey:
        """Issue a key with a single grant, on this namespace. The response contains its secret, which is not shown again.

        The scope is `write` unless said; `write` includes read access.
        """
        url = path("/v1/namespaces", namespace, "keys")
        body = given(name=name, scope=scope, expires_in_days=expires_in_days)
        call = Call("namespaceKeys.create", "POST", url, CreatedNamespaceKey, body=body, options=options)
        return self._transport.request(call)

    def list(self, namespace: str, **options: Unpack[RequestOptions]) -> Listing[NamespaceKey]:
        """List the keys that have a grant on this namespace, oldest first."""
        url = path("/v1/namespaces", namespace, "keys")

        def call(_: Place) -> Call[Page[NamespaceKey]]:
            return Call("namespaceKeys.list", "GET", url, _page, options=options)

        return self._transport.list(Plan(call, None))

    def delete(
        self,
        namespace: str,
        key_id: str,
        **options: Unpack[RequestOptions],
    ) -> DeleteNamespaceKeyResponse:
        """Delete a key whose only grant is on this namespace. A key with other grants, or an admin key, only loses this grant.
        """
        url = path("/v1/namespaces", namespace, "keys", key_id)
        call = Call("namespaceKeys.delete", "DELETE", url, DeleteNamespaceKeyResponse, options=options)
        return self._transport.request(call)

    def usage(self, namespace: str, key_id: str, **options: Unpack[RequestOptions]) -> KeyUsage:
        """Return the number of requests that a key with a grant on this namespace made here."""
        url = path("/v1/namespaces", namespace, "keys", key_id, "usage")
        call = Call("namespaceKeys.usage", "GET", url, KeyUsage, options=options)
        return self._transport.request(call)


def _page(reply: Any) -> Page[NamespaceKey]:
    return Page([NamespaceKey(key) for key in reply["keys"]], total=reply["total"])
