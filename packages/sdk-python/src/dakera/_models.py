# @generated from packages/protocol by packages/codegen; do not edit.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias, TypedDict

from ._options import RequestOptions
from ._result import Result, many, moment, named, one

Instant: TypeAlias = float | str | date
"""A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a datetime (local if naive)."""

ErrorCode: TypeAlias = Literal[
    "INVALID_REQUEST",
    "DIMENSION_MISMATCH",
    "EMPTY_VECTOR",
    "AUTHENTICATION_REQUIRED",
    "INVALID_API_KEY",
    "API_KEY_EXPIRED",
    "INSUFFICIENT_SCOPE",
    "NAMESPACE_ACCESS_DENIED",
    "NAMESPACE_NOT_FOUND",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "RATE_LIMITED",
    "INTERNAL_ERROR",
    "SERVICE_UNAVAILABLE",
]
"""Every code an error of the API can have. A code never changes its meaning."""

Access: TypeAlias = Literal["read", "write", "read_write"]
Language: TypeAlias = Literal[
    "auto",
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
]


class Weights(TypedDict, total=False):
    """The weights of the ranking in recall."""

    vector: float
    """Share of similarity by meaning; the rest is the match by words. Default 0.35."""
    importance: float
    """How much `importance` can raise or lower the score. Default 0.1."""
    recency: float
    """How much the score of a recent memory is raised. Default 0.05."""
    half_life_days: float
    """Days after which recency counts half. Default 30."""
    context: float
    """How much of the scores of its neighbours in the session a memory receives. Default 0.55."""
    speaker: float
    """How much the score of a memory is raised if it starts with a name and a colon and the query contains the name.
    Default 0.5.
    """
    question: float
    """How much the score of a memory that ends with a question mark is lowered. Default 0.1."""


class _Content(TypedDict):
    content: str


class NewMemory(_Content, total=False):
    """One memory of a batch. Only its content is required."""

    memory_type: str | None
    """`episodic`, `semantic`, `procedural`, `working`, or any other word. Default "episodic"."""
    importance: float | None
    """From 0 to 1. Recall ranks important memories higher. Default 0.5."""
    tags: Sequence[str] | None
    """Labels to filter by. Default []."""
    metadata: Mapping[str, Any] | None
    """Any JSON object. Filters can refer to it. Numbers keep their exact value. Default {}."""
    session_id: str | None
    """The session it belongs to."""
    ttl_seconds: float | None
    """Seconds until it expires. `expires_at` takes precedence."""
    expires_at: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    valid_from: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    embedding: Sequence[float] | None
    """A vector from your own embedder, with the dimension of the namespace."""
    id: str | None
    """Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected."""


class StoreOptions(RequestOptions, total=False):
    """Further fields of a memory that is stored."""

    valid_from: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    embedding: Sequence[float] | None
    """A vector from your own embedder, with the dimension of the namespace."""
    id: str | None
    """Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected."""


class RecallOptions(RequestOptions, total=False):
    """Options of recall."""

    skip_denied: bool | None
    """Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default False."""
    min_importance: float | None
    """Minimum importance."""
    max_importance: float | None
    """Maximum importance."""
    memory_type: str | None
    """Only memories of this type."""
    tags: Sequence[str] | None
    """The memory must have all of these tags."""
    tags_any: Sequence[str] | None
    """The memory must have at least one of these tags."""
    filter: Mapping[str, Any] | None
    """Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
    $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
    there is none, a path into nested objects.
    """
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """Excludes memories stored by the key with this name; `self` is the calling key."""
    session_id: str | None
    """The session it belongs to."""
    since: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    until: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    routing: Literal["auto", "hybrid", "vector", "bm25"] | None
    """Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default "auto"."""
    weights: Weights | None
    """Weights of the ranking. Omitted ones have the defaults of the namespace."""
    vector_weight: float | None
    """The same as `weights.vector`, which takes precedence."""
    min_score: float | None
    """Excludes hits with a lower `score`."""
    mmr: float | None
    """Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do not
    fill the results. Default 0.
    """
    explain: bool | None
    """Adds the parts of each score. Default False."""
    embedding: Sequence[float] | None
    """A vector from your own embedder, with the dimension of the namespace."""


