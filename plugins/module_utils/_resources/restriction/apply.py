# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    ExchangeError,
    ExchangeRightError,
    GraphError,
    NotFoundError,
    ObjectMissingError,
    ReplicationError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import await_visible
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    AddMember,
    Assign,
    CreateGroup,
    CreatePointer,
    CreatePolicy,
    Desired,
    EnableCustomization,
    Group,
    RemoveGroup,
    RemoveMember,
    RemovePointer,
    RemovePolicy,
    RemoveScope,
    Restriction,
    Step,
    TakeOverPolicy,
    Unassign,
    WriteScope,
    policy_description,
    role_name,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.names import group_alias
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.rbac import scope_filter
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    Clients,
    find_group,
    is_assigned_elsewhere,
    read,
    reads_ahead,
    role_definition_id,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Seconds between tries while Exchange has not caught up with Microsoft Entra.
_PAUSE = 10.0
#: Exceptions that pass by themselves: a service principal that Exchange does not know yet, an organization whose
#: customization was only just enabled, a group that was only just made. Nothing was done then.
_NOT_YET = {
    "AADServicePrincipalNotFound": "Exchange does not know the new service principal yet",
    "InvalidOperationInDehydratedContext": "Exchange has not finished enabling customization of the organization",
    "ReplicationError": "Exchange does not show the new group yet",
}
#: What a second cmdlet would make a second time, or find taken.
_CREATING = (CreateGroup, CreatePolicy, CreatePointer, WriteScope, Assign)
#: What a cmdlet answers that makes what is there.
_THERE_ALREADY = frozenset(
    {"ADObjectAlreadyExistsException", "ManagementObjectAlreadyExistsException", "MemberAlreadyExistsException"}
)
#: Parameters that tell of the new object itself.
_OF_ITS_OWN = frozenset({"Name", "DisplayName", "Alias", "Notes", "Description"})
#: As Exchange quotes what it did not find, in any language; an apostrophe is no quote.
_OPENING, _CLOSING = "'\"\u00ab\u2018\u201c\u201e", "'\"\u00bb\u2019\u201d\u201c"
_QUOTED = re.compile(rf"(?<!\w)[{_OPENING}]\s*([^{_OPENING}{_CLOSING}]+?)\s*[{_CLOSING}](?!\w)")


def apply(
    clients: Clients, desired: Desired, actual: Actual, restriction: Restriction, patience: timedelta
) -> Restriction:
    """Write the planned steps and read them back. `patience`: for what Exchange has not caught up with."""
    if not restriction.change.changed:
        return restriction
    done: list[Step] = []
    for step in restriction.change.steps:
        waiting = _write_patiently(clients, desired, actual, step, patience)
        if waiting:
            return _stopped(restriction, done, waiting)
        done.append(step)
    return _confirmed(clients, desired, restriction, actual.app_id)


def apply_absent(clients: Clients, desired: Desired, actual: Actual, change: Change[Step]) -> None:
    for step in change.steps:
        _write(clients, desired, actual, step)


def take_back(clients: Clients, desired: Desired, restriction: Restriction) -> tuple[Step, ...]:
    """The roles that were just assigned, since somebody else can sign in now who could not before."""
    given = {role_name(step.permission) for step in restriction.change.steps if isinstance(step, Assign)}
    undone: list[Step] = []

    def is_undone() -> bool:
        actual = read(clients, desired)
        steps = [Unassign(entry) for entry in actual.assignments if entry.role in given]
        for step in steps:
            _write(clients, desired, actual, step)
        undone.extend(step for step in steps if step not in undone)
        return not steps

    await_visible(is_undone, what="The withdrawal of the roles", times=1)
    return tuple(undone)


def _stopped(restriction: Restriction, done: list[Step], waiting: str) -> Restriction:
    before = restriction.change.before
    change: Change[Step] = Change(before, restriction.change.after if done else before, tuple(done))
    return replace(restriction, change=change, waiting=waiting, fingerprint=None)


def _confirmed(clients: Clients, desired: Desired, restriction: Restriction, app_id: str | None) -> Restriction:
    """Reads until nothing is left to do, so that what follows builds on what Exchange really has."""
    latest: list[Restriction] = []

    def is_done() -> bool:
        groups = [desired.group] if desired.group else []
        clients.exchange.read_ahead(reads_ahead([app_id] if app_id else [], groups))
        latest[:] = [plan(read(clients, desired), desired)]
        return not latest[0].change.changed

    try:
        await_visible(is_done, what="The restriction", times=1)
    except ReplicationError:
        if not all(isinstance(step, (*_CREATING, AddMember)) for step in latest[0].change.steps):
            raise
        return _unseen(restriction, latest[0], clients.exchange.now)
    change: Change[Step] = Change(restriction.change.before, latest[0].change.after, restriction.change.steps)
    return replace(_not_older(latest[0], restriction), change=change)


