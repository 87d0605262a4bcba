# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars and messages: who gets in, and what they are told who do not."""

from __future__ import annotations

import base64
from itertools import product
from typing import Any

import pytest
import requests

from emulator.exchange.store.model import EVERYBODY, AccessRight, Details, Scope, ScopeKind
from emulator.mailbox_rig import ALL, DOMAIN, MEMBER, NESTED, OUTSIDER, SEED, WINDOW, App, MailboxRig
from emulator.rig import ORIGIN, Rig, error_of

NO_ACCESS = (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
BLOCKED = (
    403,
    "ErrorAccessDenied",
    "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
)
NO_RECIPIENTS = (
    400,
    "ErrorInvalidRecipients",
    "At least one recipient is not valid., A message can't be sent because it contains no recipients.",
)
HOUR = 3600

# What the documentation says, mailbox by mailbox (application-rbac, New-ApplicationAccessPolicy): a = answered,
# x = access denied, p = blocked by the policy; for a member, a member of a group inside, and an outsider.
# Grant in Entra, access policy, role in Exchange.
EXPECTED = {
    ("no", "none", "none"): "xxx",
    ("no", "none", "scoped"): "axx",
    ("no", "none", "everywhere"): "aaa",
    ("no", "restrict", "none"): "xxx",
    ("no", "restrict", "scoped"): "axx",
    ("no", "restrict", "everywhere"): "aaa",
    ("no", "deny", "none"): "xxx",
    ("no", "deny", "scoped"): "axx",
    ("no", "deny", "everywhere"): "aaa",
    ("yes", "none", "none"): "aaa",
    ("yes", "none", "scoped"): "aaa",
    ("yes", "none", "everywhere"): "aaa",
    ("yes", "restrict", "none"): "aap",
    ("yes", "restrict", "scoped"): "aap",
    ("yes", "restrict", "everywhere"): "aaa",
    ("yes", "deny", "none"): "ppa",
    ("yes", "deny", "scoped"): "apa",
    ("yes", "deny", "everywhere"): "aaa",
}
GRANTS = {"calendar": "Calendars.Read", "mail": "Mail.Send"}


@pytest.fixture
def mail(rig: Rig) -> MailboxRig:
    return MailboxRig(rig)


def asked(mail: MailboxRig, permission: str, token: str, user: str) -> str:
    """One letter of the table above."""
    if permission == "calendar":
        answer = mail.read_calendar(token, user)
    else:
        answer = mail.send_mail(token, user, "somebody@elsewhere.example")
    if answer.ok:
        assert answer.status_code == (200 if permission == "calendar" else 202)
        return "a"
    return {NO_ACCESS: "x", BLOCKED: "p"}[error_of(answer)]


@pytest.mark.parametrize("permission", GRANTS)
@pytest.mark.parametrize(("grant", "policy", "role"), EXPECTED)
def test_who_gets_in(mail: MailboxRig, grant: str, policy: str, role: str, permission: str) -> None:
    app = mail.app(*([GRANTS[permission]] if grant == "yes" else []))
    if policy != "none":
        mail.restrict(app, right=AccessRight.RESTRICT if policy == "restrict" else AccessRight.DENY)
    if role != "none":
        scope = mail.custom_scope() if role == "scoped" else EVERYBODY
        mail.assign(app, f"Application {GRANTS[permission]}", scope=scope)
    token = mail.token(app)
    letters = "".join(asked(mail, permission, token, user) for user in ALL)
    assert letters == EXPECTED[grant, policy, role]


def test_the_table_is_complete() -> None:
    assert set(EXPECTED) == set(product(("no", "yes"), ("none", "restrict", "deny"), ("none", "scoped", "everywhere")))


@pytest.mark.parametrize(
    ("roles", "permission", "letter"),
    [
        (["Calendars.ReadWrite"], "calendar", "a"),
        (["Mail.Send"], "calendar", "x"),
        (["Calendars.Read", "Calendars.ReadWrite"], "mail", "x"),
        (["User.Read.All", "MailboxSettings.Read"], "calendar", "x"),
        (["User.Read.All", "MailboxSettings.Read"], "mail", "x"),
    ],
)
def test_which_grant_is_enough(mail: MailboxRig, roles: list[str], permission: str, letter: str) -> None:
    assert asked(mail, permission, mail.token(mail.app(*roles)), MEMBER) == letter


@pytest.mark.parametrize(
    ("role", "calendar", "mail_letter"),
    [
        ("Application Calendars.ReadWrite", "a", "x"),
        ("Application Mail.Send", "x", "a"),
        ("Application Mail.ReadWrite", "x", "x"),
        ("Application Mail Full Access", "x", "a"),
        ("Application Exchange Full Access", "a", "a"),
        ("Application Contacts.Read", "x", "x"),
    ],
)
def test_which_management_role_is_enough(mail: MailboxRig, role: str, calendar: str, mail_letter: str) -> None:
    app = mail.app()
    mail.assign(app, role)
    token = mail.token(app)
    assert [asked(mail, permission, token, MEMBER) for permission in GRANTS] == [calendar, mail_letter]


@pytest.mark.parametrize("kind", [ScopeKind.GROUP, ScopeKind.USER])
def test_roles_with_a_group_or_a_person_as_scope(mail: MailboxRig, kind: ScopeKind) -> None:
    app = mail.app()
    member = mail.organisation.rules.find(MEMBER)
    assert member is not None
    value = mail.group.guid if kind is ScopeKind.GROUP else member.guid
    mail.assign(app, "Application Calendars.Read", scope=Scope(kind, value))
    token = mail.token(app)
    assert "".join(asked(mail, "calendar", token, user) for user in ALL) == "axx"


def test_several_policies(mail: MailboxRig) -> None:
    """Any matching Restrict allows, and Deny wins over it."""
    app, other = mail.app("Calendars.Read"), mail.app("Calendars.Read", name="Other")
    mail.restrict(app)
    mail.restrict(app, scope=OUTSIDER)
    token = mail.token(app)
    assert [asked(mail, "calendar", token, user) for user in ALL] == ["a", "a", "a"]
    mail.restrict(app, scope=NESTED, right=AccessRight.DENY)
    assert [asked(mail, "calendar", token, user) for user in ALL] == ["a", "p", "a"]
    assert [asked(mail, "calendar", mail.token(other), user) for user in ALL] == ["a", "a", "a"]


def test_a_group_without_members_lets_nobody_in(mail: MailboxRig) -> None:
    app = mail.app("Mail.Send")
    mail.restrict(app, scope=mail.new_group("Empty").guid)
    token = mail.token(app)
    assert [asked(mail, "mail", token, user) for user in ALL] == ["p", "p", "p"]


# --- enforcement ---------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(rig: Rig) -> MailboxRig:
    """Rules reach the mailboxes an hour late; what is there before the test is enforced already."""
    mail = MailboxRig(rig)
    mail.organisation.enforcement_seconds = HOUR
    rig.admin.advance_clock(HOUR)
    return mail


def test_a_policy_is_enforced_late(slow: MailboxRig, rig: Rig) -> None:
    app = slow.app("Calendars.Read")
    slow.restrict(app)
    assert asked(slow, "calendar", slow.token(app), OUTSIDER) == "a"
    rig.admin.advance_clock(HOUR - 60)
    assert asked(slow, "calendar", slow.token(app), OUTSIDER) == "a"
    rig.admin.advance_clock(60)
    assert asked(slow, "calendar", slow.token(app), OUTSIDER) == "p"
    assert asked(slow, "calendar", slow.token(app), MEMBER) == "a"


def test_a_role_is_enforced_late(slow: MailboxRig, rig: Rig) -> None:
    app = slow.app()
    assignment = slow.assign(app, "Application Mail.Send", scope=slow.custom_scope())
    assert asked(slow, "mail", slow.token(app), MEMBER) == "x"
    rig.admin.advance_clock(HOUR)
    assert asked(slow, "mail", slow.token(app), MEMBER) == "a"
    slow.organisation.change(slow.organisation.rules.without_assignment(assignment.name))
    assert asked(slow, "mail", slow.token(app), MEMBER) == "a"
    rig.admin.advance_clock(HOUR)
    assert asked(slow, "mail", slow.token(app), MEMBER) == "x"


def test_a_grant_is_as_old_as_the_token(mail: MailboxRig, rig: Rig) -> None:
    app = mail.app("Calendars.Read", consent=False)
    before = mail.token(app)
    rig.admin.consent(mail.tenant_id, app.app_id)
    assert asked(mail, "calendar", before, MEMBER) == "x"
    assert asked(mail, "calendar", mail.token(app), MEMBER) == "a"


# --- mailboxes that are none ---------------------------------------------------------------------------------------

UNKNOWN = "99999999-9999-4999-8999-999999999999"


def test_unknown_people_and_people_without_mailbox(mail: MailboxRig) -> None:
    token = mail.token(mail.app("Calendars.Read", "Mail.Send"))
    for ask in (mail.read_calendar, lambda *given: mail.send_mail(*given, MEMBER)):
        found = ask(token, f"nobody@{DOMAIN}")
        assert error_of(found)[:2] == (404, "ErrorInvalidUser")
        assert error_of(ask(token, UNKNOWN))[:2] == (404, "Request_ResourceNotFound")
        assert error_of(ask(token, f"nobox@{DOMAIN}"))[:2] == (404, "MailboxNotEnabledForRESTAPI")


@pytest.mark.parametrize("user", [f"nobody@{DOMAIN}", f"nobox@{DOMAIN}", UNKNOWN])
def test_without_permission_nobody_learns_who_exists(mail: MailboxRig, user: str) -> None:
    assert error_of(mail.read_calendar(mail.token(mail.app("Mail.Send")), user)) == NO_ACCESS


def test_a_tenant_without_exchange_has_no_mailboxes(rig: Rig) -> None:
    [tenant] = rig.admin.seed({"tenants": [{**SEED, "exchange": False}]})
    token = rig.token(["Calendars.Read"], tenant=tenant)
    answer = rig.graph("GET", f"/users/{MEMBER}/events", token=token)
    assert error_of(answer)[:2] == (404, "MailboxNotEnabledForRESTAPI")


def test_shared_mailboxes_and_rooms_have_calendars(rig: Rig) -> None:
    users = [{"upn": f"{kind}@{DOMAIN}", "mailbox": kind} for kind in ("shared", "room")]
    mail = MailboxRig(rig, {**SEED, "users": [*SEED["users"], *users]})
    rules = mail.organisation.rules
    assert {rules.find(user["upn"]).details for user in users} == {Details.SHARED_MAILBOX, Details.ROOM_MAILBOX}  # type: ignore[union-attr]
    token = mail.token(mail.app("Calendars.Read"))
    assert [asked(mail, "calendar", token, user["upn"]) for user in users] == ["a", "a"]


# --- calendars -----------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(rig: Rig) -> MailboxRig:
    people = [{"upn": MEMBER, "events": 12}, {"upn": NESTED}, {"upn": OUTSIDER}]
    return MailboxRig(rig, {**SEED, "users": people})


def test_events_come_ten_to_a_page(busy: MailboxRig, rig: Rig) -> None:
    token = busy.token(busy.app("Calendars.Read"))
    first = rig.graph("GET", f"/users/{MEMBER}/events", token=token).json()
    assert [event["subject"] for event in first["value"]] == [f"Meeting {number}" for number in range(1, 11)]
    rest = rig.session.get(first["@odata.nextLink"], headers={"Authorization": f"Bearer {token}"}).json()
    assert [event["subject"] for event in rest["value"]] == ["Meeting 11", "Meeting 12"]
    assert "@odata.nextLink" not in rest
    assert busy.read_calendar(token, NESTED).json()["value"] == []


def test_a_calendar_view_shows_what_touches_its_window(busy: MailboxRig, rig: Rig) -> None:
    token = busy.token(busy.app("Calendars.Read"))
    [event] = rig.graph("GET", f"/users/{MEMBER}/events?$top=1", token=token).json()["value"]
    day = event["start"]["dateTime"][:10]
    inside = f"startDateTime={day}T09:30:00Z&endDateTime={day}T23:00:00Z"
    assert busy.read_calendar(token, MEMBER, f"{inside}&$select=id").json()["value"] == [{"id": event["id"]}]
    for window in ("T10:00:00Z", "T11:00:00Z"), ("T08:00:00Z", "T09:00:00Z"):
        query = f"startDateTime={day}{window[0]}&endDateTime={day}{window[1]}"
        assert busy.read_calendar(token, MEMBER, query).json()["value"] == []


@pytest.mark.parametrize("query", ["", "startDateTime=2026-01-01", "endDateTime=2026-01-01", f"{WINDOW}x"])
@pytest.mark.usefixtures("malformed_on_purpose")
def test_a_calendar_view_needs_both_dates(mail: MailboxRig, query: str) -> None:
    answer = mail.read_calendar(mail.token(mail.app("Calendars.Read")), MEMBER, query)
    assert error_of(answer)[:2] == (400, "ErrorInvalidParameter")


# --- messages ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sender(mail: MailboxRig) -> App:
    app = mail.app("Mail.Send")
    mail.restrict(app, scope=MEMBER)
    return app


def test_an_accepted_message_is_kept_and_has_no_answer(mail: MailboxRig, sender: App) -> None:
    answer = mail.send_mail(mail.token(sender), MEMBER, OUTSIDER)
    assert (answer.status_code, answer.content) == (202, b"")
    [sent] = mail.organisation.sent
    assert (sent["mailbox"], sent["app_id"], sent["saveToSentItems"]) == (MEMBER, sender.app_id, True)
    assert sent["message"]["toRecipients"] == [{"emailAddress": {"address": OUTSIDER}}]


def test_copies_are_recipients_too(mail: MailboxRig, sender: App) -> None:
    hidden = [{"emailAddress": {"address": OUTSIDER}}]
    assert mail.send_mail(mail.token(sender), MEMBER, bccRecipients=hidden).status_code == 202


def test_without_recipients_only_access_is_told(mail: MailboxRig, sender: App) -> None:
    """Access comes before the body: so a proof can ask without sending anything."""
    token = mail.token(sender)
    assert error_of(mail.send_mail(token, MEMBER)) == NO_RECIPIENTS
    assert error_of(mail.send_mail(token, OUTSIDER)) == BLOCKED
    assert error_of(mail.send_mail(mail.token(mail.app(name="Bare")), MEMBER)) == NO_ACCESS
    assert mail.organisation.sent == []


def test_a_recipient_that_is_no_address(mail: MailboxRig, sender: App) -> None:
    status, code, text = error_of(mail.send_mail(mail.token(sender), MEMBER, "nobody"))
    assert (status, code) == (400, "ErrorInvalidRecipients")
    assert "'nobody'" in text


@pytest.mark.parametrize("field", ["from", "sender"])
def test_nobody_sends_as_somebody_else(mail: MailboxRig, sender: App, field: str) -> None:
    token = mail.token(sender)
    own, foreign = ({field: {"emailAddress": {"address": address}}} for address in (MEMBER.upper(), OUTSIDER))
    assert mail.send_mail(token, MEMBER, OUTSIDER, **own).status_code == 202
    assert error_of(mail.send_mail(token, MEMBER, OUTSIDER, **foreign))[:2] == (403, "ErrorSendAsDenied")


@pytest.mark.usefixtures("malformed_on_purpose")
def test_a_body_that_is_no_message(mail: MailboxRig, sender: App, rig: Rig) -> None:
    for body in ({}, {"message": {"colour": "red"}}, {"message": {"subject": "x"}, "urgent": True}):
        answer = rig.graph("POST", f"/users/{MEMBER}/sendMail", body, token=mail.token(sender))
        assert error_of(answer)[:2] == (400, "Request_BadRequest")


# --- messages as other clients send them ---------------------------------------------------------------------------

FILE = {
    "@odata.type": "#microsoft.graph.fileAttachment",
    "name": "a.txt",
    "contentType": "text/plain",
    "contentBytes": "SGVsbG8=",
}


def posted(mail: MailboxRig, sender: App, body: Any) -> requests.Response:
    return mail.rig.graph("POST", f"/users/{MEMBER}/sendMail", body, token=mail.token(sender))


def sent(mail: MailboxRig) -> list[Any]:
    return list(mail.rig.admin.snapshot(mail.tenant_id)["exchange"]["sent"])


def test_all_that_a_message_may_carry(mail: MailboxRig, sender: App) -> None:
    carried = {
        "attachments": [FILE],
        "categories": ["Calls"],
        "flag": {"flagStatus": "notFlagged"},
        "importance": "high",
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": True,
        "inferenceClassification": "focused",
        "internetMessageHeaders": [{"name": "x-call", "value": "1"}],
        "replyTo": [{"emailAddress": {"address": MEMBER}}],
    }
    assert mail.send_mail(mail.token(sender), MEMBER, OUTSIDER, **carried).status_code == 202
    message = sent(mail)[-1]["message"]
    assert {name: message[name] for name in carried} == carried


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("body", "saved"),
    [
        ({"message": {}}, True),
        ({"message": {}, "saveToSentItems": "false"}, False),  # user-sendmail, example 1
        ({"message": {}, "saveToSentItems": None}, True),
        ({"Message": {}, "SaveToSentItems": False}, False),  # msgraph-sdk
        ({"message": {"importance": "Low"}}, True),  # user-post-messages, example 1
    ],
)
def test_parameters_of_the_action(mail: MailboxRig, sender: App, body: dict[str, Any], saved: bool) -> None:
    to = [{"emailAddress": {"address": OUTSIDER}}]
    given = {name: {"toRecipients": to, **value} if isinstance(value, dict) else value for name, value in body.items()}
    assert posted(mail, sender, given).status_code == 202
    assert sent(mail)[-1]["saveToSentItems"] is saved


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("attachment", "status"),
    [
        ({**FILE, "contentBytes": "not base64!"}, 400),
        ({name: value for name, value in FILE.items() if name != "@odata.type"}, 400),
        ({**FILE, "@odata.type": "#microsoft.graph.itemAttachment"}, 501),
        ({**FILE, "colour": "red"}, 400),
    ],
)
def test_attachments_that_are_refused(mail: MailboxRig, sender: App, attachment: dict[str, Any], status: int) -> None:
    answer = mail.send_mail(mail.token(sender), MEMBER, OUTSIDER, attachments=[attachment])
    assert answer.status_code == status
    assert sent(mail) == []


