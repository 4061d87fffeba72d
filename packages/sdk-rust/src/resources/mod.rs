//! One file for each resource, with its calls.

mod agents;
mod health;
mod keys;
mod memories;
mod namespace_keys;
mod namespaces;
mod sessions;

pub use agents::{AgentMemoriesOptions, Agents};
pub use health::HealthChecks;
pub use keys::Keys;
pub use memories::Memories;
pub use namespace_keys::NamespaceKeys;
pub use namespaces::Namespaces;
pub use sessions::{ListSessionsOptions, Sessions};

use std::sync::Arc;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::RequestOptions;
use crate::list::{List, Page, Place};
use crate::mode::{Call, Mode};
use crate::request::Request;
use crate::send::send;
use crate::transport::{Checked, usable};

/// What all resources of a client share.
#[derive(Clone, Debug)]
pub(crate) struct Caller<M> {
    pub transport: Arc<Checked>,
    pub options: RequestOptions,
    pub mode: M,
}

impl<M: Mode> Caller<M> {
    fn send<T>(&self, request: Request) -> M::Reply<T>
    where
        T: DeserializeOwned + Default + Send + 'static,
    {
        self.mode.run(self.call(request))
    }

    /// Hands on a part of the reply.
    fn send_as<R, T>(&self, request: Request, decode: fn(R) -> T) -> M::Reply<T>
    where
        R: DeserializeOwned + Default + Send + 'static,
        T: Send + 'static,
    {
        let call = self.call(request);
        self.mode
            .run(Call::new(async move { call.await.map(decode) }))
    }

    /// A list whose pages begin at a place that `ask` puts into the request.
    fn list<R, T>(
        &self,
        start: Place,
        ask: impl Fn(&Place) -> Request + Send + Sync + 'static,
        decode: fn(R) -> Page<T>,
    ) -> List<T, M>
    where
        R: DeserializeOwned + Default + Send + 'static,
        T: Send + 'static,
    {
        let caller = self.clone();
        List::new(self.mode.clone(), start, move |place| {
            let call = caller.call(ask(place));
            Call::new(async move { call.await.map(decode) })
        })
    }

    fn call<T>(&self, request: Request) -> Call<T>
    where
        T: DeserializeOwned + Default + Send + 'static,
    {
        let (transport, options) = (Arc::clone(&self.transport), self.options.clone());
        Call::new(async move { send(usable(&transport)?, &options, request).await })
    }
}

fn get(operation: &'static str, path: &str, ids: &[&str]) -> Request {
    Request::new(operation, Method::GET, path, ids)
}

fn post(operation: &'static str, path: &str, ids: &[&str]) -> Request {
    Request::new(operation, Method::POST, path, ids)
}

/// The fields of a request, with those that are arguments of the method.
#[derive(Serialize)]
struct Body<A, F> {
    #[serde(flatten)]
    arguments: A,
    #[serde(flatten)]
    fields: F,
}

/// The namespace an object is in.
#[derive(Serialize)]
struct Inside<'a> {
    agent_id: &'a str,
}

fn inside<F: Serialize>(namespace: &str, fields: F) -> Body<Inside<'_>, F> {
    Body {
        arguments: Inside {
            agent_id: namespace,
        },
        fields,
    }
}
