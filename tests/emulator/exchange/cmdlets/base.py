# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cmdlet is: its name, its parameters and their types, who may run it, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from uuid import UUID

from emulator.call import Body
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store.organisation import Organisation

DEFAULT_RESULT_SIZE = 1000
UNLIMITED = "unlimited"

CUT = {
    "en": "By default, only the first {0} items are returned. Use the ResultSize parameter to specify the number of "
    'items returned. To return all items, specify "-ResultSize Unlimited".',
    "da": "Kun de første {0} elementer returneres. Brug parameteren ResultSize til at angive et andet antal.",
    "fr": "Seuls les {0} premiers éléments sont renvoyés. Utilisez le paramètre ResultSize pour en changer le nombre.",
}


class Type(Enum):
    TEXT = auto()
    GUID = auto()
    TEXTS = auto()
    GUIDS = auto()
    SWITCH = auto()
    SIZE = auto()


class Admission(Enum):
    """Which administrators know of a cmdlet; for the others it does not exist."""

    RECIPIENTS = auto()
    ORGANIZATION = auto()


@dataclass(frozen=True, slots=True)
class Caller:
    """`recipient` is the guid of a caller that is one; applications are none."""

    admissions: frozenset[Admission]
    recipient: str | None = None


ADMINISTRATOR = Caller(frozenset(Admission))

COMMON: Mapping[str, Type] = {"Confirm": Type.SWITCH, "ErrorAction": Type.TEXT, "WarningAction": Type.TEXT}


@dataclass(slots=True)
class Invocation:
    """One run of a cmdlet, with checked parameters under their proper names."""

    org: Organisation
    caller: Caller
    parameters: Mapping[str, Any]
    warnings: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.parameters

    def text(self, name: str) -> str:
        return str(self.parameters.get(name) or "")

    def optional(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.parameters.get(name) or ()
        return (value,) if isinstance(value, str) else tuple(value)

    def flag(self, name: str) -> bool:
        return bool(self.parameters.get(name))

    def cut(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Only a limit that nobody asked for is worth a warning."""
        size = self.parameters.get("ResultSize", DEFAULT_RESULT_SIZE)
        if str(size).lower() == UNLIMITED or len(bodies) <= int(size):
            return bodies
        if not self.has("ResultSize"):
            self.warnings.append(CUT[self.org.language].format(size))
        return bodies[: int(size)]


@dataclass(frozen=True, slots=True)
class Cmdlet:
    name: str
    run: Callable[[Invocation], Iterable[Body]]
    parameters: Mapping[str, Type]
    required: tuple[str, ...] = ()
    prompts: bool = False
    admission: Admission = Admission.ORGANIZATION

    def bind(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Names in any case; a null is only known to have been given."""
        known = {name.lower(): name for name in (*self.parameters, *COMMON)}
        bound: dict[str, Any] = {}
        for name, value in given.items():
            if name.lower() not in known:
                raise ExchangeError("unknown_parameter", name)
            bound[known[name.lower()]] = self._checked(known[name.lower()], value)
        missing = [name for name in self.required if name not in bound]
        if missing:
            raise ExchangeError("missing_parameter", " ".join(missing))
        if self.prompts and bound.get("Confirm") is not False:
            raise ExchangeError("needs_confirmation")
        return bound

    def _checked(self, name: str, value: Any) -> Any:
        if value is not None and not CHECKS[{**COMMON, **self.parameters}[name]](value):
            raise ExchangeError("bad_value", name)
        return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_guid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def _is_list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """PowerShell takes one value for a list of one."""
    return lambda value: all(check(item) for item in value) if isinstance(value, list) else check(value)


def _is_size(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return str(value).lower() == UNLIMITED or (str(value).isdecimal() and int(value) > 0)


CHECKS: Mapping[Type, Callable[[Any], bool]] = {
    Type.TEXT: _is_text,
    Type.GUID: _is_guid,
    Type.TEXTS: _is_list_of(_is_text),
    Type.GUIDS: _is_list_of(_is_guid),
    Type.SWITCH: lambda value: isinstance(value, bool),
    Type.SIZE: _is_size,
}
