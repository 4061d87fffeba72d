use super::{Caller, get, inside, post};
use crate::arguments::{OffsetOptions, Target};
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    EndSessionRequest, EndSessionResponse, ListSessionsResponse, Memory, Session,
    SessionMemoriesResponse, StartSessionRequest, StartSessionResponse,
};

/// Which sessions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessionsOptions {
    /// Every namespace this key may read unless said.
    pub namespace: Option<String>,
    /// Excludes sessions that have ended.
    pub active_only: Option<bool>,
    /// How many a page has at most. Default 100.
    pub limit: Option<u64>,
    /// Number of results to skip.
    pub offset: Option<u64>,
}

/// Stretches of work of an agent, and the memories that belong to them.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> Sessions<'_, M> {
    /// Start a session. Memories are added to it by `session_id`.
    pub fn start(
        &self,
        namespace: impl AsRef<str>,
        session: StartSessionRequest,
    ) -> M::Reply<Session> {
        let body = inside(namespace.as_ref(), session);
        let request = post("sessions.start", "/v1/sessions/start", &[]).json(&body);
        self.0
            .send_as(request, |reply: StartSessionResponse| reply.session)
    }

    /// End a session. If it has ended already, only its summary changes.
    pub fn end(&self, session: impl Into<Target>, how: EndSessionRequest) -> M::Reply<Session> {
        let Target { id, namespace } = session.into();
        let request = post("sessions.end", "/v1/sessions/{}/end", &[&id])
            .query("agent_id", namespace)
            .json(&how);
        self.0
            .send_as(request, |reply: EndSessionResponse| reply.session)
    }

    /// Fetch one session. Ends in `NOT_FOUND` if there is none this key may read.
    pub fn get(&self, session: impl Into<Target>) -> M::Reply<Session> {
        let Target { id, namespace } = session.into();
        self.0
            .send(get("sessions.get", "/v1/sessions/{}", &[&id]).query("agent_id", namespace))
    }

    /// List sessions, newest first.
    pub fn list(&self, options: ListSessionsOptions) -> List<Session, M> {
        let ListSessionsOptions {
            namespace,
            active_only,
            limit,
            offset,
        } = options;
        let asked = get("sessions.list", "/v1/sessions", &[])
            .query("agent_id", namespace)
            .query("active_only", active_only)
            .query("limit", limit);
        self.0.list(
            Place::start(offset),
            move |place| place.query(asked.clone()),
            to_page,
        )
    }

    /// List the memories of a session in the order they were stored.
    pub fn memories(&self, session: impl Into<Target>, options: OffsetOptions) -> List<Memory, M> {
        let Target { id, namespace } = session.into();
        let asked = get("sessions.memories", "/v1/sessions/{}/memories", &[&id])
            .query("agent_id", namespace)
            .query("limit", options.limit);
        self.0.list(
            Place::start(options.offset),
            move |place| place.query(asked.clone()),
            to_memories,
        )
    }
}

fn to_page(reply: ListSessionsResponse) -> Page<Session> {
    Page {
        total: Some(reply.total),
        ..Page::new(reply.sessions)
    }
}

fn to_memories(reply: SessionMemoriesResponse) -> Page<Memory> {
    Page {
        total: Some(reply.total),
        ..Page::new(reply.memories)
    }
}
