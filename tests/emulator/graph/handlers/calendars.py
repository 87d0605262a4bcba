# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars of a mailbox, their events and views, and `getSchedule`: what the finished application reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from itertools import takewhile
from typing import Any

from emulator.call import Answer, Call
from emulator.clock import long_stamp, parse_stamp
from emulator.exchange.store.calendars import Event, an_hour_a_day, in_utc, new_event
from emulator.exchange.store.model import Recipient
from emulator.exchange.store.reach import Permission, Verdict
from emulator.graph import errors
from emulator.graph.bodies import read_body
from emulator.graph.handlers.context import no_content
from emulator.graph.handlers.mailboxes import access_to_mailboxes, admitted, organisation_of
from emulator.graph.odata.entities import CALENDAR, EVENT
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.odata.preferences import preferences
from emulator.graph.odata.time_zones import in_zone, moment_of, zone_of
from emulator.graph.store.ids import RANDOM, DerivedIds
from emulator.graph.store.records import Body, Place, Version, settled

# learn.microsoft.com/graph/api/user-list-events: ten to a page.
DEFAULT_PAGE = "10"
LONGEST_SCHEDULE = timedelta(days=62)
MOST_SCHEDULES = 20
_TAGS = re.compile(r"<[^>]*>")
#: Of a slot in which there are several, the highest counts (resource type scheduleInformation).
_BUSY = {"free": "0", "workingElsewhere": "0", "unknown": "0", "tentative": "1", "busy": "2", "oof": "3"}


# --- calendars -----------------------------------------------------------------------------------------------------


def read(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR)
    return entity_answer(call, CALENDAR, Version(Place.LIVE, _calendar(call, mailbox)))


def list_all(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR)
    call.query.setdefault("$top", DEFAULT_PAGE)
    return list_answer(call, CALENDAR, settled([_calendar(call, mailbox)]))


def _admitted(call: Call, permission: Permission) -> Recipient:
    """A mailbox here has one calendar, by whichever way it is named."""
    mailbox = admitted(call, permission)
    if call.params.get("calendar", _calendar_id(mailbox)) != _calendar_id(mailbox):
        raise errors.no_such_item()
    return mailbox


def _calendar_id(mailbox: Recipient) -> str:
    return DerivedIds(mailbox.guid, "calendar").grant_id()


def _calendar(call: Call, mailbox: Recipient) -> Body:
    writes = access_to_mailboxes(call, Permission.CALENDAR_WRITING).verdict(mailbox.guid) is Verdict.ALLOWED
    return {
        "id": _calendar_id(mailbox),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "groupClassId": "0006f0b7-0000-0000-c000-000000000046",
        "isDefaultCalendar": True,
        "changeKey": _calendar_id(mailbox)[:24],
        "canShare": False,
        "canViewPrivateItems": True,
        "canEdit": writes,
        "allowedOnlineMeetingProviders": [],
        "defaultOnlineMeetingProvider": "unknown",
        "isTallyingResponses": False,
        "isRemovable": False,
        "owner": _owner(mailbox)["emailAddress"],
    }


def _owner(mailbox: Recipient) -> Body:
    return {"emailAddress": {"name": mailbox.display_name, "address": mailbox.primary_smtp_address}}


# --- events --------------------------------------------------------------------------------------------------------


def calendar_view(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR)
    start, end = _moment(call, "startDateTime"), _moment(call, "endDateTime")
    return _events_answer(
        call, mailbox, lambda event: start < moment_of(event["end"]) and moment_of(event["start"]) < end
    )


def list_events(call: Call) -> Answer:
    return _events_answer(call, _admitted(call, Permission.CALENDAR), lambda event: True)


def read_event(call: Call) -> Answer:
    event = _event(call, _admitted(call, Permission.CALENDAR))
    return _preferred(call, entity_answer(call, EVENT, Version(Place.LIVE, event)))


def create_event(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR_WRITING)
    body = read_body(call, "event", required=("start", "end"), of_mailbox=True)
    events = _events(call, mailbox)
    if body.get("transactionId") and any(event["transactionId"] == body["transactionId"] for event in events.values()):
        raise errors.duplicate_transaction()
    event_id = RANDOM.grant_id()
    events[event_id] = new_event(event_id, _owner(mailbox), call.world.clock.now(), _fields(body))
    return _preferred(call, created_answer(call, EVENT, events[event_id]))


