# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory import (
    gdap,
    groups,
    last_report,
    table_file,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import (
    Entry,
    Host,
    merge,
    unknown,
)

#: Of one entry of the option sources.
SOURCE: dict[str, dict[str, t.Any]] = {
    "type": {"type": "str", "choices": ["file", "gdap", "partner_center", "report"], "required": True},
    "path": {"type": "path"},
    "columns": {"type": "dict", "default": {}},
    "delimiter": {"type": "str", "default": ","},
    "statuses": {"type": "list", "elements": "str", "choices": list(gdap.STATUSES), "default": list(gdap.ALIVE)},
    "adds": {"type": "bool", "default": True},
}
_CONSTRAINTS: dict[str, t.Any] = {
    "required_if": [("type", kind, ("path",)) for kind in ("file", "partner_center", "report")],
}
_SHOWN = 10


@dataclass(frozen=True)
class Settings:
    """The plugin's options. `folder`: where relative paths start."""

    sources: t.Sequence[t.Mapping[str, t.Any]]
    folder: Path
    cloud: str
    waves: t.Sequence[int]
    expires_within: t.Sequence[int]


@dataclass(frozen=True)
class Fleet:
    hosts: t.Sequence[Host]
    #: By host.
    groups: t.Mapping[str, t.Sequence[str]]
    warnings: t.Sequence[str]


def fleet(settings: Settings, partner: t.Callable[[], gdap.Partner], now: datetime) -> Fleet:
    """Everything that the inventory holds. `partner`: asked where a source wants it. Raises ConnectorError."""
    groups.check_waves(settings.waves)
    wanted = [_validated(given, number) for number, given in enumerate(settings.sources, 1)]
    told = [entry for source in wanted for entry in _entries(source, settings, partner)]
    hosts = [groups.with_wave(host, settings.waves) for host in merge(told, settings.cloud)]
    grouped = {host.name: groups.of(host, now, settings.expires_within) for host in hosts}
    groups.check_names(hosts, {group for names in grouped.values() for group in names})
    return Fleet(hosts, grouped, _warnings(unknown(told, hosts)))


def _validated(given: t.Any, number: int) -> dict[str, t.Any]:
    if not isinstance(given, dict):
        raise InputError(f"Source {number} is no mapping.", next_step="Give its type, and what that needs.")
    found = ArgumentSpecValidator(SOURCE, **_CONSTRAINTS).validate(given)
    if found.error_messages:
        raise InputError(f"Source {number}: {'; '.join(found.error_messages)}.")
    return t.cast("dict[str, t.Any]", found.validated_parameters)


def _entries(source: t.Mapping[str, t.Any], settings: Settings, partner: t.Callable[[], gdap.Partner]) -> list[Entry]:
    if source["type"] == "gdap":
        found = gdap.entries(partner(), source["statuses"], settings.cloud)
    elif source["type"] == "report":
        found = last_report.read(settings.folder / source["path"])
    else:
        known = table_file.PARTNER_CENTER if source["type"] == "partner_center" else {}
        columns = {**known, **source["columns"]}
        found = table_file.read(settings.folder / source["path"], columns, source["delimiter"])
    return found if source["adds"] else [entry.only_told() for entry in found]


def _warnings(names: t.Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    told = f"Not in the inventory, since the report does not know their tenant ids: {', '.join(names[:_SHOWN])}{more}."
    return [f"{told} Name them in another source."]
