# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's days: people do things to it, an audit every night, onboarding and rotation every week.

Each tenant has an emulated Microsoft of its own inside this process, and the tasks are the role's:
a year is hundreds of runs.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import failed_result
from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import OPERATION as REPORT
from chaos.reading import Case
from corpus.operator import SEED, SENDER, TENANT, Operator
from emulator.rig import EVERYTHING
from integration.administrator import GRAPH_APP_ID

Json = dict[str, Any]

DAY = 86_400
GROUP = "totalviewtimesendemail"
NAMES = {"calendar": "totalview-exchange365-calendar", "mail": "totalview-exchange365-mail"}
TYPED = {"calendar": ("client_id", "secret"), "mail": ("mail_client_id", "mail_client_secret")}
#: Short, so that each is renewed within the shortest year.
SECRETS = {"secret_valid_for": "70d", "secret_renew_before": "42d", "secret_overlap": "7d"}
ANNOUNCED = timedelta(days=14)
#: What is compared with the truth, of the registration for e-mail.
TOLD = {"foreign-secret", "every-mailbox", "restriction-missing", "reach-missing", "not-as-wanted", "missing-grant"}

_VAULT = VaultLib([("default", VaultSecret(b"corpus"))])


@dataclass(frozen=True)
class Temper:
    """Of a tenant's people: how likely a secret is typed in on a day, and whether somebody says so.

    `consents_on`: the day on which an administrator consents, or the first after it on which Microsoft answers; None
    where the automation may.
    """

    types_in: float
    says_so: bool
    consents_on: int | None = None


TEMPERS = (
    Temper(types_in=0.4, says_so=True),
    Temper(types_in=0.1, says_so=False),
    Temper(types_in=0.3, says_so=True, consents_on=5),
    Temper(types_in=0.0, says_so=False),
)


@dataclass
class Typed:
    """What the connector signs in with. `announced`: when somebody was told that it ends, and when that is."""

    fields: Json = field(default_factory=dict)
    announced: list[tuple[datetime, datetime]] = field(default_factory=list)


