use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment in a request. It is made from a number, a text or a [`SystemTime`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Instant {
    /// Seconds since 1970.
    Unix(i64),
    /// ISO-8601, in UTC unless it has a time zone.
    Iso(String),
}

impl From<i64> for Instant {
    fn from(seconds: i64) -> Self {
        Self::Unix(seconds)
    }
}

impl From<&str> for Instant {
    fn from(text: &str) -> Self {
        Self::Iso(text.to_owned())
    }
}

impl From<String> for Instant {
    fn from(text: String) -> Self {
        Self::Iso(text)
    }
}

impl From<SystemTime> for Instant {
    fn from(time: SystemTime) -> Self {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Self::Unix(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => seconds(since),
            Err(before) => -seconds(before.duration()),
        })
    }
}

/// Returns a moment of a reply, which is in seconds since 1970, as a time.
pub(crate) fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}
