// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use crate::caller::Caller;
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{Agent, AgentStats, Memory};
use crate::request::Request;

/// Options of [`Agents::memories`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentMemoriesOptions {
    /// Only memories of this type.
    pub memory_type: Option<String>,
    /// Maximum number of results. Default 100.
    pub limit: Option<u64>,
    /// Number of results to skip. Default 0.
    pub offset: Option<u64>,
}

/// Namespaces as the places of agents: who is there, and what is in them.
#[derive(Clone, Copy, Debug)]
pub struct Agents<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> Agents<'_, M> {
    /// List the namespaces this key can read, with counts of memories and sessions.
    pub fn list(&self) -> M::Reply<Vec<Agent>> {
        let request = Request::new("agents.list", Method::GET, "/v1/agents", &[]);
        self.0.send(request)
    }

    /// Return statistics of one namespace.
    pub fn stats(&self, namespace: impl AsRef<str>) -> M::Reply<AgentStats> {
        let request = Request::new(
            "agents.stats",
            Method::GET,
            "/v1/agents/{}/stats",
            &[namespace.as_ref()],
        );
        self.0.send(request)
    }

    /// List the memories of one namespace, newest first.
    pub fn memories(
        &self,
        namespace: impl AsRef<str>,
        options: AgentMemoriesOptions,
    ) -> List<Memory, M> {
        let request = Request::new(
            "agents.memories",
            Method::GET,
            "/v1/agents/{}/memories",
            &[namespace.as_ref()],
        )
        .query("memory_type", options.memory_type)
        .query("limit", options.limit);
        self.0
            .pages(Place::start(options.offset), request, Page::new)
    }
}
