//! Two agents, each with its own key: private notes stay private, finished work is shared.
//!
//!   npm start -- --demo                                                              in one terminal
//!   cargo run --manifest-path packages/sdk-rust/Cargo.toml --example shared-memory   in another

use std::env;

use dakera_rs::{
    Client, CreateNamespaceRequest, Error, RecallRequest, SearchMode, SearchRequest,
    StoreMemoryRequest, json,
};

const SHARED: &str = "team-shared";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::var("DAKERA_URL").unwrap_or_else(|_| "http://localhost:3300".into());
    let admin = Client::new(&url, "dk-admin-key");
    let researcher = Client::new(&url, "dk-researcher-key");
    let writer = Client::new(&url, "dk-writer-key");

    // Once per team. An existing namespace stays unchanged, so this can run again.
    for name in [SHARED, "researcher", "writer", "coordinator"] {
        admin
            .create_namespace(name, CreateNamespaceRequest::default())
            .await?;
    }
    let namespaces = admin.list_namespaces().await?;
    let names: Vec<&str> = namespaces
        .iter()
        .map(|namespace| namespace.name.as_str())
        .collect();
    println!("Namespaces: {}", names.join(", "));

    // The researcher thinks in private ...
    let doubt = StoreMemoryRequest {
        content: "The vendor says 40 ms per cold start. Only one region was measured; ask for the others.".into(),
        importance: Some(0.3),
        tags: vec!["internal-note".into(), "needs-verification".into()],
        ..Default::default()
    };
    researcher.store_memory("researcher", doubt).await?;

    // ... and publishes what it has checked, saying where it comes from.
    let cold = StoreMemoryRequest {
        content: "Cold starts take 65 ms at the median, measured in four regions over a week."
            .into(),
        importance: Some(0.85),
        tags: vec!["finding".into(), "verified".into(), "cold-start".into()],
        memory_type: Some("semantic".into()),
        metadata: Some(json!({ "source": "researcher", "regions": 4 })),
        ..Default::default()
    };
    researcher.store_memory(SHARED, cold).await?;
    let warm = StoreMemoryRequest {
        content: "A warm instance answers in 3 ms, and stays warm for ten minutes without traffic."
            .into(),
        importance: Some(0.8),
        tags: vec!["finding".into(), "verified".into(), "warm-start".into()],
        memory_type: Some("semantic".into()),
        metadata: Some(json!({ "source": "researcher", "regions": 4 })),
        ..Default::default()
    };
    researcher.store_memory(SHARED, warm).await?;

    // The writer asks the team.
    let question = RecallRequest {
        query: "how long does a start take, cold or warm?".into(),
        top_k: Some(6),
        filter: Some(json!({ "source": "researcher" })),
        ..Default::default()
    };
    let findings = writer.recall(SHARED, question).await?;
    println!("The writer finds {} findings:", findings.len());
    for found in &findings {
        println!("  [{:.2}] {}", found.importance, found.content);
    }

    let draft = StoreMemoryRequest {
        content: "Opening line: nobody waits for a cold start any more. True at 65 ms?".into(),
        importance: Some(0.25),
        tags: vec!["draft".into()],
        ..Default::default()
    };
    writer.store_memory("writer", draft).await?;
    let article = StoreMemoryRequest {
        content: "Article finished: what a cold start costs in four regions, 900 words.".into(),
        importance: Some(0.9),
        tags: vec!["output".into(), "article".into(), "status:complete".into()],
        memory_type: Some("semantic".into()),
        metadata: Some(json!({ "source": "writer" })),
        ..Default::default()
    };
    writer.store_memory(SHARED, article).await?;

    // search looks for the words themselves.
    let words = SearchRequest {
        query: "article finished".into(),
        top_k: Some(10),
        mode: Some(SearchMode::Exact),
        ..Default::default()
    };
    let articles = researcher.search_memories(SHARED, words).await?;
    println!(
        "The researcher sees: {}",
        articles.first().map_or("nothing", |found| &found.content)
    );

    // The database rejects a read without a grant, whatever the program asks for.
    match writer.recall("researcher", "cold start").await {
        Ok(_) => Err("The writer read private notes. That must not be possible.".into()),
        Err(Error::Authorization(refused)) => {
            println!(
                "The writer asks for the researcher's notes: {} {}",
                refused.status, refused.code
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