def update_event(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR_WRITING)
    before = _event(call, mailbox)
    body = read_body(call, "event", fixed=("transactionId",), of_mailbox=True)
    changed = {**before, **_fields(body, before), "lastModifiedDateTime": long_stamp(call.world.clock.now())}
    _events(call, mailbox)[before["id"]] = changed
    return _preferred(call, entity_answer(call, EVENT, Version(Place.LIVE, changed)))


def delete_event(call: Call) -> Answer:
    mailbox = _admitted(call, Permission.CALENDAR_WRITING)
    del _events(call, mailbox)[_event(call, mailbox)["id"]]
    return no_content()


def _events(call: Call, mailbox: Recipient) -> dict[str, Event]:
    """From the seed on, when somebody first looks."""
    assert call.tenant is not None
    calendars, spec = organisation_of(call).calendars, call.tenant.spec
    if mailbox.guid not in calendars:
        upn = (mailbox.user_principal_name or "").casefold()
        count = next((user.get("events", 0) for user in spec.get("users", ()) if user["upn"].casefold() == upn), 0)
        ids = DerivedIds(call.tenant.id, mailbox.guid, "events")
        planted = enumerate(an_hour_a_day(call.tenant.sown, count))
        made = [
            new_event(ids.grant_id(str(number)), _owner(mailbox), call.tenant.sown, each) for number, each in planted
        ]
        calendars[mailbox.guid] = {event["id"]: event for event in made}
    return calendars[mailbox.guid]


def _event(call: Call, mailbox: Recipient) -> Event:
    event_id = call.params["event"]
    if len(event_id) < 20:
        raise errors.invalid_item_id()
    if event_id not in _events(call, mailbox):
        raise errors.no_such_item()
    return _events(call, mailbox)[event_id]


def _moment(call: Call, name: str) -> datetime:
    given = {key.lower(): value for key, value in call.query.items()}
    try:
        return parse_stamp(given[name.lower()])
    except (KeyError, ValueError) as error:
        raise errors.no_time_window() from error


def _events_answer(call: Call, mailbox: Recipient, wanted: Callable[[Event], bool]) -> Answer:
    size = preferences(call).get("odata.maxpagesize", "")
    call.query.setdefault("$top", size if size.isdecimal() else DEFAULT_PAGE)
    events = [event for event in _events(call, mailbox).values() if wanted(event)]
    return _preferred(call, list_answer(call, EVENT, settled(events)))


# --- what is preferred ---------------------------------------------------------------------------------------------


def _preferred(call: Call, answer: Answer) -> Answer:
    """Times in the zone, and bodies of the kind, that the client wants; the answer says which of it was done."""
    wishes, applied = preferences(call), []
    events = answer.body.get("value", [answer.body])
    if zone := wishes.get("outlook.timezone"):
        zone_of(zone)
        applied.append(f'outlook.timezone="{zone}"')
        for event in events:
            event |= {name: in_zone(moment_of(event[name]), zone) for name in ("start", "end") if name in event}
    if wishes.get("outlook.body-content-type", "").lower() == "text":
        applied.append('outlook.body-content-type="text"')
        for event in (event for event in events if "body" in event):
            event["body"] = {"contentType": "text", "content": _plain(event["body"])}
    if applied:
        answer.headers["preference-applied"] = ", ".join(applied)
    return answer


def _plain(body: Body) -> str:
    content = str(body.get("content") or "")
    return content if str(body.get("contentType", "")).lower() == "text" else _TAGS.sub("", content).strip()


# --- what is written -----------------------------------------------------------------------------------------------


