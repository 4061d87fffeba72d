use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Result;

/// How calls return: [`Async`] clients return a [`Call`] to await, blocking ones the result itself.
/// Every method is written once, for both.
pub trait Mode: Clone + Send + Sync + sealed::Sealed + 'static {
    /// The return type of a method.
    type Reply<T: Send + 'static>;

    #[doc(hidden)]
    fn run<T: Send + 'static>(&self, call: Call<T>) -> Self::Reply<T>;
}

pub(crate) mod sealed {
    /// Only this crate can define modes.
    pub trait Sealed {}
}

/// Calls are futures, for programs on tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct Async;

impl sealed::Sealed for Async {}

impl Mode for Async {
    type Reply<T: Send + 'static> = Call<T>;

    fn run<T: Send + 'static>(&self, call: Call<T>) -> Call<T> {
        call
    }
}

/// A call that is sent when it is awaited. Dropping it cancels it at any point.
#[must_use = "nothing is sent before it is awaited"]
pub struct Call<T>(Pin<Box<dyn Future<Output = Result<T>> + Send>>);

impl<T> Call<T> {
    pub(crate) fn new(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").finish_non_exhaustive()
    }
}