class SearchOptions(RequestOptions, total=False):
    """Options of search."""

    skip_denied: bool | None
    """Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default False."""
    min_importance: float | None
    """Minimum importance."""
    max_importance: float | None
    """Maximum importance."""
    memory_type: str | None
    """Only memories of this type."""
    tags: Sequence[str] | None
    """The memory must have all of these tags."""
    tags_any: Sequence[str] | None
    """The memory must have at least one of these tags."""
    filter: Mapping[str, Any] | None
    """Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
    $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
    there is none, a path into nested objects.
    """
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """Excludes memories stored by the key with this name; `self` is the calling key."""
    session_id: str | None
    """The session it belongs to."""
    since: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    until: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    routing: Literal["auto", "hybrid", "vector", "bm25"] | None
    """Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default "auto"."""
    weights: Weights | None
    """Weights of the ranking. Omitted ones have the defaults of the namespace."""
    vector_weight: float | None
    """The same as `weights.vector`, which takes precedence."""
    min_score: float | None
    """Excludes hits with a lower `score`."""
    mmr: float | None
    """Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do not
    fill the results. Default 0.
    """
    explain: bool | None
    """Adds the parts of each score. Default False."""
    embedding: Sequence[float] | None
    """A vector from your own embedder, with the dimension of the namespace."""
    mode: Literal["best", "exact"] | None
    """`exact` returns only memories that contain every word, phrase and prefix. Default "best"."""
    highlight: bool | None
    """Adds `highlights`: excerpts of the content with the matched words between ** and **. Default False."""


class FilterOptions(RequestOptions, total=False):
    """Conditions on memories: a memory must match all of them."""

    tags: Sequence[str] | None
    """The memory must have all of these tags."""
    tags_any: Sequence[str] | None
    """The memory must have at least one of these tags."""
    min_importance: float | None
    """Minimum importance."""
    max_importance: float | None
    """Maximum importance."""
    created_after: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    created_before: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""
    before_timestamp: Instant | None
    """Alias of `created_before`; if both are given, both apply."""
    since: Instant | None
    """Alias of `created_after`; if both are given, both apply."""
    until: Instant | None
    """Alias of `created_before`; if both are given, both apply."""
    memory_type: str | None
    """Only memories of this type."""
    session_id: str | None
    """The session it belongs to."""
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """Excludes memories stored by the key with this name; `self` is the calling key."""
    metadata: Mapping[str, Any] | None
    """Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
    $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
    there is none, a path into nested objects.
    """


class NamespaceOptions(RequestOptions, total=False):
    """The settings of `namespaces.create`."""

    description: str | None
    """A description for people."""
    dimension: int | None
    """Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself."""
    metadata: Mapping[str, Any] | None
    """Any JSON object. The server does not use it."""
    language: Language | None
    """Can be changed only while the namespace has no memories."""
    weights: Weights | None
    """Default weights for recall in this namespace; they replace the previous ones."""
    policy: Mapping[str, Any] | None
    """Any JSON object. The server does not use it yet."""


class KeyOptions(RequestOptions, total=False):
    """The settings of `keys.create`."""

    secret: str | None
    """Chosen by the operator. Generated if omitted."""
    scope: Literal["read", "write", "admin", "super_admin"] | None
    """`read` or `write` applies to `namespaces`; `admin` has full access to all namespaces."""
    namespaces: Sequence[str] | None
    """With `scope`: the namespaces to grant; `read` grants read, `write` grants read-write."""
    permissions: Sequence[Literal["read", "write", "admin", "super_admin"]] | None
    """Alias of `scope`, for older clients."""
    expires_in_days: float | None
    """Days until it expires. By default it never expires. `expires_at` takes precedence."""
    expires_at: Instant | None
    """Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset)."""


class Agent(Result):
    """A namespace as the memory of one agent."""

    __slots__ = ()

    agent_id: str
    """The namespace."""
    memory_count: int
    session_count: int
    active_sessions: int
    """Sessions that have not ended."""


