# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.steps import STEPS

_RUN_ON = "You run again without check mode, or without leaving tasks out"

Json: t.TypeAlias = "t.Mapping[str, t.Any]"


@dataclass(frozen=True)
class TenantState:
    """What a tenant waits for, after the plan or after all steps.

    `changed`: as in ["mail: consent", "hand-off"]. `links`: of each consent that is waited for, `days`: for how many,
    where that is known. `to_revoke`: by unique name, what somebody must take back. `withheld`: by unique name, what is
    not given while `foreign` lets somebody else in. `unprovable`: what nothing can show. `waits`: what is waited for,
    until `try_again_at`. `handed_off`: once at least. `pending`: there is something to write, which was not written.
    `type_in`: secrets that were handed off and that the connector needs, each with its registration.
    """

    changed: t.Sequence[str]
    links: t.Sequence[str | None]
    to_revoke: t.Mapping[str, t.Sequence[str]]
    withheld: t.Mapping[str, t.Sequence[str]]
    foreign: t.Sequence[str]
    unprovable: t.Sequence[str]
    waits: t.Sequence[str]
    try_again_at: str | None
    handed_off: bool
    pending: bool
    type_in: t.Sequence[Json] = ()
    days: int | None = None

    def result(self, host: str) -> dict[str, t.Any]:
        """The role's connector_result, which a person reads in the table. `by`: only where there is a date."""
        state, follows = self._state_and_next()
        result: dict[str, t.Any] = {"tenant": host, "state": state, "changed": list(self.changed), "next": follows}
        if self.type_in:
            result["type_in"] = [dict(entry) for entry in self.type_in]
            told = typed_in(self.type_in)
            result["next"] = told if follows == "-" else f"{told}; {follows}"
        dates = [entry["before"] for entry in self.type_in if entry["before"]]
        if state == "waiting_for_exchange" and self.try_again_at:
            dates.append(self.try_again_at)
        return result | ({"by": min(dates)} if dates else {})

    def _state_and_next(self) -> tuple[str, str]:
        if self.withheld:
            return "waiting_for_decision", self._decision()
        if self.links:
            where = " and ".join(link for link in self.links if link) or "the link follows with the real run"
            besides = f"; and {self._revocation()}" if self.to_revoke else ""
            waits = f" (waiting for {self.days} day{'s' if self.days > 1 else ''})" if self.days else ""
            return "waiting_for_consent", f"A Global Administrator of the tenant gives consent{waits}: {where}{besides}"
        if self.to_revoke:
            return (
                "waiting_for_revocation",
                f"A Global Administrator of the tenant takes back what nobody wants: {self._revocation()}",
            )
        if self.waits:
            return "waiting_for_exchange", self._later()
        if self.pending:
            return "changes_pending", _RUN_ON
        return ("not_provable", self._not_shown()) if self.unprovable else ("complete", "-")

    def _not_shown(self) -> str:
        decide = "" if self.handed_off else " connector_handoff_unproven: true hands off all the same."
        reasons = "; ".join(dict.fromkeys(reason.removesuffix(".") for reason in self.unprovable))
        return f"You decide. Nothing is wrong, and it is not proven: {reasons}.{decide}"

    def _decision(self) -> str:
        of_each = "; ".join(f"{', '.join(steps)} for {name}" for name, steps in self.withheld.items())
        return (
            f"You decide. Not done while somebody else can sign in: {of_each}. That is {'; '.join(self.foreign)}. An "
            "Application Administrator of the tenant removes what nobody knows; what you know you name by its id in "
            "connector_adopt_credentials or connector_adopt_owners, under keep"
        )

    def _revocation(self) -> str:
        of_each = "; ".join(f"{', '.join(steps)} of {name}" for name, steps in self.to_revoke.items())
        return f"{of_each} (Microsoft Entra admin center, Enterprise applications, Permissions)"

    def _later(self) -> str:
        when = f" after {self.try_again_at}" if self.try_again_at else ""
        reasons = "; ".join(dict.fromkeys(wait.removesuffix(".") for wait in self.waits))
        secret = "" if self.handed_off else " Nobody but your store holds a new secret until then."
        return f"You run again{when}. Not yet: {reasons}.{secret}"


def typed_in(awaited: t.Sequence[Json]) -> str:
    """Who types what in by when: the connector cannot be asked which secret it has. `awaited`: as in `type_in`."""
    keys = ", ".join(f"{entry['registration']} {entry['key_id']}" for entry in awaited)
    dates = [entry["before"][:10] for entry in awaited if entry["before"]]
    if any(entry["late"] for entry in awaited):
        when = "now, since the connector may have none that works,"
    else:
        when = f"before {min(dates)}" if dates else "for the first time"
    return f"You type in {when} what was handed off: {keys}; then name these key ids in connector_delivered"


def result_of(host: str, plan: Json, steps: Json, *, check_mode: bool, failure: Json | None) -> dict[str, t.Any]:
    """From what the tasks registered. `plan`: of connector_plan. `steps`: by part, those that have run.

    `failure`: of the task that ended it.
    """
    changed = changed_parts([entry["name"] for entry in plan.get("registrations", ())], steps)
    if failure is not None:
        return failed_result(host, changed, failure)
    return _after(plan, steps, changed, check_mode=check_mode).result(host)


