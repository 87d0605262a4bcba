# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each application of a tenant could reach after each request: the witness that no door stood open too wide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from emulator.clock import parse_stamp, stamp
from emulator.exchange.store.model import Rules
from emulator.exchange.store.reach import APP_ROLES, WATCHED, Access, Permission, access_of, assignments_of, is_granted
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import GRAPH, resources

if TYPE_CHECKING:
    from emulator.exchange.store.organisation import Organisation
    from emulator.graph.store.directory import Directory

Key = tuple[str, Permission]


class State(NamedTuple):
    """Addresses of mailboxes: by what is configured, and by what is enforced so far."""

    configured: tuple[str, ...] = ()
    enforced: tuple[str, ...] = ()
    live_secrets: int = 0
    disabled: bool = False

    @property
    def empty(self) -> bool:
        return not (self.configured or self.enforced)


class _Looked(NamedTuple):
    writes: int
    rules: Rules
    enforced: Rules

    def same(self, other: _Looked) -> bool:
        return self.writes == other.writes and self.rules is other.rules and self.enforced is other.enforced


@dataclass(slots=True)
class ReachLog:
    entries: list[Body] = field(default_factory=list)
    _states: dict[Key, State] = field(default_factory=dict)
    _names: dict[str, Body] = field(default_factory=dict)
    _looked: _Looked | None = None

    def look(self, organisation: Organisation, number: int, *, automation: str) -> None:
        """Writes down what has changed since the last look; `number` is the request that it is put down to."""
        looked = _Looked(organisation.directory.writes, organisation.rules, organisation.enforced())
        if self._looked is not None and looked.same(self._looked):
            return
        self._looked = looked
        present = _present(looked, organisation.directory, automation)
        self._names.update({app_id: _names(organisation.directory, app_id) for app_id, _permission in present})
        time, mailboxes = stamp(organisation.clock.now()), sum(1 for _mailbox in looked.rules.mailboxes())
        for key in sorted(present.keys() | self._states.keys()):
            state = present.get(key, State())
            before = self._states.get(key, State())
            if state != before and not (state.empty and before.empty):
                self.entries.append(self._entry(key, state, mailboxes, {"number": number, "time": time}))
            self._states[key] = state

    def _entry(self, key: Key, state: State, mailboxes: int, when: Body) -> Body:
        app_id, permission = key
        widest = max(len(state.configured), len(state.enforced))
        return {
            **when,
            "app_id": app_id,
            **self._names[app_id],
            "permission": permission.value,
            "configured": list(state.configured),
            "enforced": list(state.enforced),
            "whole_tenant": widest == mailboxes,
            "live_secrets": state.live_secrets,
            "disabled": state.disabled,
        }


def _present(looked: _Looked, directory: Directory, automation: str) -> dict[Key, State]:
    """The state of every application that can sign in and has anything at all to reach a mailbox with."""
    roles = _granted_roles(directory)
    found: dict[Key, State] = {}
    for app_id in {*roles, *_assigned(looked.rules), *_assigned(looked.enforced)}:
        principal = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", app_id)
        if principal is None or app_id == automation.lower():
            continue
        secrets, disabled = _live_secrets(directory, app_id), _is_disabled(directory, principal)
        for permission in WATCHED:
            granted = is_granted(permission, roles.get(app_id, ()))
            access = access_of(looked.rules, app_id, permission, granted=granted)
            configured = enforced = _addresses(looked.rules, access)
            if looked.enforced is not looked.rules:
                access = access_of(looked.enforced, app_id, permission, granted=granted)
                enforced = _addresses(looked.rules, access)
            found[app_id, permission] = State(configured, enforced, secrets, disabled)
    return found


@cache
def _names_of_roles() -> Mapping[str, str]:
    """By id, of the app roles that reach mailboxes."""
    relevant = frozenset().union(*APP_ROLES.values())
    return {role_id: name for name, role_id in resources()[GRAPH].roles.items() if name in relevant}


def _granted_roles(directory: Directory) -> Mapping[str, set[str]]:
    """App roles that reach mailboxes, by app id: as truly granted, seen by readers or not."""
    names = _names_of_roles()
    found: dict[str, set[str]] = defaultdict(set)
    for body in directory.live(Kind.ROLE_ASSIGNMENT):
        if body["appRoleId"] not in names:
            continue
        principal = directory.find_live(Kind.SERVICE_PRINCIPAL, "id", body["principalId"])
        if principal is not None:
            found[principal.true.body["appId"]].add(names[body["appRoleId"]])
    return found


def _assigned(rules: Rules) -> Iterator[str]:
    for app_id in {assignment.pointer_app_id for assignment in rules.assignments.values()}:
        if any(any(assignments_of(rules, app_id, permission)) for permission in WATCHED):
            yield app_id


def _addresses(rules: Rules, access: Access) -> tuple[str, ...]:
    if not access.exists:
        return ()
    reached = access.reach(mailbox.guid for mailbox in rules.mailboxes())
    return tuple(sorted(rules.recipients[guid].primary_smtp_address for guid in reached))


def _live_secrets(directory: Directory, app_id: str) -> int:
    application = directory.find_live(Kind.APPLICATION, "appId", app_id)
    credentials: list[Any] = application.true.body["passwordCredentials"] if application is not None else []
    now = directory.clock.now()
    return sum(parse_stamp(credential["endDateTime"]) > now for credential in credentials)


def _is_disabled(directory: Directory, principal: Record) -> bool:
    """By either switch: it gets no new token."""
    application = directory.find_live(Kind.APPLICATION, "appId", principal.true.body["appId"])
    deactivated = application is not None and bool(application.true.body.get("isDisabled"))
    return deactivated or not principal.true.body["accountEnabled"]


def _names(directory: Directory, app_id: str) -> Body:
    application = directory.find_live(Kind.APPLICATION, "appId", app_id)
    body = application.true.body if application is not None else {}
    return {"display_name": body.get("displayName"), "unique_name": body.get("uniqueName")}
