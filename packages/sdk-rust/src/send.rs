use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::arguments::RequestOptions;
use crate::error::{ApiError, Error, Result};
use crate::hooks::{RequestEvent, ResponseEvent};
use crate::request::{Request, header, random};
use crate::rules::{FIRST_WAIT, LONGEST_WAIT, MOST_WAIT, RETRIED};
use crate::transport::{Transport, check_timeout};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sends a call by HTTP: authentication, retries, time-outs, decoding of replies and errors.
pub(crate) async fn send<T>(
    transport: &Transport,
    options: &RequestOptions,
    request: Request,
) -> Result<T>
where
    T: DeserializeOwned + Default,
{
    let timeout =
        check_timeout(options.timeout.unwrap_or(transport.timeout)).map_err(Error::usage)?;
    let exchange = Exchange {
        transport,
        operation: request.operation,
        is_public: request.is_public,
        timeout,
    };
    let prepared = request.prepare(transport, options)?;
    let attempts = options
        .max_retries
        .unwrap_or(transport.max_retries)
        .saturating_add(1);
    let mut attempt = 1;
    loop {
        let error = match exchange.try_once(&prepared, attempt).await {
            Ok(answer) => match exchange.judge(&answer) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let wait = error.retry_after().unwrap_or_else(|| backoff(attempt));
        if attempt >= attempts || !is_transient(&error) || wait > MOST_WAIT {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// The state that all attempts of a call share.
struct Exchange<'a> {
    transport: &'a Transport,
    operation: &'static str,
    is_public: bool,
    timeout: Duration,
}

/// A complete response.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Exchange<'_> {
    async fn try_once(&self, prepared: &reqwest::Request, attempt: u32) -> Result<Answer> {
        let (operation, method, url) = (
            self.operation,
            prepared.method().as_str(),
            prepared.url().as_str(),
        );
        let Some(mut request) = prepared.try_clone() else {
            return Err(Error::usage(format!(
                "{operation}: the body cannot be sent again."
            )));
        };
        if let Some(hooks) = &self.transport.hooks {
            hooks.on_request(&mut RequestEvent {
                operation,
                method,
                url,
                attempt,
                headers: request.headers_mut(),
            });
        }
        if let (false, Some(key)) = (self.is_public, &self.transport.api_key) {
            let mut bearer = header(&format!("Bearer {key}"))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let started = Instant::now();
        let host = prepared.url().authority();
        let answer = tokio::time::timeout(self.timeout, self.fetch(request, host))
            .await
            .map_err(|_| Error::Timeout {
                message: format!(
                    "{operation}: no answer from {host} within {} ms.",
                    self.timeout.as_millis()
                ),
            })??;
        if let Some(hooks) = &self.transport.hooks {
            let (status, request_id, duration) =
                (answer.status, answer.header(&REQUEST_ID), started.elapsed());
            hooks.on_response(&ResponseEvent {
                operation,
                method,
                url,
                attempt,
                status,
                request_id,
                duration,
            });
        }
        Ok(answer)
    }

    /// Reads in pieces, so that an endless response ends at the limit and not when memory is full.
    async fn fetch(&self, request: reqwest::Request, host: &str) -> Result<Answer> {
        let failed = |error: reqwest::Error| Error::Connection {
            message: format!(
                "{}: no whole answer from {host} ({}).",
                self.operation,
                innermost(&error)
            ),
            source: error.without_url().into(),
        };
        let mut response = self.transport.http.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > self.transport.max_response_bytes {
                let answer = Answer::start(&mut response);
                let limit = self.transport.max_response_bytes;
                return Err(self.unusable(&answer, &format!("came with more than {limit} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            body,
            ..Answer::start(&mut response)
        })
    }

    /// Returns the outcome of a response.
    fn judge<T: DeserializeOwned + Default>(&self, answer: &Answer) -> Result<T> {
        match answer.status {
            204 => Ok(T::default()),
            200..300 => serde_json::from_slice(&answer.body).map_err(|error| {
                let found = if error.is_data() {
                    format!(
                        "came with JSON of another shape than the API has ({})",
                        self.without_key(&error.to_string())
                    )
                } else {
                    format!(
                        "came with {} that is no JSON",
                        answer.header(&CONTENT_TYPE).unwrap_or("a body")
                    )
                };
                self.unusable(answer, &found)
            }),
            300..400 => Err(self.unusable(
                answer,
                "is a redirect, which is not followed because the key would go with it",
            )),
            _ => Err(self.refused(answer).into()),
        }
    }

    fn unusable(&self, answer: &Answer, found: &str) -> Error {
        let (operation, status) = (self.operation, answer.status);
        let request_id = answer.header(&REQUEST_ID).map(str::to_owned);
        let tail = request_id
            .as_ref()
            .map(|id| format!(" (request {id})"))
            .unwrap_or_default();
        let message = format!(
            "{operation}: {status} {found}. Is the base URL the address of a Dakera server?{tail}"
        );
        Error::Response {
            message,
            status,
            request_id,
        }
    }

    fn refused(&self, answer: &Answer) -> ApiError {
        let text = self.without_key(&String::from_utf8_lossy(&answer.body));
        let body = serde_json::from_str(&text)
            .unwrap_or_else(|_| Value::String(text.chars().take(1000).collect()));
        // Without both fields it is not an error of Dakera.
        let said = if body["error"].is_string() && body["code"].is_string() {
            &body
        } else {
            &Value::Null
        };
        let text_of = |name: &str| said[name].as_str().map(str::to_owned);
        ApiError {
            operation: self.operation,
            status: answer.status,
            code: text_of("code").unwrap_or_else(|| format!("HTTP_{}", answer.status)),
            message: text_of("error")
                .unwrap_or_else(|| "no error body of Dakera came with it".to_owned()),
            request_id: text_of("request_id")
                .or_else(|| answer.header(&REQUEST_ID).map(str::to_owned)),
            retry_after: answer.header(&RETRY_AFTER).and_then(wait_of),
            issues: serde_json::from_value(said["issues"].clone()).unwrap_or_default(),
            resource: text_of("resource"),
            docs: text_of("docs"),
            body,
        }
    }

    /// Removes the key, which a proxy may echo, also as a text in JSON. (A key shorter than any server issues could be
    /// a part of any word.)
    fn without_key(&self, text: &str) -> String {
        match self.transport.api_key.as_deref() {
            Some(key) if key.len() >= 8 => {
                let in_json = key.replace('\\', r"\\").replace('"', "\\\"");
                text.replace(key, "[key]").replace(&in_json, "[key]")
            }
            _ => text.to_owned(),
        }
    }
}

impl Answer {
    fn start(response: &mut reqwest::Response) -> Self {
        let status = response.status().as_u16();
        Self {
            status,
            headers: std::mem::take(response.headers_mut()),
            body: Vec::new(),
        }
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn is_transient(error: &Error) -> bool {
    match error {
        Error::Connection { .. } | Error::Timeout { .. } => true,
        _ => error
            .api()
            .is_some_and(|error| RETRIED.contains(&error.status)),
    }
}

/// Doubles for each attempt, minus a jitter of up to half: clients that failed together do not retry together.
fn backoff(attempt: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let jitter = u32::from(random().to_le_bytes()[0]);
    doubled.min(LONGEST_WAIT) * (512 - jitter) / 512
}

/// Parses seconds or a date; a date in the past means now.
fn wait_of(retry_after: &str) -> Option<Duration> {
    if retry_after.starts_with(|first: char| first.is_ascii_digit()) {
        let seconds: f64 = retry_after.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let at = httpdate::parse_http_date(retry_after).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// Returns the innermost reason: the outer ones only report that a request failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
