//! Time-outs, waits and cancellation.

use std::time::{Duration, Instant};

use dakera_rs::{Client, Error, RequestOptions, json};

use crate::runner::{Test, test};
use crate::server::{KEY, Server, failing, memory, ok, stored};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "a dropped call ends its request, without another try",
            dropped,
        ),
        test("a dropped call ends a wait between tries", dropped_wait),
        test("a dropped list asks for no further page", dropped_list),
        test(
            "the time for a try counts to the end of its answer",
            slow_body,
        ),
        test("each try has the whole time", per_try),
        test("a time-out of one call", one_call),
    ]
}

fn slow() -> dakera_rs::Value {
    let mut reply = ok(&memory("a"));
    reply["delay_ms"] = json!(30_000);
    reply
}

fn impatient(server: &Server, timeout: u64, retries: u32) -> Client {
    let builder = Client::builder().base_url(&server.url).api_key(KEY);
    builder
        .timeout(Duration::from_millis(timeout))
        .max_retries(retries)
        .build()
        .expect("a client")
}

async fn dropped() {
    let server = Server::start(vec![slow(), ok(&memory("a"))]);
    let client = server.client();
    let started = Instant::now();
    let ended = tokio::time::timeout(Duration::from_millis(100), client.get_memory("a")).await;
    assert!(ended.is_err());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(server.seen().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(20));
}

async fn dropped_wait() {
    let server = Server::start(vec![
        failing(503, &json!({ "retry-after": "1" })),
        ok(&memory("a")),
    ]);
    let ended =
        tokio::time::timeout(Duration::from_millis(150), server.client().get_memory("a")).await;
    assert!(ended.is_err());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.seen().len(), 1);
}

async fn dropped_list() {
    let page = json!({ "memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c" });
    let server = Server::start(vec![ok(&page), ok(&page)]);
    let mut items = server
        .client()
        .list_memories("n", dakera_rs::ListMemoriesRequest::default())
        .items();
    items.try_next().await.expect("an item");
    drop(items);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.seen().len(), 1);
}

async fn slow_body() {
    let mut reply = ok(&memory("a"));
    reply["stall_ms"] = json!(5000);
    let server = Server::start(vec![reply]);
    let error = impatient(&server, 200, 0)
        .get_memory("a")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let host = server.url.trim_start_matches("http://");
    assert_eq!(
        error.to_string(),
        format!("memories.get: no answer from {host} within 200 ms.")
    );
}

async fn per_try() {
    let server = Server::start(vec![slow(), stored("a")]);
    let stored = impatient(&server, 300, 1)
        .store_memory("n", "x")
        .await
        .expect("a memory");
    assert_eq!(stored.id, "a");
    let keys: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

async fn one_call() {
    let server = Server::start(vec![slow()]);
    let options = RequestOptions {
        timeout: Some(Duration::from_millis(100)),
        max_retries: Some(0),
        ..Default::default()
    };
    let error = server
        .client()
        .with(options)
        .get_memory("a")
        .await
        .expect_err("an error");
    assert_eq!(error.code(), "TIMEOUT");
    let options = RequestOptions {
        timeout: Some(Duration::ZERO),
        ..Default::default()
    };
    let error = server
        .client()
        .with(options)
        .get_memory("a")
        .await
        .expect_err("an error");
    assert_eq!(error.code(), "INVALID_USAGE");
}
