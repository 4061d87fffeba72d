use std::time::Duration;

use serde::Serialize;

use crate::models::{
    ForgetBatchRequest, ForgetRequest, ListMemoriesRequest, MemoryFilter, RecallRequest,
    SearchRequest, StoreMemoryRequest, StoreMemoryResponse, UpdateMemoryResponse,
};

/// The options of one call. See [`Client::with`](crate::client::DakeraClient::with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// The time limit of one attempt.
    pub timeout: Option<Duration>,
    /// The maximum number of retries of a failed attempt.
    pub max_retries: Option<u32>,
    /// Sent with a write, so that a retry is not stored twice. The client generates one by default.
    pub idempotency_key: Option<String>,
}

/// The size and the start of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListOptions {
    /// The maximum number of items on a page. By default, all results.
    pub limit: Option<u64>,
    /// The `next_cursor` of the previous page.
    pub cursor: Option<String>,
}

/// The size and the start of a page, counted from the beginning of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetOptions {
    /// The maximum number of items on a page. Default 100.
    pub limit: Option<u64>,
    /// Number of results to skip.
    pub offset: Option<u64>,
}

/// One name or id, or several. It is made from a text, an array, a slice or a `Vec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several, which may also be one or none.
    Many(Vec<String>),
}

impl From<&str> for OneOrMany {
    fn from(one: &str) -> Self {
        Self::One(one.to_owned())
    }
}

impl From<&&str> for OneOrMany {
    fn from(one: &&str) -> Self {
        Self::One((*one).to_owned())
    }
}

impl From<&String> for OneOrMany {
    fn from(one: &String) -> Self {
        Self::One(one.clone())
    }
}

impl From<String> for OneOrMany {
    fn from(one: String) -> Self {
        Self::One(one)
    }
}

impl<S: AsRef<str>> From<&[S]> for OneOrMany {
    fn from(many: &[S]) -> Self {
        Self::Many(many.iter().map(|one| one.as_ref().to_owned()).collect())
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for OneOrMany {
    fn from(many: [S; N]) -> Self {
        many.as_slice().into()
    }
}

impl<S: AsRef<str>, const N: usize> From<&[S; N]> for OneOrMany {
    fn from(many: &[S; N]) -> Self {
        many.as_slice().into()
    }
}

impl<S: AsRef<str>> From<Vec<S>> for OneOrMany {
    fn from(many: Vec<S>) -> Self {
        many.as_slice().into()
    }
}

impl<S: AsRef<str>> From<&Vec<S>> for OneOrMany {
    fn from(many: &Vec<S>) -> Self {
        many.as_slice().into()
    }
}

impl<T: Into<OneOrMany>> From<T> for ForgetRequest {
    fn from(ids: T) -> Self {
        let memory_ids = match ids.into() {
            OneOrMany::One(id) => vec![id],
            OneOrMany::Many(ids) => ids,
        };
        Self {
            memory_ids,
            ..Self::default()
        }
    }
}

/// The memory or session of a call. Ids are unique per namespace: `"mem_1"` is looked up in every namespace that the
/// key may read, `("team-shared", "mem_1")` in that namespace, and `&memory` in its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The id.
    pub id: String,
    /// The namespace; by default all that the key may read.
    pub namespace: Option<String>,
}

impl From<String> for Target {
    fn from(id: String) -> Self {
        Self {
            id,
            namespace: None,
        }
    }
}

impl From<&str> for Target {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl From<&String> for Target {
    fn from(id: &String) -> Self {
        id.clone().into()
    }
}

impl<N: AsRef<str>, I: AsRef<str>> From<(N, I)> for Target {
    fn from((namespace, id): (N, I)) -> Self {
        Self {
            id: id.as_ref().to_owned(),
            namespace: Some(namespace.as_ref().to_owned()),
        }
    }
}

impl From<&StoreMemoryResponse> for Target {
    fn from(stored: &StoreMemoryResponse) -> Self {
        (&stored.memory).into()
    }
}

impl From<&UpdateMemoryResponse> for Target {
    fn from(updated: &UpdateMemoryResponse) -> Self {
        (&updated.memory).into()
    }
}

impl<T: Into<String>> From<T> for StoreMemoryRequest {
    fn from(content: T) -> Self {
        Self {
            content: content.into(),
            ..Self::default()
        }
    }
}

impl<T: Into<String>> From<T> for RecallRequest {
    fn from(query: T) -> Self {
        Self {
            query: query.into(),
            ..Self::default()
        }
    }
}

impl<T: Into<String>> From<T> for SearchRequest {
    fn from(query: T) -> Self {
        Self {
            query: query.into(),
            ..Self::default()
        }
    }
}

impl From<MemoryFilter> for ForgetBatchRequest {
    fn from(filter: MemoryFilter) -> Self {
        Self {
            filter: Some(filter),
            ..Self::default()
        }
    }
}

impl From<MemoryFilter> for ListMemoriesRequest {
    fn from(filter: MemoryFilter) -> Self {
        Self {
            filter: Some(filter),
            ..Self::default()
        }
    }
}
