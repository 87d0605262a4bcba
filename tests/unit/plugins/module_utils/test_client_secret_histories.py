# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never delete what is in use, over generated histories of one registration: the connector signs in at every moment.

Runs with and without an end, renewals, stores that are lost, restored and copied to a second machine, deliveries true,
wrong and late, secrets of others. The connector holds what was typed in last.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import plan as planning
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Credential,
    Desired,
    IssueSecret,
    NoteDelivered,
    RemoveSecret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    Announcement,
    StoredSecret,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
MACHINES = st.sampled_from(("first", "second"))
HISTORIES = settings(
    max_examples=200,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
#: To see that the property can fail; what is found need not be made small.
SEARCH = settings(HISTORIES, max_examples=2000, phases=(Phase.generate,))


@dataclass(frozen=True)
class Store:
    """What a machine keeps: the store's record, its journal, and the hand-off file beside it."""

    secret: StoredSecret | None = None
    journal: tuple[Announcement, ...] = ()
    handoff: str | None = None

    def announced(self, now: datetime) -> frozenset[str]:
        return frozenset(row.label for row in self.journal if now - row.at < ANNOUNCED_FOR)


class Killed(Exception):
    """The run ends here, wherever it is."""


@dataclass
class Breath:
    """How many more writes a run makes before it is killed."""

    left: int

    def draw(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


@dataclass
class World:
    now: datetime = START
    credentials: dict[str, Credential] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=lambda: {"first": Store(), "second": Store()})
    copies: list[Store] = field(default_factory=list)
    #: In the order of their issue.
    issued: list[str] = field(default_factory=list)
    connector: str | None = None
    revoked: set[str] = field(default_factory=set)
    #: What the operator's list has.
    named: set[str] = field(default_factory=set)

    def run(self, machine: str, breath: Breath, *, replaces_lost: bool, rotates: bool, revokes: str | None) -> None:
        store = self.stores[machine]
        actual = Actual(
            self.now,
            tuple(self.credentials.values()),
            store.secret,
            id="object-1",
            app_id="client-1",
            announced=store.announced(self.now),
        )
        desired = Desired(
            owner="us",
            run=f"run-{len(self.issued)}",
            valid_for=None,
            renew_before=30 * DAY,
            overlap=7 * DAY,
            replaces_lost=replaces_lost,
            delivered=frozenset(self.named),
            revoked=frozenset({revokes} if revokes else ()),
            rotates=rotates,
        )
        for step in planning.plan(actual, desired).steps:
            match step:
                case NoteDelivered():
                    breath.draw()
                    self._keep(machine, lambda secret, key=step.key_id: secret.delivered_at(key, self.now))
                case IssueSecret():
                    self._issue(machine, breath, step)
                case RemoveSecret():
                    breath.draw()
                    del self.credentials[step.key_id]
        self._hand_off(machine, breath)

    def _keep(self, machine: str, revision: t.Callable[[StoredSecret], StoredSecret]) -> None:
        store = self.stores[machine]
        assert store.secret is not None
        self.stores[machine] = replace(store, secret=revision(store.secret))

    def _issue(self, machine: str, breath: Breath, step: IssueSecret) -> None:
        breath.draw()
        store = self.stores[machine]
        store = self.stores[machine] = replace(store, journal=(*store.journal, Announcement(step.label, self.now)))
        breath.draw()
        key_id = f"key-{len(self.issued)}"
        self.issued.append(key_id)
        self.credentials[key_id] = Credential(key_id, step.label, step.end)
        breath.draw()
        secret = StoredSecret("client-1", key_id, step.label, step.end, "value", step.retired)
        self.stores[machine] = replace(store, secret=secret)

    def _hand_off(self, machine: str, breath: Breath) -> None:
        store = self.stores[machine]
        if store.secret is None or store.handoff == store.secret.key_id:
            return
        breath.draw()
        self._keep(machine, lambda secret: secret.handed_off_at(self.now))
        breath.draw()
        self.stores[machine] = replace(self.stores[machine], handoff=store.secret.key_id)

    def works(self, key_id: str) -> bool:
        return key_id in self.credentials and self.credentials[key_id].end > self.now

    def is_false(self, key_id: str) -> bool:
        """The name of a secret that the connector is yet to get: whoever says that it has it is believed."""
        if key_id not in self.issued or self.connector not in self.issued:
            return False
        return self.issued.index(key_id) > self.issued.index(self.connector)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.ends = START

    @rule(days=st.integers(1, 120))
    def time_passes(self, days: int) -> None:
        self.world.now += days * DAY

    @rule(hours=st.integers(1, 23))
    def hours_pass(self, hours: int) -> None:
        self.world.now += hours * HOUR

    @rule(machine=MACHINES, replaces_lost=st.booleans(), rotates=st.booleans())
    def run(self, machine: str, *, replaces_lost: bool, rotates: bool) -> None:
        self._run(machine, Breath(-1), replaces_lost=replaces_lost, rotates=rotates, revokes=None)

    @rule(machine=MACHINES, writes=st.integers(0, 6), replaces_lost=st.booleans())
    def run_is_killed(self, machine: str, writes: int, *, replaces_lost: bool) -> None:
        self._run(machine, Breath(writes), replaces_lost=replaces_lost, rotates=False, revokes=None)

    @rule(machine=MACHINES, data=st.data())
    @precondition(lambda self: self.world.issued)
    def a_leak_is_named(self, machine: str, data: st.DataObject) -> None:
        leaked = data.draw(st.sampled_from(self.world.issued))
        self.world.revoked.add(leaked)
        self._run(machine, Breath(-1), replaces_lost=False, rotates=False, revokes=leaked)

    def _run(self, machine: str, breath: Breath, **wishes: t.Any) -> None:
        try:
            self.world.run(machine, breath, **wishes)
        except Killed:
            pass
        except StoreError as error:
            # There is a way out.
            if error.code != "LostStore" or wishes["replaces_lost"]:
                raise

    @rule(machine=MACHINES)
    def somebody_types_in(self, machine: str) -> None:
        handed_off = self.world.stores[machine].handoff
        if handed_off and self.world.works(handed_off):
            self.world.connector = handed_off

    @rule()
    def the_operator_says_what_is_typed_in(self) -> None:
        if self.world.connector:
            self.world.named.add(self.world.connector)

    @rule(data=st.data())
    def the_operator_names_something_else(self, data: st.DataObject) -> None:
        key_id = data.draw(st.sampled_from([*self.world.issued, *self.world.credentials, "key-of-another-tenant"]))
        if not self.world.is_false(key_id):
            self.world.named.add(key_id)

    @rule()
    def the_list_is_thrown_away(self) -> None:
        self.world.named.clear()

    @rule(machine=MACHINES)
    def the_store_is_lost(self, machine: str) -> None:
        self.world.stores[machine] = Store()

    @rule(machine=MACHINES)
    def the_store_is_copied(self, machine: str) -> None:
        self.world.copies.append(self.world.stores[machine])

    @rule(machine=MACHINES, data=st.data())
    @precondition(lambda self: self.world.copies)
    def a_copy_is_restored(self, machine: str, data: st.DataObject) -> None:
        self.world.stores[machine] = data.draw(st.sampled_from(self.world.copies))

    @rule(label=st.sampled_from(("by hand", "", "totalview-exchange365/us/by-hand", "totalview-exchange365/them/run")))
    def somebody_else_adds_a_secret(self, label: str) -> None:
        key_id = f"foreign-{len(self.world.credentials)}-{self.world.now:%s}"
        self.world.credentials[key_id] = Credential(key_id, label, self.world.now + 100 * DAY)
        if self.world.connector is None:
            # By hand, before there was any automation.
            self.world.connector = key_id

    @invariant()
    def the_connector_signs_in(self) -> None:
        """Until its secret's own end, or until that was named as leaked."""
        held = self.world.connector
        if held is None or held in self.world.revoked:
            return
        self.ends = self.world.credentials[held].end if held in self.world.credentials else self.ends
        assert held in self.world.credentials or self.ends <= self.world.now, f"{held} was taken away"


TestHistories = Histories.TestCase
TestHistories.settings = HISTORIES


def _replaced_is_enough(actual: Actual, desired: Desired) -> t.Iterator[str]:
    """As if a secret that was handed off were in use from then on."""
    stored = actual.stored
    if stored and stored.handed_off and stored.handed_off + desired.overlap <= actual.now:
        yield from (secret.key_id for secret in stored.retired)


def _every_secret_of_our_label(actual: Actual) -> t.Iterator[str]:
    """As if what the store does not hold were left by a killed run."""
    known = {secret.key_id for secret in actual.stored.known} if actual.stored else set()
    for entry in actual.credentials:
        if entry.key_id not in known and entry.label.startswith("totalview-exchange365/us/"):
            yield entry.key_id


def _every_replaced_one(actual: Actual) -> t.Iterator[str]:
    """As if what was replaced had expired."""
    yield from (secret.key_id for secret in (actual.stored.retired if actual.stored else ()))


@pytest.mark.parametrize(
    ("name", "mutation"),
    [
        ("_superseded", _replaced_is_enough),
        ("_orphans", _every_secret_of_our_label),
        ("_expired", _every_replaced_one),
    ],
    ids=["the delivery", "the journal", "the end"],
)
def test_the_property_fails_where_a_rule_is_taken_out(monkeypatch, name, mutation):
    monkeypatch.setattr(planning, name, mutation)

    with pytest.raises(AssertionError, match="was taken away"):
        run_state_machine_as_test(Histories, settings=SEARCH)
