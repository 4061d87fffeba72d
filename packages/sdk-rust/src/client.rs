use std::fmt;
use std::sync::Arc;

use crate::arguments::RequestOptions;
use crate::error::{Error, Result};
use crate::mode::{Async, Mode};
use crate::resources::{
    Agents, Caller, HealthChecks, Keys, Memories, NamespaceKeys, Namespaces, Sessions,
};
use crate::transport::{ClientBuilder, usable};

/// A client for one server and one key. Its calls are futures on tokio; see [`DakeraClient`] for all of them.
pub type Client = DakeraClient<Async>;

/// A client for one server and one key. Give each agent its own key and so its own client. Clones are cheap and share
/// their connections.
///
/// [`Client`] is the one with futures, `blocking::Client` the one without. `M::Reply<T>` in a signature is a
/// [`Call<T>`](crate::Call) to await with the first, and a [`Result<T>`] with the second.
#[derive(Clone)]
pub struct DakeraClient<M> {
    caller: Caller<M>,
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

    /// Store, find, change and forget what agents know.
    pub fn memories(&self) -> Memories<'_, M> {
        Memories(&self.caller)
    }
    /// Places for memories, each with its own grants.
    pub fn namespaces(&self) -> Namespaces<'_, M> {
        Namespaces(&self.caller)
    }
    /// API keys and their grants.
    pub fn keys(&self) -> Keys<'_, M> {
        Keys(&self.caller)
    }
    /// Keys as one namespace sees them.
    pub fn namespace_keys(&self) -> NamespaceKeys<'_, M> {
        NamespaceKeys(&self.caller)
    }
    /// Stretches of work of an agent.
    pub fn sessions(&self) -> Sessions<'_, M> {
        Sessions(&self.caller)
    }
    /// Namespaces as the places of agents.
    pub fn agents(&self) -> Agents<'_, M> {
        Agents(&self.caller)
    }
    /// How the server is.
    pub fn health(&self) -> HealthChecks<'_, M> {
        HealthChecks(&self.caller)
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
