// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use crate::arguments::{OffsetOptions, Target};
use crate::caller::{Caller, with};
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    EndSessionRequest, EndSessionResponse, ListSessionsResponse, Memory, Session,
    SessionMemoriesResponse, StartSessionRequest, StartSessionResponse,
};
use crate::request::Request;

/// Options of [`Sessions::list`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessionsOptions {
    /// The namespace. By default, all namespaces this key can read.
    pub namespace: Option<String>,
    /// Excludes sessions that have ended. Default false.
    pub active_only: Option<bool>,
    /// Maximum number of results. Default 100.
    pub limit: Option<u64>,
    /// Number of results to skip. Default 0.
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
        let request = Request::new("sessions.start", Method::POST, "/v1/sessions/start", &[])
            .json(&with([("agent_id", namespace.as_ref())], session));
        self.0
            .send_as(request, |reply: StartSessionResponse| reply.session)
    }

    /// End a session. If it has ended already, only its summary changes.
    pub fn end(&self, session: impl Into<Target>, how: EndSessionRequest) -> M::Reply<Session> {
        let Target { id, namespace } = session.into();
        let request = Request::new("sessions.end", Method::POST, "/v1/sessions/{}/end", &[&id])
            .query("agent_id", namespace)
            .json(&how);
        self.0
            .send_as(request, |reply: EndSessionResponse| reply.session)
    }

    /// Fetch one session.
    pub fn get(&self, session: impl Into<Target>) -> M::Reply<Session> {
        let Target { id, namespace } = session.into();
        let request = Request::new("sessions.get", Method::GET, "/v1/sessions/{}", &[&id])
            .query("agent_id", namespace);
        self.0.send(request)
    }

    /// List the sessions of one namespace, or of all namespaces this key can read, newest first.
    pub fn list(&self, options: ListSessionsOptions) -> List<Session, M> {
        let request = Request::new("sessions.list", Method::GET, "/v1/sessions", &[])
            .query("agent_id", options.namespace)
            .query("active_only", options.active_only)
            .query("limit", options.limit);
        self.0.pages(
            Place::start(options.offset),
            request,
            |reply: ListSessionsResponse| Page {
                total: Some(reply.total),
                ..Page::new(reply.sessions)
            },
        )
    }

    /// List the memories of a session in the order they were stored.
    pub fn memories(&self, session: impl Into<Target>, options: OffsetOptions) -> List<Memory, M> {
        let Target { id, namespace } = session.into();
        let request = Request::new(
            "sessions.memories",
            Method::GET,
            "/v1/sessions/{}/memories",
            &[&id],
        )
        .query("agent_id", namespace)
        .query("limit", options.limit);
        self.0.pages(
            Place::start(options.offset),
            request,
            |reply: SessionMemoriesResponse| Page {
                total: Some(reply.total),
                ..Page::new(reply.memories)
            },
        )
    }
}

impl From<&Session> for Target {
    fn from(session: &Session) -> Self {
        (&session.agent_id, &session.id).into()
    }
}
