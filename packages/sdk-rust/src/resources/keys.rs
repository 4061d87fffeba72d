// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use crate::arguments::ListOptions;
use crate::caller::Caller;
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    CreateKeyRequest, CreatedKey, Identity, Key, KeyActionResponse, KeyUsage, ListKeysResponse,
    RotateKeyRequest, RotatedKey, UpdateKeyRequest,
};
use crate::request::Request;

/// API keys and their grants. All but `whoami` needs an admin's key.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> Keys<'_, M> {
    /// Issue a key with its own grants per namespace. The response contains its secret, which is not shown again.
    pub fn create(&self, key: CreateKeyRequest) -> M::Reply<CreatedKey> {
        let request = Request::new("keys.create", Method::POST, "/v1/keys", &[]).json(&key);
        self.0.send(request)
    }

    /// List the keys, without secrets.
    pub fn list(&self, options: ListOptions) -> List<Key, M> {
        let request =
            Request::new("keys.list", Method::GET, "/v1/keys", &[]).query("limit", options.limit);
        self.0.pages(
            Place::Cursor(options.cursor),
            request,
            |reply: ListKeysResponse| Page {
                total: Some(reply.total),
                next_cursor: reply.next_cursor,
                ..Page::new(reply.keys)
            },
        )
    }

    /// Fetch one key, without its secret.
    pub fn get(&self, id: impl AsRef<str>) -> M::Reply<Key> {
        let request = Request::new("keys.get", Method::GET, "/v1/keys/{}", &[id.as_ref()]);
        self.0.send(request)
    }

    /// Rename a key or change its grants. New grants apply from its next request on; `none` removes one.
    pub fn update(&self, id: impl AsRef<str>, changes: UpdateKeyRequest) -> M::Reply<Key> {
        let request = Request::new("keys.update", Method::PATCH, "/v1/keys/{}", &[id.as_ref()])
            .json(&changes);
        self.0.send(request)
    }

    /// Give a key a new secret. The old one stops working immediately, or after `grace_secs`.
    pub fn rotate(&self, id: impl AsRef<str>, how: RotateKeyRequest) -> M::Reply<RotatedKey> {
        let request = Request::new(
            "keys.rotate",
            Method::POST,
            "/v1/keys/{}/rotate",
            &[id.as_ref()],
        )
        .json(&how);
        self.0.send(request)
    }

    /// Stop a key immediately and keep its record.
    pub fn deactivate(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        let request = Request::new(
            "keys.deactivate",
            Method::POST,
            "/v1/keys/{}/deactivate",
            &[id.as_ref()],
        );
        self.0.send(request)
    }

    /// Delete a key and its grants. The memories it stored remain.
    pub fn delete(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        let request = Request::new("keys.delete", Method::DELETE, "/v1/keys/{}", &[id.as_ref()]);
        self.0.send(request)
    }

    /// Return the number of requests made with a key, including rejected ones.
    pub fn usage(&self, id: impl AsRef<str>) -> M::Reply<KeyUsage> {
        let request = Request::new(
            "keys.usage",
            Method::GET,
            "/v1/keys/{}/usage",
            &[id.as_ref()],
        );
        self.0.send(request)
    }

    /// Return the identity and grants of the calling key.
    pub fn whoami(&self) -> M::Reply<Identity> {
        let request = Request::new("keys.whoami", Method::GET, "/v1/auth/whoami", &[]);
        self.0.send(request)
    }
}
