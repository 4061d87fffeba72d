//! What goes in and what comes out, in Rust's own shapes.

use std::time::{Duration, UNIX_EPOCH};

use dakera_rs::{
    Access, CreateKeyRequest, CreateNamespaceKeyRequest, CreateNamespaceRequest, Error,
    ForgetRequest, Instant, Memory, MemoryFilter, RecallRequest, RecalledMemory, RotateKeyRequest,
    SearchMode, SearchRequest, StoreMemoryRequest, Target, UpdateMemoryRequest, Value, json,
};

use crate::runner::{Test, sync_test, test};
use crate::server::{Server, memory, ok, stored};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "recall gives a list of memories with their scores, and the total",
            recall,
        ),
        test(
            "a stored memory has its own fields, and is taken where an id is",
            store,
        ),
        test("a request may be the text alone", text_alone),
        test("names are taken as they come", names),
        test("null says something else than absent", null),
        test("a moment is a number, a text or a time", moments),
        sync_test("a moment of a reply is read as a time", times),
        test(
            "forget without a condition leaves the refusal to the server",
            forget_nothing,
        ),
        test("nothing is sent before a call is awaited", lazy),
        test(
            "NaN and infinity are refused before anything is sent",
            not_finite,
        ),
        sync_test("a word and a field of tomorrow are kept", tomorrow),
        test(
            "a new secret is in the reply and in nothing that is printed",
            new_secrets,
        ),
    ]
}

fn found() -> Value {
    let memories = json!([
        { "memory": memory("a"), "score": 0.9, "weighted_score": 0.9, "smart_score": 0.9, "text_score": 0.5 },
        { "memory": memory("b"), "score": 0.1, "weighted_score": 0.1, "smart_score": 0.1 }
    ]);
    ok(&json!({ "memories": memories, "total_found": 2, "query_time_ms": 3.5 }))
}