@dataclass(kw_only=True)
class Tenant(Case):
    """One tenant and its people."""

    operator: Operator
    temper: Temper
    chance: random.Random
    day: int = 0
    told: list[str] = field(default_factory=list)
    typed: dict[str, Typed] = field(default_factory=dict)
    down: bool = False
    lost_until: int = 0
    consented: bool = False
    happened: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """By the emulator's clock."""
        return _moment(self.operator.rig.admin.clock())

    @property
    def _folder(self) -> Path:
        return self.operator.folder / "secrets"

    def live(self, days: int) -> None:
        self._onboard()
        for self.day in range(1, days + 1):
            self.operator.rig.admin.advance_clock(DAY)
            self._something_happens()
            if self.day % 7 == 0:
                self._onboard()
            if self.day % 7 == 3:
                self._tasks("rotate")
            self._type_in()
            self._sign_in()
            self._audit()
            self._evening()

    def _complain(self, text: str) -> None:
        self.complaints.append(f"day {self.day}: {text} (after {', '.join(self.happened[-6:])})")

    # --- the operator -------------------------------------------------------------------------------------------------

    def _onboard(self) -> None:
        self._tasks("main")

    def _tasks(self, name: str) -> Json:
        result = self.operator.tasks(name, delivered=self.told, **SECRETS)
        for entry in result.get("ansible_facts", {}).get("connector_result", {}).get("type_in", ()):
            self._announce(entry["registration"], entry["before"])
        if result.get("failed") and not result.get("failure", {}).get("next_step", "words"):
            self._complain(f"{name} failed without words: {result['msg']}")
        return result

    def _audit(self) -> None:
        before = self.operator.rig.admin.snapshot(TENANT)
        told = self._reported(self.operator.audit(delivered=self.told, **SECRETS))
        if self.operator.rig.admin.snapshot(TENANT) != before:
            self._complain("the audit wrote")
        if told["state"] == "failed":
            if not self.disturbed:
                self._complain(f"the audit failed: {told['next']}")
            if not told["next"] or told["findings"] or told["registrations"]:
                self._complain(f"the report of an audit that failed is {told}")
            return
        if self.down:
            self._complain("an audit without Microsoft")
        for finding in told["findings"]:
            if finding["kind"] == "secret-not-typed-in":
                _key, _comma, date = finding["evidence"][0].partition(", before ")
                self._announce(finding["registration"], date or None)
        if not self.disturbed:
            self._compare(told)

    def _reported(self, result: Json) -> Json:
        """The tenant's row in the file that the audit's report is, as the role's tasks write it."""
        if result.get("failed"):
            results, details = [failed_result("contoso", [], result)], []
        else:
            audit = result["audit"]
            results, details = [audit["result"]], [{**result["details"], "findings": audit["findings"]}]
        folder = self.operator.folder / "reports"
        options = {"folder": str(folder), "playbook": "audit", "hosts": ["contoso"]}
        written = self.operator.run(REPORT, {**options, "results": results, "details": details})
        if written.get("failed"):
            self._complain(f"no report: {written['msg']}")
        [row] = json.loads((folder / "report.json").read_text())["tenants"]
        return dict(row)

    def _compare(self, told: Json) -> None:
        """With what is true at the admin door, in the store and in the hand-off."""
        of_mail = [entry for entry in told["findings"] if entry["registration"] == "mail"]
        found = {entry["kind"] for entry in of_mail} & TOLD
        # A grant that waits for the restriction to be in place is told as such.
        if any("grant Mail.Send (application)" in entry["evidence"] for entry in of_mail):
            found.add("missing-grant")
        if found != (true := set(self._truth())):
            self._complain(f"the report tells {sorted(found)}, true is {sorted(true)}")
        if (told["state"] == "clean") == bool(told["findings"]):
            self._complain(f"the report tells {told['state']} with {len(told['findings'])} findings")
        facts = {entry.pop("name"): entry for entry in told["registrations"]}
        for name, true_ones in self._facts().items():
            wrong = {key: value for key, value in true_ones.items() if facts.get(name, {}).get(key) != value}
            if wrong:
                self._complain(f"the report tells of {name} {facts.get(name)}, true is {wrong}")

    @property
    def disturbed(self) -> bool:
        """A tenant of which the report cannot know all today."""
        return self._without_microsoft or bool(self.lost_until)

    @property
    def _without_microsoft(self) -> bool:
        """Nor do people get anything done there today."""
        return self.down or "throttled" in self.happened[-1:]

    def _announce(self, registration: str, before: str | None) -> None:
        """Without a date nobody was told of an end."""
        if registration in self.typed and before:
            self.typed[registration].announced.append((self.now, datetime.fromisoformat(before)))

    # --- what is true -------------------------------------------------------------------------------------------------

    def _truth(self) -> Iterator[str]:
        snapshot = self.operator.rig.admin.snapshot(TENANT)
        [application] = [row for row in snapshot["applications"] if row["uniqueName"] == NAMES["mail"]]
        stored = self._stored()["secrets"].get(NAMES["mail"], {"retired": [], "key_id": None})
        ours = {stored["key_id"], *(old["key_id"] for old in stored["retired"])}
        living = [row for row in application["passwordCredentials"] if _moment(row["endDateTime"]) > self.now]
        if any(row["keyId"] not in ours for row in living):
            yield "foreign-secret"
        if application["displayName"] != "mail":
            yield "not-as-wanted"
        granted = self._granted(snapshot, application)
        exchange = snapshot["exchange"]
        if not any(row["app_id"] == application["appId"] for row in exchange["policies"]):
            yield "every-mailbox" if granted else "restriction-missing"
        [group] = [row for row in exchange["recipients"] if row["name"] == GROUP]
        if SENDER not in group["members"]:
            yield "reach-missing"
        if not granted:
            yield "missing-grant"

    def _facts(self) -> dict[str, Json]:
        """Of each registration what a report tells, as far as others than the report's own code know it."""
        snapshot, stored, held = self.operator.rig.admin.snapshot(TENANT), self._stored()["secrets"], self._handed_off()
        facts = {}
        for name, unique_name in NAMES.items():
            [application] = [row for row in snapshot["applications"] if row["uniqueName"] == unique_name]
            ends = {row["keyId"]: _moment(row["endDateTime"]) for row in application["passwordCredentials"]}
            key_id = stored[unique_name]["key_id"] if unique_name in stored else None
            end = ends.get(key_id)
            facts[name] = {
                "client_id": application["appId"],
                "secret_key_id": key_id,
                "secret_ends": end.isoformat() if end else None,
                "handed_off": key_id is not None and held.get(TYPED[name][1]) == stored[unique_name]["value"],
            }
            if key_id not in self.told:
                facts[name]["delivered_at"] = None
        return facts

    def _handed_off(self) -> Json:
        file = self._folder / "handoff" / "contoso.yml"
        return dict(yaml.safe_load(_VAULT.decrypt(file.read_bytes()))) if file.exists() else {}

    @staticmethod
    def _granted(snapshot: Json, application: Json) -> bool:
        principals = {row["id"] for row in snapshot["servicePrincipals"] if row["appId"] == application["appId"]}
        return any(row["principalId"] in principals for row in snapshot["appRoleAssignments"])

    def _stored(self) -> Json:
        [file] = self._folder.glob("*.json")
        return dict(json.loads(_VAULT.decrypt(file.read_bytes())))

    # --- the customer -------------------------------------------------------------------------------------------------

    def _type_in(self) -> None:
        held = self._handed_off()
        if self.lost_until or not held or (self.typed and self.chance.random() >= self.temper.types_in):
            return
        for registration in NAMES:
            typed = self.typed.get(registration)
            if typed is None or typed.fields != held:
                self.typed[registration] = Typed(held)
        if self.temper.says_so:
            keys = [entry["key_id"] for entry in self._stored()["secrets"].values()]
            self.told += [key_id for key_id in keys if key_id not in self.told]

    def _sign_in(self) -> None:
        """The connector, all day; nobody is shut out who was not told two weeks before."""
        for registration, typed in self.typed.items():
            client, secret = TYPED[registration]
            answer = self.operator.rig.sign_in(typed.fields[client], typed.fields[secret])
            announced = any(told + ANNOUNCED <= self.now and end <= self.now for told, end in typed.announced)
            if not (answer.ok or announced or self._without_microsoft):
                self._complain(f"{registration} is shut out: {answer.json()['error_description'][:80]}")

    # --- what happens -------------------------------------------------------------------------------------------------

    def _something_happens(self) -> None:
        for event, (likely, act) in _EVENTS.items():
            if self.chance.random() < likely:
                act(self)
                self.happened.append(event)
        on = self.temper.consents_on
        if on is not None and self.day >= on and not self.consented and not self._without_microsoft:
            self._consent()
            self.consented = True
        if self.lost_until and self.day >= self.lost_until:
            (self.operator.folder / "elsewhere").rename(self._folder)
            self.lost_until = 0

    def _evening(self) -> None:
        self.operator.rig.admin.clear_faults()
        self.down = False
        if self.happened[-1:] == ["throttled"]:
            self.happened.append("a quiet night")

    def _graph(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        """With a token of today."""
        rig = self.operator.rig
        answer = rig.graph(method, path, body, token=rig.admin.token(TENANT, EVERYTHING))
        assert answer.ok, answer.text
        return answer

    def _application(self) -> Json:
        found: Json = self._graph("GET", f"/applications(uniqueName='{NAMES['mail']}')").json()
        return found

    def _consent(self) -> None:
        for name, values in (("calendar", ("Calendars.Read", "User.Read.All")), ("mail", ("Mail.Send",))):
            app_id = self._graph("GET", f"/applications(uniqueName='{NAMES[name]}')").json()["appId"]
            principal = self._graph("GET", f"/servicePrincipals(appId='{app_id}')").json()["id"]
            graph = self._graph("GET", f"/servicePrincipals(appId='{GRAPH_APP_ID}')").json()
            for role in graph["appRoles"]:
                if role["value"] in values:
                    body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": role["id"]}
                    self._graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)

    def add_secret(self) -> None:
        path = f"/applications/{self._application()['id']}/addPassword"
        self._graph("POST", path, {"passwordCredential": {"displayName": "backup"}})

    def clean_up(self) -> None:
        """As the audit advises."""
        application = self._application()
        for row in application["passwordCredentials"]:
            if row["displayName"] == "backup":
                path = f"/applications/{application['id']}/removePassword"
                self._graph("POST", path, {"keyId": row["keyId"]})

    def rename(self) -> None:
        self._graph("PATCH", f"/applications/{self._application()['id']}", {"displayName": "Renamed"})

    def remove_policy(self) -> None:
        app_id = self._application()["appId"]
        for row in self.operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy"):
            if row["AppId"] == app_id:
                self._exchange("Remove-ApplicationAccessPolicy", Identity=row["Identity"])

    def member_leaves(self) -> None:
        [group] = self.operator.rig.admin.exchange(TENANT, "Get-DistributionGroup", Identity=GROUP)
        members = self.operator.rig.admin.exchange(TENANT, "Get-DistributionGroupMember", Identity=group["Identity"])
        if members:
            self._exchange(
                "Remove-DistributionGroupMember", Identity=GROUP, Member=SENDER, BypassSecurityGroupManagerCheck=True
            )

    def _exchange(self, cmdlet: str, **parameters: Any) -> None:
        self.operator.rig.admin.exchange(TENANT, cmdlet, **parameters, Confirm=False)

    def lose_store(self) -> None:
        if not self.lost_until:
            self._folder.rename(self.operator.folder / "elsewhere")
            self.lost_until = self.day + 2

    def throttle(self) -> None:
        self.operator.rig.admin.faults({"kind": "throttle", "retry_after": 1, "probability": 0.2})

    def go_down(self) -> None:
        self.operator.rig.admin.faults({"kind": "unavailable", "status": 503, "effect": "none"})
        self.down = True


