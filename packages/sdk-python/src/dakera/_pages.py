"""Lists: their pages, and how the next one is fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ._models import FoundMemory
from ._request import Call
from ._result import Result, is_array

T = TypeVar("T")
R = TypeVar("R", bound=Result)


class Page(list[T]):
    """One page of a list: a list, with facts about the whole list."""

    next_cursor: str | None = None
    """The start of the next page; None on the last one, and in lists by `offset`."""
    total: int | None = None
    """The total number, if the API counts it."""
    filtered: int | None = None
    """The number that match the filter, if there is one."""

    def __init__(
        self,
        items: Iterable[T] = (),
        *,
        next_cursor: str | None = None,
        total: int | None = None,
        filtered: int | None = None,
    ) -> None:
        super().__init__(items)
        self.next_cursor = next_cursor
        self.total = total
        self.filtered = filtered


def page_of(cls: type[R], field: str | None = None) -> Callable[[Any], Page[R]]:
    """Makes a page from a reply, whose items are in a field unless the reply is the list."""

    def decode(reply: Any) -> Page[R]:
        items: object = reply if field is None else reply[field]
        if not is_array(items):  # a dict can be iterated too, and would yield its names
            raise TypeError("The reply has no list.")
        says: dict[str, Any] = {} if field is None else reply
        return Page(
            [cls(item) for item in items],
            next_cursor=says.get("next_cursor"),
            total=says.get("total"),
            filtered=says.get("filtered"),
        )

    return decode


class FoundMemories(list[FoundMemory]):
    """The result of recall and search: a list, best first."""

    total_found: int
    query_time_ms: float
    denied: list[str]
    """With `skip_denied`: the namespaces that were skipped."""

    def __init__(
        self,
        memories: Iterable[FoundMemory] = (),
        *,
        total_found: int = 0,
        query_time_ms: float = 0.0,
        denied: Iterable[str] = (),
    ) -> None:
        super().__init__(memories)
        self.total_found = total_found
        self.query_time_ms = query_time_ms
        self.denied = list(denied)

    @property
    def memories(self) -> FoundMemories:
        """The list itself, by its name in the API."""
        return self


Place = str | int | None
"""The start of a page: a cursor, an offset, or the beginning."""


class Plan(Generic[T]):
    """How a list is read: the call for a page, and the start of the page after it."""

    def __init__(self, call: Callable[[Any], Call[Page[T]]], start: Place, *, by_offset: bool = False) -> None:
        self.call = call
        self.start = start or None
        self._by_offset = by_offset

    def after(self, page: Page[T], place: Place) -> Place:
        """None after the last page. A list by offset ends at its total or, if there is none, with an empty page."""
        if not self._by_offset:
            return page.next_cursor
        end = int(place or 0) + len(page)
        return None if not page or (page.total is not None and end >= page.total) else end


class Listing(Page[T]):
    """The requested page; `all()` yields the items of every page from it on."""

    def __init__(self, request: Callable[[Call[Page[T]]], Page[T]], plan: Plan[T]) -> None:
        page = request(plan.call(plan.start))
        super().__init__(page, next_cursor=page.next_cursor, total=page.total, filtered=page.filtered)
        self._request = request
        self._plan = plan

    def all(self) -> Iterator[T]:
        """Go through the items of this page and of those that follow, each fetched when it is needed."""
        page: Page[T] = self
        place = self._plan.start
        while True:
            yield from page
            place = self._plan.after(page, place)
            if place is None:
                return
            page = self._request(self._plan.call(place))

    def __reduce__(self) -> tuple[Any, ...]:
        """Only the page is copied or pickled, because a connection cannot be."""
        state = {"next_cursor": self.next_cursor, "total": self.total, "filtered": self.filtered}
        return Page, (list(self),), state


class AsyncListing(Generic[T]):
    """Await it for one page, or `async for` over it for the items of every page. Nothing is sent before."""

    def __init__(self, request: Callable[[Call[Page[T]]], Awaitable[Page[T]]], plan: Plan[T]) -> None:
        self._request = request
        self._plan = plan

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._request(self._plan.call(self._plan.start)).__await__()

    def all(self) -> AsyncIterator[T]:
        """The same as iterating over the list."""
        return self.__aiter__()

    async def __aiter__(self) -> AsyncIterator[T]:
        place = self._plan.start
        while True:
            page = await self._request(self._plan.call(place))
            for item in page:
                yield item
            place = self._plan.after(page, place)
            if place is None:
                return
