//! The Rust client of Dakera, shared memory for teams of AI agents: each agent keeps its own notes private, publishes
//! findings to a shared namespace, and recalls what the others published.
//!
//! ```no_run
//! use dakera_rs::{Client, RecallRequest, StoreMemoryRequest};
//!
//! # async fn sample() -> dakera_rs::Result<()> {
//! let researcher = Client::new("http://localhost:3300", "dk-researcher-key");
//!
//! researcher.store_memory("team-shared", StoreMemoryRequest {
//!     content: "HNSW answers in 5 ms at 10M vectors (ef=200, M=32).".into(),
//!     importance: Some(0.85),
//!     tags: vec!["finding".into(), "verified".into()],
//!     ..Default::default()
//! }).await?;
//!
//! let query = RecallRequest { query: "how fast is HNSW?".into(), top_k: Some(6), ..Default::default() };
//! for found in researcher.recall("team-shared", query).await? {
//!     println!("{:.2} {}", found.score, found.content);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start at [`Client`]. The feature `blocking` adds the same client for programs without an async runtime.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod arguments;
#[cfg(feature = "blocking")]
pub mod blocking;
mod caller;
mod client;
mod deref;
mod error;
mod finite;
mod flat;
mod hooks;
mod instant;
mod list;
mod mode;
#[allow(
    missing_docs,
    reason = "the name of a field that the contract does not describe says everything"
)]
mod models;
mod open_enum;
mod request;
mod resources;
mod rules;
mod send;
mod transport;

pub use arguments::{ListOptions, OffsetOptions, OneOrMany, RequestOptions, Target};
pub use client::{Client, ClientBuilder, DakeraClient};
pub use error::{ApiError, Error, Result};
pub use hooks::{Hooks, RequestEvent, ResponseEvent};
pub use instant::Instant;
pub use list::{Items, List, Page};
pub use mode::{Async, Call, Mode};
pub use models::*;
pub use reqwest::header;
pub use resources::*;
pub use serde_json::{Value, json};

/// The former name of [`Instant`].
#[deprecated(note = "use `Instant`")]
pub type Moment = Instant;
/// The former name of [`ListedNamespace`].
#[deprecated(note = "use `ListedNamespace`")]
pub type NamespaceSummary = ListedNamespace;
/// The former name of [`ReadinessCheck`].
#[deprecated(note = "use `ReadinessCheck`")]
pub type HealthCheck = ReadinessCheck;
/// The former name of [`StoredItem`].
#[deprecated(note = "use `StoredItem`")]
pub type StoredMemory = StoredItem;