_EVENTS: Mapping[str, tuple[float, Callable[[Tenant], None]]] = {
    "somebody adds a secret": (0.03, Tenant.add_secret),
    "secrets are cleaned up": (0.2, Tenant.clean_up),
    "an administrator renames": (0.03, Tenant.rename),
    "the policy is removed": (0.03, Tenant.remove_policy),
    "a member leaves": (0.03, Tenant.member_leaves),
    "the store is lost": (0.015, Tenant.lose_store),
    "throttled": (0.05, Tenant.throttle),
    "Microsoft is down": (0.015, Tenant.go_down),
}


def tenants(folder: Path, *, seed: int, number: int, days: int) -> Iterator[Tenant]:
    """Each judged; one after the other, since nothing of one concerns another."""
    for index in range(number):
        home, temper = folder / f"tenant-{index}", TEMPERS[index % len(TEMPERS)]
        home.mkdir(parents=True)
        with pytest.MonkeyPatch.context() as monkeypatch, Operator(home, monkeypatch, **_fields(temper)) as operator:
            chance = random.Random(f"{seed}-{index}")
            tenant = Tenant(host=f"year, tenant {index}", operator=operator, temper=temper, chance=chance)
            tenant.live(days)
            yield tenant


def _fields(temper: Temper) -> Json:
    """Of the tenant's seed, where they are not the usual ones."""
    if temper.consents_on is None:
        return {}
    automation = deepcopy(SEED["tenants"][0]["automation"])
    automation["roles"].remove("AppRoleAssignment.ReadWrite.All")  # type: ignore[index]
    return {"automation": automation}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
