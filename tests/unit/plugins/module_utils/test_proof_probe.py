# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import GraphError, InputError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.mailboxes import Sample, choose
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import Desired, Mailbox
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.probe import Registration

HOST = "https://graph.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=1)
DATE = {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}
ANN, CARL = "ann@c.example", "carl@c.example"
A, C = Mailbox("id-of-ann", ANN), Mailbox("id-of-carl", CARL)
MAIL = Desired("ours", ("Mail.Send",), "access_policy", (A,), (C,), OLD, timedelta(hours=2))
CALENDAR = replace(MAIL, permissions=("Calendars.Read", "User.Read.All"))
NO_WAIT = {"sign_in_wait": timedelta(), "exchange_wait": timedelta()}


def error(code, status=403):
    return (status, {"error": {"code": code, "message": f"text of {code}"}}, DATE)


RAOP = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
DENIED = (403, {"error": {"code": "ErrorAccessDenied", "message": RAOP}}, DATE)
NO_RECIPIENTS = error("ErrorInvalidRecipients", 400)
EVENTS = (200, {"value": []}, DATE)


@dataclass
class Token:
    value: str
    roles: frozenset[str]


@dataclass
class Entra:
    """Tokens of the registration: each renewal gives the next of these roles or refusals, the last again and again."""

    answers: list[object] = field(default_factory=list)
    renewals: int = 0
    held: Token | None = None

    def renew(self, _url):
        self.renewals += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        self.held = Token(f"token-{self.renewals}", frozenset(answer))
        return self.held

    def token(self, _url):
        return self.held


@pytest.fixture
def entra():
    return Entra([MAIL.permissions])


@pytest.fixture
def registration(http, entra):
    return Registration(Api(http, HOST, entra), entra, OLD)


def send_mail(address):
    """By its id, whatever the mailbox is called."""
    return "POST", f"/users/id-of-{address.partition('@')[0]}/sendMail"


def calendar(address):
    return "GET", f"/users/id-of-{address.partition('@')[0]}/calendarView"


def well(http):
    http.on(*send_mail(ANN), NO_RECIPIENTS)
    http.on(*send_mail(CARL), DENIED)


# --- what is asked


def test_an_empty_message_reaches_nobody(http, registration):
    well(http)

    assert registration.judged(MAIL, **NO_WAIT).state == "proven"

    assert http.calls() == [send_mail(ANN), send_mail(CARL)]
    for sent in http.sent:
        assert sent.body == {"message": {"subject": "", "toRecipients": []}, "saveToSentItems": False}
        assert sent.headers["Authorization"] == "Bearer token-1"


def test_a_calendar_is_read_for_one_day_and_one_event(http, registration, entra):
    entra.answers = [CALENDAR.permissions]
    http.on(*calendar(ANN), EVENTS)
    http.on(*calendar(CARL), DENIED)

    assert registration.judged(CALENDAR, **NO_WAIT).state == "proven"

    assert http.calls() == [calendar(ANN), calendar(CARL)]
    query = http.sent[1].query
    assert query == {
        "startDateTime": "2026-11-23T12:00:00Z",
        "endDateTime": "2026-11-24T12:00:00Z",
        "$top": "1",
        "$select": "id",
    }


def test_permissions_that_concern_no_mailbox_ask_none(http, registration, entra):
    entra.answers = [("User.Read.All",)]

    assert registration.judged(replace(MAIL, permissions=("User.Read.All",)), **NO_WAIT).state == "proven"
    assert http.sent == []


def test_a_mailbox_that_is_not_given_is_not_asked(http, registration):
    http.on(*send_mail(ANN), NO_RECIPIENTS)

    assert registration.judged(replace(MAIL, outside=()), **NO_WAIT).state == "not_provable"
    assert http.calls() == [send_mail(ANN)]


def test_a_mailbox_without_an_id_is_asked_by_its_address_as_one_segment(http, registration):
    odd = "a/b?c#d'e@c.example"
    http.on("POST", f"/users/{odd}/sendMail", NO_RECIPIENTS)

    desired = replace(MAIL, inside=(Mailbox(odd, odd),), outside=())
    assert registration.judged(desired, **NO_WAIT).state == "not_provable"
    assert http.sent[0].query == {}


