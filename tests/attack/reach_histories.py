# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never widen by an act of ours, over generated histories of a tenant.

Runs of the role with and without an end, inventories that change, lost stores, and between them whatever somebody else
does in the tenant. After each request of ours no registration reaches a mailbox that the inventory does not give it,
but those that somebody else had opened before; nobody else's application reaches more than before; and what somebody
else can sign in with is given nothing. After a run that ends complete nothing is left open.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import jinja2
import pytest
import requests
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from corpus import operator
from corpus.operator import CLIENT_ID, NAMES, OTHER, SENDER, TENANT, Json, Operator
from emulator.world import World
from integration.administrator import CALENDAR, GRAPH_APP_ID, MAIL

HOUR, DAY = 3600, 86_400
EVERYBODY = frozenset({SENDER, OTHER, "bo@example.com"})
RESTRICTED = st.sampled_from(("access_policy", "rbac"))
MEMBERS = st.sampled_from(([SENDER], [SENDER, OTHER]))
#: Before a run: not at all, until what the one before restricted is in force, until no token of before lives.
WAITED = st.sampled_from((0, 2 * HOUR, 30 * HOUR))
REGISTRATIONS = st.sampled_from((CALENDAR, MAIL))
ROLES = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Policy.Read.All",
)

Key = tuple[str, str]
Reach = dict[Key, frozenset[str]]


class Killed(BaseException):
    """The run ends here: nothing catches it."""


class Row(NamedTuple):
    """What an application reaches for one permission, by what is configured and by what is enforced."""

    app_id: str
    unique_name: str | None
    permission: str
    configured: frozenset[str]
    enforced: frozenset[str]

    @property
    def key(self) -> Key:
        return self.app_id, self.permission


def _row(entry: Json) -> Row:
    """Who is disabled gets no token."""
    configured, enforced = (
        frozenset() if entry["disabled"] else frozenset(entry[n]) for n in ("configured", "enforced")
    )
    return Row(entry["app_id"], entry["unique_name"], entry["permission"], configured, enforced)


class Beginning(NamedTuple):
    """What came of the first runs. `files`: of the operator, by their paths."""

    world: World
    files: dict[str, bytes]
    before: Reach
    state: str


class _Plain:
    """In place of Ansible Vault: what is kept is tried here, not how it is kept secret."""

    def check(self) -> None:
        """There is no password to be missing."""

    def encrypt(self, text: str) -> bytes:
        return text.encode()

    def decrypt(self, content: bytes) -> str:
        return content.decode()


_PLAIN = _Plain()


