# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import (
    read_variables,
    with_absolute_folders,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

DEFAULTS = yaml.safe_load((Path(__file__).parents[4] / "roles/connector/defaults/main.yml").read_text())
GIVEN = {
    **DEFAULTS,
    "connector_tenant_id": "contoso.com",
    "connector_mail_sender": "totalview@contoso.com",
    "connector_store_folder": "/srv/secrets",
}


def variables(**changes):
    return read_variables({**GIVEN, **{f"connector_{name}": value for name, value in changes.items()}}, "contoso")


def both(**changes):
    return {entry["name"]: entry for entry in options.registrations(variables(**changes))}


def refusal(**changes):
    with pytest.raises(InputError) as caught:
        variables(**changes)
    return str(caught.value)


# --- validation


def test_what_depends_on_other_variables_is_worked_out():
    found = variables(prefix="ours")

    assert found["connector_calendar_unique_name"] == "ours-calendar"
    assert found["connector_mail_unique_name"] == "ours-mail"
    assert found["connector_mail_members"] == ["totalview@contoso.com"]
    assert found["connector_handoff_folder"] == "/srv/secrets/handoff"
    assert found["connector_handoff_name"] == "contoso"


@pytest.mark.parametrize(("members", "mode"), [(None, "none"), ([], "access_policy"), (["ann"], "access_policy")])
def test_calendars_are_restricted_as_soon_as_members_are_given(members, mode):
    assert variables(calendar_members=members)["connector_calendar_restriction"] == mode


def test_what_is_given_wins():
    found = variables(
        calendar_unique_name="a",
        mail_unique_name="b",
        mail_members=["x"],
        handoff_folder="/f",
        handoff_name="n",
        calendar_members=["ann"],
        calendar_restriction="rbac",
    )

    names = ("calendar_unique_name", "mail_unique_name", "mail_members", "handoff_folder", "handoff_name")
    assert [found[f"connector_{name}"] for name in names] == ["a", "b", ["x"], "/f", "n"]
    assert found["connector_calendar_restriction"] == "rbac"


def test_variables_of_the_playbook_and_of_earlier_runs_are_no_mistake():
    assert variables(hosts="all", result={"state": "complete"})["connector_prefix"] == "totalview-exchange365"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mail_sendr": "x"}, ["Unknown variable: connector_mail_sendr (did you mean connector_mail_sender?)."]),
        (
            {"qqqqqqqqqqqqqqqqqqqqqqqqqq": "x", "mail_sendr": "x"},
            ["connector_mail_sendr (did you mean connector_mail_sender?), connector_qqqqqqqqqqqqqqqqqqqqqqqqqq."],
        ),
        ({"mail_restriction": "some"}, ["connector_mail_restriction", "access_policy, rbac, none"]),
        ({"adopt": "perhaps"}, ["connector_adopt", "bool"]),
        ({"mail_restriction": "none"}, ["can send e-mail as every employee", "connector_mail_allow_every_mailbox"]),
        (
            {"calendar_permissions": ["Mail.Send", "Mail.Read"]},
            ["read the e-mail of every employee and send", "connector_calendar_allow_every_mailbox"],
        ),
        ({"mail_permissions": ["Files.Read.All"]}, ["Files.Read.All", "connector_mail_unconfined_permissions"]),
        ({"mail_permissions": ["Email.Send"]}, ["Email.Send (did you mean Mail.Send?)"]),
        (
            {"calendar_unique_name": "ours", "mail_unique_name": "Ours"},
            ["connector_calendar_unique_name and connector_mail_unique_name are the same"],
        ),
        ({"store_folder": "/srv/\0"}, ["connector_store_folder has a null character in it."]),
        ({"cloud": "Mars", "prove_again": "perhaps"}, ["connector_cloud", "connector_prove_again"]),
    ],
)
def test_mistakes_are_told_all_at_once(changes, words):
    message = refusal(**changes)

    assert all(word in message for word in words), message


@pytest.mark.parametrize("name", ["connector_tenant_id", "connector_mail_sender"])
def test_what_nobody_else_can_know_must_be_given(name):
    with pytest.raises(InputError, match=f"missing required arguments: {name}"):
        read_variables({key: value for key, value in GIVEN.items() if key != name}, "contoso")