# --- what the answers mean


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ((202,), "ok"),
        (NO_RECIPIENTS, "ok"),
        (DENIED, "failed"),
        (error("MailboxNotEnabledForRESTAPI", 404), "failed"),
        (error("ErrorInvalidUser", 404), "failed"),
        (error("Request_ResourceNotFound", 404), "failed"),
        (error("ResourceNotFound", 404), "failed"),
        (error("ErrorItemNotFound", 404), "failed"),
        (error("MailboxNotEnabledForRESTAPI", 403), "failed"),
    ],
)
def test_answers_of_the_mailbox_inside(http, registration, answer, result):
    http.on(*send_mail(ANN), answer)
    http.on(*send_mail(CARL), DENIED)

    (check,) = (check for check in registration.judged(MAIL, **NO_WAIT).checks if check.name == "inside")

    assert check.result == result
    assert ANN in check.detail


@pytest.mark.parametrize(
    "answer",
    [
        error("ErrorSendAsDenied"),
        error("InvalidAuthenticationToken", 401),
        error("ExpiredAuthenticationToken", 401),
        (401, {"error": {"code": "Unauthorized", "message": "Invalid audience."}}, DATE),
        error("TooManyRequests", 429),
        (403, "<html>proxy</html>"),
        (404, ""),
        (401, ""),
        (500, ""),
        (503, ""),
        error("ErrorAccessDenied", 200),
        (200, {"error": {"code": "InternalServerError", "message": ""}}),
        (200, "<html>proxy</html>"),
        (200, ""),
        (202, {"error": {"code": "ErrorAccessDenied", "message": ""}}),
    ],
)
@pytest.mark.parametrize("mailbox", [ANN, CARL])
def test_an_answer_that_tells_nothing_of_access_is_a_fault_and_neither_proof_nor_refusal(
    http, registration, mailbox, answer
):
    well(http)
    http.on(*send_mail(mailbox), answer)

    with pytest.raises(GraphError, match=mailbox) as caught:
        registration.judged(MAIL, **NO_WAIT)

    assert "The automation's" not in caught.value.next_step, "the registration asked"


CANNOT_ANSWER = [
    (401, "OrganizationFromTenantGuidNotFound"),
    (404, "MailboxNotEnabledForRESTAPI"),
    (403, "MailboxNotEnabledForRESTAPI"),
    (404, "ErrorInvalidUser"),
    (404, "ErrorNonExistentMailbox"),
    (404, "MailboxNotHostedInExchangeOnline"),
    (404, "AnythingElse"),
    (503, "ErrorMailboxMoveInProgress"),
    (503, "ErrorMailboxStoreUnavailable"),
    (503, "MailboxInfoStale"),
    (421, "MailboxInfoStale"),
    (403, "ErrorAccountDisabled"),
]


@pytest.mark.parametrize(("status", "code"), CANNOT_ANSWER)
def test_a_sample_that_cannot_answer_is_replaced_by_the_next_inside_and_outside(http, registration, status, code):
    bob, dora = "bob@c.example", "dora@c.example"
    for silent in (ANN, CARL):
        http.on(*send_mail(silent), error(code, status))
    http.on(*send_mail(bob), NO_RECIPIENTS)
    http.on(*send_mail(dora), DENIED)
    desired = replace(MAIL, inside=(A, Mailbox("id-of-bob", bob)), outside=(C, Mailbox("id-of-dora", dora)))

    assert registration.judged(desired, **NO_WAIT).state == "proven"
    assert http.calls() == [send_mail(address) for address in (ANN, bob, CARL, dora)]


