# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.apply import (
    apply,
    note_handed_off,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.model import (
    Desired,
    WriteHandoff,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.plan import (
    check_tenant,
    handed_off,
    plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_file import YAML

END = datetime(2027, 1, 1, tzinfo=UTC)
VALUES = ("calendar-value", "mail-value", "old-value")
CALENDAR = StoredSecret("calendar-client", "key-1", "label", END, "calendar-value")
MAIL = StoredSecret("mail-client", "key-2", "label", END, "mail-value")
DESIRED = Desired("tenant", CALENDAR, MAIL, "totalview@contoso.com")
TEXT = YAML.text(DESIRED.fields())
FIELDS = [
    "tenant_id",
    "client_id",
    "secret",
    "mail_tenant_id",
    "mail_client_id",
    "mail_client_secret",
    "sender_from_address",
]
NASTY = [
    'quo"te',
    "back\\slash",
    "a: b",
    "# no comment",
    "- no list",
    "{}",
    "ünïcode",
    "",
    " space ",
    "yes",
    "1e3",
    "~",
]


def desires():
    secrets = itertools.product(
        (None, CALENDAR, replace(CALENDAR, value="old-value"), replace(CALENDAR, client_id="old-client")),
        (None, MAIL, replace(MAIL, value="old-value")),
        ("totalview@contoso.com", "other@contoso.com"),
    )
    return [Desired("tenant", calendar, mail, sender) for calendar, mail, sender in secrets]


def test_the_seven_fields_in_the_order_of_the_connectors_form():
    assert list(DESIRED.fields()) == FIELDS
    assert [line.split(":")[0] for line in YAML.text(DESIRED.fields()).splitlines()] == FIELDS


@pytest.mark.parametrize("value", NASTY)
def test_the_file_is_yaml_that_keeps_any_value_whole(value):
    desired = replace(DESIRED, calendar=replace(CALENDAR, value=value), sender=value)

    assert yaml.safe_load(YAML.text(desired.fields())) == YAML.parse(YAML.text(desired.fields())) == desired.fields()


@pytest.mark.parametrize(
    ("calendar", "mail", "missing"),
    [
        (CALENDAR, MAIL, ()),
        (None, MAIL, ("calendar",)),
        (CALENDAR, None, ("mail",)),
        (None, None, ("calendar", "mail")),
    ],
)
def test_what_the_store_does_not_hold_yet_is_missing(calendar, mail, missing):
    desired = Desired("tenant", calendar, mail, "totalview@contoso.com")

    assert desired.missing == missing
    assert yaml.safe_load(YAML.text(desired.fields())) == desired.fields()


def test_the_first_hand_off_is_written():
    change = plan(None, DESIRED, "contoso")

    assert change.steps == (WriteHandoff("contoso"),)
    assert change.describe() == ["hand off contoso"]
    assert change.before == dict.fromkeys(FIELDS)
    assert change.after == {**DESIRED.fields(), "secret": "(secret)", "mail_client_secret": "(secret)"}


def test_a_hand_off_that_is_there_already_is_left_alone():
    change = plan(DESIRED.fields(), DESIRED, "contoso")

    assert change.steps == ()
    assert change.before == change.after


def test_after_writing_there_is_nothing_left_to_do():
    for desired in desires():
        assert not plan(desired.fields(), desired, "contoso").changed


def test_before_and_after_have_the_same_keys_and_differ_exactly_where_something_is_written():
    for actual, desired in itertools.product((None, *(entry.fields() for entry in desires())), desires()):
        change = plan(actual, desired, "contoso")
        assert list(change.before) == list(change.after) == FIELDS
        assert (change.before != change.after) == bool(change.steps) == change.changed == (actual != desired.fields())


def test_the_diff_tells_of_another_secret_without_telling_the_secret():
    change = plan(replace(DESIRED, mail=replace(MAIL, value="old-value")).fields(), DESIRED, "contoso")

    assert {name for name in FIELDS if change.before[name] != change.after[name]} == {"mail_client_secret"}


def test_the_value_of_a_secret_is_nowhere_to_be_seen():
    for actual, desired in itertools.product((None, *(entry.fields() for entry in desires())), desires()):
        change = plan(actual, desired, "contoso")
        seen = f"{change} {desired} {json.dumps([dict(change.before), dict(change.after)])} {change.describe()}"
        assert not any(value in seen for value in VALUES)


@pytest.mark.parametrize(
    "actual",
    [
        "",
        "not: [ours",
        "a word",
        TEXT.replace('"', "'"),
        TEXT.replace("secret:", "secret :"),
        "".join(f"  {line}\n" for line in TEXT.splitlines()),
        "".join(f"# {line}\n" for line in TEXT.splitlines()),
        TEXT + 'another: "old-value"\n' + 'old_secret: "old-value"\n',
    ],
    ids=["empty", "broken", "a word", "requoted", "respaced", "indented", "commented out", "added to"],
)
def test_a_file_that_a_person_changed_is_written_anew_and_shows_no_secret(actual):
    change = plan(YAML.parse(actual), DESIRED, "contoso")

    assert change.steps == (WriteHandoff("contoso"),)
    assert not any(value in str(change) for value in VALUES)
    assert list(change.before) == FIELDS


class MemoryDocuments:
    """Says in which order it was called."""

    def __init__(self):
        self.holds, self.calls = {}, []

    def read(self, name):
        return self.holds.get(name)

    def revise(self, name, revision):
        self.calls.append("revise")
        self.holds[name] = revision(self.holds.get(name))

    def forget(self, name, which):
        assert which({"secret": "old-value"})
        self.calls.append("forget")


def test_applying_writes_once_keeps_no_earlier_version_and_a_second_run_does_nothing():
    documents = MemoryDocuments()

    for _run in range(2):
        apply(documents, DESIRED, plan(documents.read("contoso"), DESIRED, "contoso"))

    assert documents.holds == {"contoso": DESIRED.fields()}
    assert documents.calls == ["revise", "forget"]


# --- which secrets it has


@pytest.mark.parametrize(
    ("present", "kinds"),
    [
        (None, set()),
        ({"by": None}, set()),
        (DESIRED.fields(), {"calendar", "mail"}),
        (replace(DESIRED, sender="another@contoso.com").fields(), {"calendar", "mail"}),
        (replace(DESIRED, mail=replace(MAIL, value="old-value")).fields(), {"calendar"}),
        (replace(DESIRED, calendar=MAIL, mail=CALENDAR).fields(), set()),
        (replace(DESIRED, calendar=None).fields(), {"mail"}),
    ],
    ids=["none", "another's", "both", "another sender", "an older one", "swapped", "one"],
)
def test_the_hand_off_tells_which_secrets_it_has(present, kinds):
    assert set(handed_off(present, DESIRED)) == kinds


class NotingStore:
    def __init__(self, secret):
        self.secret, self.revised = secret, []

    def revise(self, tenant_id, registration, key_id, revision):
        self.revised.append((tenant_id, registration, key_id))
        self.secret = revision(self.secret)


def test_the_store_notes_once_what_is_handed_off():
    store = NotingStore(MAIL)

    note_handed_off(store, "tenant", {"ours-mail": store.secret}, END)
    note_handed_off(store, "tenant", {"ours-mail": store.secret}, END.replace(year=2028))

    assert store.secret == replace(MAIL, handed_off=END)
    assert store.revised == [("tenant", "ours-mail", "key-2")]


# --- one file for one tenant

TENANT, OTHER = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21", "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    "present",
    [
        None,
        {},
        {"by": None},
        {"tenant_id": None},
        replace(DESIRED, tenant_id=TENANT).fields(),
        {"tenant_id": TENANT.upper()},
    ],
)
def test_a_file_of_this_tenant_or_of_nobody_may_be_written(present):
    check_tenant(present, TENANT, "contoso")


def test_another_tenants_file_is_not_written_over():
    with pytest.raises(InputError, match=f"hand-off in contoso.yml is another tenant's .{OTHER}.") as caught:
        check_tenant(replace(DESIRED, tenant_id=OTHER).fields(), TENANT, "contoso.yml")

    assert caught.value.code == "SharedHandoff"
    assert "connector_handoff_name" in caught.value.next_step
