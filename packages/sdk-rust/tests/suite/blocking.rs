//! The client without an async runtime. What its methods send is the same code; here is how it answers.

use std::thread;
use std::time::Duration;

use dakera_rs::blocking::Client;
use dakera_rs::{Error, ListMemoriesRequest, RequestOptions, json};

use crate::runner::{Test, sync_test, test};
use crate::server::{KEY, Server, failing, memory, ok, stored};

pub fn tests() -> Vec<Test> {
    vec![
        sync_test("blocking: a call gives its result", calls),
        sync_test(
            "blocking: a list is a page, or a loop over all pages",
            lists,
        ),
        sync_test(
            "blocking: options, waits and errors are the same",
            same_rules,
        ),
        sync_test("blocking: clones work in many threads at once", threads),
        test(
            "blocking: inside an async runtime a call is refused, and the client may be dropped",
            inside_a_runtime,
        ),
    ]
}

fn calls() {
    let health =
        json!({ "status": "healthy", "version": "1", "service": "dakera", "uptime_seconds": 1 });
    let server = Server::start(vec![stored("a"), ok(&health), ok(&memory("a"))]);
    let client = Client::new(&server.url, KEY);
    assert_eq!(client.store_memory("n", "x").expect("a memory").id, "a");
    assert_eq!(client.health().get().expect("health").status, "healthy");
    assert_eq!(
        client.memories().get("a").expect("a memory").content,
        "Content of a"
    );
    assert!(!format!("{client:?}").contains(KEY));
}

fn lists() {
    let page = |id: &str, next: Option<&str>| {
        let mut body = json!({ "memories": [memory(id)], "total": 2, "filtered": 2 });
        if let Some(cursor) = next {
            body["next_cursor"] = cursor.into();
        }
        ok(&body)
    };
    let server = Server::start(vec![
        page("a", Some("c")),
        page("a", Some("c")),
        page("b", None),
        page("a", Some("c")),
        failing(403, &json!({})),
    ]);
    let client = Client::new(&server.url, KEY);
    let all = || client.list_memories("n", ListMemoriesRequest::default());
    assert_eq!(all().page().expect("a page").len(), 1);
    let ids: Result<Vec<String>, Error> = all()
        .into_iter()
        .map(|memory| memory.map(|memory| memory.id))
        .collect();
    assert_eq!(ids.expect("ids"), ["a", "b"]);
    let mut broken = all().into_iter();
    assert!(broken.next().is_some_and(|memory| memory.is_ok()));
    assert!(
        broken
            .next()
            .is_some_and(|memory| matches!(memory, Err(Error::Authorization(_))))
    );
    assert!(broken.next().is_none());
}

fn same_rules() {
    let server = Server::start(vec![
        failing(503, &json!({ "retry-after": "0" })),
        stored("a"),
        failing(500, &json!({})),
    ]);
    let client = Client::builder()
        .base_url(&server.url)
        .timeout(Duration::from_secs(5))
        .api_key(KEY)
        .build_blocking();
    let client = client.expect("a client");
    client.store_memory("n", "x").expect("a memory");
    let once = RequestOptions {
        max_retries: Some(0),
        ..Default::default()
    };
    assert!(matches!(
        client.with(once).store_memory("n", "x"),
        Err(Error::Server(_))
    ));
    assert_eq!(server.seen().len(), 3);
    assert!(matches!(
        Client::new("nowhere", KEY).whoami(),
        Err(Error::Usage { .. })
    ));
    assert!(
        Client::builder()
            .base_url("nowhere")
            .build_blocking()
            .is_err()
    );
}

fn threads() {
    let server = Server::start((0..16).map(|_| stored("a")).collect());
    let client = Client::new(&server.url, KEY);
    thread::scope(|scope| {
        for _ in 0..4 {
            let client = client.clone();
            scope.spawn(move || {
                for _ in 0..4 {
                    client.store_memory("n", "x").expect("a memory");
                }
            });
        }
    });
    assert_eq!(server.seen().len(), 16);
}

async fn inside_a_runtime() {
    let client = Client::new("http://localhost:3300", KEY);
    let error = client.whoami().expect_err("an error");
    assert!(matches!(error, Error::Usage { .. }), "{error:?}");
    assert!(
        client
            .list_namespaces()
            .into_iter()
            .next()
            .is_some_and(|item| item.is_err())
    );
}
