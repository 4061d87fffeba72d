//! Runs named tests beside each other and prints what `cargo test` prints.

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Many tests wait; more of them at once than there are cores.
const AT_ONCE: usize = 4;
/// A test that hangs is one that failed.
const LONGEST: Duration = Duration::from_secs(60);

/// One test. It fails by panicking.
pub struct Test {
    name: String,
    run: Result<Box<dyn FnOnce() + Send>, &'static str>,
}

/// A test on a runtime of its own.
pub fn test<F: Future<Output = ()>>(
    name: impl Into<String>,
    run: impl FnOnce() -> F + Send + 'static,
) -> Test {
    sync_test(name, move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let ended = runtime.block_on(async { tokio::time::timeout(LONGEST, run()).await });
        ended.expect("it ends in time");
    })
}

pub fn sync_test(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Test {
    Test {
        name: name.into(),
        run: Ok(Box::new(run)),
    }
}

pub fn skipped(name: impl Into<String>, why: &'static str) -> Test {
    Test {
        name: name.into(),
        run: Err(why),
    }
}

/// Ends the program with 0, or with 101 when a test failed.
pub fn run(tests: Vec<Test>) -> ! {
    let word = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let all = tests.len();
    let chosen: VecDeque<Test> = tests
        .into_iter()
        .filter(|test| test.name.contains(&word))
        .collect();
    let filtered = all - chosen.len();
    println!("\nrunning {} tests", chosen.len());
    // What a test says when it fails is printed at the end, in one piece.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let waiting = Mutex::new(chosen);
    let results = Mutex::new(Results::default());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(test) = next(&waiting) {
                    let outcome = test.run.map(|run| {
                        catch_unwind(AssertUnwindSafe(run)).map_err(|panic| said(&*panic))
                    });
                    lock(&results).add(test.name, outcome);
                }
            });
        }
    });
    let Results {
        passed,
        failed,
        ignored,
    } = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (name, message) in &failed {
        println!("\n---- {name} ----\n{message}");
    }
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    let seconds = started.elapsed().as_secs_f64();
    let counts = format!(
        "{passed} passed; {} failed; {ignored} ignored",
        failed.len()
    );
    println!(
        "\ntest result: {verdict}. {counts}; 0 measured; {filtered} filtered out; finished in {seconds:.2}s\n"
    );
    std::process::exit(if failed.is_empty() { 0 } else { 101 })
}

#[derive(Default)]
struct Results {
    passed: usize,
    failed: Vec<(String, String)>,
    ignored: usize,
}

impl Results {
    fn add(&mut self, name: String, outcome: Result<Result<(), String>, &'static str>) {
        match outcome {
            Ok(Ok(())) => {
                println!("test {name} ... ok");
                self.passed += 1;
            }
            Ok(Err(message)) => {
                println!("test {name} ... FAILED");
                self.failed.push((name, message));
            }
            Err(why) => {
                println!("test {name} ... ignored, {why}");
                self.ignored += 1;
            }
        }
    }
}

/// Not in the loop's head, where the lock would be held while the test runs.
fn next(waiting: &Mutex<VecDeque<Test>>) -> Option<Test> {
    lock(waiting).pop_front()
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked".to_owned())
}
