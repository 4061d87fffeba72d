//! Answers that no client wants: each is a typed error that names the call and never shows the key.

use std::time::Duration;

use dakera_rs::{Client, Error, OffsetOptions, codes, json};

use crate::matching::everything;
use crate::runner::{Test, test};
use crate::server::{KEY, Server, memory, ok};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "nobody there is a connection error that names the call, the host and the reason",
            nobody_there,
        ),
        test("an unknown host is a connection error", unknown_host),
        test("an answer without end is refused while it arrives", endless),
        test(
            "an error that echoes the key does not pass it on",
            echoed_key,
        ),
        test(
            "JSON of another shape that echoes the key does not pass it on",
            echoed_key_in_json,
        ),
        test("a key with quotes is not passed on either", echoed_odd_key),
        test(
            "a wait beyond all measure is left to the caller",
            endless_wait,
        ),
        test(
            "an error whose fields have other types keeps its status",
            odd_error,
        ),
        test("429 without Retry-After has no wait", rate_limit),
        test("204 is an answer with nothing to say", nothing_to_say),
        test("a bad id is refused and nothing is sent", bad_ids),
        test("an id stays within its segment of the path", odd_ids),
        test(
            "a client, its calls and its errors go between threads",
            sync_and_send,
        ),
    ]
}

async fn nobody_there() {
    let url = Server::start(Vec::new()).url.clone();
    let client = Client::builder()
        .base_url(&url)
        .api_key(KEY)
        .max_retries(0)
        .build()
        .expect("a client");
    let error = client.recall("n", "q").await.expect_err("an error");
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert_eq!(
        (error.code(), error.status(), error.request_id()),
        ("CONNECTION_FAILED", None, None)
    );
    let host = url.trim_start_matches("http://");
    let said = error.to_string();
    assert!(
        said.starts_with(&format!("memories.recall: no whole answer from {host} (")),
        "{said}"
    );
    assert!(said.contains("refused"), "{said}");
    assert!(!everything(&error).contains(KEY), "{error:?}");
}

async fn unknown_host() {
    let builder = Client::builder()
        .base_url("http://dakera.invalid")
        .api_key(KEY)
        .max_retries(0);
    let error = builder
        .build()
        .expect("a client")
        .whoami()
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("keys.whoami: no whole answer from dakera.invalid"),
        "{error}"
    );
}

async fn endless() {
    let server = Server::start(vec![
        json!({ "status": 200, "headers": { "x-request-id": "req_7" }, "endless": true }),
    ]);
    let builder = Client::builder()
        .base_url(&server.url)
        .api_key(KEY)
        .max_response_bytes(1_000_000);
    let error = builder
        .build()
        .expect("a client")
        .recall("n", "q")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Response { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("memories.recall: 200 came with more than 1000000 bytes."),
        "{error}"
    );
    assert_eq!(
        (error.status(), error.request_id()),
        (Some(200), Some("req_7"))
    );
    assert_eq!(server.seen().len(), 1);
    assert!(
        server.sent() < 30_000_000,
        "{} bytes were sent",
        server.sent()
    );
}

async fn echoed_key() {
    let text = format!("<pre>authorization: Bearer {KEY}</pre>");
    let server = Server::start(vec![
        json!({ "status": 404, "headers": { "content-type": "text/html" }, "text": text }),
    ]);
    let error = server
        .client()
        .get_memory("mem_1")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    assert!(!everything(&error).contains(KEY), "{error:?}");
    assert_eq!(
        error.api().expect("an answer").body,
        "<pre>authorization: Bearer [key]</pre>"
    );
}

