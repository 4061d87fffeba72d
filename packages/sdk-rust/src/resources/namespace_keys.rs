// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use crate::caller::Caller;
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    CreateNamespaceKeyRequest, CreatedNamespaceKey, DeleteNamespaceKeyResponse, KeyUsage,
    ListNamespaceKeysResponse, NamespaceKey,
};
use crate::request::Request;

/// Keys as one namespace sees them: by the grant they have there. Needs an admin's key.
#[derive(Clone, Copy, Debug)]
pub struct NamespaceKeys<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> NamespaceKeys<'_, M> {
    /// Issue a key with a single grant, on this namespace. The response contains its secret, which is not shown again.
    pub fn create(
        &self,
        namespace: impl AsRef<str>,
        key: CreateNamespaceKeyRequest,
    ) -> M::Reply<CreatedNamespaceKey> {
        let request = Request::new(
            "namespaceKeys.create",
            Method::POST,
            "/v1/namespaces/{}/keys",
            &[namespace.as_ref()],
        )
        .json(&key);
        self.0.send(request)
    }

    /// List the keys that have a grant on this namespace, oldest first.
    pub fn list(&self, namespace: impl AsRef<str>) -> List<NamespaceKey, M> {
        let request = Request::new(
            "namespaceKeys.list",
            Method::GET,
            "/v1/namespaces/{}/keys",
            &[namespace.as_ref()],
        );
        self.0.pages(
            Place::Cursor(None),
            request,
            |reply: ListNamespaceKeysResponse| Page {
                total: Some(reply.total),
                ..Page::new(reply.keys)
            },
        )
    }

    /// Delete a key whose only grant is on this namespace. A key with other grants, or an admin key, only loses this
    /// grant.
    pub fn delete(
        &self,
        namespace: impl AsRef<str>,
        id: impl AsRef<str>,
    ) -> M::Reply<DeleteNamespaceKeyResponse> {
        let request = Request::new(
            "namespaceKeys.delete",
            Method::DELETE,
            "/v1/namespaces/{}/keys/{}",
            &[namespace.as_ref(), id.as_ref()],
        );
        self.0.send(request)
    }

    /// Return the number of requests that a key with a grant on this namespace made here.
    pub fn usage(&self, namespace: impl AsRef<str>, id: impl AsRef<str>) -> M::Reply<KeyUsage> {
        let request = Request::new(
            "namespaceKeys.usage",
            Method::GET,
            "/v1/namespaces/{}/keys/{}/usage",
            &[namespace.as_ref(), id.as_ref()],
        );
        self.0.send(request)
    }
}
