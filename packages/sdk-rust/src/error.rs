// Error                      every error of a call; switch on `code()`
// ├── Validation(ApiError)       400 413 422   issues
// ├── Authentication(ApiError)   401
// ├── Authorization(ApiError)    403
// ├── NotFound(ApiError)         404
// ├── Conflict(ApiError)         409
// ├── RateLimit(ApiError)        429           retry_after
// ├── Server(ApiError)           5xx           retry_after
// ├── Api(ApiError)              any other status
// ├── Connection                 no complete response arrived
// ├── Timeout                    no response arrived in time
// ├── Response                   the response is not from a Dakera server: HTML, a redirect, invalid JSON
// └── Usage                      the client was configured or called incorrectly; nothing was sent

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::models::Issue;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of a call. Match on the kind, or switch on [`code`](Error::code). No error shows the key.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server does not accept the request: 400, 413 or 422. See [`ApiError::issues`].
    Validation(Box<ApiError>),
    /// The key is unknown, inactive or expired: 401.
    Authentication(Box<ApiError>),
    /// The key is valid but may not do this: 403.
    Authorization(Box<ApiError>),
    /// No resource with that id or name is visible to this key: 404.
    NotFound(Box<ApiError>),
    /// The change conflicts with what is stored: 409.
    Conflict(Box<ApiError>),
    /// Too many requests: 429. See [`retry_after`](Error::retry_after).
    RateLimit(Box<ApiError>),
    /// The server failed: 5xx.
    Server(Box<ApiError>),
    /// The server responded with an error of any other status.
    Api(Box<ApiError>),
    /// The server could not be reached, or the connection ended before the complete response arrived.
    #[non_exhaustive]
    Connection {
        /// The failure, with the call and the host.
        message: String,
        /// The error of the HTTP library.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No response arrived within the time limit of one attempt.
    #[non_exhaustive]
    Timeout {
        /// The failure, with the call and the host.
        message: String,
    },
    /// The response is not from a Dakera server. Most often another program listens at the base URL.
    #[non_exhaustive]
    Response {
        /// The failure, with the call.
        message: String,
        /// The HTTP status.
        status: u16,
        /// Identifies the log entry of the server, if the response had an id.
        request_id: Option<String>,
    },
    /// The client was configured or called incorrectly. Nothing was sent.
    #[non_exhaustive]
    Usage {
        /// The mistake, and how to fix it.
        message: String,
    },
}

/// An error response of the server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiError {
    /// The call, as the contract names it: `memories.store`.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// One of [`codes`](crate::codes) or a new one; `HTTP_<status>` if a proxy responded without a code.
    pub code: String,
    /// Human-readable message.
    pub message: String,
    /// Identifies the log entry of the server.
    pub request_id: Option<String>,
    /// The time to wait, if the server sent one.
    pub retry_after: Option<Duration>,
    /// Every invalid field, with its path.
    pub issues: Vec<Issue>,
    /// The namespace or id the error is about.
    pub resource: Option<String>,
    /// The page about this code.
    pub docs: Option<String>,
    /// The decoded reply; the beginning of its text if it is not JSON.
    pub body: Value,
}

impl Error {
    /// A code of the API (see [`codes`](crate::codes)), or `CONNECTION_FAILED`, `TIMEOUT`, `INVALID_RESPONSE`,
    /// `INVALID_USAGE` if the server had no part in the failure.
    pub fn code(&self) -> &str {
        match self {
            Self::Connection { .. } => "CONNECTION_FAILED",
            Self::Timeout { .. } => "TIMEOUT",
            Self::Response { .. } => "INVALID_RESPONSE",
            Self::Usage { .. } => "INVALID_USAGE",
            _ => self.api().map_or("", |error| &error.code),
        }
    }

    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Response { status, .. } => Some(*status),
            _ => self.api().map(|error| error.status),
        }
    }

    /// Identifies the log entry of the server, if the response had an id.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Response { request_id, .. } => request_id.as_deref(),
            _ => self.api()?.request_id.as_deref(),
        }
    }

    /// The time to wait before a retry, if the server sent one.
    pub fn retry_after(&self) -> Option<Duration> {
        self.api()?.retry_after
    }

    /// The error response of the server, if there was one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Validation(error)
            | Self::Authentication(error)
            | Self::Authorization(error)
            | Self::NotFound(error)
            | Self::Conflict(error)
            | Self::RateLimit(error)
            | Self::Server(error)
            | Self::Api(error) => Some(error),
            Self::Connection { .. }
            | Self::Timeout { .. }
            | Self::Response { .. }
            | Self::Usage { .. } => None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection { message, .. }
            | Self::Timeout { message }
            | Self::Response { message, .. }
            | Self::Usage { message } => formatter.write_str(message),
            _ => self.api().map_or(Ok(()), |error| error.fmt(formatter)),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} {}: {}",
            self.operation, self.status, self.code, self.message
        )?;
        self.request_id
            .as_ref()
            .map_or(Ok(()), |id| write!(formatter, " (request {id})"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}
