use super::{Caller, get};
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{Agent, AgentStats, Memory};

/// Which memories of an agent to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentMemoriesOptions {
    /// Only memories of this type.
    pub memory_type: Option<String>,
    /// How many a page has at most. Default 100.
    pub limit: Option<u64>,
    /// Number of results to skip.
    pub offset: Option<u64>,
}

/// Namespaces as the places of agents: who is there, and what is in them.
#[derive(Clone, Copy, Debug)]
pub struct Agents<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> Agents<'_, M> {
    /// List the namespaces this key can read, with counts of memories and sessions.
    pub fn list(&self) -> M::Reply<Vec<Agent>> {
        self.0.send(get("agents.list", "/v1/agents", &[]))
    }

    /// Return statistics of one namespace.
    pub fn stats(&self, namespace: impl AsRef<str>) -> M::Reply<AgentStats> {
        self.0.send(get(
            "agents.stats",
            "/v1/agents/{}/stats",
            &[namespace.as_ref()],
        ))
    }

    /// List the memories of one namespace, newest first.
    pub fn memories(
        &self,
        namespace: impl AsRef<str>,
        options: AgentMemoriesOptions,
    ) -> List<Memory, M> {
        let AgentMemoriesOptions {
            memory_type,
            limit,
            offset,
        } = options;
        let asked = get(
            "agents.memories",
            "/v1/agents/{}/memories",
            &[namespace.as_ref()],
        )
        .query("memory_type", memory_type)
        .query("limit", limit);
        self.0.list(
            Place::start(offset),
            move |place| place.query(asked.clone()),
            Page::new,
        )
    }
}
