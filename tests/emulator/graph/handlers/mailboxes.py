# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/users/{id}/calendarView`, `/users/{id}/events` and `/users/{id}/sendMail`: what the finished applications do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from emulator.call import Answer, Call
from emulator.clock import parse_stamp, stamp
from emulator.exchange.store.model import Recipient, Rules
from emulator.exchange.store.reach import Access, Permission, Verdict, access_of, is_granted
from emulator.graph import errors
from emulator.graph.bodies import read_body
from emulator.graph.handlers.context import directory_of
from emulator.graph.keys import parse_key
from emulator.graph.odata.entities import EVENT
from emulator.graph.odata.listing import list_answer
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.records import Body, Kind, Record, settled
from emulator.world import Tenant

# learn.microsoft.com/graph/api/user-list-events: ten to a page.
DEFAULT_PAGE = "10"
RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients")


def calendar_view(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR)
    start, end = _moment(call, "startDateTime"), _moment(call, "endDateTime")
    return _events_answer(call, mailbox, lambda begins: start < begins + timedelta(hours=1) and begins < end)


def events(call: Call) -> Answer:
    return _events_answer(call, _admitted(call, Permission.CALENDAR), lambda begins: True)


def send_mail(call: Call) -> Answer:
    """Accepted is not delivered: there is no body to tell more."""
    mailbox = _admitted(call, Permission.MAIL)
    body = read_body(call, "sendMail", required=("message",))
    message = body["message"]
    _check_recipients(message)
    _check_sender(message, mailbox)
    assert call.tenant is not None
    assert call.tenant.exchange is not None
    sent = {"time": stamp(call.world.clock.now()), "app_id": call.claims["appid"]}
    sent |= {"mailbox": mailbox.primary_smtp_address, "message": message}
    call.tenant.exchange.sent.append({**sent, "saveToSentItems": body.get("saveToSentItems", True)})
    return Answer(202)


# --- access --------------------------------------------------------------------------------------------------------


def _admitted(call: Call, permission: Permission) -> Recipient:
    """The mailbox in the path, if the application gets into it by the rules that are enforced now."""
    access = _access(call, permission)
    if not access.exists:
        raise errors.access_denied()
    mailbox = _mailbox(call)
    if mailbox.rest_refusal:
        raise errors.cannot_be_asked(mailbox.rest_refusal)
    verdict = access.verdict(mailbox.guid)
    if verdict is Verdict.ALLOWED:
        return mailbox
    raise errors.blocked_by_policy() if verdict is Verdict.BLOCKED else errors.access_denied()


def _access(call: Call, permission: Permission) -> Access:
    """Entra's grants as of the token, Exchange's rules as of now."""
    assert call.tenant is not None
    organisation = call.tenant.exchange
    rules = organisation.enforced() if organisation is not None else Rules()
    granted = is_granted(permission, call.claims.get("roles", ()))
    return access_of(rules, str(call.claims["appid"]), permission, granted=granted)


def _mailbox(call: Call) -> Recipient:
    assert call.tenant is not None
    user, organisation = _user(call), call.tenant.exchange
    found = organisation.rules.find(user.id) if organisation is not None else None
    if found is None or not found.is_mailbox:
        raise errors.no_mailbox()
    return found


def _user(call: Call) -> Record:
    _unused, value = parse_key(call.params["key"])
    directory = directory_of(call)
    found = directory.find_live(Kind.USER, "id", value) or directory.find_live(Kind.USER, "userPrincipalName", value)
    if found is None:
        raise errors.invalid_user(value) if "@" in value else errors.not_found(value)
    return found


# --- calendars -----------------------------------------------------------------------------------------------------


def _moment(call: Call, name: str) -> datetime:
    try:
        return parse_stamp(call.query[name])
    except (KeyError, ValueError) as error:
        raise errors.no_time_window() from error


def _events_answer(call: Call, mailbox: Recipient, wanted: Callable[[datetime], bool]) -> Answer:
    assert call.tenant is not None
    call.query.setdefault("$top", DEFAULT_PAGE)
    return list_answer(call, EVENT, settled(_events(call.tenant, mailbox, wanted)))


def _events(tenant: Tenant, mailbox: Recipient, wanted: Callable[[datetime], bool]) -> Iterator[Body]:
    """An hour a day from the day of the seed on, as many as it says."""
    first = tenant.sown.astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    upn = (mailbox.user_principal_name or "").casefold()
    count = next((user.get("events", 0) for user in tenant.spec.get("users", ()) if user["upn"].casefold() == upn), 0)
    for number in range(count):
        begins = first + timedelta(days=number)
        if wanted(begins):
            event_id = DerivedIds(tenant.id, mailbox.guid, "events").grant_id(str(number))
            yield _event(event_id, number, begins)


def _event(event_id: str, number: int, begins: datetime) -> Body:
    times = {"start": begins, "end": begins + timedelta(hours=1)}
    return {
        "id": event_id,
        "subject": f"Meeting {number + 1}",
        "isAllDay": False,
        "isCancelled": False,
        "showAs": "busy",
        "sensitivity": "normal",
        "type": "singleInstance",
        **{
            name: {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}
            for name, moment in times.items()
        },
    }


# --- messages ------------------------------------------------------------------------------------------------------


def _check_recipients(message: Body) -> None:
    addresses = [_address(entry) for name in RECIPIENTS for entry in message.get(name) or ()]
    if not addresses:
        raise errors.invalid_recipients("A message can't be sent because it contains no recipients.")
    for address in addresses:
        if not all(address.partition("@")):
            raise errors.invalid_recipients(
                f"Recipient '{address}' is not resolved. All recipients must be resolved before a message can be "
                "submitted."
            )


def _check_sender(message: Body, mailbox: Recipient) -> None:
    names = (mailbox.primary_smtp_address, mailbox.user_principal_name, *mailbox.proxies)
    own = {(name or "").casefold() for name in names}
    for name in ("from", "sender"):
        if message.get(name) and _address(message[name]).casefold() not in own:
            raise errors.send_as_denied()


def _address(recipient: Body) -> str:
    return str(recipient["emailAddress"].get("address") or "")
