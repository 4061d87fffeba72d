# @generated from _async/resources/keys.py by packages/codegen; do not edit.
"""Keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..._models import Access, CreatedKey, Identity, Key, KeyActionResponse, KeyOptions, KeyUsage, RotatedKey
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan, page_of
from ..._request import Call, apart, given, path
from ..transport import Transport


class Keys:
    """API keys and their grants. All but `whoami` needs an admin's key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, name: str, grants: Mapping[str, Access] | None = None, **settings: Unpack[KeyOptions]
    ) -> CreatedKey:
        """Issue a key with its own grants per namespace.

        The response contains its secret, which is not shown again.

        Args:
            name: Recorded as `author` on everything the key stores.
            grants: Namespace → `read`, `write` or `read_write`.

        """
        fields, options = apart("keys.create", settings, KeyOptions.__optional_keys__)
        body = given(name=name, grants=grants, **fields)
        call = Call("keys.create", "POST", "/v1/keys", CreatedKey, body=body, options=options)
        return self._transport.request(call)

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> Listing[Key]:
        """List the keys, without secrets. All of them unless `limit` is given."""

        def call(place: Place) -> Call[Page[Key]]:
            query = given(limit=limit, cursor=place)
            return Call("keys.list", "GET", "/v1/keys", page_of(Key, "keys"), query=query, options=options)

        return self._transport.list(Plan(call, cursor))

    def get(self, key_id: str, **options: Unpack[RequestOptions]) -> Key:
        """Fetch one key, without its secret. Raises NotFoundError if there is none this key may read."""
        call = Call("keys.get", "GET", path("/v1/keys", key_id), Key, options=options)
        return self._transport.request(call)

    def update(
        self,
        key_id: str,
        *,
        name: str | None = None,
        grants: Mapping[str, Access | Literal["none"]] | None = None,
        namespaces: Sequence[str] | None = None,
        **options: Unpack[RequestOptions],
    ) -> Key:
        """Rename a key or change its grants.

        New grants apply from its next request on; `none` removes one.

        Args:
            name: Recorded as `author` on everything the key stores.
            grants: Namespace → access. `none` removes a grant.
            namespaces: Removes grants on all other namespaces; new namespaces get the scope of the key.

        """
        body = given(name=name, grants=grants, namespaces=namespaces)
        call = Call("keys.update", "PATCH", path("/v1/keys", key_id), Key, body=body, options=options)
        return self._transport.request(call)

    def rotate(self, key_id: str, *, grace_secs: int | None = None, **options: Unpack[RequestOptions]) -> RotatedKey:
        """Give a key a new secret.

        The old one stops working immediately, or after `grace_secs`.

        Args:
            grace_secs: Seconds for which the old secret stays valid. Default 0.

        """
        body = given(grace_secs=grace_secs)
        call = Call("keys.rotate", "POST", path("/v1/keys", key_id, "rotate"), RotatedKey, body=body, options=options)
        return self._transport.request(call)

    def deactivate(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyActionResponse:
        """Stop a key immediately and keep its record."""
        url = path("/v1/keys", key_id, "deactivate")
        call = Call("keys.deactivate", "POST", url, KeyActionResponse, options=options)
        return self._transport.request(call)

    def delete(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyActionResponse:
        """Delete a key and its grants. The memories it stored remain."""
        call = Call("keys.delete", "DELETE", path("/v1/keys", key_id), KeyActionResponse, options=options)
        return self._transport.request(call)

    def usage(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyUsage:
        """Return the number of requests made with a key, including rejected ones."""
        call = Call("keys.usage", "GET", path("/v1/keys", key_id, "usage"), KeyUsage, options=options)
        return self._transport.request(call)

    def whoami(self, **options: Unpack[RequestOptions]) -> Identity:
        """Return the identity and grants of the calling key."""
        call = Call("keys.whoami", "GET", "/v1/auth/whoami", Identity, options=options)
        return self._transport.request(call)