def test_every_mailbox_must_be_asked_for_in_so_many_words():
    assert variables(mail_restriction="none", mail_allow_every_mailbox=True)["connector_mail_restriction"] == "none"


@pytest.mark.parametrize("kind", ["calendar", "mail"])
@pytest.mark.parametrize("permission", ["Mail.Send", "Mail.Read", "Mail.ReadBasic.All", "MailboxSettings.ReadWrite"])
def test_the_word_for_every_mailbox_is_that_of_the_registration(kind, permission):
    """Whatever a registration is called: what counts is what it may do."""
    given = {f"{kind}_permissions": [permission], f"{kind}_restriction": "none"}
    other = "mail" if kind == "calendar" else "calendar"

    assert f"connector_{kind}_allow_every_mailbox" in refusal(**given, **{f"{other}_allow_every_mailbox": True})
    assert variables(**given, **{f"{kind}_allow_every_mailbox": True})[f"connector_{kind}_permissions"] == [permission]


def test_a_mail_registration_that_neither_sends_nor_reads_needs_no_word():
    assert (
        variables(mail_restriction="none", mail_permissions=["User.Read.All"])["connector_mail_restriction"] == "none"
    )


@pytest.mark.parametrize("mode", ["access_policy", "rbac", "none"])
@pytest.mark.parametrize("kind", ["calendar", "mail"])
@pytest.mark.parametrize(
    "permission",
    [
        "Group.ReadWrite.All",
        "Files.Read.All",
        "Directory.ReadWrite.All",
        "MailboxItem.Read.All",
        "Calendars.ReadBasic.All",
    ],
)
def test_what_nothing_confines_is_named(kind, mode, permission):
    given = {
        f"{kind}_permissions": [permission, "User.Read.All"],
        f"{kind}_restriction": mode,
        "mail_allow_every_mailbox": True,
    }
    named = {**given, f"{kind}_unconfined_permissions": [permission]}

    assert f"name it in connector_{kind}_unconfined_permissions" in refusal(**given)
    assert "User.Read.All." not in refusal(**{**given, f"{kind}_unconfined_permissions": ["Sites.Read.All"]})
    assert permission in variables(**named)[f"connector_{kind}_permissions"]


def test_modes_differ_in_what_they_confine():
    """Exchange has no role for it: granted in Entra it would reach every mailbox."""
    permissions = ["Mail.ReadBasic.All"]

    assert variables(mail_permissions=permissions)
    assert "Mail.ReadBasic.All" in refusal(mail_permissions=permissions, mail_restriction="rbac")


# --- options of the modules


def test_registrations_come_in_the_order_of_the_connectors_form():
    assert list(both()) == ["calendar", "mail"]


@pytest.mark.parametrize(
    ("changes", "adopted"),
    [
        ({}, (False, False)),
        ({"adopt": True}, (True, True)),
        ({"adopt": True, "mail_adopt": False}, (True, False)),
        ({"calendar_adopt": True}, (True, False)),
    ],
)
def test_adoption_for_one_registration_wins_over_that_for_both(changes, adopted):
    found = both(**changes)

    assert (found["calendar"]["adopt"], found["mail"]["adopt"]) == adopted


def test_only_the_sender_is_asked_where_calendars_are_not_restricted():
    assert both()["calendar"]["mailbox"] == "totalview@contoso.com"
    assert both(calendar_members=["ann"])["calendar"]["mailbox"] is None
    assert both(calendar_members=["ann"])["mail"]["mailbox"] == "totalview@contoso.com"


def test_a_test_mail_is_for_the_mail_registration_only():
    found = both(test_mail_to="me@contoso.com")

    assert (found["calendar"]["test_mail_to"], found["mail"]["test_mail_to"]) == (None, "me@contoso.com")