def _unseen(restriction: Restriction, found: Restriction, now: datetime) -> Restriction:
    """Written, and not every directory server has heard of it."""
    late = found.change.steps
    waiting = f"Exchange does not show everywhere yet what was done: {', '.join(step.describe() for step in late)}"
    stopped = _stopped(restriction, [*restriction.change.steps], waiting)
    made = any(isinstance(step, CreatePolicy) for step in late)
    return replace(stopped, group_guid=found.group_guid, unseen_policy=now if made else None)


def _not_older(found: Restriction, planned: Restriction) -> Restriction:
    """Not everything that was just written has a date to be read: what is young stays young in this run."""
    if found.since and planned.since and found.since < planned.since:
        return replace(found, since=planned.since, hold=planned.hold)
    return found


def _write_patiently(clients: Clients, desired: Desired, actual: Actual, step: Step, patience: timedelta) -> str | None:
    """None once it is written; else what is to be waited for."""
    reason: str | None = None
    lagging = unsure = False
    if isinstance(step, CreateGroup) and actual.hidden:
        reason, lagging, unsure = _NOT_YET["ReplicationError"], True, True
    for _turn in tries("Exchange Online to catch up", patience, (_PAUSE,)):
        if lagging and _is_done(clients, desired, step):
            return None
        if unsure:
            continue
        writer = _Writer(clients, desired, actual)
        try:
            writer.write(step)
        except ObjectMissingError as error:
            reason, lagging = _unheard_of(step), True
            unsure = isinstance(step, _CREATING) and not writer.named(error.reason)
        except (ExchangeError, GraphError, ReplicationError) as error:
            reason, lagging = _not_yet(error), False
            if reason is None and _is_there(clients, desired, actual, step, error):
                reason, lagging, unsure = _unshown(step), True, True
            if reason is None:
                raise
        else:
            return None
    return reason


def _unheard_of(step: Step) -> str:
    """A directory server that has not heard of a fresh object finds nothing under its name (CIPP issue 3535)."""
    return f"Exchange does not know everywhere what was just made, and so could not {step.describe()}"


def _unshown(step: Step) -> str:
    return f"Exchange has what is wanted, and does not show it yet ({step.describe()})"


def _is_there(clients: Clients, desired: Desired, actual: Actual, step: Step, error: ConnectorError) -> bool:
    """Whether Exchange refuses to make what is there already, although our reading did not show it."""
    if error.code not in _THERE_ALREADY:
        return False
    match step:
        case AddMember() | CreatePointer():
            return True
        case WriteScope():
            return not step.exists
        case Assign():
            return not is_assigned_elsewhere(clients.exchange, str(actual.principal_id), step.name)
        case CreateGroup():
            return desired.knew_group
    return False


def _is_done(clients: Clients, desired: Desired, step: Step) -> bool:
    return step not in plan(read(clients, desired), desired).change.steps


def _not_yet(error: ConnectorError) -> str | None:
    told = f"{error.code} {error.message}"
    return next((reason for mark, reason in _NOT_YET.items() if mark in told), None)


def _write(clients: Clients, desired: Desired, actual: Actual, step: Step) -> None:
    _Writer(clients, desired, actual).write(step)


