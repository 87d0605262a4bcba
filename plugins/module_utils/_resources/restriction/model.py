# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import Mode

#: RecipientTypeDetails of what holds a mailbox, and of groups.
MAILBOXES = frozenset(
    {
        "UserMailbox",
        "SharedMailbox",
        "RoomMailbox",
        "EquipmentMailbox",
        "SchedulingMailbox",
        "TeamMailbox",
        "LinkedMailbox",
        "LinkedRoomMailbox",
        "LegacyMailbox",
    }
)
SECURITY_GROUP = "MailUniversalSecurityGroup"
#: Groups of which Get-DistributionGroupMember knows the members; asked for any other it answers with everybody.
LISTING_GROUPS = frozenset({SECURITY_GROUP, "MailUniversalDistributionGroup"})
#: What is sent on to others; whether a restriction sees who is in them, nobody tells.
_OTHER_GROUPS = frozenset(
    {
        "GroupMailbox",
        "DynamicDistributionGroup",
        "RoomList",
        "MailNonUniversalGroup",
        "ExternalManagedDistributionGroup",
        "NonUniversalGroup",
        "RoleGroup",
        "UniversalDistributionGroup",
        "UniversalSecurityGroup",
    }
)
#: Its mailbox lies in the organisation's own servers.
ON_PREMISES = frozenset(
    {
        "MailUser",
        "RemoteEquipmentMailbox",
        "RemoteRoomMailbox",
        "RemoteSharedMailbox",
        "RemoteTeamMailbox",
        "RemoteUserMailbox",
    }
)
#: Mailboxes that Exchange keeps for itself.
OF_THE_SYSTEM = frozenset(
    {
        "ArbitrationMailbox",
        "AuditLogMailbox",
        "AuxAuditLogMailbox",
        "DiscoveryMailbox",
        "MonitoringMailbox",
        "PublicFolder",
        "PublicFolderMailbox",
        "SupervisoryReviewPolicyMailbox",
        "SystemAttendantMailbox",
        "SystemMailbox",
    }
)
#: What `read` calls a mailbox that was deleted: Exchange goes on calling it by what it was.
SOFT_DELETED = "SoftDeletedMailbox"
#: Known recipients that have no mailbox here: nothing in them can be reached.
_WITHOUT_MAILBOX = ON_PREMISES | {"MailContact", "GuestMailUser", "MailForestContact", "ExternalManagedContact"}
#: What is no recipient at all, but somebody whose address it is.
_NO_RECIPIENTS = frozenset({"User", SOFT_DELETED})

#: By which a recipient is told. Get-User shows no PrimarySmtpAddress, and who has no mailbox may have no address.
_ADDRESSES = ("PrimarySmtpAddress", "WindowsEmailAddress", "UserPrincipalName", "Name")

_MARK = "Totalview"


def role_name(permission: str) -> str:
    """Exchange's role for a permission of Microsoft Graph."""
    return f"Application {permission}"


@dataclass(frozen=True)
class Recipient:
    """`object_id`: in Microsoft Entra, "" where there is none. It finds a mailbox whatever its names are.

    `sign_in_name`: its userPrincipalName, "" where the row tells none. Neither is told by every cmdlet, and a new
    address not by each directory server at once: it is the same where its GUID is.
    """

    guid: str
    address: str = field(compare=False)
    kind: str = field(compare=False)
    object_id: str = field(default="", compare=False)
    sign_in_name: str = field(default="", compare=False)

    @classmethod
    def from_exchange(cls, row: Json) -> t.Self:
        return cls(
            str(row["Guid"]).lower(),
            str(next((row[name] for name in _ADDRESSES if row.get(name)), "")).lower(),
            str(row["RecipientTypeDetails"]),
            str(row.get("ExternalDirectoryObjectId") or "").lower(),
            str(row.get("UserPrincipalName") or row.get("WindowsLiveID") or "").lower(),
        )

    @property
    def is_mailbox(self) -> bool:
        return self.kind in MAILBOXES

    @property
    def is_group(self) -> bool:
        return self.kind in LISTING_GROUPS | _OTHER_GROUPS

    @property
    def lists_members(self) -> bool:
        return self.kind in LISTING_GROUPS

    @property
    def is_harmless(self) -> bool:
        """As a member: it lets nobody reach anything."""
        return self.kind in _WITHOUT_MAILBOX | _NO_RECIPIENTS

    @property
    def graph_name(self) -> str:
        """What Microsoft Graph finds its mailbox by: the sign-in name (graph/api/user-sendmail), no other address."""
        return self.sign_in_name or self.address

    def __str__(self) -> str:
        return f"{self.address} ({self.kind})"


