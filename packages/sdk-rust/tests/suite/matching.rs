//! Comparing what came with what was expected.

use dakera_rs::{Error, Value};

use crate::server::KEY;

/// Everything that is expected is there; more may be.
pub fn matches(actual: &Value, expected: &Value, at: &str) {
    match expected {
        Value::Array(expected) => {
            let actual = actual
                .as_array()
                .unwrap_or_else(|| panic!("{at} is no list: {actual}"));
            assert_eq!(actual.len(), expected.len(), "{at}: length of {actual:?}");
            for (i, value) in expected.iter().enumerate() {
                matches(&actual[i], value, &format!("{at}[{i}]"));
            }
        }
        Value::Object(expected) => {
            let actual = actual
                .as_object()
                .unwrap_or_else(|| panic!("{at} is no object: {actual}"));
            for (name, value) in expected {
                let at = format!("{at}.{name}");
                matches(
                    actual
                        .get(name)
                        .unwrap_or_else(|| panic!("{at} is missing")),
                    value,
                    &at,
                );
            }
        }
        _ => assert!(
            is_same(actual, expected),
            "{at}: {actual} is not {expected}"
        ),
    }
}

/// Equal, where 1 and 1.0 are the same number.
pub fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

pub fn check_error(error: &Error, expected: &Value, operation: &str) {
    let (shown, kind) = (
        error.to_string(),
        expected["kind"].as_str().expect("a kind"),
    );
    assert_eq!(kind_of(error), kind, "{shown}");
    assert_eq!(
        error.status().map(u64::from),
        expected["status"].as_u64(),
        "status of {shown}"
    );
    assert_eq!(
        Some(error.code()),
        expected["code"].as_str(),
        "code of {shown}"
    );
    assert!(
        shown.contains(operation) || kind == "usage",
        "the message does not name the call: {shown}"
    );
    assert!(!everything(error).contains(KEY), "the error shows the key");
    if let Some(id) = expected["request_id"].as_str() {
        assert_eq!(error.request_id(), Some(id));
        assert!(shown.contains(id), "{shown}");
    }
    if let Some(seconds) = expected["retry_after"].as_f64() {
        assert_eq!(
            error.retry_after().map(|wait| wait.as_secs_f64()),
            Some(seconds)
        );
    }
    if expected["issues"].is_array() {
        let issues = error
            .api()
            .map(|error| serde_json::to_value(&error.issues).expect("JSON"));
        assert_eq!(issues.as_ref(), Some(&expected["issues"]));
    }
}

/// All that can be got out of an error.
pub fn everything(error: &Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?}");
    let mut inner: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = inner {
        all += &format!(" {error} {error:?}");
        inner = error.source();
    }
    all
}

fn kind_of(error: &Error) -> &'static str {
    match error {
        Error::Validation(_) => "validation",
        Error::Authentication(_) => "authentication",
        Error::Authorization(_) => "authorization",
        Error::NotFound(_) => "not_found",
        Error::Conflict(_) => "conflict",
        Error::RateLimit(_) => "rate_limit",
        Error::Server(_) => "server",
        Error::Api(_) => "api",
        Error::Connection { .. } => "connection",
        Error::Timeout { .. } => "timeout",
        Error::Response { .. } => "response",
        Error::Usage { .. } => "usage",
        _ => "unknown",
    }
}
