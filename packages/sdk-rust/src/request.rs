use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH};
use reqwest::{Method, Url};
use serde::Serialize;

use crate::arguments::RequestOptions;
use crate::error::{Error, Result};
use crate::transport::{Transport, VERSION};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const DAKERA_CLIENT: HeaderName = HeaderName::from_static("x-dakera-client");
/// The characters that are not escaped in a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// One operation, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    if_match: Option<i64>,
    pub is_public: bool,
    is_read: bool,
    /// The reason why the call cannot be sent.
    problem: Option<String>,
}

impl Request {
    /// Each `{}` of the path takes an id; it is escaped, and one that could leave its segment is rejected.
    pub fn new(operation: &'static str, method: Method, template: &str, ids: &[&str]) -> Self {
        let mut parts = template.split("{}");
        let mut path = parts.next().unwrap_or_default().to_owned();
        let mut problem = None;
        for (id, part) in ids.iter().zip(parts) {
            if matches!(*id, "" | "." | "..") {
                problem = Some(format!("{operation}: not a usable id or name: {id:?}."));
            }
            path.extend(utf8_percent_encode(id, PLAIN));
            path.push_str(part);
        }
        let is_read = method == Method::GET;
        Self {
            operation,
            method,
            path,
            query: Vec::new(),
            body: None,
            if_match: None,
            is_public: false,
            is_read,
            problem,
        }
    }

    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => {
                let operation = self.operation;
                self.problem = Some(format!("{operation}: this has no form in JSON: {error}."));
            }
        }
        self
    }

    /// Sets the version that the memory must still have.
    pub fn if_match(mut self, version: Option<i64>) -> Self {
        self.if_match = version;
        self
    }

    /// Health calls: no key is needed, and none is sent.
    pub fn public(mut self) -> Self {
        self.is_public = true;
        self
    }

    /// A POST that only reads needs no idempotency key.
    pub fn read_only(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// Called once, before the first attempt: all attempts have the same idempotency key.
    pub fn prepare(
        self,
        transport: &Transport,
        options: &RequestOptions,
    ) -> Result<reqwest::Request> {
        let operation = self.operation;
        if let Some(problem) = self.problem {
            return Err(Error::Usage { message: problem });
        }
        if !self.is_public && transport.api_key.is_none() {
            let how = "Pass one to the client, or set DAKERA_API_KEY for Client::from_env";
            return Err(Error::usage(format!(
                "{operation} needs an API key. {how}."
            )));
        }
        let unusable = |what: &str| Error::usage(format!("{operation}: {what}."));
        let mut url = Url::parse(&(transport.base_url.clone() + &self.path))
            .map_err(|_| unusable("no usable address"))?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = reqwest::Request::new(self.method, url);
        let headers = request.headers_mut();
        headers.clone_from(&transport.headers);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(DAKERA_CLIENT, header(&format!("sdk-rust/{VERSION}"))?);
        if let Some(version) = self.if_match {
            headers.insert(IF_MATCH, header(&format!("\"{version}\""))?);
        }
        if !self.is_read {
            let key = options.idempotency_key.clone().unwrap_or_else(random_id);
            headers.insert(IDEMPOTENCY_KEY, header(&key)?);
        }
        if let Some(body) = self.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

pub(crate) fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value)
        .map_err(|_| Error::usage("An idempotency key has characters that HTTP does not allow."))
}

fn random_id() -> String {
    format!("{:016x}{:016x}", random(), random())
}

/// The keys of the standard library's hash maps come from the system's randomness, and are unique.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
