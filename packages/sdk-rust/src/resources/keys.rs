use reqwest::Method;

use super::{Caller, get, post};
use crate::arguments::ListOptions;
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
        self.0.send(post("keys.create", "/v1/keys", &[]).json(&key))
    }

    /// List the keys, without secrets.
    pub fn list(&self, options: ListOptions) -> List<Key, M> {
        let asked = get("keys.list", "/v1/keys", &[]).query("limit", options.limit);
        self.0.list(
            Place::Cursor(options.cursor),
            move |place| place.query(asked.clone()),
            to_page,
        )
    }

    /// Fetch one key, without its secret.
    pub fn get(&self, id: impl AsRef<str>) -> M::Reply<Key> {
        self.0.send(get("keys.get", "/v1/keys/{}", &[id.as_ref()]))
    }

    /// Rename a key or change its grants. New grants apply from its next request on.
    /// [`Access::None`](crate::Access::None) removes a grant.
    pub fn update(&self, id: impl AsRef<str>, changes: UpdateKeyRequest) -> M::Reply<Key> {
        self.0.send(
            Request::new("keys.update", Method::PATCH, "/v1/keys/{}", &[id.as_ref()])
                .json(&changes),
        )
    }

    /// Give a key a new secret. The old one stops at once, or after `grace_secs`.
    pub fn rotate(&self, id: impl AsRef<str>, how: RotateKeyRequest) -> M::Reply<RotatedKey> {
        self.0
            .send(post("keys.rotate", "/v1/keys/{}/rotate", &[id.as_ref()]).json(&how))
    }

    /// Stop a key immediately and keep its record.
    pub fn deactivate(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        self.0.send(post(
            "keys.deactivate",
            "/v1/keys/{}/deactivate",
            &[id.as_ref()],
        ))
    }

    /// Delete a key and its grants. The memories it stored remain.
    pub fn delete(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        self.0.send(Request::new(
            "keys.delete",
            Method::DELETE,
            "/v1/keys/{}",
            &[id.as_ref()],
        ))
    }

    /// Return the number of requests made with a key, including rejected ones.
    pub fn usage(&self, id: impl AsRef<str>) -> M::Reply<KeyUsage> {
        self.0
            .send(get("keys.usage", "/v1/keys/{}/usage", &[id.as_ref()]))
    }

    /// Return the identity and grants of the calling key.
    pub fn whoami(&self) -> M::Reply<Identity> {
        self.0.send(get("keys.whoami", "/v1/auth/whoami", &[]))
    }
}

fn to_page(reply: ListKeysResponse) -> Page<Key> {
    Page {
        total: Some(reply.total),
        next_cursor: reply.next_cursor,
        ..Page::new(reply.keys)
    }
}