async fn echoed_key_in_json() {
    let mut reply = memory("a");
    reply["version"] = KEY.into();
    let server = Server::start(vec![ok(&reply)]);
    let error = server.client().get_memory("a").await.expect_err("an error");
    assert!(matches!(error, Error::Response { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("memories.get: 200 came with JSON of another shape"),
        "{error}"
    );
    assert!(!everything(&error).contains(KEY), "{error:?}");
}

async fn echoed_odd_key() {
    let key = r#"dk-"quoted\key"#;
    let body = json!({ "error": format!("No {key}."), "code": "NOT_FOUND", "headers": [key] });
    let server = Server::start(vec![json!({ "status": 404, "body": body })]);
    let error = Client::new(&server.url, key)
        .whoami()
        .await
        .expect_err("an error");
    let shown = everything(&error);
    assert!(
        !shown.contains("quoted") && shown.contains("No [key]."),
        "{shown}"
    );
}

async fn odd_error() {
    let body =
        json!({ "error": { "message": "No." }, "code": 7, "issues": "many", "request_id": 5 });
    let reply = json!({ "status": 403, "headers": { "x-request-id": "req_3" }, "body": body });
    let error = Server::start(vec![reply])
        .client()
        .get_memory("a")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Authorization(_)), "{error:?}");
    assert_eq!(
        (error.code(), error.request_id()),
        ("HTTP_403", Some("req_3"))
    );
    let reply = json!({ "status": 422, "body": { "error": "No.", "code": codes::INVALID_REQUEST, "issues": "many" } });
    let error = Server::start(vec![reply])
        .client()
        .get_memory("a")
        .await
        .expect_err("an error");
    assert!(
        matches!(&error, Error::Validation(answer) if answer.issues.is_empty()),
        "{error:?}"
    );
    assert_eq!(error.code(), codes::INVALID_REQUEST);
}

async fn rate_limit() {
    let server = Server::start(vec![json!({ "status": 429, "text": "slow down" })]);
    let builder = Client::builder()
        .base_url(&server.url)
        .api_key(KEY)
        .max_retries(0);
    let error = builder
        .build()
        .expect("a client")
        .get_memory("a")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::RateLimit(_)), "{error:?}");
    assert_eq!(error.retry_after(), None);
}

async fn endless_wait() {
    let headers = json!({ "retry-after": "99999999999999999999999" });
    let server = Server::start(vec![json!({ "status": 503, "headers": headers })]);
    let error = server.client().get_memory("a").await.expect_err("an error");
    assert_eq!(error.retry_after(), Some(Duration::MAX));
    assert_eq!(server.seen().len(), 1);
}

async fn nothing_to_say() {
    let server = Server::start(vec![json!({ "status": 204 })]);
    server
        .client()
        .delete_namespace("n")
        .await
        .expect("it is gone");
}

async fn bad_ids() {
    let server = Server::start(Vec::new());
    let client = server.client();
    for id in ["", ".", ".."] {
        let errors = [
            client.get_memory(id).await.expect_err("an error"),
            client.get_key(id).await.expect_err("an error"),
            client.get_namespace(id).await.expect_err("an error"),
            client
                .namespace_key_usage("n", id)
                .await
                .expect_err("an error"),
            client.list_namespace_keys(id).await.expect_err("an error"),
            client
                .session_memories(id, OffsetOptions::default())
                .items()
                .try_next()
                .await
                .expect_err("an error"),
        ];
        for error in errors {
            assert!(matches!(error, Error::Usage { .. }), "{error:?}");
        }
    }
    assert!(server.seen().is_empty());
}

async fn odd_ids() {
    let ids = ["../../v1/keys", "a?b=c#d", "%2e%2e", "ü/\\\u{0}"];
    let server = Server::start(ids.iter().map(|id| ok(&memory(id))).collect());
    for id in ids {
        server.client().get_memory(id).await.expect("a memory");
    }
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let escaped = [
        "..%2F..%2Fv1%2Fkeys",
        "a%3Fb%3Dc%23d",
        "%252e%252e",
        "%C3%BC%2F%5C%00",
    ];
    assert_eq!(paths, escaped.map(|id| format!("/v1/memory/get/{id}")));
}

/// A client, its calls and its errors go between threads.
async fn sync_and_send() {
    fn check<T: Send + Sync + 'static>() {}
    fn check_call<T: Send + 'static>(_: &T) {}
    check::<Client>();
    check::<Error>();
    let client = Client::new("http://localhost:3300", KEY);
    check_call(&client.recall("n", "q"));
    check_call(&client.list_namespaces().items());
}
