// @generated from packages/protocol by packages/codegen; do not edit.

//! One file for each resource, with its calls.

mod agents;
mod health;
mod keys;
mod memories;
mod memories_printed;
mod namespace_keys;
mod namespaces;
mod sessions;

pub use agents::{AgentMemoriesOptions, Agents};
pub use health::HealthChecks;
pub use keys::Keys;
pub use memories::Memories;
pub use namespace_keys::NamespaceKeys;
pub use namespaces::Namespaces;
pub use sessions::{ListSessionsOptions, Sessions};
