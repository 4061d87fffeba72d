//! The snippets of README.md and docs/sdks/rust.md: each stands here word for word, and runs.

use std::time::Duration;

use dakera_rs::{Client, Error, Result, Value, json};

use crate::runner::{Test, test};
use crate::server::{Server, memory, ok, stored};

/// This file, in which the documents' lines are looked for.
pub const TEXT: &str = include_str!("snippets.rs");

pub fn tests() -> Vec<Test> {
    vec![
        test("snippet: finding", || async {
            let server = Server::start(vec![found(), found(), found()]);
            finding(&server.client()).await.expect("it runs");
            assert_eq!(server.bodies()[0]["filter"]["run.ms"], json!({ "$lt": 10 }));
            assert_eq!(server.bodies()[2]["tags"], json!(["verified"]));
        }),
        test("snippet: more calls", || async {
            let mut updated = memory("a");
            updated["memory"] = memory("a");
            let gone = || ok(&json!({ "deleted_count": 1, "status": "ok", "dry_run": true }));
            let replies = vec![stored("a"), ok(&updated), gone(), gone(), found()];
            let server = Server::start(replies);
            more_calls(&server.client()).await.expect("it runs");
            assert_eq!(server.seen()[1].headers["if-match"], "\"1\"");
            assert_eq!(server.bodies()[3]["dry_run"], true);
        }),
        test("snippet: issuing keys", || async {
            let key = json!({
                "key_id": "k", "id": "k", "name": "writer", "scope": "write", "grants": {}, "namespaces": [],
                "permissions": [], "active": true, "created_at": 1, "expires_at": null, "key": "dk-new", "warning": ""
            });
            let server = Server::start(vec![ok(&key)]);
            issuing_keys(&server.client()).await.expect("it runs");
            let grants = &server.bodies()[0]["grants"];
            assert_eq!(
                grants,
                &json!({ "writer": "read_write", "team-shared": "read" })
            );
        }),
        test("snippet: options", || async {
            let server = Server::start(vec![stored("a"), stored("a")]);
            options(&server.url).await.expect("it runs");
            assert_eq!(server.seen()[1].headers["idempotency-key"], "article-7");
        }),
        test("snippet: errors", || async {
            let body = json!({ "error": "No.", "code": "NAMESPACE_ACCESS_DENIED", "status": 403, "request_id": "r" });
            let server = Server::start(vec![json!({ "status": 403, "body": body })]);
            errors(&server.client()).await.expect("it runs");
        }),
        test("snippet: lists", || async {
            let page = ok(&json!({ "memories": [memory("a")], "total": 1, "filtered": 1 }));
            let server = Server::start(vec![page.clone(), page]);
            lists(&server.client()).await.expect("it runs");
            assert_eq!(
                server.bodies()[1]["filter"],
                json!({ "tags": ["verified"] })
            );
        }),
        test("snippet: cancelling", || async {
            let server = Server::start(vec![found()]);
            cancelling(&server.client()).await.expect("it runs");
        }),
        test("snippet: tracing", || async {
            let server = Server::start(vec![stored("a")]);
            let client = tracing(&server.url).expect("a client");
            client.store_memory("n", "x").await.expect("a memory");
        }),
        #[cfg(feature = "blocking")]
        crate::runner::sync_test("snippet: without async", || {
            let page = ok(&json!({ "memories": [memory("a")], "total": 1, "filtered": 1 }));
            let server = Server::start(vec![found(), page]);
            without_async(&server.url).expect("it runs");
        }),
    ]
}

fn found() -> Value {
    let one =
        json!({ "memory": memory("a"), "score": 0.9, "weighted_score": 0.9, "smart_score": 0.9 });
    ok(&json!({ "memories": [one], "total_found": 1, "query_time_ms": 3 }))
}

async fn finding(client: &Client) -> Result<()> {
    use std::time::SystemTime;

    use dakera_rs::{RecallRequest, json};

    let filters = [
        json!({ "source": "researcher", "run.ms": { "$lt": 10 } }),
        json!({ "$or": [{ "index": { "$in": ["hnsw", "ivf"] } }, { "draft": { "$exists": false } }] }),
    ];
    for filter in filters {
        let question = RecallRequest {
            filter: Some(filter),
            ..RecallRequest::from("latency of HNSW")
        };
        println!(
            "{} found",
            client.recall("team-shared", question).await?.len()
        );
    }

    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    let recent = RecallRequest {
        tags: vec!["verified".into()],
        since: Some(yesterday.into()),
        min_importance: Some(0.5),
        ..RecallRequest::from("HNSW")
    };
    client.recall("team-shared", recent).await?;
    Ok(())
}

