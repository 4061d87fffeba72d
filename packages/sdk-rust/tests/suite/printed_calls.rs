// @generated from packages/protocol by packages/codegen; do not edit.

//! How each printed operation of the contract is called in Rust.

use dakera_rs::{
    AgentMemoriesOptions, Client, ListOptions, ListSessionsOptions, OffsetOptions, Result, Value,
    json,
};

use crate::neutral::{Lister, fields, neutral, option, target, text};

/// Every operation for which clients have a method.
pub const OPERATIONS: [&str; 39] = [
    "health.get",
    "health.ready",
    "health.live",
    "namespaces.create",
    "namespaces.upsert",
    "namespaces.list",
    "namespaces.get",
    "namespaces.delete",
    "keys.create",
    "keys.list",
    "keys.get",
    "keys.update",
    "keys.rotate",
    "keys.deactivate",
    "keys.delete",
    "keys.usage",
    "keys.whoami",
    "namespaceKeys.create",
    "namespaceKeys.list",
    "namespaceKeys.delete",
    "namespaceKeys.usage",
    "memories.store",
    "memories.storeBatch",
    "memories.recall",
    "memories.search",
    "memories.get",
    "memories.update",
    "memories.setImportance",
    "memories.forget",
    "memories.forgetBatch",
    "memories.list",
    "sessions.start",
    "sessions.end",
    "sessions.get",
    "sessions.list",
    "sessions.memories",
    "agents.list",
    "agents.stats",
    "agents.memories",
];

/// Makes the call of a case and returns its result in the neutral form of conformance/README.md.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub async fn call(
    client: &Client,
    operation: &str,
    call: &Value,
    lister: &Lister,
) -> Result<Value> {
    match operation {
        "namespaces.create" => client
            .create_namespace(text(call, "name"), fields(call, "settings"))
            .await
            .map(neutral),
        "namespaces.upsert" => client
            .upsert_namespace(text(call, "name"), fields(call, "settings"))
            .await
            .map(neutral),
        "namespaces.list" => {
            lister
                .collect(
                    client.namespaces().list(ListOptions {
                        limit: option(call, "limit"),
                        cursor: option(call, "cursor"),
                    }),
                    |item| {
                        let mut found = neutral(&item);
                        found["namespace"] = json!(item.namespace());
                        found
                    },
                )
                .await
        }
        "namespaces.get" => client.get_namespace(text(call, "name")).await.map(neutral),
        "namespaces.delete" => client
            .delete_namespace(text(call, "name"))
            .await
            .map(neutral),
        "keys.create" => client.create_key(fields(call, "key")).await.map(neutral),
        "keys.list" => {
            lister
                .collect(
                    client.keys().list(ListOptions {
                        limit: option(call, "limit"),
                        cursor: option(call, "cursor"),
                    }),
                    neutral,
                )
                .await
        }
        "keys.get" => client.get_key(text(call, "id")).await.map(neutral),
        "keys.update" => client
            .update_key(text(call, "id"), fields(call, "changes"))
            .await
            .map(neutral),
        "keys.rotate" => client
            .rotate_key(text(call, "id"), fields(call, "how"))
            .await
            .map(neutral),
        "keys.deactivate" => client.deactivate_key(text(call, "id")).await.map(neutral),
        "keys.delete" => client.delete_key(text(call, "id")).await.map(neutral),
        "keys.usage" => client.key_usage(text(call, "id")).await.map(neutral),
        "keys.whoami" => client.whoami().await.map(neutral),
        "namespaceKeys.create" => client
            .create_namespace_key(text(call, "namespace"), fields(call, "key"))
            .await
            .map(neutral),
        "namespaceKeys.list" => {
            lister
                .collect(client.list_namespace_keys(text(call, "namespace")), neutral)
                .await
        }
        "namespaceKeys.delete" => client
            .delete_namespace_key(text(call, "namespace"), text(call, "id"))
            .await
            .map(neutral),
        "namespaceKeys.usage" => client
            .namespace_key_usage(text(call, "namespace"), text(call, "id"))
            .await
            .map(neutral),
        "memories.get" => client.get_memory(target(call)).await.map(neutral),
        "sessions.start" => client
            .start_session(text(call, "namespace"), fields(call, "session"))
            .await
            .map(neutral),
        "sessions.end" => client
            .end_session(target(call), fields(call, "how"))
            .await
            .map(neutral),
        "sessions.get" => client.get_session(target(call)).await.map(neutral),
        "sessions.list" => {
            lister
                .collect(
                    client.list_sessions(ListSessionsOptions {
                        namespace: option(call, "namespace"),
                        active_only: option(call, "active_only"),
                        limit: option(call, "limit"),
                        offset: option(call, "offset"),
                    }),
                    neutral,
                )
                .await
        }
        "sessions.memories" => {
            lister
                .collect(
                    client.session_memories(
                        target(call),
                        OffsetOptions {
                            limit: option(&call["options"], "limit"),
                            offset: option(&call["options"], "offset"),
                        },
                    ),
                    neutral,
                )
                .await
        }
        "agents.list" => client
            .list_agents()
            .await
            .map(|items| json!({ "items": items })),
        "agents.stats" => client
            .agent_stats(text(call, "namespace"))
            .await
            .map(neutral),
        "agents.memories" => {
            lister
                .collect(
                    client.agent_memories(
                        text(call, "namespace"),
                        AgentMemoriesOptions {
                            memory_type: option(&call["options"], "memory_type"),
                            limit: option(&call["options"], "limit"),
                            offset: option(&call["options"], "offset"),
                        },
                    ),
                    neutral,
                )
                .await
        }
        _ => panic!("the client has no method for {operation}"),
    }
}
