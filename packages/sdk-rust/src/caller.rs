use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::RequestOptions;
use crate::list::{List, Page, Place};
use crate::mode::{Call, Mode};
use crate::request::Request;
use crate::send::send;
use crate::transport::{Checked, usable};

/// The part of a client that its resources share: it sends requests and decodes replies.
#[derive(Clone, Debug)]
pub(crate) struct Caller<M> {
    pub transport: Arc<Checked>,
    pub options: RequestOptions,
    pub mode: M,
}

impl<M: Mode> Caller<M> {
    pub fn send<T>(&self, request: Request) -> M::Reply<T>
    where
        T: DeserializeOwned + Default + Send + 'static,
    {
        self.mode.run(self.call(request))
    }

    /// Returns a part of the reply.
    pub fn send_as<R, T>(&self, request: Request, decode: fn(R) -> T) -> M::Reply<T>
    where
        R: DeserializeOwned + Default + Send + 'static,
        T: Send + 'static,
    {
        let call = self.call(request);
        self.mode
            .run(Call::new(async move { call.await.map(decode) }))
    }

    /// Returns a list; `ask` sets the start of a page in the request.
    pub fn list<R, T>(
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

    /// Returns a list whose address contains the start of a page.
    pub fn pages<R, T>(
        &self,
        start: Place,
        request: Request,
        decode: fn(R) -> Page<T>,
    ) -> List<T, M>
    where
        R: DeserializeOwned + Default + Send + 'static,
        T: Send + 'static,
    {
        self.list(start, move |place| place.query(request.clone()), decode)
    }

    pub fn call<T>(&self, request: Request) -> Call<T>
    where
        T: DeserializeOwned + Default + Send + 'static,
    {
        let (transport, options) = (Arc::clone(&self.transport), self.options.clone());
        Call::new(async move { send(usable(&transport)?, &options, request).await })
    }
}

/// The fields of a request, with those that are arguments of the method.
#[derive(Serialize)]
pub(crate) struct Body<A, F> {
    #[serde(flatten)]
    pub arguments: A,
    #[serde(flatten)]
    pub fields: F,
}

/// A body with texts that are arguments of the method.
pub(crate) fn with<const N: usize, F: Serialize>(
    arguments: [(&'static str, &str); N],
    fields: F,
) -> impl Serialize {
    Body {
        arguments: BTreeMap::from(arguments),
        fields,
    }
}
