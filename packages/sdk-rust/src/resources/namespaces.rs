use reqwest::Method;
use serde::Serialize;

use super::{Body, Caller, get, post};
use crate::arguments::ListOptions;
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    CreateNamespaceRequest, DeleteNamespaceResponse, ListNamespacesResponse, ListedNamespace,
    Namespace, UpsertNamespaceRequest,
};
use crate::request::Request;

/// Places for memories, each with its own grants.
#[derive(Clone, Copy, Debug)]
pub struct Namespaces<'a, M>(pub(crate) &'a Caller<M>);

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

impl<M: Mode> Namespaces<'_, M> {
    /// Create a namespace. One that exists is given back, unless the settings disagree with it: then the call ends in
    /// `CONFLICT`. Needs an admin's key.
    pub fn create(
        &self,
        name: impl AsRef<str>,
        settings: CreateNamespaceRequest,
    ) -> M::Reply<Namespace> {
        let body = Body {
            arguments: Named {
                name: name.as_ref(),
            },
            fields: settings,
        };
        self.0
            .send(post("namespaces.create", "/v1/namespaces", &[]).json(&body))
    }

    /// Create a namespace or change its settings; what is left out stays. Needs an admin's key.
    pub fn upsert(
        &self,
        name: impl AsRef<str>,
        settings: UpsertNamespaceRequest,
    ) -> M::Reply<Namespace> {
        let request = Request::new(
            "namespaces.upsert",
            Method::PUT,
            "/v1/namespaces/{}",
            &[name.as_ref()],
        );
        self.0.send(request.json(&settings))
    }

    /// List the namespaces this key has a grant on; an admin sees all.
    pub fn list(&self, options: ListOptions) -> List<ListedNamespace, M> {
        let asked = get("namespaces.list", "/v1/namespaces", &[]).query("limit", options.limit);
        self.0.list(
            Place::Cursor(options.cursor),
            move |place| place.query(asked.clone()),
            to_page,
        )
    }

    /// Fetch one namespace.
    pub fn get(&self, name: impl AsRef<str>) -> M::Reply<Namespace> {
        self.0
            .send(get("namespaces.get", "/v1/namespaces/{}", &[name.as_ref()]))
    }

    /// Delete a namespace with all its memories and every grant on it. Needs an admin's key.
    pub fn delete(&self, name: impl AsRef<str>) -> M::Reply<DeleteNamespaceResponse> {
        self.0.send(Request::new(
            "namespaces.delete",
            Method::DELETE,
            "/v1/namespaces/{}",
            &[name.as_ref()],
        ))
    }
}

fn to_page(reply: ListNamespacesResponse) -> Page<ListedNamespace> {
    Page {
        next_cursor: reply.next_cursor,
        ..Page::new(reply.items)
    }
}