@dataclass(frozen=True)
class Group:
    """`notes` tell whether we made it; `members` are the direct ones. `managers`: people who may change them.

    `synced`: from on premises, where alone it can be changed.
    """

    guid: str
    name: str
    sid: str
    distinguished_name: str
    directory_id: str
    notes: str
    kind: str
    changed: datetime
    members: tuple[Recipient, ...] = ()
    managers: tuple[str, ...] = ()
    synced: bool = False


@dataclass(frozen=True)
class Policy:
    """An Application Access Policy for our client id. Its description tells whether and when we made it."""

    identity: str
    group_sid: str
    right: str
    description: str

    @property
    def since(self) -> datetime | None:
        """None for a policy that is not ours. Exchange keeps no date of a policy, so ours carry one."""
        mark, _space, moment = self.description.partition(" ")
        try:
            return parse_time(moment) if mark == _MARK else None
        except ValueError:
            return None


def policy_description(now: datetime) -> str:
    """Short: descriptions count against the tenant's capacity for policies. To the second, so that no two are alike."""
    return f"{_MARK} {now:%Y-%m-%dT%H:%M:%SZ}"


def group_notes(unique_name: str) -> str:
    return f"{_MARK}: mailboxes that {unique_name} reaches"


@dataclass(frozen=True)
class Assignment:
    """A role of Exchange that our registration holds. `scope`: a management scope or group, None is every mailbox."""

    id: str
    name: str
    role: str
    scope: str | None
    created: datetime | None


@dataclass(frozen=True)
class Scope:
    name: str
    recipient_filter: str


@dataclass(frozen=True)
class Desired:
    """`members`: None leaves them as they are. `sender` must lie inside. `proven`: the other mode may go.

    `adopt_group`: GUID of the one group that may be somebody else's. `known_group`: GUID of the group that the store
    knows under this name. `adopt_sender`, `known_sender`: the same of the mailbox that the sender's address leads to.

    `policy_asked`: when an access policy was made that Exchange has not shown yet. `knew_group`: the store knew one of
    that name.

    `client_id`: of the registration, where it was located before. `live`: somebody may sign in with it.
    `withheld_for`: why no role is assigned now.
    """

    unique_name: str
    mode: Mode
    permissions: tuple[str, ...] = ()
    group: str = ""
    members: tuple[str, ...] | None = None
    exact: bool = True
    sender: str | None = None
    adopt: bool = False
    beta: bool = False
    proven: bool = False
    delay: timedelta = timedelta(hours=2)
    client_id: str | None = None
    adopt_group: str | None = None
    known_group: str | None = None
    adopt_sender: str | None = None
    known_sender: str | None = None
    live: bool = False
    withheld_for: str | None = None
    policy_asked: datetime | None = None
    knew_group: bool = False

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], permissions: t.Iterable[str], *, proven: bool) -> t.Self:
        """From the options of mailbox_restriction. In the mode none there is no group to read."""
        members, mode = params["members"], params["mode"]
        return cls(
            unique_name=params["unique_name"],
            mode=mode,
            permissions=tuple(sorted(permissions)),
            group="" if mode == "none" else params["group"] or "",
            members=None if members is None else tuple(members),
            exact=params["members_exact"],
            sender=params["sender"],
            adopt=params["adopt"],
            beta=params["api"] == "graph_beta",
            proven=proven,
            delay=parse_duration(params["enforcement_delay"], "enforcement_delay"),
            client_id=params.get("client_id"),
            adopt_group=(params["adopt_group"] or "").lower() or None,
            adopt_sender=(params["adopt_sender"] or "").lower() or None,
        )

    @property
    def addresses(self) -> frozenset[str]:
        """Of all who shall lie inside, in lower case."""
        return frozenset(address.lower() for address in (*(self.members or ()), self.sender) if address)

    @property
    def scope_name(self) -> str:
        return self.unique_name

    def assignment_name(self, permission: str) -> str:
        return f"{self.unique_name} {permission}"