class AgentStats(Result):
    """The contract's `AgentStats`."""

    __slots__ = ()

    agent_id: str
    total_memories: int
    memories_by_type: dict[str, int]
    total_sessions: int
    active_sessions: int
    avg_importance: float
    """0 if there are no memories."""
    oldest_memory_at: str | None
    """ISO-8601. null if there are no memories."""
    newest_memory_at: str | None
    """ISO-8601. null if there are no memories."""


class Key(Result):
    """An API key: the identity of an agent, with its grants."""

    __slots__ = ()

    key_id: str
    id: str
    name: str
    scope: str
    """`admin`, or the widest access among the grants."""
    grants: dict[str, Access]
    namespaces: list[str]
    """The namespaces in `grants`."""
    permissions: list[str]
    active: bool
    created_at: int
    """Unix seconds."""
    expires_at: int | None
    """Unix seconds."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)

    @property
    def expires_at_datetime(self) -> datetime | None:
        """`expires_at` as a datetime in UTC."""
        return moment(self.expires_at)


class CreatedKey(Key):
    """The contract's `CreatedKey`."""

    __slots__ = ()
    _secret = frozenset({"key"})

    key: str
    """The secret. It is not shown again."""
    warning: str


class NamespaceKey(Result):
    """A key with its grant on one namespace."""

    __slots__ = ()

    key_id: str
    name: str
    namespace: str
    access: Access
    """The access of the key to this namespace."""
    active: bool
    created_at: int
    """Unix seconds."""
    expires_at: int | None
    """Unix seconds."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)

    @property
    def expires_at_datetime(self) -> datetime | None:
        """`expires_at` as a datetime in UTC."""
        return moment(self.expires_at)


class CreatedNamespaceKey(NamespaceKey):
    """The contract's `CreatedNamespaceKey`."""

    __slots__ = ()
    _secret = frozenset({"key"})

    key: str
    """The secret. It is not shown again."""
    warning: str


class DeleteNamespaceKeyResponse(Result):
    """The contract's `DeleteNamespaceKeyResponse`."""

    __slots__ = ()

    success: Literal[True]
    message: str


class DeleteNamespaceResponse(Result):
    """The contract's `DeleteNamespaceResponse`."""

    __slots__ = ()

    namespace: str
    deleted: Literal[True]
    vectors_deleted: int


class EndpointUsage(Result):
    """The contract's `EndpointUsage`."""

    __slots__ = ()

    endpoint: str
    """Its operation id."""
    requests: int
    avg_latency_ms: float


class ForgetBatchResponse(Result):
    """The contract's `ForgetBatchResponse`."""

    __slots__ = ()

    deleted_count: int
    dry_run: bool


class ForgetResponse(Result):
    """The contract's `ForgetResponse`."""

    __slots__ = ()
    _optional = frozenset({"dry_run"})

    deleted_count: int
    status: Literal["ok"]
    dry_run: Literal[True] | None
    """Nothing was deleted: `deleted_count` is the number of memories that match."""


class Health(Result):
    """The server responds."""

    __slots__ = ()

    status: Literal["healthy"]
    version: str
    service: Literal["dakera"]
    uptime_seconds: float


class Identity(Result):
    """The calling key."""

    __slots__ = ()

    key_id: str
    name: str
    scope: str
    """`admin`, or the widest access among the grants."""
    grants: dict[str, Access]
    namespaces: list[str]
    expires_at: int | None
    """Unix seconds."""
    auth_enabled: Literal[True]

    @property
    def expires_at_datetime(self) -> datetime | None:
        """`expires_at` as a datetime in UTC."""
        return moment(self.expires_at)


class KeyActionResponse(Key):
    """The contract's `KeyActionResponse`."""

    __slots__ = ()

    success: Literal[True]
    message: str


class NamespaceUsage(Result):
    """The contract's `NamespaceUsage`."""

    __slots__ = ()

    namespace: str
    requests: int


