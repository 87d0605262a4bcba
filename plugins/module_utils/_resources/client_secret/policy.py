# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words, parse_iso_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    GraphError,
    PolicyError,
    UnexpectedAnswerError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient, Read
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    is_young,
)

POLICY: Read = ("/policies/defaultAppManagementPolicy", None)

#: What a policy can say of secrets that Graph makes; customPasswordAddition is about those that a caller brings along,
#: symmetricKey* about keys. Source: learn.microsoft.com/graph/api/resources/passwordcredentialconfiguration
_ADDITION, _LIFETIME = "passwordaddition", "passwordlifetime"
ReadT = t.TypeVar("ReadT")

_WHO = "An Application Administrator or Global Administrator of the tenant"


@dataclass(frozen=True)
class Restriction:
    """`policy`: its name and id. `certain`: nothing that we cannot read may say otherwise. `lifetime`: the longest."""

    policy: str
    certain: bool = True
    lifetime: timedelta = timedelta.max


@dataclass(frozen=True)
class SecretPolicy:
    """What the tenant's app management policies say of client secrets of one application.

    It is advice for the lifetime to ask for: whether a policy holds for us depends on what no caller sees in full
    (excluded actors, what an application's own policy leaves unsaid), and Graph's answer decides.
    """

    forbids: Restriction | None = None
    limits: Restriction | None = None
    new: bool = False

    @classmethod
    def of(cls, default: Json, own: t.Sequence[Json] | None, created: datetime | None, *, new: bool = False) -> t.Self:
        """`own`: the application's own policies, None where they cannot be read. `new`: it is yet to be made."""
        rows = [
            (row, restriction)
            for row, policy, certain in _rows(default, own)
            if (restriction := _restriction(row, policy, created, certain=certain, new=new)) is not None
        ]
        forbidding = [found for row, found in rows if _type(row) == _ADDITION]
        limiting = [found for row, found in rows if _type(row) == _LIFETIME]
        return cls(
            forbids=min(forbidding, key=lambda found: not found.certain, default=None),
            limits=min(limiting, key=lambda found: found.lifetime, default=None),
            new=new,
        )


def read_policy(graph: GraphClient, application: Json | None) -> SecretPolicy | None:
    """None where the caller may not read it (Policy.Read.All): Graph then judges when a secret is asked for.

    `application`: None while it is yet to be made.
    """
    default = _advice(lambda: graph.get(*POLICY, action="read the app management policy"))
    if default is None:
        return None
    if application is None:
        return SecretPolicy.of(default, (), None, new=True)
    created = application.get("createdDateTime")
    advice = SecretPolicy.of(default, None, parse_time(created) if created else None)
    if is_young(created, graph.now) and advice == SecretPolicy():
        return advice
    path = f"/applications/{application['id']}/appManagementPolicies"
    own = _advice(lambda: graph.list(path, action="read the application's own app management policy"))
    return SecretPolicy.of(default, own, parse_time(created) if created else None)


def _advice(read: t.Callable[[], ReadT]) -> ReadT | None:
    """None also for a policy in a form that nobody knows: Graph judges then."""
    try:
        return optional(read)
    except UnexpectedAnswerError:
        return None
    except GraphError as error:
        if error.trace.status is not None:
            raise
        return None


def lifetime_under(policy: SecretPolicy | None, wanted: timedelta | None, default: timedelta) -> timedelta:
    """The lifetime to ask for. One that nobody asked for bends to the policy; one that was asked for does not."""
    if policy is None:
        return default if wanted is None else wanted
    if policy.forbids is not None and policy.forbids.certain:
        raise PolicyError(
            f"The {policy.forbids.policy} forbids client secrets, and the connector takes nothing else.",
            next_step=_exception(new=policy.new),
            code="SecretsNotAllowed",
        )
    limit = policy.limits
    if limit is None:
        return default if wanted is None else wanted
    if wanted is None:
        return min(default, limit.lifetime)
    if wanted > limit.lifetime and limit.certain:
        raise PolicyError(
            f"The {limit.policy} allows client secrets for {in_words(limit.lifetime)}, "
            f"valid_for asks for {in_words(wanted)}.",
            next_step="Shorten valid_for for this tenant, or leave it out to take what the policy allows.",
            code="LifetimeAbovePolicy",
        )
    return wanted


def doubt(policy: SecretPolicy | None) -> str | None:
    """What may come of it where nothing is certain."""
    if policy is None or policy.forbids is None or policy.forbids.certain:
        return None
    return (
        f"The {policy.forbids.policy} may forbid a client secret; Microsoft Graph decides when it is asked for one. "
        f"{_exception(new=policy.new)}"
    )


def _exception(*, new: bool) -> str:
    if new:
        return f"{_WHO} excepts the automation from the policy (excluded actors), or allows them for new applications."
    return f"{_WHO} assigns the application a policy of its own that allows them, or excepts it from this one."


def _rows(default: Json, own: t.Sequence[Json] | None) -> t.Iterator[tuple[Json, str, bool]]:
    """Each restriction with its policy, and whether it is certain to be the one that holds.

    An application's own policy comes before the default. What it leaves unsaid the default says, or nobody: Microsoft's
    pages differ. Source: learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy
    """
    own_policy = next((policy for policy in own or () if policy.get("isEnabled") is not False), None)
    said = _passwords(own_policy.get("restrictions")) if own_policy else []
    for row in said:
        yield row, _named(own_policy or {}), True
    if not default.get("isEnabled"):
        return
    spoken_of = {_type(row) for row in said}
    for row in _passwords(default.get("applicationRestrictions")):
        if _type(row) not in spoken_of:
            yield row, _named(default), own is not None and own_policy is None


def _passwords(restrictions: t.Any) -> list[Json]:
    told = restrictions.get("passwordCredentials") if isinstance(restrictions, dict) else None
    return [row for row in told or () if _type(row)]


def _type(row: Json) -> str:
    return str(row.get("restrictionType") or "").lower()


def _named(policy: Json) -> str:
    name = f"'{policy['displayName']}'" if policy.get("displayName") else "of the tenant"
    return f"app management policy {name}" + (f" ({policy['id']})" if policy.get("id") else "")


def _restriction(row: Json, policy: str, created: datetime | None, *, certain: bool, new: bool) -> Restriction | None:
    """None where it does not concern us."""
    if str(row.get("state")).lower() == "disabled":
        return None
    since = row.get("restrictForAppsCreatedAfterDateTime")
    # An application yet to be made will be younger than any date in the policy.
    if since and created is not None and created < parse_time(since):
        return None
    # Excluded actors exempt callers, maybe us: which security attributes we carry is not ours to read.
    certain = certain and not row.get("excludeActors") and (not since or new or created is not None)
    if _type(row) == _ADDITION:
        return Restriction(policy, certain)
    if _type(row) == _LIFETIME and (lifetime := _lifetime(row)) is not None:
        return Restriction(policy, certain, lifetime)
    return None


def _lifetime(row: Json) -> timedelta | None:
    """None for none, and for a form that we do not know: Graph judges then."""
    try:
        return parse_iso_duration(row["maxLifetime"]) if row.get("maxLifetime") else None
    except PolicyError:
        return None