def test_a_message_that_is_too_large(mail: MailboxRig, sender: App) -> None:
    large = {**FILE, "contentBytes": "QUJD" * 1_100_000}
    assert mail.send_mail(mail.token(sender), MEMBER, OUTSIDER, attachments=[large]).status_code == 413


def mime(mail: MailboxRig, sender: App, text: bytes, **headers: str) -> requests.Response:
    url = f"{ORIGIN}/v1.0/users/{MEMBER}/sendMail"
    given = {"Authorization": f"Bearer {mail.token(sender)}", "Content-Type": "text/plain", **headers}
    return mail.rig.session.post(url, data=text, headers=given)


@pytest.mark.usefixtures("malformed_on_purpose")
def test_a_message_as_mime(mail: MailboxRig, sender: App) -> None:
    text = f"From: {MEMBER}\r\nTo: Out <{OUTSIDER}>, two@elsewhere.example\r\nSubject: Hello\r\n\r\nHello.\r\n"
    assert mime(mail, sender, base64.encodebytes(text.encode())).status_code == 202
    message = sent(mail)[-1]["message"]
    assert message["subject"] == "Hello"
    assert [entry["emailAddress"]["address"] for entry in message["toRecipients"]] == [
        OUTSIDER,
        "two@elsewhere.example",
    ]


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"From: somebody", (400, "ErrorMimeContentInvalidBase64String")),
        (b"", (400, "ErrorMimeContentInvalidBase64String")),
        (base64.b64encode(b"Subject: to nobody\r\n\r\n"), (400, "ErrorInvalidRecipients")),
        (base64.b64encode(f"From: {OUTSIDER}\r\nTo: {OUTSIDER}\r\n\r\n".encode()), (403, "ErrorSendAsDenied")),
    ],
)
def test_mime_that_is_refused(mail: MailboxRig, sender: App, raw: bytes, refusal: tuple[int, str]) -> None:
    assert error_of(mime(mail, sender, raw))[:2] == refusal
    assert sent(mail) == []
