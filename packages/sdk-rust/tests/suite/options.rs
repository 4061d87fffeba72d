//! How a client is set up, and what its hooks see.

use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dakera_rs::header::HeaderValue;
use dakera_rs::{
    Client, ClientBuilder, Error, Hooks, RequestEvent, RequestOptions, ResponseEvent, json,
};

use crate::matching::everything;
use crate::runner::{Test, lock, sync_test, test};
use crate::server::{KEY, Server, failing, memory, ok, stored};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "a base URL that cannot work shows in the first call, and in build",
            base_urls,
        ),
        test(
            "a key that cannot work shows in the first call, and is not repeated",
            keys,
        ),
        sync_test("options that cannot work are refused by build", refused),
        test(
            "health needs no key, and the first call that needs one says what to do",
            no_key,
        ),
        sync_test("a client shows its key in no log", no_key_in_logs),
        test(
            "own headers are sent, and cannot replace the client's",
            own_headers,
        ),
        test("the client says which it is", names_itself),
        sync_test("only another machine is reached through a proxy", proxied),
        test(
            "hooks see each try, can add headers, and never see the key",
            hooks,
        ),
        test(
            "options of a call win over those of the client",
            options_of_a_call,
        ),
        test(
            "clones and calls of one client share its connection",
            one_connection,
        ),
    ]
}

async fn base_urls() {
    for url in [
        "",
        "localhost:3300",
        "ftp://host",
        "not a url",
        "http://user:secret@host",
        "http://host?x=1",
        "http://host#x",
    ] {
        let error = Client::new(url, KEY)
            .get_memory("mem_1")
            .await
            .expect_err(url);
        assert!(
            matches!(error, Error::Usage { .. }) && error.code() == "INVALID_USAGE",
            "{url}: {error}"
        );
        assert!(!everything(&error).contains("secret"), "{error}");
        assert!(
            Client::builder()
                .base_url(url)
                .api_key(KEY)
                .build()
                .is_err(),
            "{url}"
        );
    }
}

async fn keys() {
    for key in ["", "two words", "dk-secret\n", "schlüssel"] {
        let error = Client::new("http://localhost:3300", key)
            .get_memory("mem_1")
            .await
            .expect_err(key);
        assert!(matches!(error, Error::Usage { .. }), "{error}");
        assert!(
            key.is_empty() || !everything(&error).contains(key.trim()),
            "{error}"
        );
        assert!(Client::builder().api_key(key).build().is_err(), "{key}");
    }
}

fn refused() {
    let builders: [fn(ClientBuilder) -> ClientBuilder; 3] = [
        |builder| builder.timeout(Duration::ZERO),
        |builder| builder.header("x y", "1"),
        |builder| builder.header("x", "a\nb"),
    ];
    for change in builders {
        let error = change(Client::builder().api_key(KEY))
            .build()
            .expect_err("an error");
        assert!(matches!(error, Error::Usage { .. }), "{error}");
    }
}

async fn no_key() {
    let health =
        json!({ "status": "healthy", "version": "1", "service": "dakera", "uptime_seconds": 1 });
    let server = Server::start(vec![ok(&health)]);
    let client = Client::builder()
        .base_url(&server.url)
        .build()
        .expect("a client");
    assert_eq!(client.health().await.expect("health").status, "healthy");
    let error = client.recall("n", "q").await.expect_err("an error");
    assert!(
        error
            .to_string()
            .starts_with("memories.recall needs an API key. Pass one"),
        "{error}"
    );
    assert_eq!(server.seen().len(), 1);
}

fn no_key_in_logs() {
    let builder = Client::builder().api_key(KEY).header("x-secret", KEY);
    let client = builder.clone().build().expect("a client");
    let shown = format!(
        "{builder:?} {client:#?} {:?} {:?} {:?} {:?}",
        client.memories(),
        client.list_namespaces(),
        client.list_namespaces().items(),
        client.recall("n", "q")
    );
    assert!(!shown.contains(KEY), "{shown}");
    assert!(shown.contains("localhost:3300"), "{shown}");
}

async fn own_headers() {
    let server = Server::start(vec![ok(&memory("a"))]);
    let builder = Client::builder()
        .base_url(&server.url)
        .api_key(KEY)
        .header("x-team", "search");
    let client = builder
        .header("Authorization", "Bearer other")
        .header("Accept", "text/html")
        .build()
        .expect("a client");
    client.get_memory("a").await.expect("a memory");
    let headers = &server.seen()[0].headers;
    assert_eq!(
        [
            &headers["x-team"],
            &headers["authorization"],
            &headers["accept"]
        ],
        ["search", &format!("Bearer {KEY}"), "application/json"]
    );
}