def _fields(body: Body, before: Event | None = None) -> Body:
    """The event that a body asks for, as it is kept; refuses what cannot be and what the emulator has not."""
    for name in ("recurrence", "attachments"):
        if body.get(name):
            raise errors.not_emulated(f"event with {name}")
    if body.get("isOnlineMeeting"):
        raise errors.not_emulated("online meeting")
    fields = {name: value for name, value in body.items() if value is not None}
    for name in ("start", "end"):
        if name in fields:
            zone = str(fields[name].get("timeZone") or "UTC")
            fields[f"original{name.capitalize()}TimeZone"] = zone
            fields[name] = in_utc(moment_of(fields[name]))
    if "body" in fields:
        fields["bodyPreview"] = _plain(fields["body"])[:255]
    _check_times({**(before or {}), **fields})
    return fields


def _check_times(event: Event) -> None:
    start, end = moment_of(event["start"]), moment_of(event["end"])
    local = (
        start.astimezone(zone_of(event["originalStartTimeZone"])),
        end.astimezone(zone_of(event["originalEndTimeZone"])),
    )
    midnights = all(moment.time() == time() for moment in local)
    whole_days = event.get("isAllDay", False)
    if end < start or (whole_days and (not midnights or end - start < timedelta(hours=23))):
        raise errors.validation_failure()


# --- free or busy --------------------------------------------------------------------------------------------------


def get_schedule(call: Call) -> Answer:
    _admitted(call, Permission.CALENDAR)
    body = read_body(call, "getSchedule", required=("schedules", "startTime", "endTime"), of_mailbox=True)
    start, end = moment_of(body["startTime"]), moment_of(body["endTime"])
    interval = int(body.get("availabilityViewInterval") or 30)
    if not (start < end <= start + LONGEST_SCHEDULE and 5 <= interval <= 1440 and body["schedules"]):
        raise errors.invalid_schedule()
    if len(body["schedules"]) > MOST_SCHEDULES:
        raise errors.invalid_schedule()
    zone = preferences(call).get("outlook.timezone", "UTC")
    zone_of(zone)
    slots = list(takewhile(lambda slot: slot < end, _every(timedelta(minutes=interval), start)))
    value = [_schedule(call, address, (start, end), (slots, interval), zone) for address in body["schedules"]]
    context = f"{call.origin}/v1.0/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return Answer(200, {"@odata.context": context, "value": value})


def _every(step: timedelta, start: datetime) -> Iterator[datetime]:
    while True:
        yield start
        start += step


def _schedule(
    call: Call, address: str, window: tuple[datetime, datetime], raster: tuple[list[datetime], int], zone: str
) -> Body:
    """Of one mailbox. That a policy also hides others' free times is a guess, the stricter one."""
    found = organisation_of(call).rules.find(address)
    if found is None or not found.is_mailbox:
        return _no_schedule(address, "ErrorMailRecipientNotFound", "The mail recipient was not found.")
    if access_to_mailboxes(call, Permission.CALENDAR).verdict(found.guid) is not Verdict.ALLOWED:
        return _no_schedule(address, "ErrorNoFreeBusyAccess", "The caller has no access to free/busy data.")
    start, end = window
    events = [
        (moment_of(event["start"]), moment_of(event["end"]), event)
        for event in _events(call, found).values()
        if start < moment_of(event["end"]) and moment_of(event["start"]) < end
    ]
    slots, interval = raster
    length = timedelta(minutes=interval)
    view = [
        max(
            (_BUSY[event["showAs"]] for begins, ends, event in events if begins < slot + length and slot < ends),
            default="0",
        )
        for slot in slots
    ]
    return {
        "scheduleId": address,
        "availabilityView": "".join(view),
        "scheduleItems": [
            {
                "isPrivate": event["sensitivity"] == "private",
                "status": event["showAs"],
                "subject": event["subject"],
                "location": event["location"]["displayName"],
                "isMeeting": bool(event["attendees"]),
                "isRecurring": False,
                "isException": False,
                "isReminderSet": event["isReminderOn"],
                "start": in_zone(begins, zone),
                "end": in_zone(ends, zone),
            }
            for begins, ends, event in sorted(events, key=lambda entry: entry[0])
        ],
        "workingHours": _WORKING_HOURS,
    }


_WORKING_HOURS: dict[str, Any] = {
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "UTC"},
}


def _no_schedule(address: str, code: str, message: str) -> Body:
    return {"scheduleId": address, "error": {"message": message, "responseCode": code}}
