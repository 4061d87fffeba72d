"""The results of calls: dicts whose fields are also attributes, and lists with additional properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard, TypeVar, overload

R = TypeVar("R", bound="Result")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


class Result(dict[str, Any]):
    """A JSON object of a reply: `memory["content"]` and `memory.content` are the same.

    It is a dict: `dict(memory)`, `json.dumps(memory)`, `"tags" in memory` and `**memory` work as usual.
    Unknown fields are kept, and read in the same way. An optional field that was not sent is None.
    """

    __slots__ = ()
    _nested: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    _optional: ClassVar[frozenset[str]] = frozenset()
    _secret: ClassVar[frozenset[str]] = frozenset()
    _also: ClassVar[Mapping[str, str]] = {}

    def __init__(self, fields: Mapping[str, Any]) -> None:
        if not is_object(fields):
            raise TypeError(f"A {type(self).__name__} is made from a dict.")
        super().__init__(fields)
        for name, make in self._nested.items():
            if name in self:
                self[name] = make(self[name])
        for copy, name in self._also.items():
            self[copy] = self[name]

    if not TYPE_CHECKING:  # hidden, so that a type checker still finds a misspelt field

        def __getattr__(self, name: str) -> Any:
            try:
                return self[name]
            except KeyError:
                if name in self._optional:
                    return None
            raise AttributeError(f"{type(self).__name__} has no field {name!r}. It has {', '.join(self)}.")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Fields are read as attributes and set as items: result[{name!r}] = …")

    def __repr__(self) -> str:
        """New secrets are left out, because they must not appear in a log.

        A memory whose fields are also at top level is shown once.
        """
        fields = (
            f"{name}=<secret>" if name in self._secret else f"{name}={value!r}"
            for name, value in self.items()
            if not (isinstance(value, Result) and value.items() <= self.items())
        )
        return f"{type(self).__name__}({', '.join(fields)})"

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


@overload
def moment(seconds: int) -> datetime: ...
@overload
def moment(seconds: int | None) -> datetime | None: ...
def moment(seconds: int | None) -> datetime | None:
    """A moment of a reply as a datetime in UTC; None if there is none."""
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def one(cls: type[R]) -> Callable[[Any], Any]:
    """Reads a field with one object."""
    return lambda value: cls(value) if is_object(value) else value


def many(cls: type[R]) -> Callable[[Any], Any]:
    """Reads a field with a list of objects."""
    return lambda value: [cls(item) for item in value] if is_array(value) else value


def named(cls: type[R]) -> Callable[[Any], Any]:
    """Reads a field with objects by name."""
    return lambda value: {name: cls(item) for name, item in value.items()} if is_object(value) else value


def part_of(cls: type[R], name: str) -> Callable[[Any], R]:
    """Makes a result from one field of a reply."""
    return lambda reply: cls(reply[name])