async fn names_itself() {
    let server = Server::start(vec![ok(&memory("a"))]);
    server.client().get_memory("a").await.expect("a memory");
    let headers = &server.seen()[0].headers;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(headers["user-agent"], format!("dakera-rust/{version}"));
    assert_eq!(headers["x-dakera-client"], format!("sdk-rust/{version}"));
}

/// Notes what it sees, and numbers the tries for the server.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Hooks for Notes {
    fn on_request(&self, event: &mut RequestEvent<'_>) {
        event
            .headers
            .insert("traceparent", HeaderValue::from(event.attempt));
        lock(&self.0).push(format!("{event:?}"));
    }

    fn on_response(&self, event: &ResponseEvent<'_>) {
        let id = event.request_id.unwrap_or("none");
        lock(&self.0).push(format!(
            "{} {} {} {id} {event:?}",
            event.operation, event.method, event.status
        ));
    }
}

async fn hooks() {
    let server = Server::start(vec![
        failing(500, &json!({ "retry-after": "0" })),
        ok(&memory("a")),
    ]);
    let notes = Notes::default();
    let builder = Client::builder()
        .base_url(&server.url)
        .api_key(KEY)
        .hooks(notes.clone());
    builder
        .build()
        .expect("a client")
        .get_memory("a")
        .await
        .expect("a memory");
    let tries: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.headers["traceparent"].clone())
        .collect();
    assert_eq!(tries, ["1", "2"]);
    let notes = lock(&notes.0).clone();
    assert_eq!(notes.len(), 4);
    assert!(
        notes[1].starts_with("memories.get GET 500 none"),
        "{}",
        notes[1]
    );
    assert!(
        notes[3].starts_with("memories.get GET 200 req_1"),
        "{}",
        notes[3]
    );
    assert!(!notes.concat().contains(KEY), "{notes:?}");
}

async fn options_of_a_call() {
    let server = Server::start(vec![failing(500, &json!({})), stored("a")]);
    let client = Client::builder()
        .base_url(&server.url)
        .api_key(KEY)
        .max_retries(5)
        .build()
        .expect("a client");
    let once = RequestOptions {
        max_retries: Some(0),
        idempotency_key: Some("mine".into()),
        ..Default::default()
    };
    let error = client
        .with(once)
        .store_memory("n", "x")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Server(_)), "{error}");
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].headers["idempotency-key"], "mine");
    let unusable = RequestOptions {
        idempotency_key: Some("a\nb".into()),
        ..Default::default()
    };
    let error = client
        .with(unusable)
        .store_memory("n", "x")
        .await
        .expect_err("an error");
    assert!(matches!(error, Error::Usage { .. }), "{error}");
    client
        .store_memory("n", "x")
        .await
        .expect("the client's own options are as they were");
}

async fn one_connection() {
    let server = Server::start(vec![ok(&memory("a")), ok(&memory("a")), ok(&memory("a"))]);
    let client = server.client();
    for _ in 0..2 {
        client.get_memory("a").await.expect("a memory");
    }
    client.clone().memories().get("a").await.expect("a memory");
    assert_eq!(server.connections(), 1);
}

/// Runs in a process of its own, whose surroundings name a proxy.
fn proxied() {
    let name = "only another machine is reached through a proxy";
    if env::var_os("DAKERA_TEST_PROXIED").is_some() {
        let get = |url: &str| Client::new(url, KEY).get_memory("a");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let server = Server::start(vec![ok(&memory("a")), ok(&memory("a"))]);
            get(&server.url).await.expect("the server itself");
            get(&server.url.replace("127.0.0.1", "localhost"))
                .await
                .expect("the server itself");
            get("http://dakera.invalid:3300").await.expect("the proxy");
        });
        return;
    }
    let proxy = Server::start(vec![ok(&memory("a"))]);
    let mut child = Command::new(env::current_exe().expect("this program"));
    for variable in [
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ] {
        child.env_remove(variable);
    }
    let ended = child
        .arg(name)
        .env("HTTP_PROXY", &proxy.url)
        .env("DAKERA_TEST_PROXIED", "1")
        .output()
        .expect("it runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stdout)
    );
    let hosts: Vec<String> = (proxy.seen().iter())
        .map(|seen| seen.headers["host"].clone())
        .collect();
    assert_eq!(hosts, ["dakera.invalid:3300"]);
}
