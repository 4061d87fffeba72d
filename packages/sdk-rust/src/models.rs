// @generated from packages/protocol by packages/codegen; do not edit.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::finite::finite;
use crate::instant::{Instant, time};
use crate::open_enum::open_enum;

/// Every code an error of the API can have. A code never changes its meaning; a new code is not an error in
/// this client.
pub mod codes {
    pub const INVALID_REQUEST: &str = "INVALID_REQUEST";
    pub const DIMENSION_MISMATCH: &str = "DIMENSION_MISMATCH";
    pub const EMPTY_VECTOR: &str = "EMPTY_VECTOR";
    pub const AUTHENTICATION_REQUIRED: &str = "AUTHENTICATION_REQUIRED";
    pub const INVALID_API_KEY: &str = "INVALID_API_KEY";
    pub const API_KEY_EXPIRED: &str = "API_KEY_EXPIRED";
    pub const INSUFFICIENT_SCOPE: &str = "INSUFFICIENT_SCOPE";
    pub const NAMESPACE_ACCESS_DENIED: &str = "NAMESPACE_ACCESS_DENIED";
    pub const NAMESPACE_NOT_FOUND: &str = "NAMESPACE_NOT_FOUND";
    pub const NOT_FOUND: &str = "NOT_FOUND";
    pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
    pub const CONFLICT: &str = "CONFLICT";
    pub const PAYLOAD_TOO_LARGE: &str = "PAYLOAD_TOO_LARGE";
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    pub const INTERNAL_ERROR: &str = "INTERNAL_ERROR";
    pub const SERVICE_UNAVAILABLE: &str = "SERVICE_UNAVAILABLE";
}

open_enum! {
    /// `Write` alone is append-only: it stores, and reads nothing back. `None` removes a grant.
    Access { Read = "read", Write = "write", ReadWrite = "read_write", None = "none" }
}

open_enum! {
    /// The most that a key may do.
    Scope { Read = "read", Write = "write", Admin = "admin", SuperAdmin = "super_admin" }
}

open_enum! {
    /// The state of one part of a server.
    CheckStatus { Pass = "pass", Warn = "warn", Fail = "fail" }
}

open_enum! {
    /// The arms that are searched: meaning (`Vector`), words (`Bm25`) or both.
    Routing { Auto = "auto", Hybrid = "hybrid", Vector = "vector", Bm25 = "bm25" }
}

open_enum! {
    /// `Exact` returns only memories that contain every word and quoted phrase.
    SearchMode { Best = "best", Exact = "exact" }
}

/// Distinguishes null from absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A namespace as the memory of one agent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Agent {
    /// The namespace.
    pub agent_id: String,
    pub memory_count: i64,
    pub session_count: i64,
    /// Sessions that have not ended.
    pub active_sessions: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `AgentStats`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AgentStats {
    pub agent_id: String,
    pub total_memories: i64,
    pub memories_by_type: BTreeMap<String, i64>,
    pub total_sessions: i64,
    pub active_sessions: i64,
    /// 0 if there are no memories.
    pub avg_importance: f64,
    /// ISO-8601. null if there are no memories.
    pub oldest_memory_at: Option<String>,
    /// ISO-8601. null if there are no memories.
    pub newest_memory_at: Option<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `CreateKeyRequest`.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct CreateKeyRequest {
    /// Recorded as `author` on everything the key stores.
    pub name: String,
    /// Namespace → `read`, `write` or `read_write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<BTreeMap<String, Access>>,
    /// Chosen by the operator. Generated if omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// `read` or `write` applies to `namespaces`; `admin` has full access to all namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// With `scope`: the namespaces to grant; `read` grants read, `write` grants read-write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// Alias of `scope`, for older clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Scope>>,
    /// Days until it expires. By default it never expires. `expires_at` takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<f64>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// Shows everything except the secret.
impl fmt::Debug for CreateKeyRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateKeyRequest")
            .field("name", &self.name)
            .field("grants", &self.grants)
            .field(
                "secret",
                &self.secret.as_ref().map(|_| format_args!("<secret>")),
            )
            .field("scope", &self.scope)
            .field("namespaces", &self.namespaces)
            .field("permissions", &self.permissions)
            .field("expires_in_days", &self.expires_in_days)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// The contract's `CreateNamespaceKeyRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct CreateNamespaceKeyRequest {
    /// Recorded as `author` on everything the key stores.
    pub name: String,
    /// Days until it expires. By default it never expires. `expires_at` takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<f64>,
    /// `write` includes read access. Default "write".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// The contract's `CreateNamespaceRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct CreateNamespaceRequest {
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<u64>,
    /// Any JSON object. The server does not use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Can be changed only while the namespace has no memories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Default weights for recall in this namespace; they replace the previous ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// Any JSON object. The server does not use it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
}

/// The contract's `CreatedKey`.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct CreatedKey {
    pub key_id: String,
    pub id: String,
    pub name: String,
    /// `admin`, or the widest access among the grants.
    pub scope: Scope,
    pub grants: BTreeMap<String, Access>,
    /// The namespaces in `grants`.
    pub namespaces: Vec<String>,
    pub permissions: Vec<String>,
    pub active: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// The secret. It is not shown again.
    pub key: String,
    pub warning: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Shows everything except the secret.
impl fmt::Debug for CreatedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreatedKey")
            .field("key_id", &self.key_id)
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scope", &self.scope)
            .field("grants", &self.grants)
            .field("namespaces", &self.namespaces)
            .field("permissions", &self.permissions)
            .field("active", &self.active)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("key", &format_args!("<secret>"))
            .field("warning", &self.warning)
            .field("extra", &self.extra)
            .finish()
    }
}

