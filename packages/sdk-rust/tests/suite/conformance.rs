//! Plays packages/protocol/conformance against the client.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dakera_rs::{Client, Value, json};

use crate::calls::call;
use crate::matching::{check_error, is_same, matches};
use crate::printed_calls::OPERATIONS;
use crate::runner::{Test, sync_test, test};
use crate::server::{KEY, Seen, Server};

pub fn tests() -> Vec<Test> {
    let files = files(&protocol().join("conformance"));
    let mut operations = BTreeSet::new();
    let mut tests = Vec::new();
    for (file, cases) in files {
        for one in cases {
            operations.insert(one["operation"].as_str().unwrap_or_default().to_owned());
            let name = format!(
                "conformance::{file}: {}",
                one["name"].as_str().unwrap_or_default()
            );
            tests.push(test(name, move || play(one)));
        }
    }
    // Each case calls the method of its operation, so a method that is missing shows there.
    tests.push(sync_test(
        "every operation of the contract has a case",
        move || {
            let missing: Vec<&str> = OPERATIONS
                .into_iter()
                .filter(|id| !operations.contains(*id))
                .collect();
            assert!(missing.is_empty(), "{missing:?}");
        },
    ));
    tests
}

pub fn protocol() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol")
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each file of a folder with its cases, in the order of their names.
pub fn files(folder: &Path) -> Vec<(String, Vec<Value>)> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let cases = |path: PathBuf| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        (
            name,
            serde_json::from_str(&read(&path)).expect("a list of cases"),
        )
    };
    paths.into_iter().map(cases).collect()
}

async fn play(one: Value) {
    let replies = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let elsewhere = Server::start(Vec::new());
    let server = Server::beside(&elsewhere.url, replies(&one["replies"]));
    let operation = one["operation"].as_str().expect("an operation");
    let started = Instant::now();
    let client = client(&server.url, &one["client"]);
    let mut outcome = Ok(Value::Null);
    for _ in 0..one["times"].as_u64().unwrap_or(1) {
        outcome = call(&client, operation, &one["call"], one["iterate"] == true).await;
    }
    let took = started.elapsed();

    match (outcome, &one["error"]) {
        (Ok(result), Value::Null) => {
            if !one["result"].is_null() {
                matches(&result, &one["result"], "result");
            }
        }
        (Ok(result), _) => panic!("expected an error, got {result}"),
        (Err(error), Value::Null) => panic!("{error}"),
        (Err(error), expected) => check_error(&error, expected, operation),
    }
    let (seen, expected) = (server.seen(), replies(&one["requests"]));
    assert_eq!(
        seen.len(),
        expected.len(),
        "{} requests were made",
        seen.len()
    );
    for (i, (request, expected)) in seen.iter().zip(&expected).enumerate() {
        check_request(request, expected, &seen[0], &format!("request {}", i + 1));
    }
    assert!(elsewhere.seen().is_empty(), "another host was called");
    let milliseconds = |name: &str| one[name].as_u64().map(Duration::from_millis);
    assert!(
        one["tries"]
            .as_u64()
            .is_none_or(|tries| tries == seen.len() as u64),
        "{} tries",
        seen.len()
    );
    assert!(
        milliseconds("least_ms").is_none_or(|least| took >= least),
        "took {took:?}"
    );
    assert!(
        milliseconds("most_ms").is_none_or(|most| took <= most),
        "took {took:?}"
    );
}

fn client(url: &str, options: &Value) -> Client {
    let mut builder = Client::builder()
        .base_url(url.to_owned() + options["base_path"].as_str().unwrap_or_default());
    match options.get("api_key") {
        Some(Value::Null) => {}
        key => builder = builder.api_key(key.and_then(Value::as_str).unwrap_or(KEY)),
    }
    if let Some(milliseconds) = options["timeout_ms"].as_u64() {
        builder = builder.timeout(Duration::from_millis(milliseconds));
    }
    if let Some(retries) = options["max_retries"].as_u64() {
        builder = builder.max_retries(retries.try_into().expect("a small number"));
    }
    builder.build().expect("usable options")
}

fn check_request(seen: &Seen, expected: &Value, first: &Seen, at: &str) {
    assert_eq!(
        Some(seen.method.as_str()),
        expected["method"].as_str(),
        "{at}"
    );
    assert_eq!(Some(seen.path.as_str()), expected["path"].as_str(), "{at}");
    if let Some(query) = expected.get("query") {
        assert_eq!(&seen.query, query, "{at}");
    }
    if let Some(body) = expected.get("body") {
        let sent = json!(seen.body);
        assert!(is_same(&sent, body), "{at}: {sent} is not {body}");
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let actual = seen.headers.get(name);
        let is_as_expected = match value.as_str() {
            None => actual.is_none(),
            Some("*") => actual.is_some(),
            Some("$same") => actual == first.headers.get(name),
            Some("$new") => actual.is_some() && actual != first.headers.get(name),
            Some(value) => actual.is_some_and(|actual| actual == value),
        };
        assert!(is_as_expected, "{at}: {name} is {actual:?} and not {value}");
    }
}
