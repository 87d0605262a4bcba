# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import is_guid
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import printable

#: Variables with a meaning of their own; a source may tell others that begin likewise.
HOST = "inventory_hostname"
TENANT_ID = "connector_tenant_id"
CLOUD = "connector_cloud"
DISPLAY_NAME = "tenant_display_name"
DOMAIN = "tenant_domain"
RELATIONSHIP = "tenant_relationship"
RELATIONSHIP_ENDS = "tenant_relationship_ends"
RELATIONSHIP_RENEWS = "tenant_relationship_renews"
STATE = "tenant_state"
STATE_AT = "tenant_state_at"
WAVE = "tenant_wave"

#: No character that means something in a host pattern, a path or a template.
_HOST_NAME = re.compile(r"\w[\w.@+-]{0,252}")
_RESERVED = frozenset({"all", "ungrouped", "localhost"})
#: Only these: ansible_connection and its like in a list of customers would run code on the controller.
_VARIABLE = re.compile(r"(connector|tenant)_[a-z0-9_]+", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """What one source tells of one tenant. `where`: as in "customers.csv, line 5".

    Without `tenant_id` it only tells of a host that another source names. `adds`: the tenant becomes a host; else only
    where another entry adds it.
    """

    where: str
    tenant_id: str | None
    host: str | None = None
    variables: t.Mapping[str, t.Any] = field(default_factory=dict)
    adds: bool = True

    def only_told(self) -> Entry:
        return replace(self, adds=False)


@dataclass(frozen=True)
class Host:
    name: str
    variables: t.Mapping[str, t.Any]


def is_variable(name: str) -> bool:
    return name == HOST or bool(_VARIABLE.fullmatch(name))


def entry(where: str, told: t.Mapping[str, t.Any]) -> Entry:
    """Of a row: variables by name, what is empty left out. Raises InputError."""
    try:
        given = {name: printable(_plain(value)) for name, value in told.items() if value not in (None, "", [], {})}
    except (TypeError, RecursionError) as error:
        raise InputError(
            f"{where} has a value that no variable can have.",
            next_step="Write texts, numbers, lists and mappings; none of them may hold itself.",
        ) from error
    tenant_id, host = str(given.pop(TENANT_ID, "")), given.pop(HOST, None)
    if not is_guid(tenant_id):
        raise InputError(
            f"{where}: {TENANT_ID} '{printable(tenant_id)}' is no directory id (GUID).",
            next_step="It stands on the tenant's overview page in the Entra admin centre.",
        )
    for name, read in _READ.items():
        if name in given:
            given[name] = read(given[name], where)
    return Entry(where, tenant_id.lower(), None if host is None else _host_name(str(host), where), given)


def merge(entries: t.Sequence[Entry], cloud: str) -> list[Host]:
    """One host for each tenant, by name. What an earlier entry says stands.

    A host is named by the first entry that names it, else by its tenant id: never by what a customer may change.
    Raises InputError.
    """
    told: dict[str, list[Entry]] = {entry.tenant_id: [] for entry in entries if entry.adds and entry.tenant_id}
    for entry in entries:
        if entry.tenant_id in told:
            told[entry.tenant_id].append(entry)
    names = {tenant_id: _name(tenant_id, found) for tenant_id, found in told.items()}
    _check_unique(names, told)
    by_host = {entry.host: entry for entry in entries if entry.tenant_id is None}
    hosts = []
    for tenant_id, found in told.items():
        name = names[tenant_id]
        variables: dict[str, t.Any] = {TENANT_ID: tenant_id, CLOUD: cloud}
        for entry in reversed([*found, *([by_host[name]] if name in by_host else [])]):
            variables |= entry.variables
        hosts.append(Host(name, variables))
    return sorted(hosts, key=lambda host: (host.name.casefold(), host.name))


def unknown(entries: t.Iterable[Entry], hosts: t.Iterable[Host]) -> list[str]:
    """Names of tenants of which nothing but the name is known: they are not in the inventory."""
    known = {host.name for host in hosts}
    return sorted({str(entry.host) for entry in entries if entry.tenant_id is None} - known)


def _name(tenant_id: str, entries: t.Sequence[Entry]) -> str:
    return next((entry.host for entry in entries if entry.host), tenant_id)


def _check_unique(names: t.Mapping[str, str], told: t.Mapping[str, t.Sequence[Entry]]) -> None:
    """Hosts of one name would be one host, with the variables of both tenants."""
    holders: dict[str, str] = {}
    for tenant_id, name in names.items():
        other = holders.setdefault(name, tenant_id)
        if other != tenant_id:
            places = " and ".join(found.where for of in (other, tenant_id) for found in told[of] if found.host == name)
            raise InputError(
                f"Two tenants, {other} and {tenant_id}, have the host name {name} ({places}).",
                next_step="Give each a name of its own; the tenant id is one.",
            )


def _host_name(name: str, where: str) -> str:
    if _HOST_NAME.fullmatch(name) and name.casefold() not in _RESERVED:
        return name
    raise InputError(
        f"{where}: '{name}' cannot be the name of a host.",
        next_step="Use letters, digits and . _ - @ +, beginning with a letter or digit; not all, ungrouped, localhost.",
    )


def _plain(value: t.Any) -> t.Any:
    """YAML makes dates of what looks like one. Raises TypeError for what JSON does not have, RecursionError."""
    if isinstance(value, dict):
        return {str(name): _plain(found) for name, found in value.items()}
    if isinstance(value, list):
        return [_plain(found) for found in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError


def _cloud(value: t.Any, where: str) -> str:
    for name in CLOUDS:
        if str(value).casefold() == name.casefold():
            return name
    raise InputError(f"{where}: {CLOUD} '{value}' is none of {', '.join(CLOUDS)}.")


def _moment(value: t.Any, where: str) -> str:
    """As ISO 8601 with its offset; what has none is of UTC."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f"{where}: '{value}' is no date of ISO 8601, such as 2027-01-31.") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def _whole_number(value: t.Any, where: str) -> int:
    if re.fullmatch(r"[0-9]{1,4}", str(value), re.ASCII):
        return int(value)
    raise InputError(f"{where}: {WAVE} '{value}' is no number.")


def _flag(value: t.Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).casefold() in {"true", "yes", "1", "false", "no", "0"}:
        return str(value).casefold() in {"true", "yes", "1"}
    raise InputError(f"{where}: '{value}' is neither true nor false.")


_READ: dict[str, t.Callable[[t.Any, str], t.Any]] = {
    CLOUD: _cloud,
    RELATIONSHIP_ENDS: _moment,
    RELATIONSHIP_RENEWS: _flag,
    STATE_AT: _moment,
    WAVE: _whole_number,
}
