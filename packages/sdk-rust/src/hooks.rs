use std::time::Duration;

use reqwest::header::HeaderMap;

/// Called around every attempt, for tracing and for your own headers.
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
    /// Called before an attempt is sent.
    fn on_request(&self, event: &mut RequestEvent<'_>) {
        let _ = event;
    }

    /// Called when the complete response has arrived.
    fn on_response(&self, event: &ResponseEvent<'_>) {
        let _ = event;
    }
}

/// The argument of a hook before an attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestEvent<'a> {
    /// The call, as the contract names it: `memories.store`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Headers set here are sent. The key is added later, so that no hook can log it.
    pub headers: &'a mut HeaderMap,
}

/// The argument of a hook after a response.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseEvent<'a> {
    /// The call, as the contract names it: `memories.store`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The HTTP status.
    pub status: u16,
    /// Identifies the log entry of the server.
    pub request_id: Option<&'a str>,
    /// The time from sending this attempt to the end of its response.
    pub duration: Duration,
}