class ReachHistories(RuleBasedStateMachine):
    #: Where the same first runs are not made twice.
    begun: ClassVar[dict[tuple[str, bool, int], Beginning] | None] = None
    #: In this process. The store's place is part of the labels that it gives.
    home: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        if ReachHistories.home is None:
            ReachHistories.home = Path(tempfile.mkdtemp(prefix="histories-"))
            atexit.register(shutil.rmtree, ReachHistories.home, ignore_errors=True)
        self._folder = ReachHistories.home / "operator"
        self._folder.mkdir(mode=0o700)
        self._patched = pytest.MonkeyPatch()
        _compile_once(self._patched)
        self._patched.setattr(operator, "_vault", lambda _vault_id, _password_file: _PLAIN)
        self._patched.setattr(os, "fsync", lambda _file: None)  # no machine goes down in a history
        exchange = {"enforcement": {"seconds": HOUR}}
        self.operator = Operator(self._folder, self._patched, restoring={"grants": True}, exchange=exchange)
        self.inventory: Json = {"handoff_folder": str(self._folder / "handoff")}
        self.strangers: set[str] = set()
        self.made_with_our_client: set[str] = set()
        self.intruders: dict[str, list[Callable[[], Any]]] = {CALENDAR: [], MAIL: []}
        self.before: Reach = {}
        self.state = ""

    def teardown(self) -> None:
        self.operator.__exit__()
        self._patched.undo()
        shutil.rmtree(self._folder)

    # --- us -----------------------------------------------------------------------------------------------------------

    @initialize(mode=RESTRICTED, consents=st.booleans(), runs=st.integers(0, 2))
    def it_begins(self, *, mode: str, consents: bool, runs: int) -> None:
        self.inventory["mail_restriction"] = mode
        if self.begun is not None and (mode, consents, runs) in self.begun:
            self._go_on_from(self.begun[mode, consents, runs])
            return
        self.the_automation_may_consent_or_not(consents=consents)
        for _run in range(runs):
            self._run()
            self.time_passes(2 * HOUR)
        if self.begun is not None:
            paths = [path for path in self._folder.rglob("*") if path.is_file()]
            files = {str(path.relative_to(self._folder)): path.read_bytes() for path in paths}
            self.begun[mode, consents, runs] = Beginning(
                self.operator.copied_world(), files, dict(self.before), self.state
            )

    def _go_on_from(self, beginning: Beginning) -> None:
        self.operator.go_on_in(beginning.world)
        self.operator.go_on_in(self.operator.copied_world())
        for name, content in beginning.files.items():
            path = self._folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)
        self.before, self.state = dict(beginning.before), beginning.state

    @rule(waited=WAITED, enable=st.booleans())
    def a_run(self, waited: int, *, enable: bool) -> None:
        self.time_passes(waited)
        self._run(enable=enable)

    @rule(waited=WAITED, requests_made=st.integers(1, 30), enable=st.booleans())
    def a_run_is_killed(self, waited: int, requests_made: int, *, enable: bool) -> None:
        self.time_passes(waited)
        left = requests_made

        def hook(_response: requests.Response) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        self.operator.hook = hook
        with suppress(Killed):
            self._run(enable=enable)
        self.operator.hook = lambda _response: None

    @rule()
    def the_store_is_lost(self) -> None:
        shutil.rmtree(self._folder / "secrets", ignore_errors=True)

    @rule()
    def the_store_is_lost_for_good(self) -> None:
        """Whoever says so has what was made with our client taken for ours: nobody else can have made it, but for who
        has the automation's credential."""
        self.strangers -= self.made_with_our_client
        shutil.rmtree(self._folder / "secrets", ignore_errors=True)
        self._run(lost_store="replace")

    @rule(mode=RESTRICTED, members=MEMBERS)
    def the_inventory_restricts_mail_otherwise(self, mode: str, members: list[str]) -> None:
        self.inventory |= {"mail_restriction": mode, "mail_members": members}
        self._somebody_acted()

    @rule(mode=st.sampled_from(("none", "access_policy", "rbac")), members=MEMBERS)
    def the_inventory_restricts_calendars_otherwise(self, mode: str, members: list[str]) -> None:
        self.inventory |= {"calendar_restriction": mode, "calendar_members": members if mode != "none" else []}
        self._somebody_acted()

    @rule(seconds=st.sampled_from((30 * HOUR, 10 * DAY)))
    def time_passes(self, seconds: int) -> None:
        self.operator.rig.admin.advance_clock(seconds)
        self.operator.rig.forget_tokens()

    def _run(self, **changes: Any) -> None:
        mark = self.operator.rig.admin.last_request()
        intruded = {name for name, ways in self.intruders.items() if ways}
        self.state = "killed"
        try:
            result = self.operator.onboard(**{**self.inventory, **changes})
            self.state = "failed" if result.get("failed") else result["ansible_facts"]["connector_result"]["state"]
        finally:
            self._judge(mark, intruded)

    def _judge(self, mark: int, intruded: set[str]) -> None:
        handed_off = (self._folder / "handoff").exists()
        for entry in self.operator.rig.admin.reach(TENANT, after=mark):
            row = _row(entry)
            before = self.before.get(row.key, frozenset())
            allowed = self._allowed(row)
            assert row.configured <= allowed | before, f"widened: {entry}, before {sorted(before)}"
            # Who got into the one signs in with that one only.
            outside = handed_off or row.unique_name in intruded
            assert not outside or row.enforced <= allowed | before, f"widened, as it is enforced: {entry}"
            if row.unique_name in intruded and not before:
                assert not row.configured, f"given to what somebody else can sign in with: {entry}"
        self.before = {key: row.configured | row.enforced for key, row in self._now().items()}

    def _allowed(self, row: Row) -> frozenset[str]:
        kind = {CALENDAR: "calendar", MAIL: "mail"}.get(row.unique_name or "")
        if kind != row.permission or row.app_id in self.strangers:
            return frozenset()
        mode = self.inventory.get(f"{kind}_restriction", "none")
        return EVERYBODY if mode == "none" else frozenset(self.inventory.get(f"{kind}_members") or [SENDER])

    def _now(self) -> dict[Key, Row]:
        return {row.key: row for row in map(_row, self.operator.rig.admin.reach(TENANT))}

    @invariant()
    def what_is_complete_leaves_nothing_open(self) -> None:
        if self.state == "complete":
            for row in self._now().values():
                if row.unique_name in (CALENDAR, MAIL) and row.app_id not in self.strangers:
                    assert row.configured <= self._allowed(row), f"complete, and open: {row}"
        self.state = ""

    # --- somebody else ------------------------------------------------------------------------------------------------

    def _somebody_acted(self) -> None:
        """What is open now, or will be when it is enforced, no run of ours has opened."""
        for key, row in self._now().items():
            self.before[key] = row.configured | row.enforced

    def _there(self, unique_name: str) -> tuple[Json, Json] | None:
        snapshot = self.operator.rig.admin.snapshot(TENANT)
        application = next((row for row in snapshot["applications"] if row["uniqueName"] == unique_name), None)
        if application is None:
            return None
        principals = [row for row in snapshot["servicePrincipals"] if row["appId"] == application["appId"]]
        return (application, principals[0]) if principals else None

    def _graph(self, method: str, path: str, body: Any = None) -> Json:
        answer = self.operator.rig.graph(method, path, body)
        assert answer.ok, (method, path, answer.text)
        return dict(answer.json()) if answer.content else {}

    @rule(name=REGISTRATIONS, way=st.sampled_from(("secret", "principal secret", "federated")))
    def somebody_gets_in(self, name: str, way: str) -> None:
        found = self._there(name)
        if found is None:
            return
        application, principal = (f"/{kind}/{row['id']}" for kind, row in zip(_KINDS, found, strict=True))
        if way == "federated":
            if self.intruders[name]:
                return
            path = f"{application}/federatedIdentityCredentials"
            id_ = self._graph("POST", path, _FEDERATED)["id"]
            self.intruders[name].append(lambda: self._graph("DELETE", f"{path}/{id_}"))
        else:
            path = application if way == "secret" else principal
            key_id = self._graph("POST", f"{path}/addPassword", {})["keyId"]
            self.intruders[name].append(lambda: self._graph("POST", f"{path}/removePassword", {"keyId": key_id}))
        self._somebody_acted()

    @rule(name=REGISTRATIONS)
    @precondition(lambda self: any(self.intruders.values()))
    def who_got_in_goes(self, name: str) -> None:
        if self._there(name) is not None:
            while self.intruders[name]:
                self.intruders[name].pop()()
        self._somebody_acted()

    @rule(name=REGISTRATIONS, role=st.sampled_from(("Mail.Send", "Calendars.Read", "Calendars.ReadWrite")))
    def somebody_grants(self, name: str, role: str) -> None:
        found = self._there(name)
        if found is not None:
            graph = self.operator.rig.resource(GRAPH_APP_ID)
            role_id = next(row["id"] for row in graph["appRoles"] if row["value"] == role)
            body = {"principalId": found[1]["id"], "resourceId": graph["id"], "appRoleId": role_id}
            self.operator.rig.graph("POST", f"/servicePrincipals/{found[1]['id']}/appRoleAssignments", body)
        self._somebody_acted()

    @rule(name=REGISTRATIONS)
    def somebody_revokes(self, name: str) -> None:
        found = self._there(name)
        if found is not None:
            path = f"/servicePrincipals/{found[1]['id']}/appRoleAssignments"
            for row in self._graph("GET", path)["value"]:
                self._graph("DELETE", f"{path}/{row['id']}")
        self._somebody_acted()

    @rule(name=REGISTRATIONS)
    def somebody_consents(self, name: str) -> None:
        found = self._there(name)
        if found is not None:
            self.operator.rig.admin.consent(TENANT, found[0]["appId"])
        self._somebody_acted()

    @rule()
    def somebody_removes_a_policy(self) -> None:
        for policy in self._exchange("Get-ApplicationAccessPolicy")[:1]:
            self._exchange("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
        self._somebody_acted()

    @rule()
    def somebody_lets_everybody_into_a_group(self) -> None:
        for group in self._groups()[:1]:
            for member in sorted(EVERYBODY):
                with suppress(AssertionError, requests.RequestException, RuntimeError):
                    self._exchange("Add-DistributionGroupMember", Identity=group["Guid"], Member=member)
        self._somebody_acted()

    def _groups(self) -> list[Json]:
        return [row for row in self._exchange("Get-Group") if "totalview" in str(row["Name"]).lower()]

    def _exchange(self, cmdlet: str, **parameters: Any) -> list[Json]:
        return self.operator.rig.admin.exchange(TENANT, cmdlet, **parameters)

    @rule(name=REGISTRATIONS, of_principal=st.booleans())
    def somebody_disables(self, name: str, *, of_principal: bool) -> None:
        found = self._there(name)
        if found is not None:
            row, body = (found[1], {"accountEnabled": False}) if of_principal else (found[0], {"isDisabled": True})
            self._graph("PATCH", f"/{_KINDS[of_principal]}/{row['id']}", body)
        self._somebody_acted()

    @rule(name=REGISTRATIONS, of_principal=st.booleans())
    def somebody_deletes(self, name: str, *, of_principal: bool) -> None:
        found = self._there(name)
        if found is not None:
            self._graph("DELETE", f"/{_KINDS[of_principal]}/{found[of_principal]['id']}")
            self.intruders[name] = [] if of_principal else self.intruders[name]
        self._somebody_acted()

    @rule(name=REGISTRATIONS, with_our_client=st.booleans())
    def somebody_takes_our_key(self, name: str, *, with_our_client: bool) -> None:
        """Where it is free; with what we declare, and with nobody's credential on it yet."""
        token = (
            self.operator.rig.sign_in(CLIENT_ID, "corpus-secret").json()["access_token"] if with_our_client else None
        )
        rig, path = self.operator.rig, f"/applications(uniqueName='{name}')"
        graph = rig.resource(GRAPH_APP_ID)
        wanted = NAMES["mail" if name == MAIL else "calendar"]
        ids = [{"id": row["id"], "type": "Role"} for row in graph["appRoles"] if row["value"] in wanted]
        access = [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": ids}]
        body = {"displayName": name, "requiredResourceAccess": access}
        answer = rig.graph("PATCH", path, body, token=token, prefer="create-if-missing")
        if answer.status_code == requests.codes.created:
            self.strangers.add(answer.json()["appId"])
            if with_our_client:
                self.made_with_our_client.add(answer.json()["appId"])
            rig.created(rig.graph("POST", "/servicePrincipals", {"appId": answer.json()["appId"]}, token=token))
        self._somebody_acted()

    @rule(consents=st.booleans())
    def the_automation_may_consent_or_not(self, *, consents: bool) -> None:
        roles = [role for role in ROLES if consents or not role.startswith(("AppRole", "Delegated"))]
        self.operator.rig.admin.tenant(TENANT, roles=roles)


class RememberedHistories(ReachHistories):
    """Many of them, of which each begins in one of a few ways."""

    begun: ClassVar[dict[tuple[str, bool, int], Beginning] | None] = {}


_KINDS = ("applications", "servicePrincipals")
_FEDERATED = {
    "name": "build",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:somebody/anything:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


def _compile_once(patched: pytest.MonkeyPatch) -> None:
    """A template of the role is the same in each of a thousand runs."""
    compiled: dict[tuple[Any, ...], Any] = _COMPILED
    compile_ = jinja2.Environment.compile

    def cached(self: jinja2.Environment, source: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(source, str):
            return compile_(self, source, *args, **options)
        key = (type(self), str(source), args, tuple(sorted(options.items())))
        if key not in compiled:
            compiled[key] = compile_(self, source, *args, **options)
        return compiled[key]

    patched.setattr(jinja2.Environment, "compile", cached)


_COMPILED: dict[tuple[Any, ...], Any] = {}
