use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::arguments::RequestOptions;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::hooks::Hooks;
use crate::mode::{Async, Mode};
use crate::transport::{
    Transport, check_headers, check_key, check_timeout, check_url, http_client, usable,
};

/// A client for one server and one key. Its calls are futures on tokio; they are listed at [`DakeraClient`].
pub type Client = DakeraClient<Async>;

/// A client for one server and one key. Give each agent its own key, and so its own client. Clones are cheap and share
/// their connections.
///
/// [`Client`] has futures, `blocking::Client` has none. `M::Reply<T>` in a signature is a
/// [`Call<T>`](crate::Call) to await with the first, and a [`Result<T>`] with the second.
#[derive(Clone)]
pub struct DakeraClient<M> {
    pub(crate) caller: Caller<M>,
}

impl<M: Mode> DakeraClient<M> {
    pub(crate) fn from_builder(builder: ClientBuilder, mode: M) -> Self {
        Self {
            caller: Caller {
                transport: Arc::new(builder.transport()),
                options: RequestOptions::default(),
                mode,
            },
        }
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        usable(&self.caller.transport)?;
        Ok(self)
    }

    /// The same client with other options for its calls: `client.with(options).store_memory(…)`.
    #[must_use]
    pub fn with(&self, options: RequestOptions) -> Self {
        Self {
            caller: Caller {
                options,
                ..self.caller.clone()
            },
        }
    }
}

impl Client {
    /// A client for one server and one key. With an invalid base URL or key, the first call fails with
    /// [`Error::Usage`].
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self::from_builder(Self::builder().base_url(base_url).api_key(api_key), Async)
    }

    /// A client for the server at `DAKERA_URL`, otherwise `http://localhost:3300`, with the key in `DAKERA_API_KEY`.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Configures a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

/// The options of a client. All have a default except the key.
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
    /// The address of the server. Default: `DAKERA_URL`, otherwise `http://localhost:3300`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The agent's key. Default: `DAKERA_API_KEY`. Health calls need none; any other call without a key
    /// fails with [`Error::Usage`].
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// The time limit of one attempt. Default 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The maximum number of retries of a failed attempt. Default 2, so three attempts in total.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// A larger response is rejected while it arrives. Default 256 MiB.
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

    /// Called around every attempt.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Returns the client, or [`Error::Usage`] for an invalid option.
    pub fn build(self) -> Result<Client> {
        Client::from_builder(self, Async).checked()
    }

    fn transport(self) -> Result<Transport, String> {
        let base_url = self.base_url.or_else(|| variable("DAKERA_URL"));
        let base_url = check_url(base_url.as_deref().unwrap_or("http://localhost:3300"))?;
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
            http: http_client(&base_url)?,
        })
    }
}

impl<M> fmt::Debug for DakeraClient<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self
            .caller
            .transport
            .as_ref()
            .as_ref()
            .map(|transport| &transport.base_url);
        formatter
            .debug_struct("Client")
            .field("base_url", &base_url)
            .finish_non_exhaustive()
    }
}

/// Shows neither the key nor headers, which may contain others.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Returns a variable of the environment; an empty one counts as absent.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
