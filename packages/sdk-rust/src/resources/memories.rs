use reqwest::Method;
use serde::Serialize;

use crate::arguments::{OneOrMany, Target};
use crate::caller::{Body, Caller, with};
use crate::finite::finite;
use crate::list::{List, Page, Place};
use crate::mode::Mode;
use crate::models::{
    ForgetBatchRequest, ForgetBatchResponse, ForgetRequest, ForgetResponse, ListMemoriesRequest,
    ListMemoriesResponse, Memory, RecallRequest, RecallResponse, SearchRequest,
    SetImportanceResponse, StoreMemoriesResponse, StoreMemoryRequest, StoreMemoryResponse,
    UpdateMemoryRequest, UpdateMemoryResponse,
};
use crate::request::Request;

/// Store, find, change and forget what agents know.
#[derive(Clone, Copy, Debug)]
pub struct Memories<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> Memories<'_, M> {
    /// Store one memory. Recall and search find it from the next call on.
    pub fn store(
        &self,
        namespace: impl AsRef<str>,
        memory: impl Into<StoreMemoryRequest>,
    ) -> M::Reply<StoreMemoryResponse> {
        let body = inside(namespace.as_ref(), memory.into());
        self.0
            .send(post("memories.store", "/v1/memory/store").json(&body))
    }

    /// Store up to 1000 memories: either all or none.
    pub fn store_batch<I>(
        &self,
        namespace: impl AsRef<str>,
        memories: I,
    ) -> M::Reply<StoreMemoriesResponse>
    where
        I: IntoIterator,
        I::Item: Into<StoreMemoryRequest>,
    {
        let memories = memories.into_iter().map(Into::into).collect();
        let body = inside(namespace.as_ref(), Batch { memories });
        self.0
            .send(post("memories.storeBatch", "/v1/memories/store/batch").json(&body))
    }

    /// Find the memories that best answer a query, by meaning and by words together. Several namespaces make one
    /// ranking.
    pub fn recall(
        &self,
        namespace: impl Into<OneOrMany>,
        query: impl Into<RecallRequest>,
    ) -> M::Reply<RecallResponse> {
        let body = Body {
            arguments: among(namespace),
            fields: query.into(),
        };
        self.0.send(
            post("memories.recall", "/v1/memory/recall")
                .json(&body)
                .read_only(),
        )
    }

    /// Find memories by their words: `word "a phrase" -excluded tag:name prefix*`. Memories that match all of them come
    /// first.
    pub fn search(
        &self,
        namespace: impl Into<OneOrMany>,
        query: impl Into<SearchRequest>,
    ) -> M::Reply<RecallResponse> {
        let body = Body {
            arguments: among(namespace),
            fields: query.into(),
        };
        self.0.send(
            post("memories.search", "/v1/memory/search")
                .json(&body)
                .read_only(),
        )
    }

    /// Change a memory. With `if_version` only if it still has this version; otherwise the call fails with `CONFLICT`.
    pub fn update(
        &self,
        memory: impl Into<Target>,
        changes: UpdateMemoryRequest,
    ) -> M::Reply<UpdateMemoryResponse> {
        let Target { id, namespace } = memory.into();
        let request = Request::new(
            "memories.update",
            Method::PUT,
            "/v1/memory/update/{}",
            &[&id],
        );
        self.0.send(
            request
                .query("agent_id", namespace)
                .if_match(changes.if_version)
                .json(&changes),
        )
    }

    /// Set the importance of one or more memories: either all or none.
    pub fn set_importance(
        &self,
        namespace: impl AsRef<str>,
        ids: impl Into<OneOrMany>,
        importance: f64,
    ) -> M::Reply<SetImportanceResponse> {
        let (memory_id, memory_ids) = match ids.into() {
            OneOrMany::One(id) => (Some(id), None),
            OneOrMany::Many(ids) => (None, Some(ids)),
        };
        let body = inside(
            namespace.as_ref(),
            Importance {
                memory_id,
                memory_ids,
                importance,
            },
        );
        self.0
            .send(post("memories.setImportance", "/v1/memory/importance").json(&body))
    }

    /// Forget memories by id, by ids, or by tags, session or age.
    pub fn forget(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ForgetRequest>,
    ) -> M::Reply<ForgetResponse> {
        let body = inside(namespace.as_ref(), which.into());
        self.0
            .send(post("memories.forget", "/v1/memory/forget").json(&body))
    }

    /// Forget every memory that matches a filter; `dry_run` only counts them.
    pub fn forget_batch(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ForgetBatchRequest>,
    ) -> M::Reply<ForgetBatchResponse> {
        let body = inside(namespace.as_ref(), which.into());
        // POST instead of DELETE, because some proxies drop the body of a DELETE.
        self.0
            .send(post("memories.forgetBatch", "/v1/memories/forget/batch").json(&body))
    }

    /// List the memories that match a filter, newest first.
    pub fn list(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ListMemoriesRequest>,
    ) -> List<Memory, M> {
        let (namespace, mut which) = (namespace.as_ref().to_owned(), which.into());
        let start = Place::Cursor(which.cursor.take());
        let ask = move |place: &Place| {
            let page = ListMemoriesRequest {
                cursor: place.cursor(),
                ..which.clone()
            };
            post("memories.list", "/v1/memories/recall/batch")
                .json(&inside(&namespace, page))
                .read_only()
        };
        self.0.list(start, ask, to_page)
    }
}

fn post(operation: &'static str, path: &str) -> Request {
    Request::new(operation, Method::POST, path, &[])
}

/// Returns the fields of a request with its namespace.
fn inside<F: Serialize>(namespace: &str, fields: F) -> impl Serialize {
    with([("agent_id", namespace)], fields)
}

#[derive(Serialize)]
struct Batch {
    memories: Vec<StoreMemoryRequest>,
}

#[derive(Serialize)]
struct Importance {
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_ids: Option<Vec<String>>,
    #[serde(serialize_with = "finite")]
    importance: f64,
}

/// The namespaces of a query: one, or several.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Among {
    AgentId(String),
    Namespaces(Vec<String>),
}

fn among(namespace: impl Into<OneOrMany>) -> Among {
    match namespace.into() {
        OneOrMany::One(name) => Among::AgentId(name),
        OneOrMany::Many(names) => Among::Namespaces(names),
    }
}

fn to_page(reply: ListMemoriesResponse) -> Page<Memory> {
    let ListMemoriesResponse {
        memories,
        total,
        filtered,
        next_cursor,
        ..
    } = reply;
    Page {
        total: Some(total),
        filtered: Some(filtered),
        next_cursor,
        ..Page::new(memories)
    }
}
