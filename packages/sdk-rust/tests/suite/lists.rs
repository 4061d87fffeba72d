//! Lists: a page, or all items.

use std::pin::Pin;

use dakera_rs::{Error, ListMemoriesRequest, Memory, MemoryFilter, Value, json};

use crate::runner::{Test, test};
use crate::server::{Server, failing, memory, ok};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "a list is asked for once it is awaited, and walked as it is read",
            lists,
        ),
        test("a list is a stream", stream),
        test("a list that fails ends with its error", failing_list),
    ]
}

fn two_pages() -> Vec<Value> {
    vec![
        ok(&json!({ "memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c" })),
        ok(&json!({ "memories": [memory("b")], "total": 2, "filtered": 2 })),
    ]
}

async fn lists() {
    let server = Server::start([two_pages(), two_pages()].concat());
    let client = server.client();
    let one = || ListMemoriesRequest {
        limit: Some(1),
        ..Default::default()
    };
    let page = client.list_memories("n", one()).await.expect("a page");
    assert_eq!(
        (
            page.len(),
            page.total,
            page.filtered,
            page.next_cursor.as_deref()
        ),
        (1, Some(2), Some(2), Some("c"))
    );
    let next = ListMemoriesRequest {
        cursor: page.next_cursor.clone(),
        ..one()
    };
    assert_eq!(
        client.list_memories("n", next).await.expect("a page")[0].id,
        "b"
    );
    assert_eq!(
        page.into_iter().map(|memory| memory.id).collect::<Vec<_>>(),
        ["a"]
    );

    let mut all = client.list_memories("n", one()).items();
    assert_eq!(server.seen().len(), 2);
    assert_eq!(
        all.try_next()
            .await
            .expect("an item")
            .map(|memory| memory.id)
            .as_deref(),
        Some("a")
    );
    assert_eq!(server.seen().len(), 3);
    assert_eq!(
        all.try_next()
            .await
            .expect("an item")
            .map(|memory| memory.id)
            .as_deref(),
        Some("b")
    );
    assert!(all.try_next().await.expect("the end").is_none());
    assert!(all.try_next().await.expect("the end").is_none());
    let cursors: Vec<Value> = server
        .bodies()
        .iter()
        .map(|body| body["cursor"].clone())
        .collect();
    assert_eq!(cursors, [Value::Null, "c".into(), Value::Null, "c".into()]);
}

async fn stream() {
    let server = Server::start(two_pages());
    let filter = MemoryFilter {
        tags: vec!["finding".into()],
        ..Default::default()
    };
    let mut items: Pin<Box<dyn futures_core::Stream<Item = dakera_rs::Result<Memory>> + Send>> =
        Box::pin(server.client().list_memories("n", filter).items());
    let mut ids = Vec::new();
    while let Some(memory) = std::future::poll_fn(|context| items.as_mut().poll_next(context)).await
    {
        ids.push(memory.expect("a memory").id);
    }
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(
        server.bodies()[1],
        json!({ "agent_id": "n", "filter": { "tags": ["finding"] }, "cursor": "c" })
    );
}

async fn failing_list() {
    let pages = vec![
        two_pages()[0].clone(),
        failing(403, &json!({})),
        failing(403, &json!({})),
    ];
    let server = Server::start(pages);
    let mut all = server
        .client()
        .list_memories("n", ListMemoriesRequest::default())
        .items();
    assert!(all.try_next().await.expect("an item").is_some());
    assert!(matches!(all.try_next().await, Err(Error::Authorization(_))));
    assert!(all.try_next().await.expect("the end").is_none());
    assert!(matches!(
        server
            .client()
            .list_memories("n", ListMemoriesRequest::default())
            .await,
        Err(Error::Authorization(_))
    ));
}
