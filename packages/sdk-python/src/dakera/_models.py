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
    """What counts how much in recall."""

    vector: float
    """Share of meaning; the rest is words. Default 0.35."""
    importance: float
    """How much importance can lift or lower. Default 0.1."""
    recency: float
    """How much a new memory is lifted. Default 0.05."""
    half_life_days: float
    """After how many days recency counts half. Default 30."""
    context: float
    """How much a memory borrows from its neighbours in the session. Default 0.55."""
    speaker: float
    """How much a memory is lifted that begins with a name and a colon, when the query has the name. Default 0.5."""
    question: float
    """How much a memory is lowered that ends with a question mark. Default 0.1."""


class _Content(TypedDict):
    content: str


class NewMemory(_Content, total=False):
    """One memory of a batch. Only its content is required."""

    memory_type: str | None
    """`episodic`, `semantic`, `procedural`, `working`, or a word of your own. Default "episodic"."""
    importance: float | None
    """From 0 to 1; it can lift a memory in recall. Default 0.5."""
    tags: Sequence[str] | None
    """Words to choose by. Default []."""
    metadata: Mapping[str, Any] | None
    """Any JSON object; filters ask about it. Numbers stay exact. Default {}."""
    session_id: str | None
    """The session it belongs to."""
    ttl_seconds: float | None
    """Seconds until it expires. `expires_at` wins over it."""
    expires_at: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    valid_from: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    embedding: Sequence[float] | None
    """A vector of your own embedder, of the dimension the namespace declares."""
    id: str | None
    """Chosen by the caller; needs a read-write grant, as a taken one is refused."""


class StoreOptions(RequestOptions, total=False):
    """What else a memory may be stored with."""

    valid_from: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    embedding: Sequence[float] | None
    """A vector of your own embedder, of the dimension the namespace declares."""
    id: str | None
    """Chosen by the caller; needs a read-write grant, as a taken one is refused."""


class RecallOptions(RequestOptions, total=False):
    """How to recall."""

    skip_denied: bool | None
    """Leaves out namespaces without a grant, and names them in `denied`; else they are an error. Default False."""
    min_importance: float | None
    """The least importance."""
    max_importance: float | None
    """The most importance."""
    memory_type: str | None
    """The one type."""
    tags: Sequence[str] | None
    """All of them must be on the memory."""
    tags_any: Sequence[str] | None
    """At least one of them must be on the memory."""
    filter: Mapping[str, Any] | None
    """Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists
    $contains under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is
    none reaches inside objects.
    """
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """`self` leaves out what this key stored."""
    session_id: str | None
    """The session it belongs to."""
    since: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    until: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    routing: Literal["auto", "hybrid", "vector", "bm25"] | None
    """Which arms look: meaning (`vector`), words (`bm25`) or both. Default "auto"."""
    weights: Weights | None
    """How recall weighs what it knows; what is left out is what the namespace says."""
    vector_weight: float | None
    """The same as `weights.vector`, which wins."""
    min_score: float | None
    """Leaves out hits with a lower `score`."""
    mmr: float | None
    """Diversity: how much likeness to a better hit counts against a memory, so that near-copies do not fill the answer.
    0 unless said.
    """
    explain: bool | None
    """Shows how each score came about. Default False."""
    embedding: Sequence[float] | None
    """A vector of your own embedder, of the dimension the namespace declares."""


class SearchOptions(RequestOptions, total=False):
    """How to search."""

    skip_denied: bool | None
    """Leaves out namespaces without a grant, and names them in `denied`; else they are an error. Default False."""
    min_importance: float | None
    """The least importance."""
    max_importance: float | None
    """The most importance."""
    memory_type: str | None
    """The one type."""
    tags: Sequence[str] | None
    """All of them must be on the memory."""
    tags_any: Sequence[str] | None
    """At least one of them must be on the memory."""
    filter: Mapping[str, Any] | None
    """Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists
    $contains under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is
    none reaches inside objects.
    """
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """`self` leaves out what this key stored."""
    session_id: str | None
    """The session it belongs to."""
    since: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    until: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    routing: Literal["auto", "hybrid", "vector", "bm25"] | None
    """Which arms look: meaning (`vector`), words (`bm25`) or both. Default "auto"."""
    weights: Weights | None
    """How recall weighs what it knows; what is left out is what the namespace says."""
    vector_weight: float | None
    """The same as `weights.vector`, which wins."""
    min_score: float | None
    """Leaves out hits with a lower `score`."""
    mmr: float | None
    """Diversity: how much likeness to a better hit counts against a memory, so that near-copies do not fill the answer.
    0 unless said.
    """
    explain: bool | None
    """Shows how each score came about. Default False."""
    embedding: Sequence[float] | None
    """A vector of your own embedder, of the dimension the namespace declares."""
    mode: Literal["best", "exact"] | None
    """`exact` returns only memories in which every word, phrase and beginning stands. Default "best"."""
    highlight: bool | None
    """Adds `highlights`: pieces of the content with the words found between ** and **. Default False."""