@pytest.mark.parametrize("fault", [(500, ""), (503, ""), (504, "<html>"), error("ErrorInternalServerError", 500)])
def test_a_mailbox_with_which_the_service_has_a_fault_is_replaced_by_the_next(http, registration, fault):
    http.on(*send_mail(ANN), fault)
    http.on(*send_mail("bob@c.example"), NO_RECIPIENTS)
    http.on(*send_mail(CARL), DENIED)
    desired = replace(MAIL, inside=(A, Mailbox("id-of-bob", "bob@c.example")))

    assert registration.judged(desired, **NO_WAIT).state == "proven"


def test_where_the_service_has_a_fault_with_each_mailbox_it_is_asked_once_more_and_told(http, registration):
    names = [f"m{number}@c.example" for number in range(9)]
    for name in names:
        http.on(*send_mail(name), (503, ""))
    desired = replace(MAIL, inside=tuple(Mailbox(f"id-of-{name[:2]}", name) for name in names))

    with pytest.raises(GraphError, match=names[0]) as caught:
        registration.judged(desired, **NO_WAIT)

    assert caught.value.trace.status == 503
    assert http.calls() == [send_mail(name) for name in (*names[:3], names[0])]


def test_who_can_answer_is_not_replaced(http, registration):
    well(http)
    desired = replace(MAIL, inside=(A, Mailbox("id-of-bob", "bob@c.example")), outside=(C, Mailbox("id-of-eve", "e")))

    assert registration.judged(desired, **NO_WAIT).state == "proven"
    assert http.calls() == [send_mail(ANN), send_mail(CARL)]


def test_a_sample_that_can_answer_for_one_permission_only_cannot_answer(http, registration, entra):
    entra.answers = [("Calendars.Read", "Mail.Send")]
    http.on(*calendar(ANN), EVENTS)
    http.on(*send_mail(ANN), error("MailboxNotEnabledForRESTAPI", 404))
    http.on(*calendar(CARL), DENIED)
    http.on(*send_mail(CARL), DENIED)

    judgement = registration.judged(replace(MAIL, permissions=("Calendars.Read", "Mail.Send")), **NO_WAIT)

    assert judgement.state == "failed"
    assert ANN in judgement.checks[2].detail


@pytest.mark.parametrize(("status", "code"), CANNOT_ANSWER)
def test_where_no_mailbox_outside_can_answer_nothing_is_proven_and_each_is_named(http, registration, status, code):
    well(http)
    http.on(*send_mail(CARL), error(code, status))

    judgement = registration.judged(MAIL, **NO_WAIT)

    assert judgement.state == "not_provable"
    assert CARL in judgement.checks[-1].detail


#: (status, code) that mailboxes answer to a token without a role, as clients have reported them.
NO_ROLE = [
    (401, "NoPermissionsInAccessToken"),
    (403, "NoPermissionsInAccessToken"),
    (403, "Authorization_RequestDenied"),
    (401, "Authorization_IdentityNotFound"),
]
REFUSED = [(403, "ErrorAccessDenied"), (401, "UnknownError"), (403, "AccessDenied"), (403, "Forbidden")]


@pytest.mark.parametrize(("status", "code"), NO_ROLE)
@pytest.mark.parametrize("since", [OLD, NOW - timedelta(minutes=5)], ids=["old", "young"])
def test_a_role_that_a_mailbox_does_not_see_yet_is_waited_for_as_for_a_grant(http, registration, since, status, code):
    http.on(*send_mail(ANN), error(code, status), NO_RECIPIENTS)
    http.on(*send_mail(CARL), error(code, status), DENIED)

    desired = replace(MAIL, since=since)
    judgement = registration.judged(desired, sign_in_wait=timedelta(minutes=1), exchange_wait=timedelta())

    assert judgement.state == "proven"


@pytest.mark.parametrize("refusal", [*NO_ROLE, *REFUSED])
@pytest.mark.parametrize("young", [True, False], ids=["young", "old"])
@pytest.mark.parametrize("mailbox", [ANN, CARL])
def test_what_is_refused_otherwise_is_never_blamed_on_the_cloud_and_proves_no_policy(
    http, registration, entra, mailbox, young, refusal
):
    status, code = refusal
    well(http)
    http.on(*send_mail(mailbox), error(code, status))

    judgement = registration.judged(replace(MAIL, since=NOW - timedelta(minutes=5) if young else OLD), **NO_WAIT)

    waits = young or refusal in NO_ROLE
    assert judgement.state == ("waiting_for_exchange" if waits else "failed")
    assert "cloud" not in " ".join(check.detail for check in judgement.checks)
    assert entra.renewals == 1, "another token would carry no more"


