//! All tests of the client, in one program. A word on the command line runs those whose names have it.

#![allow(
    clippy::format_push_string,
    reason = "`write!` has a result that must be dropped"
)]

mod answers;
#[cfg(feature = "blocking")]
mod blocking;
mod calls;
mod conformance;
mod documents;
mod lists;
mod live;
mod matching;
mod neutral;
mod options;
mod printed_calls;
mod runner;
mod server;
mod shapes;
mod snippets;
mod time;

use runner::Test;

fn main() {
    let mut tests: Vec<Test> = Vec::new();
    tests.extend(conformance::tests());
    tests.extend(live::tests());
    tests.extend(options::tests());
    tests.extend(answers::tests());
    tests.extend(shapes::tests());
    tests.extend(lists::tests());
    tests.extend(time::tests());
    tests.extend(snippets::tests());
    tests.extend(documents::tests());
    #[cfg(feature = "blocking")]
    tests.extend(blocking::tests());
    runner::run(tests);
}
