//! How each operation of the contract is written in Rust.

use dakera_rs::{
    Client, ForgetBatchRequest, ForgetRequest, List, Memory, OneOrMany, Page, RecallRequest,
    RecallResponse, Result, SearchRequest, StoreMemoryRequest, StoreMemoryResponse, Target, Value,
    json,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Makes a call of a case and gives its result in the neutral form of conformance/README.md.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub async fn call(client: &Client, operation: &str, call: &Value, iterate: bool) -> Result<Value> {
    let lister = Lister { iterate };
    let namespace = || text(call, "namespace");
    let (name, id) = (|| text(call, "name"), || text(call, "id"));
    match operation {
        "health.get" => client.health().await.map(neutral),
        "health.ready" => client.health().ready().await.map(neutral),
        "health.live" => client.health().live().await.map(neutral),

        "namespaces.create" => client
            .create_namespace(name(), fields(call, "settings"))
            .await
            .map(neutral),
        "namespaces.upsert" => client
            .upsert_namespace(name(), fields(call, "settings"))
            .await
            .map(neutral),
        "namespaces.list" => {
            let mut found = lister
                .collect(client.namespaces().list(list_options(call)))
                .await?;
            for item in found["items"].as_array_mut().into_iter().flatten() {
                item["namespace"] = item["name"].clone(); // `ListedNamespace::namespace`
            }
            Ok(found)
        }
        "namespaces.get" => client.get_namespace(name()).await.map(neutral),
        "namespaces.delete" => client.delete_namespace(name()).await.map(neutral),

        "keys.create" => client.create_key(fields(call, "key")).await.map(neutral),
        "keys.list" => lister.collect(client.keys().list(list_options(call))).await,
        "keys.get" => client.get_key(id()).await.map(neutral),
        "keys.update" => client
            .update_key(id(), fields(call, "changes"))
            .await
            .map(neutral),
        "keys.rotate" => client
            .rotate_key(id(), fields(call, "how"))
            .await
            .map(neutral),
        "keys.deactivate" => client.deactivate_key(id()).await.map(neutral),
        "keys.delete" => client.delete_key(id()).await.map(neutral),
        "keys.usage" => client.key_usage(id()).await.map(neutral),
        "keys.whoami" => client.whoami().await.map(neutral),

        "namespaceKeys.create" => client
            .create_namespace_key(namespace(), fields(call, "key"))
            .await
            .map(neutral),
        "namespaceKeys.list" => {
            lister
                .collect(client.list_namespace_keys(namespace()))
                .await
        }
        "namespaceKeys.delete" => client
            .delete_namespace_key(namespace(), id())
            .await
            .map(neutral),
        "namespaceKeys.usage" => client
            .namespace_key_usage(namespace(), id())
            .await
            .map(neutral),

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
        "memories.get" => client.get_memory(target(call)).await.map(neutral),
        "memories.update" => {
            let mut changes: dakera_rs::UpdateMemoryRequest = fields(call, "changes");
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
            let which: dakera_rs::ListMemoriesRequest = fields(call, "options");
            lister
                .collect(client.list_memories(namespace(), which))
                .await
        }

        "sessions.start" => client
            .start_session(namespace(), fields(call, "session"))
            .await
            .map(neutral),
        "sessions.end" => client
            .end_session(target(call), fields(call, "how"))
            .await
            .map(neutral),
        "sessions.get" => client.get_session(target(call)).await.map(neutral),
        "sessions.list" => {
            let options = dakera_rs::ListSessionsOptions {
                namespace: call["namespace"].as_str().map(str::to_owned),
                active_only: call["active_only"].as_bool(),
                limit: call["limit"].as_u64(),
                offset: call["offset"].as_u64(),
            };
            lister.collect(client.list_sessions(options)).await
        }
        "sessions.memories" => {
            let (limit, offset) = (
                call["options"]["limit"].as_u64(),
                call["options"]["offset"].as_u64(),
            );
            let options = dakera_rs::OffsetOptions { limit, offset };
            lister
                .collect(client.session_memories(target(call), options))
                .await
        }

        "agents.list" => client
            .list_agents()
            .await
            .map(|items| json!({ "items": items })),
        "agents.stats" => client.agent_stats(namespace()).await.map(neutral),
        "agents.memories" => {
            let options = &call["options"];
            let options = dakera_rs::AgentMemoriesOptions {
                memory_type: options["memory_type"].as_str().map(str::to_owned),
                limit: options["limit"].as_u64(),
                offset: options["offset"].as_u64(),
            };
            lister
                .collect(client.agent_memories(namespace(), options))
                .await
        }
        _ => panic!("the client has no method for {operation}"),
    }
}

struct Lister {
    iterate: bool,
}

impl Lister {
    async fn collect<T: Serialize + Send + 'static>(
        &self,
        list: List<T, dakera_rs::Async>,
    ) -> Result<Value> {
        if !self.iterate {
            return list.await.map(page);
        }
        let mut items = Vec::new();
        let mut all = list.items();
        while let Some(item) = all.try_next().await? {
            items.push(item);
        }
        Ok(json!({ "items": items }))
    }
}

fn neutral(result: impl Serialize) -> Value {
    serde_json::to_value(result).expect("JSON")
}

fn page<T: Serialize>(page: Page<T>) -> Value {
    let mut result = json!({ "items": page.items });
    let named = [
        ("next_cursor", json!(page.next_cursor)),
        ("total", json!(page.total)),
        ("filtered", json!(page.filtered)),
    ];
    for (name, value) in named {
        if !value.is_null() {
            result[name] = value;
        }
    }
    result
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

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Absent is as good as empty.
fn fields<T: DeserializeOwned + Default>(call: &Value, name: &str) -> T {
    if call[name].is_null() {
        T::default()
    } else {
        from(call[name].clone())
    }
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

fn list_options(call: &Value) -> dakera_rs::ListOptions {
    dakera_rs::ListOptions {
        limit: call["limit"].as_u64(),
        cursor: call["cursor"].as_str().map(str::to_owned),
    }
}

fn text<'a>(call: &'a Value, name: &str) -> &'a str {
    call[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no text in {call}"))
}

fn target(call: &Value) -> Target {
    let id = text(call, "id");
    call["namespace"]
        .as_str()
        .map_or_else(|| id.into(), |namespace| (namespace, id).into())
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
