# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    consent_link,
    consent_message,
    messages,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    Assignment,
    Consent,
    GrantRole,
    RevokeRole,
    SetScopes,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import Permission

AUTHORITY = "https://login.example"


def test_the_link_names_authority_tenant_and_application_and_no_reply_address():
    assert (
        consent_link(AUTHORITY, "tenant-1", "client-1")
        == "https://login.example/tenant-1/adminconsent?client_id=client-1"
    )


def test_without_an_application_there_is_no_link():
    assert consent_link(AUTHORITY, "tenant-1", None) is None


@pytest.mark.parametrize("link", [None, "https://login.example/consent"])
def test_nothing_waits_nothing_is_said(link):
    assert consent_message("tenant-1", "ours", [], link) is None


def test_the_message_says_who_what_why_and_where():
    waiting = ["grant Mail.Send (application)", "grant User.Read (delegated)"]

    message = consent_message("tenant-1", "ours", waiting, "https://login.example/consent")

    for part in ("Global Administrator", "Privileged Role Administrator", "tenant-1", "ours", *waiting):
        assert part in message
    assert "cannot work" in message
    assert "Open https://login.example/consent and accept." in message
    assert "AADSTS500113" in message


def test_before_the_registration_exists_the_link_is_announced():
    message = consent_message("tenant-1", "ours", ["grant Mail.Send (application)"], None)

    assert "link follows" in message
    assert "None" not in message


# --- what is to be taken back

GRANT = GrantRole(Permission("graph", "Role", "1"), "resource", "Calendars.Read")
REVOKE = RevokeRole(Assignment("id", "resource", "2"), "Mail.Send")
WIDEN = SetScopes("resource", frozenset({"a", "b"}), frozenset({"a"}), "grant-1")
NARROW = SetScopes("resource", frozenset({"a"}), frozenset({"a", "b"}), "grant-1")


def told(*waiting):
    return messages(AUTHORITY, "tenant-1", "ours", "client-1", Consent(Change({}, {}), waiting))


@pytest.mark.parametrize("leftover", [REVOKE, NARROW, replace(NARROW, scopes=frozenset())])
def test_a_left_over_is_no_matter_of_consent(leftover):
    found = told(leftover)

    assert (found.consent, found.link) == (None, None)
    assert leftover.describe() in found.revocation
    for words in ("tenant-1", "ours", "client-1", "Global Administrator", "Enterprise applications", "Do not grant"):
        assert words in found.revocation
    assert "consent" not in found.text


@pytest.mark.parametrize("grant", [GRANT, WIDEN])
def test_consent_and_left_over_are_told_apart(grant):
    found = told(REVOKE, grant)

    assert grant.describe() in found.consent
    assert "Mail.Send" not in found.consent
    assert "Mail.Send" in found.revocation
    assert grant.describe() not in found.revocation
    assert found.link == "https://login.example/tenant-1/adminconsent?client_id=client-1"
    assert found.text == f"{found.consent} {found.revocation}"


def test_nothing_waits_and_there_is_no_message():
    assert (told().text, told().link) == (None, None)


@pytest.mark.parametrize(
    ("waiting", "state"),
    [
        ((), "granted"),
        ((GRANT,), "waiting_for_consent"),
        ((REVOKE,), "waiting_for_revocation"),
        ((REVOKE, WIDEN), "waiting_for_consent"),
    ],
)
def test_the_state_says_which_of_both_is_waited_for(waiting, state):
    assert Consent(Change({}, {}), waiting).state == state