async fn recall() {
    let server = Server::start(vec![found()]);
    let query = RecallRequest {
        query: "HNSW".into(),
        top_k: Some(6),
        ..Default::default()
    };
    let findings = server
        .client()
        .recall("team-shared", query)
        .await
        .expect("findings");
    assert_eq!((findings.len(), findings.total_found), (2, 2));
    assert_eq!(
        (findings[0].content.as_str(), findings[0].score),
        ("Content of a", 0.9)
    );
    assert_eq!(
        (findings[0].text_score, findings[1].text_score),
        (Some(0.5), None)
    );
    let all: &Vec<RecalledMemory> = &findings;
    assert_eq!(
        all.iter()
            .map(|found| found.id.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!((&findings).into_iter().count(), 2);
    assert_eq!(
        findings
            .into_iter()
            .map(|found| found.memory.id)
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

async fn store() {
    let server = Server::start(vec![stored("a"), ok(&memory("a")), ok(&memory("a"))]);
    let client = server.client();
    let stored = client.store_memory("n", "x").await.expect("a memory");
    assert_eq!((stored.id.as_str(), stored.memory.id.as_str()), ("a", "a"));
    assert_eq!(stored.metadata["source"], "researcher");
    let memory: Memory = client.get_memory(&stored).await.expect("a memory");
    client.get_memory(&memory).await.expect("a memory");
    let queries: Vec<Value> = server.seen().into_iter().map(|seen| seen.query).collect();
    assert_eq!(
        queries[1..],
        [json!({ "agent_id": "n" }), json!({ "agent_id": "n" })]
    );
}

async fn text_alone() {
    let server = Server::start(vec![stored("a"), found(), found()]);
    let client = server.client();
    client
        .store_memory("n", String::from("x"))
        .await
        .expect("a memory");
    client.recall("n", "q").await.expect("memories");
    let exact = SearchRequest {
        mode: Some(SearchMode::Exact),
        ..SearchRequest::from("q")
    };
    client.search_memories("n", exact).await.expect("memories");
    assert_eq!(
        server.bodies(),
        [
            json!({ "agent_id": "n", "content": "x" }),
            json!({ "agent_id": "n", "query": "q" }),
            json!({ "agent_id": "n", "query": "q", "mode": "exact" })
        ]
    );
}

async fn names() {
    let namespace = json!({
        "namespace": "n", "dimension": 256, "distance": "cosine", "description": null, "metadata": {}, "policy": {},
        "language": "english", "weights": {}, "created_at": 1, "updated_at": 1
    });
    let server = Server::start(vec![
        ok(&namespace),
        ok(&namespace),
        found(),
        found(),
        found(),
    ]);
    let client = server.client();
    let owned = String::from("n");
    for name in &["n"] {
        client
            .create_namespace(name, CreateNamespaceRequest::default())
            .await
            .expect("a namespace");
    }
    client.get_namespace(&owned).await.expect("a namespace");
    client.recall(&owned, "q").await.expect("memories");
    client.recall(["a", "b"], "q").await.expect("memories");
    client.recall(vec![owned], "q").await.expect("memories");
    let bodies = server.bodies();
    assert_eq!(bodies[0], json!({ "name": "n" }));
    assert_eq!(bodies[2], json!({ "agent_id": "n", "query": "q" }));
    assert_eq!(bodies[3], json!({ "namespaces": ["a", "b"], "query": "q" }));
    assert_eq!(bodies[4], json!({ "namespaces": ["n"], "query": "q" }));
}

async fn null() {
    let mut updated = memory("a");
    updated["memory"] = memory("a");
    let server = Server::start(vec![ok(&updated), ok(&updated), ok(&updated)]);
    let client = server.client();
    let changes = |expires_at| UpdateMemoryRequest {
        expires_at,
        ..Default::default()
    };
    client
        .update_memory("a", changes(None))
        .await
        .expect("a memory");
    client
        .update_memory("a", changes(Some(None)))
        .await
        .expect("a memory");
    let untagged = UpdateMemoryRequest {
        tags: Some(Vec::new()),
        if_version: Some(3),
        ..Default::default()
    };
    client
        .update_memory(("n", "a"), untagged)
        .await
        .expect("a memory");
    assert_eq!(
        server.bodies(),
        [
            json!({}),
            json!({ "expires_at": null }),
            json!({ "tags": [] })
        ]
    );
    assert_eq!(server.seen()[2].headers["if-match"], "\"3\"");
}

async fn moments() {
    let server = Server::start(vec![
        stored("a"),
        ok(&json!({ "deleted_count": 1, "status": "ok" })),
    ]);
    let client = server.client();
    let expires_at = Some((UNIX_EPOCH + Duration::from_secs(1_800_000_000)).into());
    client
        .store_memory(
            "n",
            StoreMemoryRequest {
                expires_at,
                .."x".into()
            },
        )
        .await
        .expect("a memory");
    let old = ForgetRequest {
        before_timestamp: Some("2026-01-01".into()),
        tags: vec!["t".into()],
        ..Default::default()
    };
    client.forget("n", old).await.expect("a count");
    assert_eq!(server.bodies()[0]["expires_at"], 1_800_000_000);
    assert_eq!(
        server.bodies()[1],
        json!({ "agent_id": "n", "before_timestamp": "2026-01-01", "tags": ["t"] })
    );
    assert_eq!(
        Instant::from(UNIX_EPOCH - Duration::from_secs(5)),
        Instant::Unix(-5)
    );
}

async fn forget_nothing() {
    let reply = json!({ "status": 400, "body": { "error": "Say which.", "code": "INVALID_REQUEST", "status": 400 } });
    let server = Server::start(vec![reply.clone(), reply]);
    let client = server.client();
    let none: [&str; 0] = [];
    assert!(matches!(
        client.forget("n", none).await,
        Err(Error::Validation(_))
    ));
    assert!(matches!(
        client.forget("n", ForgetRequest::default()).await,
        Err(Error::Validation(_))
    ));
    assert_eq!(
        server.bodies(),
        [json!({ "agent_id": "n" }), json!({ "agent_id": "n" })]
    );
}

async fn lazy() {
    let server = Server::start(vec![stored("a")]);
    let call = server.client().store_memory("n", "x");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(server.seen().is_empty());
    tokio::spawn(call).await.expect("a task").expect("a memory");
    assert_eq!(server.seen().len(), 1);
}

fn tomorrow() {
    let summary = json!({ "name": "n", "description": null, "created_at": 1, "access": "owner", "colour": "blue" });
    let summary: dakera_rs::ListedNamespace = serde_json::from_value(summary).expect("a namespace");
    assert_eq!(summary.access, Access::Other("owner".into()));
    assert_eq!(
        (summary.access.as_str(), &summary.extra["colour"]),
        ("owner", &json!("blue"))
    );
    assert_eq!(summary.namespace(), "n");

    let grants = [("a".into(), Access::ReadWrite), ("b".into(), "read".into())].into();
    let key = CreateKeyRequest {
        name: "writer".into(),
        grants: Some(grants),
        ..Default::default()
    };
    let sent = serde_json::to_value(key).expect("JSON");
    assert_eq!(
        sent,
        json!({ "name": "writer", "grants": { "a": "read_write", "b": "read" } })
    );
    assert_eq!(
        Target::from("a"),
        Target {
            id: "a".into(),
            namespace: None
        }
    );
}

async fn new_secrets() {
    let secret = "dk-a-new-secret";
    let created = json!({
        "key_id": "k", "id": "k", "name": "writer", "scope": "write", "grants": {}, "namespaces": [], "permissions": [],
        "active": true, "created_at": 1, "expires_at": null, "key": secret, "warning": ""
    });
    let narrow = json!({
        "key_id": "k", "name": "writer", "namespace": "n", "access": "read", "active": true, "created_at": 1,
        "expires_at": null, "key": secret, "warning": ""
    });
    let rotated = json!({
        "key_id": "k", "key": secret, "new_key": secret, "name": "writer", "old_key_expires_at": 1, "warning": ""
    });
    let server = Server::start(vec![ok(&created), ok(&narrow), ok(&rotated)]);
    let client = server.client();
    let wanted = CreateKeyRequest {
        name: "writer".into(),
        secret: Some(secret.into()),
        ..Default::default()
    };
    let created = client.create_key(wanted.clone()).await.expect("a key");
    let writer = CreateNamespaceKeyRequest {
        name: "writer".into(),
        ..Default::default()
    };
    let narrow = client
        .create_namespace_key("n", writer)
        .await
        .expect("a key");
    let rotated = client
        .rotate_key("k", RotateKeyRequest::default())
        .await
        .expect("a key");
    let held = [&created.key, &narrow.key, &rotated.key, &rotated.new_key];
    assert!(held.iter().all(|key| *key == secret));
    for shown in [
        format!("{created:?} {created:#?}"),
        format!("{narrow:?} {narrow:#?}"),
        format!("{rotated:?} {rotated:#?}"),
        format!("{wanted:?} {wanted:#?}"),
    ] {
        assert!(
            shown.contains("<secret>") && !shown.contains(secret),
            "{shown}"
        );
    }
    let saved = serde_json::to_string(&created).expect("it is how it is saved");
    assert!(saved.contains(secret));
}

async fn not_finite() {
    let server = Server::start(vec![]);
    let client = server.client();
    let memory = || StoreMemoryRequest::from("x");
    let vague = StoreMemoryRequest {
        importance: Some(f64::NAN),
        ..memory()
    };
    let far = StoreMemoryRequest {
        embedding: Some(vec![0.0, f32::INFINITY]),
        ..memory()
    };
    let filter = MemoryFilter {
        max_importance: Some(f64::NEG_INFINITY),
        ..Default::default()
    };
    for error in [
        client.store_memory("n", vague).await.err(),
        client.store_memory("n", far).await.err(),
        client.set_importance("n", "a", f64::NAN).await.err(),
        client.batch_forget("n", filter).await.err(),
    ] {
        let error = error.expect("a refusal");
        assert!(matches!(error, Error::Usage { .. }), "{error:?}");
        assert!(error.to_string().contains("NaN and infinity"), "{error}");
    }
    assert!(server.seen().is_empty());
}

fn times() {
    let mut fields = memory("a");
    fields["created_at"] = json!(1_800_000_000);
    fields["valid_from"] = json!(-1);
    let memory: Memory = serde_json::from_value(fields).expect("a memory");
    assert_eq!(
        memory.created_at_time(),
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    );
    assert_eq!(
        memory.valid_from_time(),
        Some(UNIX_EPOCH - Duration::from_secs(1))
    );
    assert_eq!(memory.expires_at_time(), None);
}
