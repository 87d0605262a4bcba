# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults by the names that seeds and the admin door give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from emulator.faults.answers import Answered, RefuseMailbox, RefuseSignIn
from emulator.faults.connections import Drip, Kill, Refuse, ResetAfter, ResetBefore, Timeout
from emulator.faults.garbage import Garbage
from emulator.faults.model import BadFault, Fault, Filter, Limits
from emulator.faults.plan import Planned
from emulator.faults.refusals import Concurrency, Misleading, ServerError, Throttle, Unavailable, Unheard
from emulator.faults.replicas import LostUpdate, StaleRead, YoungApplication, YoungSecret
from emulator.faults.skew import ClockSkew

KINDS: Mapping[str, type[Fault]] = {
    "refuse": Refuse,
    "reset_before": ResetBefore,
    "reset_after": ResetAfter,
    "timeout": Timeout,
    "drip": Drip,
    "throttle": Throttle,
    "unavailable": Unavailable,
    "server_error": ServerError,
    "concurrency": Concurrency,
    "misleading": Misleading,
    "unheard": Unheard,
    "stale_read": StaleRead,
    "lost_update": LostUpdate,
    "young_secret": YoungSecret,
    "young_application": YoungApplication,
    "garbage": Garbage,
    "clock_skew": ClockSkew,
    "kill": Kill,
    "refuse_sign_in": RefuseSignIn,
    "refuse_mailbox": RefuseMailbox,
    "answer": Answered,
}

_FILTERS = {field.name for field in fields(Filter)}
_LIMITS = {field.name for field in fields(Limits)}


def parse_faults(specs: Iterable[Mapping[str, Any]], *, seed: int = 0, tenant: str = "") -> list[Planned]:
    """Of what the schema has let through; `tenant` is whose seed they stand in."""
    return [_parse(number, spec, seed, tenant) for number, spec in enumerate(specs)]


def _parse(number: int, spec: Mapping[str, Any], seed: int, tenant: str) -> Planned:
    kind = KINDS[spec["kind"]]
    filters = {name: spec[name] for name in _FILTERS & spec.keys()}
    if not filters.keys() - {"tenant"}:
        filters = {**kind.usual, **filters}
    if tenant:
        filters["tenant"] = tenant
    limits: dict[str, Any] = {
        name: tuple(spec[name]) if name == "script" else spec[name] for name in _LIMITS & spec.keys()
    }
    parameters = {name: spec[name] for name in spec.keys() - _FILTERS - _LIMITS - {"kind"}}
    try:
        return Planned(spec, kind(**parameters), _filter(filters), Limits(**limits), seed)
    except BadFault as error:
        raise BadFault(f"faults.{number}: {error}") from error


def _filter(wanted: Mapping[str, Any]) -> Filter:
    patterns = {name: _pattern(name, wanted[name]) for name in ("path", "cmdlet") if name in wanted}
    return Filter(**{**wanted, **patterns})


def _pattern(name: str, text: str) -> re.Pattern[str]:
    """PowerShell minds no case."""
    try:
        return re.compile(text, re.IGNORECASE if name == "cmdlet" else 0)
    except re.error as error:
        raise BadFault(f"{name}: not a regular expression: {error}") from error
