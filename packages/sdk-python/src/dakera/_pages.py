"""Lists: a page of one, and how the next is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ._models import FoundMemory
from ._request import Call
from ._result import Result, is_array

T = TypeVar("T")
R = TypeVar("R", bound=Result)


class Page(list[T]):
    """One page of a list: a list, with what the reply says of the whole."""

    next_cursor: str | None = None
    """Where the next page begins; None on the last, and where a list goes on by `offset`."""
    total: int | None = None
    """How many there are in all, where the API counts them."""
    filtered: int | None = None
    """How many match the filter, where there is one."""

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
    """How a page is made of a reply, whose items stand in a field unless it is nothing but a list."""

    def decode(reply: Any) -> Page[R]:
        items: object = reply if field is None else reply[field]
        if not is_array(items):  # a dict could be iterated too, and would give its names
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
    """What recall and search give: a list, best first."""

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
        """The list itself, by the name the API gives it."""
        return self


Place = str | int | None
"""Where a page begins: a cursor, an offset, or the beginning."""


class Plan(Generic[T]):
    """How a list is read: the call for a page, and where the page after it begins."""

    def __init__(self, call: Callable[[Any], Call[Page[T]]], start: Place, *, by_offset: bool = False) -> None:
        self.call = call
        self.start = start or None
        self._by_offset = by_offset

    def after(self, page: Page[T], place: Place) -> Place:
        """None behind the last page. A list by offset ends with its total or, where none is said, an empty page."""
        if not self._by_offset:
            return page.next_cursor
        end = int(place or 0) + len(page)
        return None if not page or (page.total is not None and end >= page.total) else end


class Listing(Page[T]):
    """The page that was asked for, and by `all()` the items of every page from it on."""

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
        """What is copied or pickled is the page: a connection cannot be."""
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
        """The same as iterating it."""
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
