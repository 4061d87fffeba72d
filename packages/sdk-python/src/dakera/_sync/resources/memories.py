# @generated from _async/resources/memories.py by packages/codegen; do not edit.
"""Memories: the knowledge of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..._models import (
    FilterOptions,
    ForgetBatchResponse,
    ForgetResponse,
    FoundMemory,
    Instant,
    Memory,
    NewMemory,
    RecallOptions,
    SearchOptions,
    SetImportanceResponse,
    StoredMemory,
    StoreMemoriesResponse,
    StoreOptions,
    UpdateMemoryResponse,
)
from ..._options import Keep, RequestOptions, Unpack
from ..._pages import FoundMemories, Listing, Page, Place, Plan, page_of
from ..._request import Call, apart, given, path, with_moments
from ..._result import is_object
from .memories_printed import PrintedMemories


class Memories(PrintedMemories):
    """Store, find, change and forget what agents know. `agent_id` is the namespace."""

    def store(
        self,
        agent_id: str,
        content: str,
        memory_type: str | None = None,
        importance: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        session_id: str | None = None,
        tags: Sequence[str] | None = None,
        ttl_seconds: float | None = None,
        expires_at: Instant | None = None,
        **more: Unpack[StoreOptions],
    ) -> StoredMemory:
        """Store one memory. Recall and search find it from the next call on.

        By default it is `episodic`, has importance 0.5 (from 0 to 1) and does not expire.
        `expires_at` wins over `ttl_seconds`.
        """
        fields, options = apart("memories.store", more, StoreOptions.__optional_keys__)
        body = given(
            agent_id=agent_id,
            content=content,
            memory_type=memory_type,
            importance=importance,
            metadata=metadata,
            session_id=session_id,
            tags=tags,
            ttl_seconds=ttl_seconds,
            expires_at=expires_at,
            **fields,
        )
        call = Call("memories.store", "POST", "/v1/memory/store", _stored, body=body, options=options)
        return self._transport.request(call)

    def store_batch(
        self, agent_id: str, memories: Sequence[NewMemory], **options: Unpack[RequestOptions]
    ) -> StoreMemoriesResponse:
        """Store up to 1000 memories: either all or none."""
        url, body = "/v1/memories/store/batch", {"agent_id": agent_id, "memories": [*map(with_moments, memories)]}
        call = Call("memories.storeBatch", "POST", url, StoreMemoriesResponse, body=body, options=options)
        return self._transport.request(call)

    def recall(
        self, agent_id: str | Sequence[str], query: str, top_k: int | None = None, **how: Unpack[RecallOptions]
    ) -> FoundMemories:
        """Find the memories that best answer a query, by meaning and by words together.

        Several namespaces make one ranking. Returns the 5 best unless `top_k` is given.
        """
        fields, options = apart("memories.recall", how, RecallOptions.__optional_keys__)
        body = given(**_where(agent_id), query=query, top_k=top_k, **fields)
        call = Call("memories.recall", "POST", "/v1/memory/recall", _found, body=body, is_read=True, options=options)
        return self._transport.request(call)

    def search(
        self, agent_id: str | Sequence[str], query: str, top_k: int | None = None, **how: Unpack[SearchOptions]
    ) -> FoundMemories:
        """Find memories by their words: those that contain every word and quoted phrase come first.

        Returns the 10 best unless `top_k` is given; with `mode="exact"` only those with every word.
        """
        fields, options = apart("memories.search", how, SearchOptions.__optional_keys__)
        body = given(**_where(agent_id), query=query, top_k=top_k, **fields)
        call = Call("memories.search", "POST", "/v1/memory/search", _found, body=body, is_read=True, options=options)
        return self._transport.request(call)

    def update(
        self,
        memory_id: str,
        *,
        content: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        memory_type: str | None = None,
        importance: float | None = None,
        tags: Sequence[str] | None = None,
        session_id: str | None = None,
        ttl_seconds: float | None = None,
        expires_at: Instant | Literal[Keep.AS_IT_IS] | None = Keep.AS_IT_IS,
        valid_from: Instant | None = None,
        embedding: Sequence[float] | None = None,
        agent_id: str | None = None,
        if_version: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> UpdateMemoryResponse:
        """Change a memory; omitted fields stay unchanged. With `expires_at=None` it no longer expires. An `embedding`
        that you supplied is kept until `content` changes.

        With `if_version` only if it still has this version; otherwise it raises ConflictError.
        """
        url, query = path("/v1/memory/update", memory_id), given(agent_id=agent_id)
        body = given(
            content=content,
            metadata=metadata,
            memory_type=memory_type,
            importance=importance,
            tags=tags,
            session_id=session_id,
            ttl_seconds=ttl_seconds,
            embedding=embedding,
        )
        body |= with_moments(given(valid_from=valid_from))
        if expires_at is not Keep.AS_IT_IS:
            body |= with_moments({"expires_at": expires_at})
        headers = {} if if_version is None else {"if-match": f'"{if_version}"'}
        call = Call("memories.update", "PUT", url, _updated, query=query, body=body, headers=headers, options=options)
        return self._transport.request(call)

    def set_importance(
        self, agent_id: str, memory_ids: str | Sequence[str], importance: float, **options: Unpack[RequestOptions]
    ) -> SetImportanceResponse:
        """Set the importance of one or more memories: either all or none."""
        which = {"memory_id": memory_ids} if isinstance(memory_ids, str) else {"memory_ids": memory_ids}
        url, body = "/v1/memory/importance", {"agent_id": agent_id, **which, "importance": importance}
        call = Call("memories.setImportance", "POST", url, SetImportanceResponse, body=body, options=options)
        return self._transport.request(call)

    def forget(
        self,
        agent_id: str,
        memory_ids: str | Sequence[str] | None = None,
        *,
        tags: Sequence[str] | None = None,
        session_id: str | None = None,
        before_timestamp: Instant | None = None,
        author: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> ForgetResponse:
        """Forget memories by id, by ids, or by tags, session, age or author.

        At least one condition is required; a memory must match all of them.
        """
        ids = [memory_ids] if isinstance(memory_ids, str) else memory_ids
        body = given(
            agent_id=agent_id,
            memory_ids=ids,
            tags=tags,
            session_id=session_id,
            before_timestamp=before_timestamp,
            author=author,
        )
        call = Call("memories.forget", "POST", "/v1/memory/forget", ForgetResponse, body=body, options=options)
        return self._transport.request(call)

    def forget_batch(
        self, agent_id: str, *, dry_run: bool | None = None, **filter: Unpack[FilterOptions]
    ) -> ForgetBatchResponse:
        """Forget every memory that matches a filter; `dry_run` only counts them."""
        fields, options = apart("memories.forgetBatch", filter, FilterOptions.__optional_keys__)
        body = given(agent_id=agent_id, filter=fields, dry_run=dry_run)
        # POST instead of DELETE, because some proxies drop the body of a DELETE.
        call = Call(
            "memories.forgetBatch", "POST", "/v1/memories/forget/batch", ForgetBatchResponse, body=body, options=options
        )
        return self._transport.request(call)

    def list(
        self,
        agent_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        **filter: Unpack[FilterOptions],
    ) -> Listing[Memory]:
        """List the memories that match a filter, newest first. A page has 100 unless `limit` is given."""
        fields, options = apart("memories.list", filter, FilterOptions.__optional_keys__)
        url = "/v1/memories/recall/batch"

        def call(place: Place) -> Call[Page[Memory]]:
            body = given(agent_id=agent_id, filter=fields or None, limit=limit, cursor=place)
            return Call(
                "memories.list", "POST", url, page_of(Memory, "memories"), body=body, is_read=True, options=options
            )

        return self._transport.list(Plan(call, cursor))


def _where(agent_id: str | Sequence[str]) -> dict[str, object]:
    return {"agent_id": agent_id} if isinstance(agent_id, str) else {"namespaces": agent_id}


def _memory(fields: object) -> dict[str, Any]:
    """Checks that a memory has an id."""
    if not is_object(fields) or not isinstance(fields.get("id"), str):
        raise TypeError("There is no memory in the reply.")
    return fields


def _stored(reply: Any) -> StoredMemory:
    return StoredMemory({**_memory(reply["memory"]), **reply})


def _updated(reply: Any) -> UpdateMemoryResponse:
    return UpdateMemoryResponse(_memory(reply))


def _found(reply: Any) -> FoundMemories:
    return FoundMemories(
        (_flat(**item) for item in reply["memories"]),
        total_found=reply["total_found"],
        query_time_ms=reply["query_time_ms"],
        denied=reply.get("denied", ()),
    )


def _flat(memory: Any, **rank: Any) -> FoundMemory:
    return FoundMemory({**_memory(memory), **rank})
