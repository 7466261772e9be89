"""The methods a page may call, and the reading of their parameters. No Qt here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from avatardesk.errors import InputError, ProtocolError

Method = Callable[["Params"], Awaitable[dict[str, Any]]]


class Params:
    """A call's parameters; each reader raises an InputError that names the parameter."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def text(self, name: str, *, choices: tuple[str, ...] = ()) -> str:
        """Return a required text, one of `choices` where there are any."""
        value = self.data.get(name)
        if not isinstance(value, str):
            raise _wrong(name, "a text")
        if choices and value not in choices:
            raise _wrong(name, "one of " + ", ".join(choices))
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where it is null or missing."""
        return None if self.data.get(name) is None else self.text(name)

    def number(self, name: str) -> float:
        """Return a required number."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(name, "a number")
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return a required list of objects."""
        value = self.data.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise _wrong(name, "a list of objects")
        return value

    def required(self, name: str) -> Any:
        """Return a parameter of any type that must be there (it may be null)."""
        if name not in self.data:
            raise _wrong(name, "given")
        return self.data[name]


class Registry:
    """Methods by name."""

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}

    def add(self, name: str, method: Method) -> None:
        """Offer a method to the page; a name can be taken once."""
        if name in self._methods:
            raise ValueError(f"method {name} is there already")
        self._methods[name] = method

    @property
    def names(self) -> tuple[str, ...]:
        """Every method's name, in order."""
        return tuple(sorted(self._methods))

    def find(self, name: str) -> Method:
        """Return the method.

        Raises:
            ProtocolError: there is none of that name.
        """
        found = self._methods.get(name)
        if found is None:
            raise ProtocolError(f"There is no method {name[:80]!r}.", code="no_method", field="method")
        return found


def _wrong(name: str, wanted: str) -> InputError:
    return InputError(f"The parameter {name} must be {wanted}.", code="bad_params", field=name)
