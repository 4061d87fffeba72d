use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::error::Result;
use crate::mode::{Async, Call, Mode};
use crate::request::Request;

/// One page of a list: a `Vec`, with the cursor of the next page and facts about the whole list.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Absent on the last page, and in lists by offset.
    pub next_cursor: Option<String>,
    /// The total number, if the API counts it.
    pub total: Option<i64>,
    /// The number that match the filter, if there is one.
    pub filtered: Option<i64>,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
            total: None,
            filtered: None,
        }
    }
}

impl<T> Deref for Page<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// The start of a page.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Cursor(Option<String>),
    Offset(u64),
}

impl Place {
    pub fn start(offset: Option<u64>) -> Self {
        Self::Offset(offset.unwrap_or(0))
    }

    pub fn cursor(&self) -> Option<String> {
        match self {
            Self::Cursor(cursor) => cursor.clone(),
            Self::Offset(_) => None,
        }
    }

    /// Adds the start of the page to the query, unless it is the beginning of the list.
    pub fn query(&self, request: Request) -> Request {
        match self {
            Self::Cursor(cursor) => request.query("cursor", cursor.as_ref()),
            Self::Offset(offset) => request.query("offset", (*offset > 0).then_some(offset)),
        }
    }

    /// A list without cursors ends at its total or, if the API counts none, with an empty page.
    fn after<T>(&self, page: &Page<T>) -> Option<Self> {
        match self {
            Self::Cursor(_) => page
                .next_cursor
                .clone()
                .map(|cursor| Self::Cursor(Some(cursor))),
            Self::Offset(from) => {
                let next = from + page.len() as u64;
                let has_more = page
                    .total
                    .is_none_or(|total| i64::try_from(next).is_ok_and(|next| next < total));
                (has_more && !page.is_empty()).then_some(Self::Offset(next))
            }
        }
    }
}

type Fetch<T> = Arc<dyn Fn(&Place) -> Call<Page<T>> + Send + Sync>;

/// The result of a list call: await it for one page, or use its [`items`](List::items) for those of every page.
/// In a blocking client use [`page`](List::page) and a `for` loop.
#[must_use = "nothing is sent before it is awaited"]
pub struct List<T, M> {
    fetch: Fetch<T>,
    start: Place,
    mode: M,
}

impl<T: Send + 'static, M: Mode> List<T, M> {
    pub(crate) fn new(
        mode: M,
        start: Place,
        fetch: impl Fn(&Place) -> Call<Page<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetch: Arc::new(fetch),
            start,
            mode,
        }
    }

    /// Fetch one page.
    pub fn page(&self) -> M::Reply<Page<T>> {
        self.mode.run((self.fetch)(&self.start))
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn mode(&self) -> &M {
        &self.mode
    }

    pub(crate) fn into_items(self) -> Items<T> {
        Items {
            fetch: self.fetch,
            place: Some(self.start),
            running: None,
            ready: Vec::new().into_iter(),
        }
    }
}

impl<T: Send + 'static> List<T, Async> {
    /// Returns the items of all pages; each page is fetched when it is needed.
    pub fn items(self) -> Items<T> {
        self.into_items()
    }
}

impl<T: Send + 'static> IntoFuture for List<T, Async> {
    type Output = Result<Page<T>>;
    type IntoFuture = Call<Page<T>>;

    fn into_future(self) -> Call<Page<T>> {
        self.page()
    }
}

/// The items of all pages of a list: a [`Stream`], or [`try_next`](Items::try_next) without another crate.
/// It ends after the first error.
#[must_use = "nothing is sent before it is polled"]
pub struct Items<T> {
    fetch: Fetch<T>,
    place: Option<Place>,
    running: Option<(Place, Call<Page<T>>)>,
    ready: vec::IntoIter<T>,
}

impl<T> Items<T> {
    /// The next item; `None` after the last one.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

/// No item is pinned.
impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let items = self.get_mut();
        loop {
            if let Some(item) = items.ready.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            if items.running.is_none() {
                let Some(place) = items.place.take() else {
                    return Poll::Ready(None);
                };
                let call = (items.fetch)(&place);
                items.running = Some((place, call));
            }
            if let Some((place, call)) = &mut items.running {
                let fetched =
                    ready!(Pin::new(call).poll(context)).map(|page| (place.after(&page), page));
                items.running = None;
                match fetched {
                    Ok((next, page)) => (items.place, items.ready) = (next, page.into_iter()),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
        }
    }
}

impl<T, M> fmt::Debug for List<T, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("List")
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Items")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
