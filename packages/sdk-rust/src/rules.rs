// @generated from packages/protocol by packages/codegen; do not edit.

use std::time::Duration;

use crate::error::{ApiError, Error};

/// An attempt that ends with one of these statuses is retried.
pub(crate) const RETRIED: [u16; 6] = [408, 429, 500, 502, 503, 504];
/// The wait before the first retry; each later one is twice as long.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that the client chooses.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A call with a longer `Retry-After` than this fails with the error.
pub(crate) const MOST_WAIT: Duration = Duration::from_secs(60);

/// Chooses the kind of error for a status.
impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let kind = match error.status {
            400 | 413 | 422 => Self::Validation,
            401 => Self::Authentication,
            403 => Self::Authorization,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 => Self::RateLimit,
            500.. => Self::Server,
            _ => Self::Api,
        };
        kind(Box::new(error))
    }
}
