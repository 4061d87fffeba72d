use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::hooks::Hooks;

/// The version of this crate.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

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

/// Shows neither the key nor headers, which may contain others.
impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transport")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Returns a client that follows no redirect: the key would be sent wherever it leads.
pub(crate) fn http_client(base_url: &Url) -> Result<reqwest::Client, String> {
    let mut http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("dakera-rust/", env!("CARGO_PKG_VERSION")));
    if is_loopback(base_url) {
        http = http.no_proxy();
    }
    http.build()
        .map_err(|error| format!("The HTTP client could not be set up: {error}."))
}

/// Checks the URL. The message does not repeat it, because it may contain a password.
pub(crate) fn check_url(base_url: &str) -> Result<Url, String> {
    let url = Url::parse(base_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        let found = "The base URL (or DAKERA_URL) is not an http or https URL";
        return Err(format!(
            "{found}. It should look like http://localhost:3300."
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "The base URL must not contain a user name or password. Pass the key as the API key."
                .into(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("The base URL must end with its path, without \"?\" or \"#\".".into());
    }
    Ok(url)
}

/// Returns whether a server is on this machine, which no proxy can reach.
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

/// Checks the key. The message never repeats it.
pub(crate) fn check_key(api_key: String) -> Result<String, String> {
    if api_key.is_empty() {
        return Err("The API key is empty. Client::from_env reads it from DAKERA_API_KEY.".into());
    }
    if !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let found = "The API key has spaces, line breaks or other characters that no key has";
        return Err(format!("{found}. Is there a line break at its end?"));
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

pub(crate) fn check_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let refused =
            || format!("The header {name:?} has a name or value that HTTP does not allow.");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        checked.insert(header, HeaderValue::from_str(value).map_err(|_| refused())?);
    }
    Ok(checked)
}

/// The options, or the reason why they are invalid, with which the first call fails.
pub(crate) type Checked = Result<Transport, String>;

pub(crate) fn usable(checked: &Checked) -> Result<&Transport> {
    checked.as_ref().map_err(Error::usage)
}