@dataclass(frozen=True)
class Actual:
    """`live`: somebody may hold a working credential of the registration.

    `hidden`: the name is that of a security group which Exchange does not show as a group yet.
    `resolved`: recipients by desired address, None for an unknown one. `nested`: who is in each group that is a member
    or shall be, by its guid; groups in it that do not list their members are there themselves. `name_taken` and
    `alias_taken`: what holds the group's name, or the alias that it would get, where there is no such group.
    `uses`: what else refers to the group, as far as that was asked. `stops_removal`: why nothing is removed now, by the
    clocks.
    """

    now: datetime
    app_id: str | None = None
    principal_id: str | None = None
    display_name: str = ""
    live: bool = False
    group: Group | None = None
    name_taken: str | None = None
    alias_taken: str | None = None
    hidden: bool = False
    resolved: t.Mapping[str, Recipient | None] = field(default_factory=dict)
    nested: t.Mapping[str, tuple[Recipient, ...]] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    pointer: bool = False
    scope: Scope | None = None
    assignments: tuple[Assignment, ...] = ()
    dehydrated: bool = False
    uses: tuple[str, ...] = ()
    stops_removal: str | None = None


@dataclass(frozen=True)
class CreateGroup:
    name: str
    members: tuple[Recipient, ...]
    notes: str

    def describe(self) -> str:
        who = ", ".join(member.address for member in self.members)
        return f"create mail-enabled security group {self.name} with {who}"


@dataclass(frozen=True)
class AddMember:
    group: str
    member: Recipient

    def describe(self) -> str:
        return f"add {self.member.address} to {self.group}"


@dataclass(frozen=True)
class RemoveMember:
    group: str
    member: Recipient

    def describe(self) -> str:
        return f"remove {self.member.address} from {self.group}"


@dataclass(frozen=True)
class RemoveGroup:
    group: Group

    def describe(self) -> str:
        return f"remove group {self.group.name}"


@dataclass(frozen=True)
class CreatePolicy:
    group: str

    def describe(self) -> str:
        return f"create access policy for {self.group}"


@dataclass(frozen=True)
class TakeOverPolicy:
    policy: Policy

    def describe(self) -> str:
        return f"take over access policy {self.policy.identity}"


@dataclass(frozen=True)
class RemovePolicy:
    policy: Policy

    def describe(self) -> str:
        return f"remove access policy {self.policy.identity}"


@dataclass(frozen=True)
class EnableCustomization:
    def describe(self) -> str:
        return "enable organization customization"


@dataclass(frozen=True)
class CreatePointer:
    def describe(self) -> str:
        return "register the service principal in Exchange"


@dataclass(frozen=True)
class RemovePointer:
    def describe(self) -> str:
        return "remove the service principal from Exchange"


@dataclass(frozen=True)
class WriteScope:
    """Makes the management scope, or points it to the group."""

    name: str
    exists: bool

    def describe(self) -> str:
        return f"{'change' if self.exists else 'create'} management scope {self.name}"


@dataclass(frozen=True)
class RemoveScope:
    name: str

    def describe(self) -> str:
        return f"remove management scope {self.name}"


@dataclass(frozen=True)
class Assign:
    name: str
    permission: str

    def describe(self) -> str:
        return f"assign {role_name(self.permission)}"


@dataclass(frozen=True)
class Unassign:
    assignment: Assignment

    def describe(self) -> str:
        return f"remove assignment of {self.assignment.role}"


Step: t.TypeAlias = (
    "CreateGroup | AddMember | RemoveMember | RemoveGroup | CreatePolicy | TakeOverPolicy | RemovePolicy"
    " | EnableCustomization | CreatePointer | RemovePointer | WriteScope | RemoveScope | Assign | Unassign"
)


@dataclass(frozen=True)
class Restriction:
    """The plan, or what came of it.

    `since`: when the restriction took its present form. `hold`: permissions whose grants must stay as they are for now.
    `waiting`: what Exchange has not caught up with. `leftover`: what goes once this mode is proven.
    `fingerprint`: names this very restriction, None while it changes. `group_guid`: of its group, None before there is
    one. `withheld`: roles that are not assigned now, as `Desired.withheld_for` says. `findings`: what an operator
    should know. `sender`: what Totalview must be given for it. `sender_guid`: of the mailbox behind it.
    `unseen_policy`: since when an access policy is there that Exchange does not show yet.
    """

    change: Change[Step]
    since: datetime | None = None
    hold: tuple[str, ...] = ()
    waiting: str | None = None
    leftover: tuple[str, ...] = ()
    fingerprint: str | None = None
    group_guid: str | None = None
    withheld: tuple[Assign, ...] = ()
    findings: tuple[str, ...] = ()
    sender: str | None = None
    unseen_policy: datetime | None = None
    sender_guid: str | None = None


#: Nothing is restricted, and nothing is known to be left over.
UNRESTRICTED = Restriction(Change({}, {}), fingerprint="unrestricted")