@pytest.mark.parametrize(("status", "code"), [*NO_ROLE, *REFUSED])
def test_in_rbac_mode_any_refusal_proves_that_a_mailbox_lies_outside(http, registration, entra, status, code):
    entra.answers = [()]
    http.on(*send_mail(ANN), NO_RECIPIENTS)
    http.on(*send_mail(CARL), error(code, status))

    assert registration.judged(replace(MAIL, mode="rbac"), **NO_WAIT).state == "proven"


# --- signing in


@pytest.mark.parametrize("code", ["AADSTS7000215", "AADSTS700016", "AADSTS7000229"])
def test_a_young_secret_may_not_be_known_everywhere(http, entra, code):
    entra.answers = [SignInError("", code=code)]
    young = Registration(Api(http, HOST, entra), entra, datetime.now(UTC))

    judgement = young.judged(MAIL, **NO_WAIT)

    assert judgement.state == "waiting_for_exchange"
    assert [check.name for check in judgement.checks] == ["sign_in"]
    assert http.sent == []


@pytest.mark.parametrize("skew", [timedelta(minutes=20), timedelta(minutes=-20), timedelta(days=-400)], ids=str)
def test_how_young_a_secret_is_microsofts_clock_tells(http, entra, skew):
    """`skew`: how far this machine's clock is ahead."""
    clock = ServerClock()
    clock.note({"Date": format_datetime(datetime.now(UTC) - skew, usegmt=True)})
    entra.answers = [SignInError("", code="AADSTS7000215")]

    young = Registration(Api(http, HOST, entra, clock=clock), entra, clock.now - timedelta(minutes=1))
    assert young.judged(MAIL, **NO_WAIT).state == "waiting_for_exchange"

    old = Registration(Api(http, HOST, entra, clock=clock), entra, clock.now - timedelta(minutes=11))
    with pytest.raises(SignInError):
        old.judged(MAIL, **NO_WAIT)


@pytest.mark.parametrize(
    ("code", "age"),
    [("AADSTS7000215", timedelta(minutes=11)), ("AADSTS7000222", timedelta()), ("AADSTS53003", timedelta())],
    ids=["old", "expired", "conditional access"],
)
def test_any_other_refused_sign_in_is_a_fault(http, entra, code, age):
    refused = SignInError("", code=code)
    entra.answers = [refused]
    registration = Registration(Api(http, HOST, entra), entra, datetime.now(UTC) - age)

    with pytest.raises(SignInError) as caught:
        registration.judged(MAIL, sign_in_wait=timedelta(hours=1), exchange_wait=timedelta(hours=1))

    assert caught.value is refused
    assert entra.renewals == 1


# --- waiting


MINUTES = {"sign_in_wait": timedelta(minutes=1), "exchange_wait": timedelta(minutes=10)}


def test_what_is_well_or_wrong_for_good_is_not_looked_at_again(http, registration, entra, clock):
    well(http)
    assert registration.judged(MAIL, **MINUTES).state == "proven"

    http.on(*send_mail(CARL), NO_RECIPIENTS)
    assert registration.judged(MAIL, **MINUTES).state == "failed"

    assert (entra.renewals, clock.slept) == (2, [])


def test_a_grant_is_waited_for_with_a_new_token_each_time(http, registration, entra, clock):
    entra.answers = [(), (), MAIL.permissions]
    http.on(*send_mail(ANN), DENIED, DENIED, NO_RECIPIENTS)
    http.on(*send_mail(CARL), DENIED)

    judgement = registration.judged(MAIL, sign_in_wait=timedelta(minutes=1), exchange_wait=timedelta())

    assert judgement.state == "proven"
    assert (entra.renewals, len(clock.slept)) == (3, 2)
    assert http.sent[-1].headers["Authorization"] == "Bearer token-3"


