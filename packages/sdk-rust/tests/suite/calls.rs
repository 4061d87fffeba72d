//! How each operation whose method is written by hand is called in Rust.

use dakera_rs::{
    Client, ForgetBatchRequest, ForgetRequest, ListMemoriesRequest, Memory, OneOrMany,
    RecallRequest, RecallResponse, Result, SearchRequest, StoreMemoryRequest, StoreMemoryResponse,
    UpdateMemoryRequest, Value, json,
};
use serde::de::DeserializeOwned;

use crate::neutral::{Lister, fields, from, neutral, target, text};
use crate::printed_calls;

/// Makes a call of a case and returns its result in the neutral form of conformance/README.md.
pub async fn call(client: &Client, operation: &str, call: &Value, iterate: bool) -> Result<Value> {
    let lister = Lister { iterate };
    let namespace = || text(call, "namespace");
    match operation {
        "health.get" => client.health().await.map(neutral),
        "health.ready" => client.health().ready().await.map(neutral),
        "health.live" => client.health().live().await.map(neutral),

        "memories.store" => client
            .store_memory(namespace(), fields::<StoreMemoryRequest>(call, "memory"))
            .await
            .map(flat),
        "memories.storeBatch" => client
            .store_memories(
                namespace(),
                fields::<Vec<StoreMemoryRequest>>(call, "memories"),
            )
            .await
            .map(neutral),
        "memories.recall" => client
            .recall(places(call), asked::<RecallRequest>(call))
            .await
            .map(found),
        "memories.search" => client
            .search_memories(places(call), asked::<SearchRequest>(call))
            .await
            .map(found),
        "memories.update" => {
            let mut changes: UpdateMemoryRequest = fields(call, "changes");
            changes.if_version = call["if_version"].as_i64();
            client
                .update_memory(target(call), changes)
                .await
                .map(neutral)
        }
        "memories.setImportance" => {
            let importance = call["importance"].as_f64().expect("a number");
            client
                .set_importance(namespace(), one_or_many(&call["ids"]), importance)
                .await
                .map(neutral)
        }
        "memories.forget" => {
            let which: ForgetRequest = if call["which"].is_object() {
                fields(call, "which")
            } else {
                one_or_many(&call["which"]).into()
            };
            client.forget(namespace(), which).await.map(neutral)
        }
        "memories.forgetBatch" => {
            let which: ForgetBatchRequest = from(without(call, &["namespace"]));
            client.batch_forget(namespace(), which).await.map(neutral)
        }
        "memories.list" => {
            let which: ListMemoriesRequest = fields(call, "options");
            lister
                .collect(client.list_memories(namespace(), which), neutral)
                .await
        }
        _ => printed_calls::call(client, operation, call, &lister).await,
    }
}

/// The fields of the memory, as `Deref` gives them, and the reply's own.
fn flat(stored: StoreMemoryResponse) -> Value {
    let memory: &Memory = &stored;
    let mut result = neutral(memory);
    result["memory"] = neutral(&stored.memory);
    result["embedding_time_ms"] = json!(stored.embedding_time_ms);
    result
}

/// Each memory's fields, as `Deref` gives them, beside those that say how well it answers.
fn found(response: RecallResponse) -> Value {
    let memories = response.iter().map(|found| {
        let memory: &Memory = found;
        let (mut result, about) = (neutral(memory), without(&neutral(found), &["memory"]));
        for (name, value) in about.as_object().into_iter().flatten() {
            result[name] = value.clone();
        }
        result
    });
    let memories: Value = memories.collect();
    let mut result = neutral(&response);
    result["memories"] = memories;
    result
}

fn asked<T: DeserializeOwned>(call: &Value) -> T {
    let mut request = if call["options"].is_null() {
        json!({})
    } else {
        call["options"].clone()
    };
    request["query"] = call["query"].clone();
    from(request)
}

fn places(call: &Value) -> OneOrMany {
    one_or_many(&call["namespace"])
}

fn one_or_many(value: &Value) -> OneOrMany {
    value.as_str().map_or_else(
        || from::<Vec<String>>(value.clone()).into(),
        OneOrMany::from,
    )
}

fn without(call: &Value, names: &[&str]) -> Value {
    let fields = call
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !names.contains(&name.as_str()));
    fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
