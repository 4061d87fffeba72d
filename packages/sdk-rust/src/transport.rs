use std::env;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::hooks::Hooks;
use crate::mode::Async;

/// The version of this crate.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a client is set up. Everything has a default except the key.
#[derive(Clone, Default)]
pub struct ClientBuilder {
    base_url: Option<String>,
    api_key: Option<String>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    max_response_bytes: Option<usize>,
    headers: Vec<(String, String)>,
    hooks: Option<Arc<dyn Hooks>>,
}

impl ClientBuilder {
    /// Where the server is. Default: `DAKERA_URL`, else `http://localhost:3300`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The agent's key. Default: `DAKERA_API_KEY`. Health calls need none; any other call without one ends in
    /// [`Error::Usage`].
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// How long one try may take. Default 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often a failed try is repeated. Default 2, so three tries in all.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// A larger answer is refused while it arrives. Default 256 MiB.
    #[must_use]
    pub fn max_response_bytes(mut self, max_response_bytes: usize) -> Self {
        self.max_response_bytes = Some(max_response_bytes);
        self
    }

    /// Sent with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Called around every try.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Make the client. An option that cannot work is an [`Error::Usage`] here.
    pub fn build(self) -> Result<Client> {
        Client::from_builder(self, Async).checked()
    }

    pub(crate) fn transport(self) -> Result<Transport, String> {
        let base_url = self.base_url.or_else(|| variable("DAKERA_URL"));
        let base_url = check_url(base_url.as_deref().unwrap_or("http://localhost:3300"))?;
        // A redirect is never followed: the key would go wherever it leads.
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("dakera-rust/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base_url) {
            http = http.no_proxy();
        }
        let timeout = self.timeout.unwrap_or(Duration::from_secs(30));
        Ok(Transport {
            base_url: base_url.as_str().trim_end_matches('/').to_owned(),
            api_key: self
                .api_key
                .or_else(|| variable("DAKERA_API_KEY"))
                .map(check_key)
                .transpose()?,
            timeout: check_timeout(timeout)?,
            max_retries: self.max_retries.unwrap_or(2),
            max_response_bytes: self.max_response_bytes.unwrap_or(256 * 1024 * 1024),
            headers: check_headers(&self.headers)?,
            hooks: self.hooks,
            http: http
                .build()
                .map_err(|error| format!("The HTTP client could not be set up: {error}."))?,
        })
    }
}

/// The options, checked and complete.
pub(crate) struct Transport {
    pub base_url: String,
    pub api_key: Option<String>,
    pub timeout: Duration,
    pub max_retries: u32,
    pub max_response_bytes: usize,
    pub headers: HeaderMap,
    pub hooks: Option<Arc<dyn Hooks>>,
    pub http: reqwest::Client,
}

/// Neither shows the key, nor headers, which may hold others.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transport")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// An empty variable is none.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The message does not repeat the URL, which may carry a password.
fn check_url(base_url: &str) -> Result<Url, String> {
    let url = Url::parse(base_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        return Err(
            "The base URL (or DAKERA_URL) is not an http or https URL. It should look like http://localhost:3300."
                .into(),
        );
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "The base URL must not carry a user name or password. Pass the key as the API key."
                .into(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("The base URL must end with its path, without \"?\" or \"#\".".into());
    }
    Ok(url)
}

/// Whether a server is on this machine, where no proxy leads to.
fn is_loopback(base_url: &Url) -> bool {
    match base_url
        .host_str()
        .map(|host| host.trim_matches(['[', ']']))
    {
        Some(host) => host
            .parse::<IpAddr>()
            .map_or(host == "localhost" || host.ends_with(".localhost"), |ip| {
                ip.is_loopback()
            }),
        None => false,
    }
}

/// The message never repeats the key.
fn check_key(api_key: String) -> Result<String, String> {
    if api_key.is_empty() {
        return Err("The API key is empty. Client::from_env reads it from DAKERA_API_KEY.".into());
    }
    if !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("The API key has spaces, line breaks or other characters that no key has. Is there a line break at its end?".into());
    }
    Ok(api_key)
}

pub(crate) fn check_timeout(timeout: Duration) -> Result<Duration, String> {
    if timeout.is_zero() {
        Err("The timeout must be more than nothing.".into())
    } else {
        Ok(timeout)
    }
}

fn check_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let refused =
            || format!("The header {name:?} has a name or value that HTTP does not allow.");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        checked.insert(header, HeaderValue::from_str(value).map_err(|_| refused())?);
    }
    Ok(checked)
}

impl Client {
    /// A client for one server and one key. A base URL or key that cannot work shows in the first call, as
    /// [`Error::Usage`].
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self::from_builder(Self::builder().base_url(base_url).api_key(api_key), Async)
    }

    /// A client for the server at `DAKERA_URL`, else `http://localhost:3300`, with the key in `DAKERA_API_KEY`.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Set up a client with options.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

/// What a call needs: the options, or why they cannot work, which its first call says.
pub(crate) type Checked = Result<Transport, String>;

pub(crate) fn usable(checked: &Checked) -> Result<&Transport> {
    checked.as_ref().map_err(Error::usage)
}