YOUNG = replace(MAIL, since=NOW - timedelta(minutes=5))


def test_an_enforcement_is_waited_for_as_long_as_is_wanted(http, registration, clock):
    http.on(*send_mail(ANN), NO_RECIPIENTS)
    http.on(*send_mail(CARL), NO_RECIPIENTS, NO_RECIPIENTS, DENIED)

    judgement = registration.judged(YOUNG, sign_in_wait=timedelta(), exchange_wait=timedelta(minutes=10))

    assert judgement.state == "proven"
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    ("roles", "minutes", "slept"),
    [
        ((), (1, 0), (50, 60)),
        (MAIL.permissions, (1, 0), (0, 0)),
        (MAIL.permissions, (0, 3), (170, 180)),
        (MAIL.permissions, (0, 0), (0, 0)),
    ],
    ids=["for the grant", "not for a grant that is there", "for exchange", "not at all"],
)
def test_waiting_has_an_end(http, clock, roles, minutes, slept):
    entra = Entra([roles])
    http.on(*send_mail(ANN), DENIED)
    http.on(*send_mail(CARL), DENIED)
    sign_in, enforcement = (timedelta(minutes=number) for number in minutes)

    registration = Registration(Api(http, HOST, entra), entra, OLD)
    judgement = registration.judged(YOUNG, sign_in_wait=sign_in, exchange_wait=enforcement)

    assert judgement.state == "waiting_for_exchange"
    shortest, longest = slept
    assert shortest <= sum(clock.slept) <= longest


def test_the_wait_for_the_sign_in_ends_when_the_grants_are_there(http, registration, entra, clock):
    entra.answers = [(), MAIL.permissions]
    http.on(*send_mail(ANN), DENIED)
    http.on(*send_mail(CARL), DENIED)

    judgement = registration.judged(YOUNG, sign_in_wait=timedelta(minutes=1), exchange_wait=timedelta())

    assert judgement.state == "waiting_for_exchange"
    assert len(clock.slept) == 1


# --- a real message


def test_a_test_message_has_one_recipient_and_is_not_kept(http, registration, entra):
    entra.renew(HOST)
    http.on(*send_mail(ANN), (202,))

    registration.send_test_mail(A, "me@elsewhere.example")

    (sent,) = http.sent
    assert sent.body["message"]["toRecipients"] == [{"emailAddress": {"address": "me@elsewhere.example"}}]
    assert sent.body["saveToSentItems"] is False


@pytest.mark.parametrize("answer", [DENIED, error("ErrorInvalidRecipients", 400), (200, {})])
def test_a_test_message_that_is_not_accepted_is_a_fault(http, registration, entra, answer):
    entra.renew(HOST)
    http.on(*send_mail(ANN), answer)

    with pytest.raises(GraphError, match="test message"):
        registration.send_test_mail(A, "me@elsewhere.example")


# --- which mailboxes


def row(name, kind="UserMailbox"):
    address = f"{name}@c.example"
    return {
        "Guid": f"guid-{name}",
        "Name": name,
        "PrimarySmtpAddress": address,
        "RecipientTypeDetails": kind,
        "ExternalDirectoryObjectId": f"id-of-{name}",
    }


def mailboxes(*names):
    return tuple(Mailbox(f"id-of-{name}", f"{name}@c.example") for name in names)


