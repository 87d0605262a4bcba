# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    consent_link,
    consent_message,
)

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
    waiting = ["grant Mail.Send (application)", "revoke User.Read (delegated)"]

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
