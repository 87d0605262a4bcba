# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
    unconfined,
    use_for_mail,
)


@pytest.mark.parametrize(
    ("name", "by_policy", "by_role"),
    [
        ("Mail.Send", True, True),
        ("Calendars.ReadWrite", True, True),
        ("MailboxSettings.Read", True, True),
        ("Contacts.Read", True, True),
        ("Mail.ReadBasic.All", True, False),
        ("Mail.Something.New", False, False),
        ("mail.send", False, False),
        ("User.Read.All", False, False),
        ("Mailbox.Migration.Read.All", False, False),
        ("MailboxItem.Read.All", False, False),
        ("full_access_as_app", False, False),
        ("Directory.Read.All", False, False),
    ],
)
def test_what_a_mode_confines_is_a_list_and_no_beginning_of_a_name(name, by_policy, by_role):
    assert is_mailbox_permission(name, "access_policy") is by_policy
    assert is_mailbox_permission(name, "rbac") is by_role


@pytest.mark.parametrize("mode", ["access_policy", "rbac", "none"])
def test_the_defaults_of_the_role_need_no_word(mode):
    assert unconfined(["Calendars.Read", "Calendars.ReadWrite", "User.Read.All", "Mail.Send"], mode) == []


@pytest.mark.parametrize("mode", ["access_policy", "rbac", "none"])
def test_what_is_not_known_is_not_harmless(mode):
    assert unconfined(["Group.Read.All", "User.ReadWrite.All", "New.Thing"], mode) == [
        "Group.Read.All",
        "User.ReadWrite.All",
        "New.Thing",
    ]


def test_what_sends_or_reads_mail_is_told_with_what_it_is_for():
    uses = use_for_mail(
        ["Mail.Send", "Mail.Read", "MailboxSettings.ReadWrite", "MailboxSettings.Read", "Calendars.Read"]
    )

    assert sorted(uses) == ["Mail.Read", "Mail.Send", "MailboxSettings.ReadWrite"]
    assert uses["Mail.Send"] == "send e-mail as every employee"
