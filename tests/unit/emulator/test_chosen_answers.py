# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that say which answer comes: of the sign-in by its code, of a mailbox, or word by word."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import EXPLANATIONS
from emulator.identity.errors import FORMS
from emulator.launch import EmulatorError
from emulator.mailbox_rig import MEMBER, OUTSIDER, MailboxRig
from emulator.rig import ORIGIN, Rig, error_of

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
EXCHANGE = "https://outlook.office365.com/.default"


def codes(rig: Rig, scope: str = f"{ORIGIN}/.default") -> Any:
    return rig.sign_in(CLIENT_ID, SECRET, scope=scope).json().get("error_codes")


@pytest.mark.parametrize("code", sorted(FORMS))
def test_every_code_can_be_had(rig: Rig, code: int) -> None:
    rig.admin.faults({"kind": "refuse_sign_in", "code": code, "subject": "the subject"})
    answer = rig.sign_in(CLIENT_ID, SECRET)
    body = answer.json()
    assert body["error_codes"] == [code]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert answer.status_code in (400, 401, 429, 503)


def test_whatever_the_collection_explains_can_be_had() -> None:
    assert EXPLANATIONS.keys() <= FORMS.keys()


def test_of_one_client_and_for_one_service(rig: Rig) -> None:
    rig.admin.faults({"kind": "refuse_sign_in", "code": 53003, "client": CLIENT_ID, "audience": "exchange"})
    assert (codes(rig), codes(rig, EXCHANGE)) == (None, [53003])
    rig.admin.clear_faults()
    rig.admin.faults({"kind": "refuse_sign_in", "code": 53003, "audience": "graph"})
    assert (codes(rig), codes(rig, EXCHANGE)) == ([53003], None)
    rig.admin.clear_faults()
    rig.admin.faults({"kind": "refuse_sign_in", "code": 53003, "client": "99999999-9999-4999-8999-999999999999"})
    assert codes(rig) is None


def test_unknown_codes_are_refused(rig: Rig) -> None:
    with pytest.raises(EmulatorError, match="no text is known of AADSTS1"):
        rig.admin.faults({"kind": "refuse_sign_in", "code": 1})


@pytest.mark.parametrize("named_by", ["id", "userPrincipalName"])
@pytest.mark.parametrize("asked_by", ["id", "userPrincipalName"])
def test_one_mailbox_may_refuse(rig: Rig, named_by: str, asked_by: str) -> None:
    """By whichever name it is asked for."""
    mail = MailboxRig(rig)
    app = mail.app("Calendars.Read")
    users = {user["userPrincipalName"]: user for user in rig.admin.snapshot(mail.tenant_id)["users"]}
    refusal = {"status": 404, "code": "MailboxNotEnabledForRESTAPI", "message": "not enabled"}
    rig.admin.faults({"kind": "refuse_mailbox", "mailbox": users[MEMBER][named_by], **refusal})
    assert error_of(mail.read_calendar(mail.token(app), users[MEMBER][asked_by])) == (
        404,
        "MailboxNotEnabledForRESTAPI",
        "not enabled",
    )
    assert mail.read_calendar(mail.token(app), OUTSIDER).status_code == 200


def test_one_application_may_be_refused(rig: Rig) -> None:
    mail = MailboxRig(rig)
    one, other = mail.app("Calendars.Read", name="One"), mail.app("Calendars.Read", name="Other")
    rig.admin.faults({"kind": "refuse_mailbox", "client": one.app_id})
    assert error_of(mail.read_calendar(mail.token(one), MEMBER))[:2] == (403, "ErrorAccessDenied")
    assert mail.read_calendar(mail.token(other), MEMBER).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [({"error": {"code": "x"}}, "application/json"), ("<html>no</html>", "text/html; charset=utf-8"), (None, None)],
)
@pytest.mark.parametrize("effect", ["none", "done"])
def test_answers_word_by_word(rig: Rig, body: Any, kind: str | None, effect: str) -> None:
    fault = {"kind": "answer", "status": 202, "body": body, "headers": {"X-Own": "yes"}, "effect": effect}
    rig.admin.faults({**fault, "method": "POST", "path": "/applications$", "times": 1})
    answer = rig.graph("POST", "/applications", {"displayName": "made"})
    assert (answer.status_code, answer.headers["x-own"]) == (202, "yes")
    if kind is not None:
        assert answer.headers["content-type"] == kind
        assert (answer.json() if isinstance(body, dict) else answer.text) == body
    names = [app["displayName"] for app in rig.admin.snapshot(rig.home)["applications"]]
    assert ("made" in names) is (effect == "done")