class FilterOptions(RequestOptions, total=False):
    """Which memories are meant: all that is said must hold."""

    tags: Sequence[str] | None
    """All of them must be on the memory."""
    tags_any: Sequence[str] | None
    """At least one of them must be on the memory."""
    min_importance: float | None
    """The least importance."""
    max_importance: float | None
    """The most importance."""
    created_after: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    created_before: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""
    before_timestamp: Instant | None
    """Another spelling of `created_before`; both must hold."""
    since: Instant | None
    """Another spelling of `created_after`; both must hold."""
    until: Instant | None
    """Another spelling of `created_before`; both must hold."""
    memory_type: str | None
    """The one type."""
    session_id: str | None
    """The session it belongs to."""
    author: str | None
    """Name of the key that stored it."""
    exclude_author: str | None
    """`self` leaves out what this key stored."""
    metadata: Mapping[str, Any] | None
    """Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists
    $contains under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is
    none reaches inside objects.
    """


class NamespaceOptions(RequestOptions, total=False):
    """How a namespace is set up."""

    description: str | None
    """What it is for, for people."""
    dimension: int | None
    """Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it."""
    metadata: Mapping[str, Any] | None
    """Any JSON object, kept for the caller."""
    language: Language | None
    """Of a namespace without memories; with some it stays."""
    weights: Weights | None
    """Defaults for recall here; they replace those set before."""
    policy: Mapping[str, Any] | None
    """Kept for the caller; the server acts on none of it yet."""


class KeyOptions(RequestOptions, total=False):
    """What a key is issued with, beside its name and grants."""

    secret: str | None
    """Chosen by the operator; a random one unless said."""
    scope: Literal["read", "write", "admin", "super_admin"] | None
    """`read` or `write` over `namespaces`; `admin` may do everything everywhere."""
    namespaces: Sequence[str] | None
    """With `scope`: read grants on these, or read-write ones for `write`."""
    permissions: Sequence[Literal["read", "write", "admin", "super_admin"]] | None
    """Another spelling of `scope`, which older clients send."""
    expires_in_days: float | None
    """Days until it expires; never unless said. `expires_at` wins over it."""
    expires_at: Instant | None
    """Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise)."""


class Agent(Result):
    """A namespace as the place of an agent."""

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
    """0 without memories."""
    oldest_memory_at: str | None
    """ISO-8601; null without memories."""
    newest_memory_at: str | None
    """ISO-8601; null without memories."""


class Key(Result):
    """An API key: who an agent is, and what it may do where."""

    __slots__ = ()

    key_id: str
    id: str
    name: str
    scope: str
    """`admin`, or the widest of the grants."""
    grants: dict[str, Access]
    namespaces: list[str]
    """The namespaces of `grants`."""
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
    """A key as one namespace sees it: the grant it has here."""

    __slots__ = ()

    key_id: str
    name: str
    namespace: str
    access: Access
    """What the key may do here."""
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
    """Nothing was deleted: `deleted_count` memories would have been."""


class Health(Result):
    """The process answers."""

    __slots__ = ()

    status: Literal["healthy"]
    version: str
    service: Literal["dakera"]
    uptime_seconds: float


class Identity(Result):
    """Who the presented key is."""

    __slots__ = ()

    key_id: str
    name: str
    scope: str
    """`admin`, or the widest of the grants."""
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
    """What was asked with a key since it was issued, by any of its secrets."""

    __slots__ = ()
    _nested = {"by_endpoint": many(EndpointUsage), "by_namespace": many(NamespaceUsage)}

    key_id: str
    total_requests: int
    successful_requests: int
    failed_requests: int
    rate_limited_requests: int
    """Those of `failed_requests` that came too fast."""
    bytes_transferred: int
    """Bodies received, and bodies of successful replies."""
    avg_latency_ms: float
    last_used: int | None
    """Unix seconds."""
    by_endpoint: list[EndpointUsage]
    """Busiest first."""
    by_namespace: list[NamespaceUsage]
    """Busiest first; requests that named exactly one namespace, and one that is there."""

    @property
    def last_used_datetime(self) -> datetime | None:
        """`last_used` as a datetime in UTC."""
        return moment(self.last_used)


