use std::future::IntoFuture;

use reqwest::Method;

use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::mode::{Async, Call, Mode};
use crate::models::{Health, Liveness, Readiness};
use crate::request::Request;

/// Health of the server. Needs no key, and sends none. `client.health().await` is short for
/// `client.health().get().await`.
#[derive(Clone, Copy, Debug)]
#[must_use = "it only asks when one of its methods is called or it is awaited"]
pub struct HealthChecks<'a, M>(pub(crate) &'a Caller<M>);

impl<M: Mode> HealthChecks<'_, M> {
    /// Report that the server responds.
    pub fn get(&self) -> M::Reply<Health> {
        self.0.send(get("health.get", "/health"))
    }

    /// Report, part by part, whether requests will succeed. A server that is not ready is a result, not an error, and
    /// is asked once.
    pub fn ready(&self) -> M::Reply<Readiness> {
        let mut once = self.0.clone();
        once.options.max_retries.get_or_insert(0);
        let call: Call<Readiness> = once.call(get("health.ready", "/health/ready"));
        self.0
            .mode
            .run(Call::new(async move { call.await.or_else(readiness) }))
    }

    /// Report that the process is running.
    pub fn live(&self) -> M::Reply<Liveness> {
        self.0.send(get("health.live", "/health/live"))
    }
}

/// Health calls send no key.
fn get(operation: &'static str, path: &str) -> Request {
    Request::new(operation, Method::GET, path, &[]).public()
}

fn readiness(error: Error) -> Result<Readiness> {
    let Error::Server(answer) = &error else {
        return Err(error);
    };
    serde_json::from_value(answer.body.clone()).map_err(|_| error)
}

impl IntoFuture for HealthChecks<'_, Async> {
    type Output = Result<Health>;
    type IntoFuture = Call<Health>;

    fn into_future(self) -> Call<Health> {
        self.get()
    }
}