def unchanged_result(host: str, state: str, follows: str) -> dict[str, t.Any]:
    """The connector_result of tasks that have written nothing. `follows`: who does what next."""
    return {"tenant": host, "state": state, "changed": [], "next": follows}


def failed_result(host: str, changed: list[str], failure: Json) -> dict[str, t.Any]:
    """`failure`: of the task that ended it."""
    return {"tenant": host, "state": "failed", "changed": changed, "next": _words(failure)}


def changed_parts(names: t.Sequence[str], steps: Json) -> list[str]:
    """As in ["calendar: application, consent", "hand-off"]."""
    of_each = changed_of_each(names, steps, [step.name for step in STEPS if step.each])
    return of_each + [step.name for step in STEPS if not step.each and steps.get(step.name, {}).get("changed")]


def changed_of_each(names: t.Sequence[str], steps: Json, parts: t.Iterable[str]) -> list[str]:
    """As in ["calendar: application, consent"], of those `parts`. `names`: of the registrations looped over."""
    looked = list(parts)
    found = {
        name: [part for part in looked if item_result(steps, part, index).get("changed")]
        for index, name in enumerate(names)
    }
    return [f"{name}: {', '.join(changed)}" for name, changed in found.items() if changed]


def _after(plan: Json, steps: Json, changed: list[str], *, check_mode: bool) -> TenantState:
    restrictions, consents, proofs = (_results(steps, part) for part in ("restriction", "consent", "proof"))
    waiting = [entry for entry in consents if entry["state"] == "waiting_for_consent"]
    to_revoke = [(entry["__registration"]["unique_name"], entry["to_revoke"]) for entry in consents]
    withheld: dict[str, list[str]] = {}
    for entry in (*restrictions, *consents):
        if entry["state"] == "withheld":
            withheld.setdefault(entry["__registration"]["unique_name"], []).extend(entry["withheld"])
    foreign = [
        told for entry in (*restrictions, *consents) if entry["state"] == "withheld" for told in entry["foreign"]
    ]
    waits = [entry["waiting"] for entry in restrictions if entry["waiting"]]
    waits += [held for entry in consents for held in entry["held"]]
    planned = [entry["unique_name"] for entry in plan["registrations"] if entry.get("stays_disabled")]
    found = [entry["registration"]["unique_name"] for entry in _results(steps, "application") if _stays_disabled(entry)]
    waits += [f"enable {name}" for name in dict.fromkeys((*planned, *found))]
    checks = [check for entry in proofs if entry["state"] != "proven" for check in entry["checks"]]
    waits += [check["detail"] for check in checks if check["result"] == "not_yet"]
    times = [entry["try_again_at"] for entry in (*restrictions, *proofs) if entry["try_again_at"]]
    return TenantState(
        changed=changed,
        links=[entry["link"] for entry in waiting],
        days=max((entry["waiting_days"] for entry in waiting if entry["waiting_days"] is not None), default=None),
        to_revoke={name: steps for name, steps in to_revoke if steps},
        withheld=withheld,
        foreign=list(dict.fromkeys(foreign)),
        unprovable=[check["detail"] for check in checks if check["result"] == "no_evidence"],
        waits=waits,
        try_again_at=max(times, default=None),
        handed_off=bool(plan["handed_off"] or "file" in steps.get("hand-off", {})),
        pending=bool(changed) if check_mode else bool(_undone(plan, steps)),
        type_in=[] if check_mode else _type_in(plan, steps),
    )


def _type_in(plan: Json, steps: Json) -> list[Json]:
    """Of secrets that were replaced the next ones, and what was handed off just now."""
    if not plan["handed_off"] and "file" not in steps.get("hand-off", {}):
        return []
    is_new = steps.get("hand-off", {}).get("changed")
    return [entry for result in _results(steps, "secret") if (entry := _awaited(result, is_new=is_new))]


def _awaited(result: Json, *, is_new: bool) -> Json | None:
    name, secret = result["__registration"]["name"], result["secret"]
    if result["type_in"]:
        return {"registration": name, **result["type_in"]}
    if is_new and secret["delivered"] is None:
        return {"registration": name, "key_id": secret["key_id"], "before": None, "late": False}
    return None


def _stays_disabled(application: Json) -> bool:
    return bool(application.get("stays_disabled"))


def _undone(plan: Json, steps: Json) -> list[Json]:
    """What was planned and not done, because its task was left out."""
    places = {entry["name"]: index for index, entry in enumerate(plan["registrations"])}
    return [
        entry
        for entry in plan["plan"]
        if entry["registration"] and not item_result(steps, entry["part"], places[entry["registration"]])
    ]


def _results(steps: Json, part: str) -> list[Json]:
    """Of those items that ran."""
    return [entry for entry in steps.get(part, {}).get("results", ()) if not entry.get("skipped")]


def item_result(steps: Json, part: str, index: int) -> Json:
    """What the task of a part returned for one registration; empty where it did not run. `steps`: by part."""
    results = steps.get(part, {}).get("results", ())
    return results[index] if index < len(results) else {}


def _words(failure: Json) -> str:
    """Of a loop, what its failed items say."""
    failed = [entry for entry in failure.get("results", ()) if entry.get("failed")]
    return " ".join(str(entry.get("msg")) for entry in failed or [failure])
