use std::time::Duration;

use reqwest::header::HeaderMap;

/// Called around every try, for tracing and for headers of your own.
///
/// ```
/// use dakera_rs::{Hooks, ResponseEvent};
///
/// struct Log;
/// impl Hooks for Log {
///     fn on_response(&self, event: &ResponseEvent<'_>) {
///         eprintln!("{} {} {:?}", event.operation, event.status, event.duration);
///     }
/// }
/// let client = dakera_rs::Client::builder().api_key("dk-researcher-key").hooks(Log).build()?;
/// # Ok::<(), dakera_rs::Error>(())
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// A try is about to be sent.
    fn on_request(&self, event: &mut RequestEvent<'_>) {
        let _ = event;
    }

    /// The whole answer is there.
    fn on_response(&self, event: &ResponseEvent<'_>) {
        let _ = event;
    }
}

/// What a hook sees before a try.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestEvent<'a> {
    /// The call, as the contract names it: `memories.store`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// 1 for the first try.
    pub attempt: u32,
    /// Headers set here are sent. The key is added after, so that no hook can log it.
    pub headers: &'a mut HeaderMap,
}

/// What a hook sees when the answer is there.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseEvent<'a> {
    /// The call, as the contract names it: `memories.store`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// 1 for the first try.
    pub attempt: u32,
    /// The HTTP status.
    pub status: u16,
    /// Leads to the log entry of the server.
    pub request_id: Option<&'a str>,
    /// From the sending of this try to the end of its answer.
    pub duration: Duration,
}
