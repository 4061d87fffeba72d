# @generated from packages/protocol by packages/codegen; do not edit.
"""The flat names of the product's samples: each calls its resource and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._models import (
    Access,
    Agent,
    AgentStats,
    CreatedKey,
    CreatedNamespaceKey,
    DeleteNamespaceKeyResponse,
    DeleteNamespaceResponse,
    FilterOptions,
    ForgetBatchResponse,
    ForgetResponse,
    Identity,
    Instant,
    Key,
    KeyActionResponse,
    KeyOptions,
    KeyUsage,
    ListedNamespace,
    Memory,
    Namespace,
    NamespaceKey,
    NamespaceOptions,
    NewMemory,
    RecallOptions,
    RotatedKey,
    SearchOptions,
    Session,
    SetImportanceResponse,
    StoredMemory,
    StoreMemoriesResponse,
    StoreOptions,
    UpdateMemoryResponse,
)
from .._options import Keep, RequestOptions, Unpack
from .._pages import AsyncListing, FoundMemories, Page
from .resources.agents import AsyncAgents
from .resources.health import AsyncHealthChecks
from .resources.keys import AsyncKeys
from .resources.memories import AsyncMemories
from .resources.namespace_keys import AsyncNamespaceKeys
from .resources.namespaces import AsyncNamespaces
from .resources.sessions import AsyncSessions


class AsyncFlatNames:
    """The flat names of a client."""

    memories: AsyncMemories
    namespaces: AsyncNamespaces
    keys: AsyncKeys
    namespace_keys: AsyncNamespaceKeys
    sessions: AsyncSessions
    agents: AsyncAgents
    health: AsyncHealthChecks

    async def store_memory(
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
        return await self.memories.store(
            agent_id, content, memory_type, importance, metadata, session_id, tags, ttl_seconds, expires_at, **more
        )

    async def store_memories(
        self, agent_id: str, memories: Sequence[NewMemory], **options: Unpack[RequestOptions]
    ) -> StoreMemoriesResponse:
        """Store up to 1000 memories: either all or none."""
        return await self.memories.store_batch(agent_id, memories, **options)

    async def recall(
        self, agent_id: str | Sequence[str], query: str, top_k: int | None = None, **how: Unpack[RecallOptions]
    ) -> FoundMemories:
        """Find the memories that best answer a query, by meaning and by words together.

        Several namespaces make one ranking. Returns the 5 best unless `top_k` is given.
        """
        return await self.memories.recall(agent_id, query, top_k, **how)

    async def search_memories(
        self, agent_id: str | Sequence[str], query: str, top_k: int | None = None, **how: Unpack[SearchOptions]
    ) -> FoundMemories:
        """Find memories by their words: those that contain every word and quoted phrase come first.

        Returns the 10 best unless `top_k` is given; with `mode="exact"` only those with every word.
        """
        return await self.memories.search(agent_id, query, top_k, **how)

    async def get_memory(
        self, memory_id: str, *, agent_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> Memory:
        """Fetch one memory.

        Raises NotFoundError if there is none this key may read.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        return await self.memories.get(memory_id, agent_id=agent_id, **options)

    async def update_memory(
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
        return await self.memories.update(
            memory_id,
            content=content,
            metadata=metadata,
            memory_type=memory_type,
            importance=importance,
            tags=tags,
            session_id=session_id,
            ttl_seconds=ttl_seconds,
            expires_at=expires_at,
            valid_from=valid_from,
            embedding=embedding,
            agent_id=agent_id,
            if_version=if_version,
            **options,
        )

    async def set_importance(
        self, agent_id: str, memory_ids: str | Sequence[str], importance: float, **options: Unpack[RequestOptions]
    ) -> SetImportanceResponse:
        """Set the importance of one or more memories: either all or none."""
        return await self.memories.set_importance(agent_id, memory_ids, importance, **options)

    async def forget(
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
        return await self.memories.forget(
            agent_id,
            memory_ids,
            tags=tags,
            session_id=session_id,
            before_timestamp=before_timestamp,
            author=author,
            **options,
        )

    async def batch_forget(
        self, agent_id: str, *, dry_run: bool | None = None, **filter: Unpack[FilterOptions]
    ) -> ForgetBatchResponse:
        """Forget every memory that matches a filter; `dry_run` only counts them."""
        return await self.memories.forget_batch(agent_id, dry_run=dry_run, **filter)

    def list_memories(
        self, agent_id: str, *, limit: int | None = None, cursor: str | None = None, **filter: Unpack[FilterOptions]
    ) -> AsyncListing[Memory]:
        """List the memories that match a filter, newest first. A page has 100 unless `limit` is given."""
        return self.memories.list(agent_id, limit=limit, cursor=cursor, **filter)

    async def create_namespace(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace.

        Returns the existing one if its settings match; fails with ConflictError if they differ. Needs an admin's key.

        Args:
            name: At most 128 letters, digits, ".", "_" and "-". The prefixes "_" and "system_" are reserved.

        """
        return await self.namespaces.create(name, **settings)

    async def upsert_namespace(self, name: str, **settings: Unpack[NamespaceOptions]) -> Namespace:
        """Create a namespace or change its settings. Omitted settings stay unchanged. Needs an admin's key."""
        return await self.namespaces.upsert(name, **settings)

    def list_namespaces(
        self, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> AsyncListing[ListedNamespace]:
        """List the namespaces on which this key has a grant; an admin sees all of them.

        All of them unless `limit` is given.
        """
        return self.namespaces.list(limit=limit, cursor=cursor, **options)

    async def get_namespace(self, name: str, **options: Unpack[RequestOptions]) -> Namespace:
        """Fetch one namespace. Raises NotFoundError if there is none this key may read."""
        return await self.namespaces.get(name, **options)

    async def delete_namespace(self, name: str, **options: Unpack[RequestOptions]) -> DeleteNamespaceResponse:
        """Delete a namespace, all its memories and all grants on it. Needs an admin's key."""
        return await self.namespaces.delete(name, **options)

    async def create_key(
        self, name: str, grants: Mapping[str, Access] | None = None, **settings: Unpack[KeyOptions]
    ) -> CreatedKey:
        """Issue a key with its own grants per namespace.

        The response contains its secret, which is not shown again.

        Args:
            name: Recorded as `author` on everything the key stores.
            grants: Namespace → `read`, `write` or `read_write`.

        """
        return await self.keys.create(name, grants, **settings)

    def list_keys(
        self, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> AsyncListing[Key]:
        """List the keys, without secrets. All of them unless `limit` is given."""
        return self.keys.list(limit=limit, cursor=cursor, **options)

    async def get_key(self, key_id: str, **options: Unpack[RequestOptions]) -> Key:
        """Fetch one key, without its secret. Raises NotFoundError if there is none this key may read."""
        return await self.keys.get(key_id, **options)

    async def update_key(
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
        return await self.keys.update(key_id, name=name, grants=grants, namespaces=namespaces, **options)

    async def rotate_key(
        self, key_id: str, *, grace_secs: int | None = None, **options: Unpack[RequestOptions]
    ) -> RotatedKey:
        """Give a key a new secret.

        The old one stops working immediately, or after `grace_secs`.

        Args:
            grace_secs: Seconds for which the old secret stays valid. Default 0.

        """
        return await self.keys.rotate(key_id, grace_secs=grace_secs, **options)

    async def deactivate_key(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyActionResponse:
        """Stop a key immediately and keep its record."""
        return await self.keys.deactivate(key_id, **options)

    async def delete_key(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyActionResponse:
        """Delete a key and its grants. The memories it stored remain."""
        return await self.keys.delete(key_id, **options)

    async def key_usage(self, key_id: str, **options: Unpack[RequestOptions]) -> KeyUsage:
        """Return the number of requests made with a key, including rejected ones."""
        return await self.keys.usage(key_id, **options)

    async def whoami(self, **options: Unpack[RequestOptions]) -> Identity:
        """Return the identity and grants of the calling key."""
        return await self.keys.whoami(**options)

    async def create_namespace_key(
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
        return await self.namespace_keys.create(
            namespace, name, expires_in_days=expires_in_days, scope=scope, **options
        )

    def list_namespace_keys(self, namespace: str, **options: Unpack[RequestOptions]) -> AsyncListing[NamespaceKey]:
        """List the keys that have a grant on this namespace, oldest first."""
        return self.namespace_keys.list(namespace, **options)

    async def delete_namespace_key(
        self, namespace: str, key_id: str, **options: Unpack[RequestOptions]
    ) -> DeleteNamespaceKeyResponse:
        """Delete a key whose only grant is on this namespace.

        A key with other grants, or an admin key, only loses this grant.
        """
        return await self.namespace_keys.delete(namespace, key_id, **options)

    async def namespace_key_usage(self, namespace: str, key_id: str, **options: Unpack[RequestOptions]) -> KeyUsage:
        """Return the number of requests that a key with a grant on this namespace made here."""
        return await self.namespace_keys.usage(namespace, key_id, **options)

    async def start_session(
        self,
        agent_id: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Start a session.

        Memories are added to it by `session_id`.

        Args:
            agent_id: The namespace.
            metadata: Any JSON object. The server does not use it.
            id: Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.

        """
        return await self.sessions.start(agent_id, metadata, id=id, **options)

    async def end_session(
        self,
        session_id: str,
        summary: str | None = None,
        *,
        agent_id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """End a session.

        If it has ended already, only its summary changes.

        Args:
            summary: The outcome of the session. If omitted, the previous summary stays.
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        return await self.sessions.end(session_id, summary, agent_id=agent_id, **options)

    async def get_session(
        self, session_id: str, *, agent_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> Session:
        """Fetch one session.

        Raises NotFoundError if there is none this key may read.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        return await self.sessions.get(session_id, agent_id=agent_id, **options)

    def list_sessions(
        self,
        agent_id: str | None = None,
        *,
        active_only: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncListing[Session]:
        """List the sessions of one namespace, or of all namespaces this key can read, newest first.

        A page has 100 unless `limit` is given.

        Args:
            agent_id: The namespace. By default, all namespaces this key can read.
            active_only: Excludes sessions that have ended.

        """
        return self.sessions.list(agent_id, active_only=active_only, limit=limit, offset=offset, **options)

    def session_memories(
        self,
        session_id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        agent_id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncListing[Memory]:
        """List the memories of a session in the order they were stored.

        A page has 100 unless `limit` is given.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        return self.sessions.memories(session_id, limit=limit, offset=offset, agent_id=agent_id, **options)

    async def list_agents(self, **options: Unpack[RequestOptions]) -> Page[Agent]:
        """List the namespaces this key can read, with counts of memories and sessions."""
        return await self.agents.list(**options)

    async def agent_stats(self, agent_id: str, **options: Unpack[RequestOptions]) -> AgentStats:
        """Return statistics of one namespace."""
        return await self.agents.stats(agent_id, **options)

    def agent_memories(
        self,
        agent_id: str,
        *,
        memory_type: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncListing[Memory]:
        """List the memories of one namespace, newest first.

        A page has 100 unless `limit` is given.

        Args:
            memory_type: Only memories of this type.

        """
        return self.agents.memories(agent_id, memory_type=memory_type, limit=limit, offset=offset, **options)