TEAM = row("team", "MailUniversalSecurityGroup")
GROUP = {
    **row("senders", "MailUniversalSecurityGroup"),
    "Sid": "sid",
    "DistinguishedName": "CN=senders",
    "ExternalDirectoryObjectId": "x",
    "WhenCreatedUTC": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def organization(exchange_http):
    def found(*rows):
        return (200, {"value": list(rows)})

    exchange_http.on("Get-Group", found(GROUP))
    exchange_http.on("Get-DistributionGroupMember", found(row("bob"), row("ann"), TEAM), identity="guid-senders")
    exchange_http.on("Get-DistributionGroupMember", found(row("aaron")), identity="guid-team")
    system = row("DiscoverySearchMailbox", "DiscoveryMailbox")
    users = [row(name) for name in ("bob", "ann", "dora", "aaron", "carl")]
    exchange_http.on("Get-Mailbox", found(system, *users))
    return exchange_http


@pytest.mark.parametrize(
    ("mode", "preferred", "sample"),
    [
        ("access_policy", None, Sample(mailboxes("aaron", "ann", "bob"), mailboxes("carl", "dora"))),
        ("rbac", None, Sample(mailboxes("ann", "bob"), mailboxes("aaron", "carl", "dora"))),
        ("access_policy", "bob@c.example", Sample(mailboxes("bob"), mailboxes("carl", "dora"))),
        ("access_policy", "Bob@C.example", Sample((Mailbox("id-of-bob", "Bob@C.example"),), mailboxes("carl", "dora"))),
    ],
)
@pytest.mark.usefixtures("organization")
def test_mailboxes_inside_and_outside_always_in_the_same_order(exchange, mode, preferred, sample):
    assert choose(exchange, "senders", mode, preferred) == sample


def test_more_mailboxes_are_listed_than_lie_inside(exchange, organization):
    choose(exchange, "senders", "access_policy", None)

    (sent,) = (sent for sent in organization.sent if sent.cmdlet == "Get-Mailbox")
    assert sent.parameters["ResultSize"] > 3


@pytest.mark.parametrize("system", [1, 11, 53, 400])
def test_mailboxes_of_the_system_that_are_listed_first_do_not_end_the_search(exchange, exchange_http, system):
    """`system`: how many; the list is cut where it was asked to be."""
    listed = [row(f"system{number}", "DiscoveryMailbox") for number in range(system)]
    listed += [row(name) for name in ("bob", "ann", "aaron", "carl")]

    exchange_http.on("Get-Group", (200, {"value": [GROUP]}))
    exchange_http.on("Get-DistributionGroupMember", (200, {"value": [row("bob"), row("ann")]}))
    first = 2 + 50
    exchange_http.on("Get-Mailbox", (200, {"value": listed[:first]}), (200, {"value": listed}))

    assert choose(exchange, "senders", "access_policy", None).outside == mailboxes("aaron", "carl")

    sizes = [sent.parameters["ResultSize"] for sent in exchange_http.sent if sent.cmdlet == "Get-Mailbox"]
    assert sizes == ([first] if system < first - 3 else [first, "Unlimited"])


def test_a_preferred_mailbox_is_found_by_any_of_its_names(exchange, organization):
    alias = row("bob") | {"EmailAddresses": ["SMTP:bob@c.example", "smtp:robert@c.example"]}
    organization.on("Get-Recipient", (200, {"value": [alias]}), identity="robert@c.example")

    sample = choose(exchange, "senders", "access_policy", "robert@c.example")

    assert sample.inside == (Mailbox("id-of-bob", "robert@c.example"),)


def test_a_tenant_may_have_no_mailbox_outside(exchange, organization):
    organization.on("Get-Mailbox", (200, {"value": [row("ann"), row("bob"), row("aaron"), row("odd", "MailUser")]}))

    assert choose(exchange, "senders", "access_policy", None).outside == ()


def test_a_group_that_is_gone_is_an_error(exchange, organization):
    organization.on("Get-Group", (200, {"value": [row("another", "MailUniversalSecurityGroup")]}))

    with pytest.raises(InputError, match="no group senders"):
        choose(exchange, "senders", "access_policy", None)


def test_a_group_of_another_kind_proves_nothing(exchange, organization):
    """Asked for its members, Exchange would answer with everybody, and nobody would be outside."""
    organization.on("Get-Group", (200, {"value": [GROUP | {"RecipientTypeDetails": "GroupMailbox"}]}))

    with pytest.raises(InputError, match="no group senders"):
        choose(exchange, "senders", "access_policy", None)