class ListedNamespace(Result):
    """A namespace in a list."""

    __slots__ = ()
    _optional = frozenset({"memory_count"})

    name: str
    description: str | None
    memory_count: int | None
    """Absent for a key that may not read here."""
    created_at: int
    """Unix seconds."""
    access: Access
    """What this key may do here."""
    namespace: str
    """The same as `name`, as single namespaces call it."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)


class Liveness(Result):
    """The process runs; restart it when this stays silent."""

    __slots__ = ()

    alive: Literal[True]
    version: str
    uptime_seconds: float


class Memory(Result):
    """One thing an agent chose to keep."""

    __slots__ = ()
    _optional = frozenset({"valid_from_ms", "created_at_ms", "updated_at_ms", "expires_at_ms"})

    id: str
    agent_id: str
    """The namespace the memory lives in."""
    namespace: str
    """The same as `agent_id`."""
    content: str
    memory_type: str
    importance: float
    tags: list[str]
    metadata: dict[str, Any]
    session_id: str | None
    author: str | None
    """Name of the key that stored it, stamped by the database."""
    derived_from: list[str]
    valid_from: int | None
    """When it became true, as the caller said; kept, not ranked by."""
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
    """The same moment in unix milliseconds. A reply to a store has none."""
    created_at_ms: int | None
    """The same moment in unix milliseconds. A reply to a store has none."""
    updated_at_ms: int | None
    """The same moment in unix milliseconds. A reply to a store has none."""
    expires_at_ms: int | None
    """The same moment in unix milliseconds. A reply to a store has none."""
    version: int
    """Counts changes; send it as If-Match to update only what you have seen."""

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
    """The index over the meaning of the memories of a large namespace; it is built while everything goes on."""

    __slots__ = ()

    state: str
    """A small namespace needs none: it is searched exactly."""
    progress: float
    """How much of a build is done, from 0 to 1."""


class Namespace(Result):
    """A place for memories, with its own grants."""

    __slots__ = ()
    _nested = {"vector_index": one(VectorIndex)}
    _optional = frozenset({"memory_count", "vector_count", "vector_index", "created"})

    namespace: str
    dimension: int
    """Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it."""
    distance: Literal["cosine"]
    memory_count: int | None
    """Absent for a key that may not read here."""
    vector_count: int | None
    vector_index: VectorIndex | None
    description: str | None
    metadata: dict[str, Any]
    policy: dict[str, Any]
    language: Language
    """How words are stemmed, `english` unless said; `simple` takes them as they are, `auto` detects the language of
    each memory. Scripts without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are found in every one.
    """
    weights: Weights
    """This namespace's own defaults for recall."""
    created_at: int
    """Unix seconds."""
    updated_at: int
    """Unix seconds."""
    created: bool | None
    """On create and upsert: whether it is new."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)

    @property
    def updated_at_datetime(self) -> datetime:
        """`updated_at` as a datetime in UTC."""
        return moment(self.updated_at)


class ReadinessCheck(Result):
    """One part of a server, and whether it can serve."""

    __slots__ = ()
    _optional = frozenset({"message"})

    status: str
    message: str | None


class Readiness(Result):
    """Whether requests will succeed, part by part."""

    __slots__ = ()
    _nested = {"checks": named(ReadinessCheck)}

    ready: bool
    version: str
    checks: dict[str, ReadinessCheck]
    """`warn` serves, and says in `message` what an operator should look at."""
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
    """A stretch of work of an agent, from its start to its end."""

    __slots__ = ()

    id: str
    """Unique within its namespace. Memories name it as `session_id`."""
    agent_id: str
    """The namespace the session belongs to."""
    started_at: int
    """Unix seconds."""
    ended_at: int | None
    """Unix seconds."""
    summary: str | None
    metadata: dict[str, Any]
    memory_count: int
    """Live memories of this session."""

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
    """The namespace the memory lives in."""
    tags: list[str]
    importance: float
    created_at: int
    """Unix seconds."""

    @property
    def created_at_datetime(self) -> datetime:
        """`created_at` as a datetime in UTC."""
        return moment(self.created_at)


class StoreMemoriesResponse(Result):
    """In the order sent."""

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
    """A memory as recall and search give it: its own fields and how well it answers the query."""

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
    """From 0 to 1, and comparable between queries."""
    weighted_score: float
    smart_score: float
    """What the list is sorted by: `score`, or with `mmr` less for what is like a better hit."""
    vector_score: float | None
    text_score: float | None
    explain: dict[str, Any] | None
    highlights: list[str] | None
    """With `highlight`: up to three pieces of the content, the words found between ** and **."""