@pytest.mark.parametrize(
    ("mode", "declared", "restricted"),
    [
        ("access_policy", ["Calendars.Read", "User.Read.All"], ["Calendars.Read"]),
        ("rbac", ["User.Read.All"], ["Calendars.Read"]),
        ("none", ["Calendars.Read", "User.Read.All"], ["Calendars.Read"]),
    ],
)
def test_what_exchange_gives_entra_must_not(mode, declared, restricted):
    permissions = ["Calendars.Read", "User.Read.All"]
    known = variables(calendar_permissions=permissions, calendar_restriction=mode)
    calendar = options.registrations(known)[0]

    for given in (options.application(known, calendar), options.permissions(calendar), options.consent(calendar, ())):
        assert [row["application"] for row in given["permissions"]] == [declared]
    assert options.restriction(known, calendar)["permissions"] == restricted
    assert options.proof(known, calendar)["permissions"] == permissions


def test_the_credential_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_ID", "client-1")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hidden")

    assert options.connection(variables())["auth_client_secret"] == "hidden"
    assert options.connection(variables(auth_client_secret="own"))["auth_client_secret"] == "own"


def test_a_task_takes_a_credential_of_the_environment_from_there_as_a_whole(monkeypatch):
    """A path alone would keep it from taking the password that belongs to it."""
    for name in ("CLIENT_ID", "TENANT_ID", "CLIENT_CERTIFICATE_PATH", "CLIENT_CERTIFICATE_PASSWORD"):
        monkeypatch.setenv(f"AZURE_{name}", name.lower())

    told = options.for_tasks(variables(auth_client_id=None, auth_client_secret=None))

    assert told["auth_client_id"] == "client_id"
    assert "auth_certificate_path" not in told
    assert "auth_certificate_password" not in told


def test_a_task_is_told_of_a_credential_what_the_inventory_says_but_no_secret():
    told = options.for_tasks(variables(auth_certificate_path="/a.pem", auth_certificate_password="hidden"))

    assert told["auth_certificate_path"] == "/a.pem"
    assert "hidden" not in str(told)


@pytest.mark.parametrize("name", ["connector_store_folder", "connector_handoff_folder"])
@pytest.mark.parametrize(
    ("folder", "found"), [("secrets", "/inventories/secrets"), ("../x", "/inventories/../x"), ("/srv/x", "/srv/x")]
)
def test_folders_are_relative_to_the_inventory(name, folder, found):
    assert with_absolute_folders({**variables(), name: folder}, "/inventories")[name] == found


def test_without_an_inventory_folder_a_relative_one_is_refused():
    given = {"connector_store_folder": "secrets", "connector_handoff_folder": "/srv/handoff"}

    with pytest.raises(InputError, match="connector_store_folder 'secrets'"):
        with_absolute_folders(given, None)

    given["connector_store_folder"] = "/srv/secrets"
    assert with_absolute_folders(given, None) == given


# --- one group for both

RESTRICTED = {"calendar_members": ["ann@contoso.com"]}
GUID = "7b7b0e0c-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("calendar", "mail"),
    [
        ("Totalview", "Totalview"),
        ("Totalview", "totalVIEW"),
        ("Totalview ", "Totalview"),
        ("Totalview Senders", "Totalview-Senders"),
        ("senders@contoso.com", "Senders@contoso.com"),
        ("senders.", "senders"),
        ("日程", "邮件"),
    ],
)
@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_one_group_for_both_registrations_is_refused(calendar, mail, mode):
    told = refusal(calendar_group=calendar, mail_group=mail, calendar_restriction=mode, **RESTRICTED)

    assert "connector_calendar_group and connector_mail_group are one group" in told
    assert calendar in told
    assert mail in told


def test_one_group_by_its_guid_is_refused():
    told = refusal(calendar_adopt_group=GUID, mail_adopt_group=GUID.upper(), **RESTRICTED)

    assert "are one group" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"calendar_group": "Totalview", "mail_group": "Totalview"},  # calendars are not restricted
        {"calendar_group": "Totalview A", "mail_group": "Totalview B", **RESTRICTED},
        {"calendar_adopt_group": GUID, **RESTRICTED},
    ],
)
def test_two_groups_are_none_of_its_business(changes):
    assert variables(**changes)


@pytest.mark.parametrize("name", ["delivered", "revoke"])
def test_what_is_no_key_id_names_no_secret(name):
    key_id = "5f0c1f0e-93a1-4a4e-9f4c-1d1a3e6f7a21"

    assert refusal(**{name: [key_id, "5f0c"]}).startswith(f"connector_{name}: 5f0c is no key id")
    assert variables(**{name: [key_id, key_id.upper()]})