async fn more_calls(client: &Client) -> Result<()> {
    use dakera_rs::{ForgetBatchRequest, MemoryFilter, StoreMemoryRequest, UpdateMemoryRequest};

    let draft = StoreMemoryRequest {
        ttl_seconds: Some(86_400.0),
        ..StoreMemoryRequest::from("Draft.")
    };
    let stored = client.store_memory("researcher", draft).await?;

    // Fails with CONFLICT if the memory has changed since.
    let content = Some("Better draft.".into());
    let better = UpdateMemoryRequest {
        content,
        if_version: Some(stored.version),
        ..Default::default()
    };
    client.update_memory(&stored, better).await?;

    client.forget("researcher", &stored.id).await?; // or [ids], or a ForgetRequest with tags, a session or an age
    let filter = MemoryFilter {
        max_importance: Some(0.5),
        created_before: Some("2026-01-01".into()),
        ..Default::default()
    };
    let count = ForgetBatchRequest {
        filter: Some(filter),
        dry_run: Some(true),
        ..Default::default()
    };
    client.batch_forget("team-shared", count).await?;

    // Several namespaces make one ranking.
    client
        .recall(["team-shared", "writer"], "how fast is HNSW?")
        .await?;
    Ok(())
}

async fn issuing_keys(admin: &Client) -> Result<()> {
    use dakera_rs::{Access, CreateKeyRequest};

    let grants = [
        ("writer".into(), Access::ReadWrite),
        ("team-shared".into(), Access::Read),
    ]
    .into();
    let key = CreateKeyRequest {
        name: "writer".into(),
        grants: Some(grants),
        ..Default::default()
    };
    let created = admin.create_key(key).await?;
    println!("{}", created.key); // shown here and never again; `{created:?}` leaves it out
    Ok(())
}

async fn options(url: &str) -> Result<()> {
    use dakera_rs::RequestOptions;

    let client = Client::builder()
        .base_url(url)
        .api_key("dk-researcher-key")
        .timeout(Duration::from_secs(5))
        .header("x-team", "search")
        .build()?;
    client.store_memory("researcher", "Checked twice.").await?;

    let options = RequestOptions {
        max_retries: Some(0),
        idempotency_key: Some("article-7".into()),
        ..Default::default()
    };
    client
        .with(options)
        .store_memory("team-shared", "Article finished.")
        .await?;
    Ok(())
}

async fn errors(writer: &Client) -> Result<()> {
    match writer.recall("researcher", "drafts").await {
        Ok(found) => println!("{} found", found.len()),
        Err(Error::Authorization(refused)) => println!(
            "{} {:?} {:?}",
            refused.code, refused.request_id, refused.docs
        ),
        Err(error) if error.code() == "TIMEOUT" => println!("later"),
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn lists(client: &Client) -> Result<()> {
    use dakera_rs::{ListMemoriesRequest, MemoryFilter};

    let newest = ListMemoriesRequest {
        limit: Some(10),
        ..Default::default()
    };
    let page = client.list_memories("team-shared", newest).await?;
    println!(
        "{} of {:?}, more: {:?}",
        page.len(),
        page.total,
        page.next_cursor
    );

    let verified = MemoryFilter {
        tags: vec!["verified".into()],
        ..Default::default()
    };
    let mut all = client.list_memories("team-shared", verified).items();
    while let Some(memory) = all.try_next().await? {
        println!("{}", memory.content);
    }
    Ok(())
}

async fn cancelling(client: &Client) -> Result<()> {
    let asked = client.recall("team-shared", "how fast is HNSW?");
    match tokio::time::timeout(Duration::from_secs(2), asked).await {
        Ok(found) => println!("{} found", found?.len()),
        Err(_) => println!("the user waits no longer"),
    }
    Ok(())
}

fn tracing(url: &str) -> Result<Client> {
    use dakera_rs::header::HeaderValue;
    use dakera_rs::{Hooks, RequestEvent, ResponseEvent};

    struct Trace;

    impl Hooks for Trace {
        fn on_request(&self, event: &mut RequestEvent<'_>) {
            event
                .headers
                .insert("x-trace", HeaderValue::from_static("checkout-42"));
        }

        fn on_response(&self, event: &ResponseEvent<'_>) {
            println!(
                "{} try {}: {} in {:?}",
                event.operation, event.attempt, event.status, event.duration
            );
        }
    }

    let client = Client::builder()
        .base_url(url)
        .api_key("dk-researcher-key")
        .hooks(Trace)
        .build()?;
    Ok(client)
}

#[cfg(feature = "blocking")]
fn without_async(url: &str) -> Result<()> {
    use dakera_rs::ListMemoriesRequest;
    use dakera_rs::blocking::Client;

    let client = Client::new(url, "dk-researcher-key");
    for found in client.recall("team-shared", "how fast is HNSW?")? {
        println!("{:.2} {}", found.score, found.content);
    }
    for memory in client.list_memories("team-shared", ListMemoriesRequest::default()) {
        println!("{}", memory?.content);
    }
    Ok(())
}
