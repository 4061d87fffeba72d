//! The documents say what the code does: their snippets are cut from files that run.

use std::path::{Path, PathBuf};

use crate::conformance::read;
use crate::runner::{Test, sync_test};
use crate::snippets;

pub fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, path) in [
        ("README.md", "README.md"),
        ("docs/sdks/rust.md", "../../docs/sdks/rust.md"),
    ] {
        tests.push(sync_test(
            format!("{name} shows only Rust that runs"),
            move || check_snippets(&at(path)),
        ));
        tests.push(sync_test(format!("{name} names every call"), move || {
            check_calls(&at(path));
        }));
    }
    tests.push(sync_test("README.md has 60 to 180 lines", || {
        let lines = read(&at("README.md")).lines().count();
        assert!((60..=180).contains(&lines), "{lines} lines");
    }));
    tests
}

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn check_snippets(document: &Path) {
    let example = read(&at("../../examples/shared-memory/main.rs"));
    let sources = [lines_of(snippets::TEXT), lines_of(&example)];
    let text = read(document);
    let blocks: Vec<&str> = text
        .split("```rust\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(!blocks.is_empty(), "there is no Rust in it");
    // The first one is a whole program, which scripts/artefact.ts takes out and runs.
    assert!(blocks[0].contains("async fn main()"), "{}", blocks[0]);
    for block in &blocks[1..] {
        // The tests run against another address.
        let block = block.replace("\"http://localhost:3300\"", "url");
        let wanted = lines_of(&block);
        let runs = |source: &Vec<&str>| source.windows(wanted.len()).any(|lines| lines == wanted);
        assert!(
            sources.iter().any(runs),
            "this stands in no file that runs:\n{block}"
        );
    }
}

/// Indentation and empty lines do not count.
fn lines_of(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

fn check_calls(document: &Path) {
    let (text, flat) = (read(document), read(&at("src/flat.rs")));
    let names = flat.lines().filter_map(|line| {
        line.trim()
            .strip_prefix("pub fn ")?
            .split(['(', '<'])
            .next()
    });
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    let missing: Vec<&str> = names.filter(|name| !words.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