class _Writer:
    """One cmdlet for each step."""

    def __init__(self, clients: Clients, desired: Desired, actual: Actual) -> None:
        self._exchange: ExchangeClient = clients.exchange
        self._beta: GraphClient | None = clients.beta
        self._desired = desired
        self._actual = actual
        self._references: list[str] = []

    def named(self, reason: str) -> bool:
        """Whether what Exchange did not find is what the last cmdlet referred to: then it has done nothing.

        Otherwise it may have made what it was told to, and not have found that.
        """
        missing = {name.casefold() for name in _QUOTED.findall(reason)}
        return not missing.isdisjoint(value.casefold() for value in self._references)

    def write(self, step: Step) -> None:
        match step:
            case CreateGroup() | AddMember() | RemoveMember() | RemoveGroup():
                self._write_group(step)
            case CreatePolicy() | TakeOverPolicy() | RemovePolicy():
                self._write_policy(step)
            case EnableCustomization():
                self.enable_customization(step)
            case CreatePointer():
                self.create_pointer(step)
            case RemovePointer():
                self.remove("Remove-ServicePrincipal", step, str(self._actual.principal_id))
            case WriteScope():
                self.write_scope(step)
            case RemoveScope():
                self.remove("Remove-ManagementScope", step, step.name)
            case Assign():
                self.assign(step)
            case Unassign():
                self.unassign(step)

    def _write_group(self, step: CreateGroup | AddMember | RemoveMember | RemoveGroup) -> None:
        match step:
            case CreateGroup():
                self.create_group(step)
            case AddMember():
                self.change_member("Add-DistributionGroupMember", step)
            case RemoveMember():
                self.change_member("Remove-DistributionGroupMember", step, Confirm=False)
            case RemoveGroup():
                self.remove("Remove-DistributionGroup", step, step.group.guid, BypassSecurityGroupManagerCheck=True)

    def _write_policy(self, step: CreatePolicy | TakeOverPolicy | RemovePolicy) -> None:
        match step:
            case CreatePolicy():
                self.create_policy(step)
            case TakeOverPolicy():
                self.take_over(step)
            case RemovePolicy():
                self.remove("Remove-ApplicationAccessPolicy", step, step.policy.identity)

    def invoke(self, cmdlet: str, step: Step, **parameters: t.Any) -> list[Json]:
        self._references = list(_texts(value for name, value in parameters.items() if name not in _OF_ITS_OWN))
        return self._exchange.invoke(cmdlet, action=step.describe(), **parameters)

    def enable_customization(self, step: EnableCustomization) -> None:
        try:
            self.invoke("Enable-OrganizationCustomization", step)
        except ExchangeRightError:
            raise
        except ExchangeError as error:
            # Refused where it was run before; what is not enabled yet is refused at the next step, and waited for.
            if error.trace.status != 400:
                raise

    def create_group(self, step: CreateGroup) -> None:
        self.invoke(
            "New-DistributionGroup",
            step,
            Name=step.name,
            DisplayName=step.name,
            Alias=group_alias(step.name),
            Type="Security",
            Members=[member.guid for member in step.members],
            Notes=step.notes,
            # A naming policy of the tenant would give the group another name, and the next run would make one more.
            IgnoreNamingPolicy=True,
            MemberJoinRestriction="Closed",
            MemberDepartRestriction="Closed",
        )

    def change_member(self, cmdlet: str, step: AddMember | RemoveMember, **more: t.Any) -> None:
        identity = {"Identity": self._group().guid, "Member": step.member.guid}
        self.invoke(cmdlet, step, **identity, BypassSecurityGroupManagerCheck=True, **more)

    def remove(self, cmdlet: str, step: Step, identity: str, **more: t.Any) -> None:
        with contextlib.suppress(ObjectMissingError):  # somebody removed it since our reading
            self.invoke(cmdlet, step, Identity=identity, Confirm=False, **more)

    def create_policy(self, step: CreatePolicy) -> None:
        self.invoke(
            "New-ApplicationAccessPolicy",
            step,
            AppId=[self._actual.app_id],
            PolicyScopeGroupId=self._group().guid,
            AccessRight="RestrictAccess",
            Description=policy_description(self._exchange.now),
        )

    def take_over(self, step: TakeOverPolicy) -> None:
        description = policy_description(self._exchange.now)
        self.invoke("Set-ApplicationAccessPolicy", step, Identity=step.policy.identity, Description=description)

    def create_pointer(self, step: CreatePointer) -> None:
        # Exchange wants the object id of the service principal; the registration's own is the classic mistake.
        self.invoke(
            "New-ServicePrincipal",
            step,
            AppId=self._actual.app_id,
            ObjectId=self._actual.principal_id,
            DisplayName=self._actual.display_name,
        )

    def write_scope(self, step: WriteScope) -> None:
        recipient_filter = scope_filter(self._group())
        if step.exists:
            cmdlet, name = "Set-ManagementScope", {"Identity": step.name}
        else:
            cmdlet, name = "New-ManagementScope", {"Name": step.name}
        self.invoke(cmdlet, step, RecipientRestrictionFilter=recipient_filter, **name)

    def assign(self, step: Assign) -> None:
        if self._beta is not None:
            self._assign_by_graph(self._beta, step)
            return
        self.invoke(
            "New-ManagementRoleAssignment",
            step,
            Name=step.name,
            Role=role_name(step.permission),
            App=self._actual.principal_id,
            # Never without: the role would cover every mailbox.
            CustomResourceScope=self._desired.scope_name,
        )

    def _assign_by_graph(self, beta: GraphClient, step: Assign) -> None:
        body: Json = {
            "principalId": f"/ServicePrincipals/{self._actual.principal_id}",
            "roleDefinitionId": role_definition_id(beta, step.permission),
            "directoryScopeId": f"/Groups/{self._group().directory_id}",
            "appScopeId": None,
        }
        beta.post("/roleManagement/exchange/roleAssignments", body, action=step.describe())

    def unassign(self, step: Unassign) -> None:
        if self._beta is not None:
            path = f"/roleManagement/exchange/roleAssignments/{step.assignment.id}"
            with contextlib.suppress(NotFoundError):
                self._beta.delete(path, action=step.describe())
        else:
            self.remove("Remove-ManagementRoleAssignment", step, step.assignment.name)

    def _group(self) -> Group:
        """As it is now: it may have been made by the step before."""
        group = find_group(self._exchange, self._desired.group, with_members=False)
        if group is None:
            raise ReplicationError(
                f"The group {self._desired.group} was made but cannot be read yet.",
                next_step="Run again in some minutes; the next run goes on where this one stopped.",
            )
        return group


def _texts(values: t.Iterable[t.Any]) -> t.Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _texts(value)