class KeyUsage(Result):
    """Requests made with a key since it was issued, with any of its secrets."""

    __slots__ = ()
    _nested = {"by_endpoint": many(EndpointUsage), "by_namespace": many(NamespaceUsage)}

    key_id: str
    total_requests: int
    successful_requests: int
    failed_requests: int
    rate_limited_requests: int
    """The part of `failed_requests` that exceeded a rate limit."""
    bytes_transferred: int
    """Request bodies, and bodies of successful responses."""
    avg_latency_ms: float
    last_used: int | None
    """Unix seconds."""
    by_endpoint: list[EndpointUsage]
    """Busiest first."""
    by_namespace: list[NamespaceUsage]
    """Busiest first. Only requests that named exactly one namespace, and one that exists."""

    @property
    def last_used_datetime(self) -> datetime | None:
        """`last_used` as a datetime in UTC."""
        return moment(self.last_used)


class ListedNamespace(Result):
    """A namespace in a list."""

    __slots__ = ()
    _also = {"namespace": "name"}
    _optional = frozenset({"memory_count"})

    name: str
    description: str | None
    memory_count: int | None
    """Absent if the key cannot read this namespace."""
    created_at: int
    """Unix seconds."""
    access: Access
    """The access of this key to the namespace."""
    namespace: str
    """The same as `name`, by its name in a single namespace."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)


class Liveness(Result):
    """The process is running. Restart it if this endpoint stops responding."""

    __slots__ = ()

    alive: Literal[True]
    version: str
    uptime_seconds: float


class Memory(Result):
    """One memory of an agent."""

    __slots__ = ()
    _optional = frozenset({"valid_from_ms", "created_at_ms", "updated_at_ms", "expires_at_ms"})

    id: str
    agent_id: str
    """The namespace of the memory."""
    namespace: str
    """The same as `agent_id`."""
    content: str
    memory_type: str
    importance: float
    tags: list[str]
    metadata: dict[str, Any]
    session_id: str | None
    author: str | None
    """Name of the key that stored it, set by the database."""
    derived_from: list[str]
    valid_from: int | None
    """When the content became true, according to the caller. It does not affect ranking."""
    created_at: int
    """Unix seconds."""
    updated_at: int
    """Unix seconds."""
    last_accessed_at: int | None
    """Unix seconds."""
    access_count: int
    expires_at: int | None
    """Unix seconds."""
    valid_from_ms: int | None
    """The same time in Unix milliseconds. Not part of the response to a store."""
    created_at_ms: int | None
    """The same time in Unix milliseconds. Not part of the response to a store."""
    updated_at_ms: int | None
    """The same time in Unix milliseconds. Not part of the response to a store."""
    expires_at_ms: int | None
    """The same time in Unix milliseconds. Not part of the response to a store."""
    version: int
    """Incremented by every change. Send it as If-Match to update only the version you have read."""

    @property
    def valid_from_datetime(self) -> datetime | None:
        """`valid_from` as a datetime in UTC."""
        return moment(self.valid_from)

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)

    @property
    def updated_at_datetime(self) -> datetime:
        """`updated_at` as a datetime in UTC."""
        return moment(self.updated_at)

    @property
    def last_accessed_at_datetime(self) -> datetime | None:
        """`last_accessed_at` as a datetime in UTC."""
        return moment(self.last_accessed_at)

    @property
    def expires_at_datetime(self) -> datetime | None:
        """`expires_at` as a datetime in UTC."""
        return moment(self.expires_at)


class VectorIndex(Result):
    """The vector index of a large namespace. It is built in the background."""

    __slots__ = ()

    state: str
    """A small namespace has none, because it is searched exactly."""
    progress: float
    """Progress of a build, from 0 to 1."""


class Namespace(Result):
    """A container for memories, with its own grants."""

    __slots__ = ()
    _nested = {"vector_index": one(VectorIndex)}
    _optional = frozenset({"memory_count", "vector_count", "vector_index", "created"})

    namespace: str
    dimension: int
    """Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself."""
    distance: Literal["cosine"]
    memory_count: int | None
    """Absent if the key cannot read this namespace."""
    vector_count: int | None
    vector_index: VectorIndex | None
    description: str | None
    metadata: dict[str, Any]
    policy: dict[str, Any]
    language: Language
    """How words are stemmed. `simple` does not stem; `auto` detects the language of each memory. Scripts without spaces
    (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are supported in every setting. Default `english`.
    """
    weights: Weights
    """Default weights for recall in this namespace."""
    created_at: int
    """Unix seconds."""
    updated_at: int
    """Unix seconds."""
    created: bool | None
    """On create and upsert: whether the namespace is new."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)

    @property
    def updated_at_datetime(self) -> datetime:
        """`updated_at` as a datetime in UTC."""
        return moment(self.updated_at)


class ReadinessCheck(Result):
    """One component of a server."""

    __slots__ = ()
    _optional = frozenset({"message"})

    status: str
    message: str | None


class Readiness(Result):
    """Whether the server can handle requests, by component."""

    __slots__ = ()
    _nested = {"checks": named(ReadinessCheck)}

    ready: bool
    version: str
    checks: dict[str, ReadinessCheck]
    """`warn` means that the part works, and that an operator should look at `message`."""
    components: dict[str, bool]


class RotatedKey(Result):
    """The contract's `RotatedKey`."""

    __slots__ = ()
    _secret = frozenset({"key", "new_key"})

    key_id: str
    key: str
    """The new secret. It is not shown again."""
    new_key: str
    """The same as `key`."""
    name: str
    old_key_expires_at: int
    """Unix seconds."""
    warning: str

    @property
    def old_key_expires_at_datetime(self) -> datetime:
        """`old_key_expires_at` as a datetime in UTC."""
        return moment(self.old_key_expires_at)


class Session(Result):
    """A period of work of an agent, with a start and an end."""

    __slots__ = ()

    id: str
    """Unique within its namespace. Memories refer to it as `session_id`."""
    agent_id: str
    """The namespace of the session."""
    started_at: int
    """Unix seconds."""
    ended_at: int | None
    """Unix seconds."""
    summary: str | None
    metadata: dict[str, Any]
    memory_count: int
    """Number of memories in this session that have not expired."""

    @property
    def started_at_datetime(self) -> datetime:
        """`started_at` as a datetime in UTC."""
        return moment(self.started_at)

    @property
    def ended_at_datetime(self) -> datetime | None:
        """`ended_at` as a datetime in UTC."""
        return moment(self.ended_at)


class SetImportanceResponse(Result):
    """The contract's `SetImportanceResponse`."""

    __slots__ = ()

    status: Literal["ok"]
    memory_id: str
    importance: float
    updated_count: int


class StoredItem(Result):
    """The contract's `StoredItem`."""

    __slots__ = ()

    id: str
    content: str
    agent_id: str
    """The namespace of the memory."""
    tags: list[str]
    importance: float
    created_at: int
    """Unix seconds."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)


class StoreMemoriesResponse(Result):
    """In the order of the request."""

    __slots__ = ()
    _nested = {"stored": many(StoredItem)}

    stored: list[StoredItem]
    stored_count: int
    total_embedding_time_ms: float


class UpdateMemoryResponse(Memory):
    """The contract's `UpdateMemoryResponse`."""

    __slots__ = ()
    _nested = {"memory": one(Memory)}
    _optional = frozenset({"valid_from_ms", "created_at_ms", "updated_at_ms", "expires_at_ms"})

    memory: Memory


class StoredMemory(Memory):
    """A stored memory: its fields at top level, and again under `memory`."""

    __slots__ = ()
    _nested = {"memory": one(Memory)}
    _optional = frozenset({"valid_from_ms", "created_at_ms", "updated_at_ms", "expires_at_ms"})

    memory: Memory
    embedding_time_ms: float


class FoundMemory(Memory):
    """A memory as recall and search return it: its own fields, and how well it matches the query."""

    __slots__ = ()
    _optional = frozenset(
        {
            "valid_from_ms",
            "created_at_ms",
            "updated_at_ms",
            "expires_at_ms",
            "vector_score",
            "text_score",
            "explain",
            "highlights",
        }
    )

    score: float
    """From 0 to 1. Comparable between queries."""
    weighted_score: float
    smart_score: float
    """Sort key: `score`, reduced under `mmr` for memories similar to a higher-ranked one."""
    vector_score: float | None
    text_score: float | None
    explain: dict[str, Any] | None
    highlights: list[str] | None
    """With `highlight`: up to three excerpts of the content, with the matched words between ** and **."""