impl CreatedKey {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `CreatedNamespaceKey`.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct CreatedNamespaceKey {
    pub key_id: String,
    pub name: String,
    pub namespace: String,
    /// The access of the key to this namespace.
    pub access: Access,
    pub active: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// The secret. It is not shown again.
    pub key: String,
    pub warning: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Shows everything except the secret.
impl fmt::Debug for CreatedNamespaceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreatedNamespaceKey")
            .field("key_id", &self.key_id)
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("access", &self.access)
            .field("active", &self.active)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("key", &format_args!("<secret>"))
            .field("warning", &self.warning)
            .field("extra", &self.extra)
            .finish()
    }
}

impl CreatedNamespaceKey {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `DeleteNamespaceKeyResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct DeleteNamespaceKeyResponse {
    pub success: bool,
    pub message: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `DeleteNamespaceResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct DeleteNamespaceResponse {
    pub namespace: String,
    pub deleted: bool,
    pub vectors_deleted: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `EndSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct EndSessionRequest {
    /// The outcome of the session. If omitted, the previous summary stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// The contract's `EndSessionResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct EndSessionResponse {
    pub session: Session,
    pub memory_count: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `EndpointUsage`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct EndpointUsage {
    /// Its operation id.
    pub endpoint: String,
    pub requests: i64,
    pub avg_latency_ms: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Requires at least one condition that excludes memories.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ForgetBatchRequest {
    /// Which memories: they must match every field that is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<MemoryFilter>,
    /// At most 1000 ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory_ids: Vec<String>,
    /// Counts the memories without deleting them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// The contract's `ForgetBatchResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ForgetBatchResponse {
    pub deleted_count: i64,
    pub dry_run: bool,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Requires at least one condition. Memories must match all of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ForgetRequest {
    /// At most 1000 ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory_ids: Vec<String>,
    /// The memory must have all of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The memory must have at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_any: Vec<String>,
    /// Minimum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_importance: Option<f64>,
    /// Maximum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub max_importance: Option<f64>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<Instant>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Instant>,
    /// Alias of `created_before`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_timestamp: Option<Instant>,
    /// Alias of `created_after`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Alias of `created_before`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Only memories of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Name of the key that stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Excludes memories stored by the key with this name; `self` is the calling key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_author: Option<String>,
    /// Conditions on metadata. `{"source": "researcher"}` is equality; operators of a field are `$eq` `$ne` `$gt`
    /// `$gte` `$lt` `$lte` `$in` `$nin` `$exists` `$contains`; `$and` `$or` `$not` combine fields. A dotted name is the
    /// key with exactly that name, or, if there is none, a path into nested objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Counts the memories without deleting them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// The contract's `ForgetResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ForgetResponse {
    pub deleted_count: i64,
    pub status: String,
    /// Nothing was deleted: `deleted_count` is the number of memories that match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The server responds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Health {
    pub status: String,
    pub version: String,
    pub service: String,
    pub uptime_seconds: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The calling key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Identity {
    pub key_id: String,
    pub name: String,
    /// `admin`, or the widest access among the grants.
    pub scope: Scope,
    pub grants: BTreeMap<String, Access>,
    pub namespaces: Vec<String>,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    pub auth_enabled: bool,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Identity {
    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `Issue`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Issue {
    pub path: String,
    pub message: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An API key: the identity of an agent, with its grants.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Key {
    pub key_id: String,
    pub id: String,
    pub name: String,
    /// `admin`, or the widest access among the grants.
    pub scope: Scope,
    pub grants: BTreeMap<String, Access>,
    /// The namespaces in `grants`.
    pub namespaces: Vec<String>,
    pub permissions: Vec<String>,
    pub active: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Key {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `KeyActionResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct KeyActionResponse {
    pub key_id: String,
    pub id: String,
    pub name: String,
    /// `admin`, or the widest access among the grants.
    pub scope: Scope,
    pub grants: BTreeMap<String, Access>,
    /// The namespaces in `grants`.
    pub namespaces: Vec<String>,
    pub permissions: Vec<String>,
    pub active: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    pub success: bool,
    pub message: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl KeyActionResponse {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// Requests made with a key since it was issued, with any of its secrets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct KeyUsage {
    pub key_id: String,
    pub total_requests: i64,
    pub successful_requests: i64,
    pub failed_requests: i64,
    /// The part of `failed_requests` that exceeded a rate limit.
    pub rate_limited_requests: i64,
    /// Request bodies, and bodies of successful responses.
    pub bytes_transferred: i64,
    pub avg_latency_ms: f64,
    /// Unix seconds.
    pub last_used: Option<i64>,
    /// Busiest first.
    pub by_endpoint: Vec<EndpointUsage>,
    /// Busiest first. Only requests that named exactly one namespace, and one that exists.
    pub by_namespace: Vec<NamespaceUsage>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl KeyUsage {
    /// `last_used` as a time.
    pub fn last_used_time(&self) -> Option<SystemTime> {
        self.last_used.map(time)
    }
}

/// The contract's `ListKeysResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct ListKeysResponse {
    pub keys: Vec<Key>,
    pub total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `ListMemoriesRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ListMemoriesRequest {
    /// Which memories: they must match every field that is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<MemoryFilter>,
    /// Maximum number of results. Default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// `next_cursor` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct ListMemoriesResponse {
    pub memories: Vec<Memory>,
    /// Memories in the namespace.
    pub total: i64,
    /// Memories that match the filter.
    pub filtered: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `ListNamespaceKeysResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct ListNamespaceKeysResponse {
    pub namespace: String,
    pub keys: Vec<NamespaceKey>,
    pub total: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `ListNamespacesResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct ListNamespacesResponse {
    /// The names only, for older clients.
    pub namespaces: Vec<String>,
    pub items: Vec<ListedNamespace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct ListSessionsResponse {
    pub sessions: Vec<Session>,
    /// Number of matching sessions on all pages.
    pub total: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A namespace in a list.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ListedNamespace {
    pub name: String,
    pub description: Option<String>,
    /// Absent if the key cannot read this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_count: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
    /// The access of this key to the namespace.
    pub access: Access,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ListedNamespace {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// The same as `name`.
    pub fn namespace(&self) -> &str {
        &self.name
    }
}

/// The process is running. Restart it if this endpoint stops responding.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Liveness {
    pub alive: bool,
    pub version: String,
    pub uptime_seconds: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One memory of an agent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Memory {
    pub id: String,
    /// The namespace of the memory.
    pub agent_id: String,
    /// The same as `agent_id`.
    pub namespace: String,
    pub content: String,
    pub memory_type: String,
    pub importance: f64,
    pub tags: Vec<String>,
    pub metadata: Value,
    pub session_id: Option<String>,
    /// Name of the key that stored it, set by the database.
    pub author: Option<String>,
    pub derived_from: Vec<String>,
    /// When the content became true, according to the caller. It does not affect ranking.
    pub valid_from: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// Unix seconds.
    pub last_accessed_at: Option<i64>,
    pub access_count: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    /// Incremented by every change. Send it as If-Match to update only the version you have read.
    pub version: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Memory {
    /// `valid_from` as a time.
    pub fn valid_from_time(&self) -> Option<SystemTime> {
        self.valid_from.map(time)
    }

    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `updated_at` as a time.
    pub fn updated_at_time(&self) -> SystemTime {
        time(self.updated_at)
    }

    /// `last_accessed_at` as a time.
    pub fn last_accessed_at_time(&self) -> Option<SystemTime> {
        self.last_accessed_at.map(time)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// Memories must match every field that is given.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct MemoryFilter {
    /// The memory must have all of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The memory must have at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_any: Vec<String>,
    /// Minimum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_importance: Option<f64>,
    /// Maximum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub max_importance: Option<f64>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<Instant>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Instant>,
    /// Alias of `created_before`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_timestamp: Option<Instant>,
    /// Alias of `created_after`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Alias of `created_before`; if both are given, both apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Only memories of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Name of the key that stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Excludes memories stored by the key with this name; `self` is the calling key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_author: Option<String>,
    /// Conditions on metadata. `{"source": "researcher"}` is equality; operators of a field are `$eq` `$ne` `$gt`
    /// `$gte` `$lt` `$lte` `$in` `$nin` `$exists` `$contains`; `$and` `$or` `$not` combine fields. A dotted name is the
    /// key with exactly that name, or, if there is none, a path into nested objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// A container for memories, with its own grants.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Namespace {
    pub namespace: String,
    /// Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself.
    pub dimension: u64,
    pub distance: String,
    /// Absent if the key cannot read this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_index: Option<VectorIndex>,
    pub description: Option<String>,
    pub metadata: Value,
    pub policy: Value,
    /// How words are stemmed. `simple` does not stem; `auto` detects the language of each memory. Scripts without
    /// spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are supported in every setting. Default `english`.
    pub language: String,
    /// Default weights for recall in this namespace.
    pub weights: Weights,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// On create and upsert: whether the namespace is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Namespace {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `updated_at` as a time.
    pub fn updated_at_time(&self) -> SystemTime {
        time(self.updated_at)
    }
}

/// A key with its grant on one namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct NamespaceKey {
    pub key_id: String,
    pub name: String,
    pub namespace: String,
    /// The access of the key to this namespace.
    pub access: Access,
    pub active: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl NamespaceKey {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `NamespaceUsage`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct NamespaceUsage {
    pub namespace: String,
    pub requests: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whether the server can handle requests, by component.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Readiness {
    pub ready: bool,
    pub version: String,
    /// `warn` means that the part works, and that an operator should look at `message`.
    pub checks: BTreeMap<String, ReadinessCheck>,
    pub components: BTreeMap<String, bool>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One component of a server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ReadinessCheck {
    pub status: CheckStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `RecallRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RecallRequest {
    /// Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_denied: Option<bool>,
    /// What to look for, in natural language.
    pub query: String,
    /// Minimum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_importance: Option<f64>,
    /// Maximum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub max_importance: Option<f64>,
    /// Only memories of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// The memory must have all of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The memory must have at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_any: Vec<String>,
    /// Conditions on metadata. `{"source": "researcher"}` is equality; operators of a field are `$eq` `$ne` `$gt`
    /// `$gte` `$lt` `$lte` `$in` `$nin` `$exists` `$contains`; `$and` `$or` `$not` combine fields. A dotted name is the
    /// key with exactly that name, or, if there is none, a path into nested objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    /// Name of the key that stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Excludes memories stored by the key with this name; `self` is the calling key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_author: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default "auto".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// Weights of the ranking. Omitted ones have the defaults of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// The same as `weights.vector`, which takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub vector_weight: Option<f64>,
    /// Excludes hits with a lower `score`.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f64>,
    /// Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do
    /// not fill the results. Default 0.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub mmr: Option<f64>,
    /// Adds the parts of each score. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<bool>,
    /// A vector from your own embedder, with the dimension of the namespace.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
    /// Maximum number of hits. Default 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u64>,
}

/// The contract's `RecallResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct RecallResponse {
    pub memories: Vec<RecalledMemory>,
    pub total_found: i64,
    pub query_time_ms: f64,
    /// With `skip_denied`: the namespaces that were skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `RecalledMemory`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct RecalledMemory {
    pub memory: Memory,
    /// From 0 to 1. Comparable between queries.
    pub score: f64,
    pub weighted_score: f64,
    /// Sort key: `score`, reduced under `mmr` for memories similar to a higher-ranked one.
    pub smart_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Value>,
    /// With `highlight`: up to three excerpts of the content, with the matched words between ** and **.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<String>,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `RotateKeyRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RotateKeyRequest {
    /// Seconds for which the old secret stays valid. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_secs: Option<u64>,
}

/// The contract's `RotatedKey`.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct RotatedKey {
    pub key_id: String,
    /// The new secret. It is not shown again.
    pub key: String,
    /// The same as `key`.
    pub new_key: String,
    pub name: String,
    /// Unix seconds.
    pub old_key_expires_at: i64,
    pub warning: String,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Shows everything except the secret.
impl fmt::Debug for RotatedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RotatedKey")
            .field("key_id", &self.key_id)
            .field("key", &format_args!("<secret>"))
            .field("new_key", &format_args!("<secret>"))
            .field("name", &self.name)
            .field("old_key_expires_at", &self.old_key_expires_at)
            .field("warning", &self.warning)
            .field("extra", &self.extra)
            .finish()
    }
}

impl RotatedKey {
    /// `old_key_expires_at` as a time.
    pub fn old_key_expires_at_time(&self) -> SystemTime {
        time(self.old_key_expires_at)
    }
}

/// The contract's `SearchRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SearchRequest {
    /// Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_denied: Option<bool>,
    /// Words, "quoted phrases", -excluded, tag:name, -tag:name and prefixes like hnsw*: at most 64, with at most 128
    /// words and 32 prefixes among them. Memories that match all of them come first.
    pub query: String,
    /// Minimum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_importance: Option<f64>,
    /// Maximum importance.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub max_importance: Option<f64>,
    /// Only memories of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// The memory must have all of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The memory must have at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_any: Vec<String>,
    /// Conditions on metadata. `{"source": "researcher"}` is equality; operators of a field are `$eq` `$ne` `$gt`
    /// `$gte` `$lt` `$lte` `$in` `$nin` `$exists` `$contains`; `$and` `$or` `$not` combine fields. A dotted name is the
    /// key with exactly that name, or, if there is none, a path into nested objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    /// Name of the key that stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Excludes memories stored by the key with this name; `self` is the calling key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_author: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default "auto".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// Weights of the ranking. Omitted ones have the defaults of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// The same as `weights.vector`, which takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub vector_weight: Option<f64>,
    /// Excludes hits with a lower `score`.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f64>,
    /// Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do
    /// not fill the results. Default 0.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub mmr: Option<f64>,
    /// Adds the parts of each score. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<bool>,
    /// A vector from your own embedder, with the dimension of the namespace.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
    /// Maximum number of hits. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u64>,
    /// `exact` returns only memories that contain every word, phrase and prefix. Default "best".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SearchMode>,
    /// Adds `highlights`: excerpts of the content with the matched words between ** and **. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlight: Option<bool>,
}

/// A period of work of an agent, with a start and an end.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Unique within its namespace. Memories refer to it as `session_id`.
    pub id: String,
    /// The namespace of the session.
    pub agent_id: String,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds.
    pub ended_at: Option<i64>,
    pub summary: Option<String>,
    pub metadata: Value,
    /// Number of memories in this session that have not expired.
    pub memory_count: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Session {
    /// `started_at` as a time.
    pub fn started_at_time(&self) -> SystemTime {
        time(self.started_at)
    }

    /// `ended_at` as a time.
    pub fn ended_at_time(&self) -> Option<SystemTime> {
        self.ended_at.map(time)
    }
}

/// Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct SessionMemoriesResponse {
    pub session: Session,
    pub memories: Vec<Memory>,
    /// Number of memories in the session, on all pages.
    pub total: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `SetImportanceResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SetImportanceResponse {
    pub status: String,
    pub memory_id: String,
    pub importance: f64,
    pub updated_count: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `StartSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct StartSessionRequest {
    /// Any JSON object. The server does not use it. Default {}.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The contract's `StartSessionResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub(crate) struct StartSessionResponse {
    pub session: Session,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// In the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StoreMemoriesResponse {
    pub stored: Vec<StoredItem>,
    pub stored_count: i64,
    pub total_embedding_time_ms: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `StoreMemoryRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct StoreMemoryRequest {
    /// The text of the memory, verbatim.
    pub content: String,
    /// `episodic`, `semantic`, `procedural`, `working`, or any other word. Default "episodic".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// From 0 to 1. Recall ranks important memories higher. Default 0.5.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub importance: Option<f64>,
    /// Labels to filter by. Default [].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Any JSON object. Filters can refer to it. Numbers keep their exact value. Default {}.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Seconds until it expires. `expires_at` takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<f64>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Instant>,
    /// A vector from your own embedder, with the dimension of the namespace.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
    /// Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The contract's `StoreMemoryResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StoreMemoryResponse {
    pub memory: Memory,
    pub embedding_time_ms: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `StoredItem`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StoredItem {
    pub id: String,
    pub content: String,
    /// The namespace of the memory.
    pub agent_id: String,
    pub tags: Vec<String>,
    pub importance: f64,
    /// Unix seconds.
    pub created_at: i64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl StoredItem {
    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }
}

/// Grants that are not listed stay unchanged.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct UpdateKeyRequest {
    /// Recorded as `author` on everything the key stores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Namespace → access. `none` removes a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<BTreeMap<String, Access>>,
    /// Removes grants on all other namespaces; new namespaces get the scope of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
}

/// Omitted fields stay unchanged.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct UpdateMemoryRequest {
    /// The text of the memory, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Replaces the previous metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// `episodic`, `semantic`, `procedural`, `working`, or any other word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// From 0 to 1. Recall ranks important memories higher.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub importance: Option<f64>,
    /// Labels to filter by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// null removes the memory from its session. In a new session it becomes the last memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Seconds from now until it expires. `expires_at` takes precedence.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<f64>,
    /// null: it never expires.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<Option<Instant>>,
    /// null: unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Instant>,
    /// A new vector from your own embedder; null removes it. If omitted, the vector stays unless `content` changes,
    /// because it would then belong to another text.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
    /// Changes the memory only if this is still its `version`; otherwise fails with `CONFLICT`.
    #[serde(skip_serializing)]
    pub if_version: Option<i64>,
}

/// The contract's `UpdateMemoryResponse`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct UpdateMemoryResponse {
    pub id: String,
    /// The namespace of the memory.
    pub agent_id: String,
    /// The same as `agent_id`.
    pub namespace: String,
    pub content: String,
    pub memory_type: String,
    pub importance: f64,
    pub tags: Vec<String>,
    pub metadata: Value,
    pub session_id: Option<String>,
    /// Name of the key that stored it, set by the database.
    pub author: Option<String>,
    pub derived_from: Vec<String>,
    /// When the content became true, according to the caller. It does not affect ranking.
    pub valid_from: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// Unix seconds.
    pub last_accessed_at: Option<i64>,
    pub access_count: i64,
    /// Unix seconds.
    pub expires_at: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at_ms: Option<i64>,
    /// The same time in Unix milliseconds. Not part of the response to a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    /// Incremented by every change. Send it as If-Match to update only the version you have read.
    pub version: i64,
    pub memory: Memory,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl UpdateMemoryResponse {
    /// `valid_from` as a time.
    pub fn valid_from_time(&self) -> Option<SystemTime> {
        self.valid_from.map(time)
    }

    /// `created_at` as a time.
    pub fn created_at_time(&self) -> SystemTime {
        time(self.created_at)
    }

    /// `updated_at` as a time.
    pub fn updated_at_time(&self) -> SystemTime {
        time(self.updated_at)
    }

    /// `last_accessed_at` as a time.
    pub fn last_accessed_at_time(&self) -> Option<SystemTime> {
        self.last_accessed_at.map(time)
    }

    /// `expires_at` as a time.
    pub fn expires_at_time(&self) -> Option<SystemTime> {
        self.expires_at.map(time)
    }
}

/// The contract's `UpsertNamespaceRequest`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct UpsertNamespaceRequest {
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<u64>,
    /// Any JSON object. The server does not use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Can be changed only while the namespace has no memories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Default weights for recall in this namespace; they replace the previous ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// Any JSON object. The server does not use it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
}

/// The vector index of a large namespace. It is built in the background.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct VectorIndex {
    /// A small namespace has none, because it is searched exactly.
    pub state: String,
    /// Progress of a build, from 0 to 1.
    pub progress: f64,
    /// Fields that this version of the client does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The contract's `Weights`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Weights {
    /// Share of similarity by meaning; the rest is the match by words. Default 0.35.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub vector: Option<f64>,
    /// How much `importance` can raise or lower the score. Default 0.1.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub importance: Option<f64>,
    /// How much the score of a recent memory is raised. Default 0.05.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub recency: Option<f64>,
    /// Days after which recency counts half. Default 30.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<f64>,
    /// How much of the scores of its neighbours in the session a memory receives. Default 0.55.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub context: Option<f64>,
    /// How much the score of a memory is raised if it starts with a name and a colon and the query contains the name.
    /// Default 0.5.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub speaker: Option<f64>,
    /// How much the score of a memory that ends with a question mark is lowered. Default 0.1.
    #[serde(serialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub question: Option<f64>,
}
