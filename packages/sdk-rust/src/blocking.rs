//! The same client for programs without an async runtime. Needs the feature `blocking`.
//!
//! ```no_run
//! use dakera_rs::ListMemoriesRequest;
//! use dakera_rs::blocking::Client;
//!
//! let client = Client::new("http://localhost:3300", "dk-researcher-key");
//! for found in client.recall("team-shared", "how fast is HNSW?")? {
//!     println!("{:.2} {}", found.score, found.content);
//! }
//! for memory in client.list_memories("team-shared", ListMemoriesRequest::default()) {
//!     println!("{}", memory?.content);
//! }
//! # Ok::<(), dakera_rs::Error>(())
//! ```

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::client::{ClientBuilder, DakeraClient};
use crate::error::{Error, Result};
use crate::list::{Items, List};
use crate::mode::{Call, Mode, sealed};

/// A client whose calls return their result. Clones share one runtime, with one thread, and its connections.
///
/// Inside an async runtime its calls fail with [`Error::Usage`], because they would block everything else there.
pub type Client = DakeraClient<Blocking>;

/// Calls wait for their response.
#[derive(Clone)]
pub struct Blocking(Arc<Result<Owned, String>>);

/// Shuts down without waiting, so that a client can also be dropped inside an async runtime.
struct Owned(Option<Runtime>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Blocking {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dakera")
            .enable_all()
            .build();
        Self(Arc::new(
            runtime
                .map(|runtime| Owned(Some(runtime)))
                .map_err(|error| error.to_string()),
        ))
    }

    fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        if Handle::try_current().is_ok() {
            return Err(Error::usage(
                "The blocking client was called inside an async runtime. Use dakera_rs::Client there.",
            ));
        }
        match self.0.as_ref() {
            Ok(Owned(Some(runtime))) => runtime.block_on(future),
            Ok(Owned(None)) => Err(Error::usage("The runtime of the client has ended.")),
            Err(problem) => Err(Error::usage(format!(
                "The client could not start its runtime: {problem}."
            ))),
        }
    }
}

impl sealed::Sealed for Blocking {}

impl Mode for Blocking {
    type Reply<T: Send + 'static> = Result<T>;

    fn run<T: Send + 'static>(&self, call: Call<T>) -> Result<T> {
        self.block_on(call)
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Blocking")
    }
}

impl Client {
    /// A client for one server and one key. With an invalid base URL or key, the first call fails with
    /// [`Error::Usage`].
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>) -> Self {
        Self::from_builder(
            Self::builder().base_url(base_url).api_key(api_key),
            Blocking::new(),
        )
    }

    /// A client for the server at `DAKERA_URL`, otherwise `http://localhost:3300`, with the key in `DAKERA_API_KEY`.
    pub fn from_env() -> Result<Self> {
        Self::builder().build_blocking()
    }

    /// Configures a client; finish with [`build_blocking`](ClientBuilder::build_blocking).
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Returns the blocking client, or [`Error::Usage`] for an invalid option.
    pub fn build_blocking(self) -> Result<Client> {
        Client::from_builder(self, Blocking::new()).checked()
    }
}

/// The items of all pages.
impl<T: Send + 'static> IntoIterator for List<T, Blocking> {
    type Item = Result<T>;
    type IntoIter = BlockingItems<T>;

    fn into_iter(self) -> BlockingItems<T> {
        let mode = self.mode().clone();
        BlockingItems {
            items: self.into_items(),
            mode,
        }
    }
}

/// Yields the items of all pages of a list, and ends after the first error.
#[derive(Debug)]
pub struct BlockingItems<T> {
    items: Items<T>,
    mode: Blocking,
}

impl<T: Send + 'static> Iterator for BlockingItems<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.mode.block_on(self.items.try_next()).transpose()
    }
}
