//! The neutral form of conformance/README.md: reads the arguments of calls, and writes their results.

use dakera_rs::{Async, List, Page, Result, Target, Value, json};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a list as its case says.
pub struct Lister {
    pub iterate: bool,
}

impl Lister {
    /// The items in the form that `neutral` gives them: of one page with what it says of the list, or of all pages.
    pub async fn collect<T: Send + 'static>(
        &self,
        list: List<T, Async>,
        neutral: impl Fn(T) -> Value,
    ) -> Result<Value> {
        if !self.iterate {
            return list.await.map(|found| page(found, neutral));
        }
        let mut items = Vec::new();
        let mut all = list.items();
        while let Some(item) = all.try_next().await? {
            items.push(neutral(item));
        }
        Ok(json!({ "items": items }))
    }
}

pub fn neutral(result: impl Serialize) -> Value {
    serde_json::to_value(result).expect("JSON")
}

fn page<T>(page: Page<T>, neutral: impl Fn(T) -> Value) -> Value {
    let items: Value = page.items.into_iter().map(neutral).collect();
    let mut result = json!({ "items": items });
    let named = [
        ("next_cursor", json!(page.next_cursor)),
        ("total", json!(page.total)),
        ("filtered", json!(page.filtered)),
    ];
    for (name, value) in named {
        if !value.is_null() {
            result[name] = value;
        }
    }
    result
}

pub fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// An object of the call. An absent one is as good as an empty one.
pub fn fields<T: DeserializeOwned + Default>(call: &Value, name: &str) -> T {
    if call[name].is_null() {
        T::default()
    } else {
        from(call[name].clone())
    }
}

pub fn option<T: DeserializeOwned>(call: &Value, name: &str) -> Option<T> {
    from(call[name].clone())
}

pub fn text<'a>(call: &'a Value, name: &str) -> &'a str {
    call[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no text in {call}"))
}

pub fn target(call: &Value) -> Target {
    let id = text(call, "id");
    call["namespace"]
        .as_str()
        .map_or_else(|| id.into(), |namespace| (namespace, id).into())
}
