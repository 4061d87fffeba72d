// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use crate::arguments::ListOptions;
use crate::caller::{Caller, with};
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

impl<M: Mode> Namespaces<'_, M> {
    /// Create a namespace. Returns the existing one if its settings match; fails with `CONFLICT` if they differ. Needs
    /// an admin's key.
    pub fn create(
        &self,
        name: impl AsRef<str>,
        settings: CreateNamespaceRequest,
    ) -> M::Reply<Namespace> {
        let request = Request::new("namespaces.create", Method::POST, "/v1/namespaces", &[])
            .json(&with([("name", name.as_ref())], settings));
        self.0.send(request)
    }

    /// Create a namespace or change its settings. Omitted settings stay unchanged. Needs an admin's key.
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
        )
        .json(&settings);
        self.0.send(request)
    }

    /// List the namespaces on which this key has a grant; an admin sees all of them.
    pub fn list(&self, options: ListOptions) -> List<ListedNamespace, M> {
        let request = Request::new("namespaces.list", Method::GET, "/v1/namespaces", &[])
            .query("limit", options.limit);
        self.0.pages(
            Place::Cursor(options.cursor),
            request,
            |reply: ListNamespacesResponse| Page {
                next_cursor: reply.next_cursor,
                ..Page::new(reply.items)
            },
        )
    }

    /// Fetch one namespace.
    pub fn get(&self, name: impl AsRef<str>) -> M::Reply<Namespace> {
        let request = Request::new(
            "namespaces.get",
            Method::GET,
            "/v1/namespaces/{}",
            &[name.as_ref()],
        );
        self.0.send(request)
    }

    /// Delete a namespace, all its memories and all grants on it. Needs an admin's key.
    pub fn delete(&self, name: impl AsRef<str>) -> M::Reply<DeleteNamespaceResponse> {
        let request = Request::new(
            "namespaces.delete",
            Method::DELETE,
            "/v1/namespaces/{}",
            &[name.as_ref()],
        );
        self.0.send(request)
    }
}
