# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings_read import Surroundings
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import (
    DEFAULT_LIFETIME,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    GrantRole,
    RevokeRole,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    CERTIFICATE,
    FEDERATED,
    OWNER,
    SECRET,
    Access,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.ways import (
    IDENTIFIER,
    PUBLIC,
    REDIRECT,
    ROLE,
    SCOPE,
    ways,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.run import disabled
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    AddMember,
    Assign,
    CreatePolicy,
    RemoveMember,
    RemovePolicy,
    Unassign,
    WriteScope,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret

SEVERITIES = ("high", "medium", "low")
HIGH, MEDIUM, LOW = SEVERITIES
#: Before this long a person must act on what ends.
_SOON = timedelta(days=14)
#: The connector signs in all day; Microsoft's report may be a day late, and our own sign-in hides another one near it.
_QUIET = timedelta(days=3)
_OURS = timedelta(days=1)


class Kind(t.NamedTuple):
    """What is found, what to do, and the playbook that mends it; None where a person has to decide."""

    severity: str
    what: str
    advice: str
    playbook: str | None = "onboard"


_WHOSE = (
    "An Application Administrator of the tenant finds out whose it is and removes it; what you know you name by its id "
    "in {} under keep."
)
_CREDENTIAL = _WHOSE.format("connector_adopt_credentials")

KINDS = {
    "not-registered": Kind(HIGH, "The registration is not there.", "Onboard the tenant."),
    "deleted": Kind(
        HIGH, "The registration was deleted.", "Ask who deleted it. Onboarding restores it within 30 days."
    ),
    "no-service-principal": Kind(
        HIGH, "The service principal is missing: nobody can sign in.", "Ask who deleted it. Onboarding brings it back."
    ),
    "disabled": Kind(
        HIGH,
        "The registration is disabled: nobody can sign in with it.",
        "Ask who disabled it, and why. The evidence says where it is enabled again; or set connector_enable.",
        None,
    ),
    "foreign-secret": Kind(HIGH, "Somebody else can sign in with a client secret.", _CREDENTIAL, None),
    "foreign-certificate": Kind(HIGH, "Somebody else can sign in with a certificate.", _CREDENTIAL, None),
    "foreign-federation": Kind(HIGH, "Somebody else can sign in with a federated credential.", _CREDENTIAL, None),
    "foreign-owner": Kind(
        HIGH,
        "Somebody else owns the registration, and can give themselves something to sign in with.",
        _WHOSE.format("connector_adopt_owners"),
        None,
    ),
    "audience": Kind(HIGH, "Accounts of other tenants may use the registration.", "Onboarding sets the audience back."),
    "redirect-uri": Kind(
        HIGH,
        "The application has a redirect URI, to which sign-ins and consents are sent. The connector needs none.",
        "An Application Administrator removes it (App registrations, Authentication).",
        None,
    ),
    "public-client": Kind(
        MEDIUM,
        "The application allows flows without a credential of its own.",
        "An Application Administrator switches them off (App registrations, Authentication).",
        None,
    ),
    "exposed-api": Kind(
        MEDIUM,
        "The application offers an API to others. The connector needs none.",
        "An Application Administrator removes it (App registrations, Expose an API, App roles).",
        None,
    ),
    "extra-grant": Kind(HIGH, "More is granted than the inventory wants.", "Onboarding revokes it."),
    "extra-delegated-grant": Kind(
        MEDIUM, "More is granted on behalf of users than the inventory wants.", "Onboarding revokes it."
    ),
    "grant-beside-roles": Kind(
        HIGH,
        "Entra grants what Exchange's roles are to confine. The two add up: every mailbox is reached.",
        "Onboarding revokes the grant in Entra.",
    ),
    "missing-grant": Kind(MEDIUM, "Consent is missing.", "Onboarding grants it, or tells who gives consent."),
    "every-mailbox": Kind(
        HIGH,
        "The restriction is gone while the permission is granted: every mailbox is reached.",
        "Onboarding restricts it again. Exchange may take two hours to enforce that.",
    ),
    "restriction-missing": Kind(MEDIUM, "The restriction is not there.", "Onboarding makes it."),
    "reach-widened": Kind(HIGH, "More mailboxes are reached than the inventory wants.", "Onboarding confines it."),
    "foreign-policy": Kind(
        HIGH,
        "Somebody else made an application access policy for the registration, which changes what it reaches.",
        "See the evidence: it says who removes it.",
        None,
    ),
    "foreign-role": Kind(
        HIGH,
        "Somebody else gave the registration a role in Exchange, which adds to what it reaches.",
        "See the evidence: it says who removes it.",
        None,
    ),
    "sender-replaced": Kind(
        HIGH,
        "The sender's address leads to another mailbox than before: mail would be sent from that one.",
        "See the evidence: it says who decides, and how.",
        None,
    ),
    "reach-missing": Kind(MEDIUM, "Mailboxes are not reached that shall be.", "Onboarding brings them in."),
    "duplicate-name": Kind(
        LOW,
        "Another application has the registration's name: whoever gives consent may take the wrong one.",
        "An Application Administrator renames or deletes the one that is not the client id above.",
        None,
    ),
    "secret-missing": Kind(HIGH, "The store holds no client secret of the registration.", "Onboarding issues one."),
    "secret-gone": Kind(
        HIGH,
        "The application no longer has the client secret that the store holds: the connector cannot sign in with it.",
        "Ask who removed it. Onboarding issues a new one and hands it off.",
    ),
    "secret-expired": Kind(HIGH, "The client secret has expired.", "Onboarding issues a new one and hands it off."),
    "secret-expires": Kind(MEDIUM, "The client secret expires soon.", "Onboarding renews it and hands it off."),
    "secret-not-typed-in": Kind(
        LOW,
        "A client secret was handed off, and nobody has said that the connector has it.",
        "Type it in at the connector, then name its key id in connector_delivered.",
        "delivered",
    ),
    "not-used": Kind(
        LOW,
        "Nobody but the automation has signed in with the registration lately.",
        "Ask whether the connector runs and has the client secret. A customer who no longer uses it is offboarded.",
        None,
    ),
    "secret-long-lived": Kind(
        MEDIUM,
        "The client secret lives longer than the inventory wants.",
        "Give connector_rotate_force once; the old one goes when the new one is typed in.",
        "rotate",
    ),
    "not-as-wanted": Kind(MEDIUM, "The registration differs from the inventory.", "Onboarding sets it back."),
    "old-restriction": Kind(LOW, "What a former mode of restriction has left is still there.", "Onboard again."),
    "not-handed-off": Kind(MEDIUM, "The hand-off is not as it should be.", "Onboarding writes it."),
    "not-enforced": Kind(MEDIUM, "Exchange does not do yet what it was told.", "Audit or onboard again later."),
    "not-provable": Kind(LOW, "Nothing can show which mailboxes are reached.", "See connector_handoff_unproven.", None),
    "reach-wrong": Kind(HIGH, "Signed in as the registration, something is not as wanted.", "See the evidence.", None),
    "refused": Kind(HIGH, "Onboarding would stop here.", "See the evidence: it says who does what.", None),
}
_REFUSED = {
    "ProofFailed": "reach-wrong",
    "ForeignPolicy": "foreign-policy",
    "ForeignAssignment": "foreign-role",
    "ReplacedSender": "sender-replaced",
}
#: Of these another one may be found another day.
_OF_MANY = ("foreign-policy", "foreign-role", "sender-replaced")
_ACCESS = {
    SECRET: "foreign-secret",
    CERTIFICATE: "foreign-certificate",
    FEDERATED: "foreign-federation",
    OWNER: "foreign-owner",
}


#: Of what lets somebody in or out besides credentials and owners; its subject is the id that it is decided on by.
SETTINGS = {
    REDIRECT: "redirect-uri",
    PUBLIC: "public-client",
    **dict.fromkeys((SCOPE, ROLE, IDENTIFIER), "exposed-api"),
}


@dataclass(frozen=True)
class Finding:
    """`subject`: what exactly, so that whoever accepts it accepts nothing else."""

    kind: str
    registration: str | None
    subject: str
    evidence: tuple[str, ...] = ()
    since: str | None = None
    severity: str = ""

    @property
    def id(self) -> str:
        return ":".join(part for part in (self.kind, self.registration, self.subject) if part)

    @property
    def rank(self) -> int:
        return SEVERITIES.index(self.severity or KINDS[self.kind].severity)

    def view(self) -> dict[str, t.Any]:
        kind = KINDS[self.kind]
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": SEVERITIES[self.rank],
            "registration": self.registration,
            "what": kind.what,
            "since": self.since,
            "evidence": list(self.evidence),
            "advice": kind.advice,
            "playbook": kind.playbook,
        }


def findings(planned: Planned, around: Surroundings, secret: StoredSecret | None, now: datetime) -> t.Iterator[Finding]:
    """Of one registration. Pure: `planned` and `around` have been read, `secret` is the store's."""
    yield from _refused(planned.name, planned.refused)
    if planned.registration is None:
        return
    yield from _presence(planned)
    if planned.wanted.client_id is None:
        return
    yield from _access(planned)
    yield from _settings(planned, around)
    yield from _registration_drift(planned)
    if planned.registration.service_principal is not None:  # what it held has gone with it
        yield from _grants(planned)
    yield from _reach(planned)
    yield from _secret(planned, secret, now)
    yield from _use(planned, around, secret, now)
    yield from _proof(planned)


def _refused(name: str, errors: t.Iterable[ConnectorError]) -> t.Iterator[Finding]:
    for error in errors:
        if error.code == "RegistrationDisabled":
            continue  # told as that
        told = (" ".join(filter(None, (error.message, error.next_step))),)
        kind = _REFUSED.get(error.code, "refused")
        subject = _digest(told) if kind in _OF_MANY else error.code
        yield Finding(kind, name, subject, told)


def _presence(planned: Planned) -> t.Iterator[Finding]:
    actual, name = planned.registration, planned.name
    if actual is None:
        return
    if actual.application is None:
        kind = "deleted" if actual.deleted else "not-registered"
        yield Finding(kind, name, planned.wanted.unique_name, tuple(row.app_id for row in actual.deleted))
    elif actual.service_principal is None:
        yield Finding("no-service-principal", name, actual.application.app_id)
    reasons = tuple(disabled(actual.application, actual.service_principal))
    if reasons:
        yield Finding("disabled", name, _digest(reasons), reasons)


def _access(planned: Planned) -> t.Iterator[Finding]:
    for entry in planned.access.foreign:
        first_seen = planned.access.seen.get(entry.id.lower())
        since = entry.start or (first_seen.isoformat(timespec="seconds") if first_seen else None)
        yield Finding(_ACCESS[entry.kind], planned.name, f"{entry.place}:{entry.id}", (entry.describe(),), since)


def _settings(planned: Planned, around: Surroundings) -> t.Iterator[Finding]:
    name = planned.name
    for way in ways(around.application):
        yield Finding(SETTINGS[way.kind], name, way.id, _evidence(way))
    for row in around.namesakes or ():
        evidence = f"client id {row['appId']}, made {row.get('createdDateTime')}"
        yield Finding("duplicate-name", name, row["appId"], (evidence,), row.get("createdDateTime"))


def _evidence(way: Access) -> tuple[str, ...]:
    if way.kind == PUBLIC:
        return ()
    return (f"{way.name}: {way.id}" if way.kind == REDIRECT else f"{way.kind} {way.name or way.id}",)


def _registration_drift(planned: Planned) -> t.Iterator[Finding]:
    for part in ("application", "permissions"):
        for field, before, after in _differing(planned.changes.get(part)):
            if field in ("service_principal", "state"):
                continue  # told as missing or deleted
            kind = "audience" if field == "sign_in_audience" else "not-as-wanted"
            subject = f"{part}.{field}:{_digest(before)}"
            yield Finding(kind, planned.name, subject, (f"{field}: is {_text(before)}, wanted {_text(after)}",))


def _grants(planned: Planned) -> t.Iterator[Finding]:
    mode = planned.wanted.restriction.mode
    for step in planned.open_grants:
        if isinstance(step, RevokeRole):
            beside = mode == "rbac" and is_mailbox_permission(step.name, mode)
            yield Finding("grant-beside-roles" if beside else "extra-grant", planned.name, step.name, (step.name,))
        elif isinstance(step, GrantRole):
            yield Finding("missing-grant", planned.name, step.name, (step.name,))
        else:
            for scope in sorted(step.before - step.scopes):
                yield Finding("extra-delegated-grant", planned.name, f"{step.id}:{scope}", (scope,))
            for scope in sorted(step.scopes - step.before):
                yield Finding("missing-grant", planned.name, scope, (f"{scope} (delegated)",))


def _reach(planned: Planned) -> t.Iterator[Finding]:
    change, wanted = planned.changes.get("restriction"), planned.wanted.restriction
    told: dict[str, list[str]] = {}
    for step in change.steps if change else ():
        told.setdefault(_kind_of(step, is_open=_is_open(planned)), []).append(step.describe())
    for kind, steps in told.items():
        yield Finding(kind, planned.name, f"{wanted.mode}:{_digest(steps)}", tuple(f"to do: {step}" for step in steps))
    if planned.restriction.leftover:
        yield Finding("old-restriction", planned.name, wanted.mode, planned.restriction.leftover)


def _kind_of(step: t.Any, *, is_open: bool) -> str:
    if isinstance(step, CreatePolicy):
        return "every-mailbox" if is_open else "restriction-missing"
    # Of several policies of an application each adds its group.
    if isinstance(step, RemoveMember | RemovePolicy | Unassign) or (isinstance(step, WriteScope) and step.exists):
        return "reach-widened"
    return "reach-missing" if isinstance(step, AddMember | Assign) else "restriction-missing"


def _is_open(planned: Planned) -> bool:
    """Entra grants something that the restriction is to confine."""
    missing = {step.name for step in (*planned.open_grants, *planned.held_grants) if isinstance(step, GrantRole)}
    return bool(set(planned.wanted.restriction.permissions) - missing)


def _secret(planned: Planned, secret: StoredSecret | None, now: datetime) -> t.Iterator[Finding]:
    if any(error.code == "LostStore" for error in planned.refused):
        return
    if secret is None or secret.client_id != planned.wanted.client_id:
        yield Finding("secret-missing", planned.name, "")
        return
    left, evidence = secret.end - now, (f"key id {secret.key_id}, ends {secret.end.isoformat(timespec='seconds')}",)
    if left <= timedelta():
        yield Finding("secret-expired", planned.name, secret.key_id, evidence)
    elif left <= planned.wanted.secret.renew_before:
        severity = HIGH if left <= _SOON else MEDIUM
        yield Finding("secret-expires", planned.name, secret.key_id, evidence, severity=severity)
    elif planned.issues_secret:
        yield Finding("secret-gone", planned.name, secret.key_id, evidence)
    elif left > (planned.wanted.secret.valid_for or DEFAULT_LIFETIME):
        yield Finding("secret-long-lived", planned.name, secret.key_id, evidence)
    yield from _delivery(planned, secret, now)


def _use(planned: Planned, around: Surroundings, secret: StoredSecret | None, now: datetime) -> t.Iterator[Finding]:
    """Where Microsoft's report was to be had, and the connector has had a secret for long enough."""
    if not around.sign_ins_read or secret is None or secret.client_id != planned.wanted.client_id:
        return
    handed_off = [old.handed_off for old in secret.known if old.handed_off]
    last, ours = around.last_sign_in, secret.signed_in
    by_others = last if last and (ours is None or last > ours + _OURS) else None
    times = [moment for moment in (min(handed_off, default=None), by_others or ours) if moment]
    if handed_off and now - max(times) >= _QUIET:
        told = f"last sign-in {last.isoformat(timespec='seconds')}" if last else "no sign-in is known"
        own = f", the automation's own {ours.isoformat(timespec='seconds')}" if ours else ""
        yield Finding("not-used", planned.name, "", (f"{told}{own}",), max(times).isoformat(timespec="seconds"))


def _delivery(planned: Planned, secret: StoredSecret, now: datetime) -> t.Iterator[Finding]:
    name, waited_for = planned.name, planned.type_in
    if waited_for:
        before = waited_for.before
        # Without a date the connector may have none that works.
        severity = HIGH if before is None or before - now <= _SOON else LOW
        when = f"before {before.isoformat(timespec='seconds')}" if before else "at once"
        told = f"key id {waited_for.key_id}, {when}"
        yield Finding("secret-not-typed-in", name, waited_for.key_id, (told,), severity=severity)
    elif secret.handed_off and not any(old.delivered for old in secret.known):
        told = f"key id {secret.key_id}"
        since = secret.handed_off.isoformat(timespec="seconds")
        yield Finding("secret-not-typed-in", name, secret.key_id, (told,), since)


def _proof(planned: Planned) -> t.Iterator[Finding]:
    for kind, reasons in (("not-enforced", planned.waits), ("not-provable", planned.unprovable)):
        if reasons:
            yield Finding(kind, planned.name, _digest(reasons), tuple(reasons))


def of_handoff(change: Change[t.Any] | None) -> t.Iterator[Finding]:
    fields = [field for field, _before, _after in _differing(change)]
    if fields:
        yield Finding("not-handed-off", None, _digest(fields), (f"differs: {', '.join(fields)}",))


def _differing(change: Change[t.Any] | None) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    if change is None or not change.changed:
        return
    for field, after in change.after.items():
        if change.before.get(field) != after:
            yield field, change.before.get(field), after


def _text(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _digest(value: t.Any) -> str:
    return hashlib.sha256(_text(value).encode("utf-8", "surrogatepass")).hexdigest()[:8]
