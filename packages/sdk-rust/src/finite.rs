//! NaN and infinity cannot be written as JSON. `serde_json` would write null, which has another meaning.

use serde::ser::{Error, Serialize, Serializer};

/// A number of a request, or several.
pub(crate) trait Finite {
    fn all_finite(&self) -> bool;
}

impl Finite for f64 {
    fn all_finite(&self) -> bool {
        self.is_finite()
    }
}

impl Finite for f32 {
    fn all_finite(&self) -> bool {
        self.is_finite()
    }
}

impl<N: Finite> Finite for Option<N> {
    fn all_finite(&self) -> bool {
        self.as_ref().is_none_or(Finite::all_finite)
    }
}

impl<N: Finite> Finite for Vec<N> {
    fn all_finite(&self) -> bool {
        self.iter().all(Finite::all_finite)
    }
}

/// For `serialize_with`: writes the numbers unchanged, or returns an error, which
/// [`Request::json`](crate::request::Request::json) passes on.
pub(crate) fn finite<N: Finite + Serialize, S: Serializer>(
    numbers: &N,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if numbers.all_finite() {
        numbers.serialize(serializer)
    } else {
        Err(S::Error::custom("NaN and infinity are not numbers of JSON"))
    }
}
