//! Plays packages/protocol/conformance/live against a real server, as the README there describes it.

use std::collections::HashMap;
use std::env;
use std::hash::{BuildHasher, RandomState};

use dakera_rs::{Client, RequestOptions, Value};

use crate::calls::call;
use crate::conformance::{files, protocol};
use crate::matching::{check_error, matches};
use crate::runner::{Test, skipped, test};

pub fn tests() -> Vec<Test> {
    let Some(url) = url() else {
        return vec![skipped("live", "DAKERA_LIVE_URL is not set")];
    };
    let run = format!("{:016x}", RandomState::new().hash_one(0));
    let mut tests = Vec::new();
    for (file, scenarios) in files(&protocol().join("conformance/live")) {
        for scenario in scenarios {
            let name = format!(
                "live::{file}: {}",
                scenario["name"].as_str().unwrap_or_default()
            );
            let (url, run) = (url.clone(), run.clone());
            tests.push(test(name, move || play(url, run, scenario)));
        }
    }
    tests
}

/// The address of a server that was started with `--demo`.
pub fn url() -> Option<String> {
    env::var("DAKERA_LIVE_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

async fn play(url: String, run: String, scenario: Value) {
    let mut kept = HashMap::from([("run".to_owned(), Value::String(run))]);
    for (i, step) in scenario["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .enumerate()
    {
        let step = filled(step, &kept);
        let operation = step["operation"].as_str().expect("an operation");
        let at = format!("step {} ({operation})", i + 1);
        let client = Client::new(&url, step["key"].as_str().expect("a key")).with(RequestOptions {
            idempotency_key: step["idempotency_key"].as_str().map(str::to_owned),
            ..RequestOptions::default()
        });
        let result = match (
            call(&client, operation, &step["call"], step["iterate"] == true).await,
            &step["error"],
        ) {
            (Ok(result), Value::Null) => result,
            (Ok(result), _) => panic!("{at}: expected an error, got {result}"),
            (Err(error), Value::Null) => panic!("{at}: {error}"),
            (Err(error), expected) => {
                check_error(&error, expected, operation);
                continue;
            }
        };
        if !step["result"].is_null() {
            matches(&result, &step["result"], &at);
        }
        for (name, path) in step["keep"].as_object().into_iter().flatten() {
            let pointer = format!("/{}", path.as_str().unwrap_or_default().replace('.', "/"));
            let value = result
                .pointer(&pointer)
                .unwrap_or_else(|| panic!("{at}: there is no {path} in {result}"));
            kept.insert(name.clone(), value.clone());
        }
    }
}

/// The value with all `$names` replaced, in strings and in names of fields.
fn filled(value: &Value, kept: &HashMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix('$').and_then(|name| kept.get(name));
            whole
                .cloned()
                .unwrap_or_else(|| Value::String(filled_text(text, kept)))
        }
        Value::Array(items) => items.iter().map(|item| filled(item, kept)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (filled_text(name, kept), filled(value, kept)))
            .collect(),
        _ => value.clone(),
    }
}

/// A `$` without a name that is kept stands for itself, as in `$gte`.
fn filled_text(text: &str, kept: &HashMap<String, Value>) -> String {
    let mut parts = text.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(part.len());
        match kept.get(&part[..end]) {
            Some(Value::String(value)) => filled.extend([value, &part[end..]]),
            Some(value) => filled += &format!("{value}{}", &part[end..]),
            None => filled.extend(["$", part]),
        }
    }
    filled
}
