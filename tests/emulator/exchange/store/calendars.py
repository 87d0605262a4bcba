# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of mailboxes, in UTC; nothing of them decides who reaches which mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.clock import long_stamp

Event = dict[str, Any]

#: Of an event whose maker says nothing (resource type event).
DEFAULTS: Event = {
    "categories": [],
    "transactionId": None,
    "originalStartTimeZone": "UTC",
    "originalEndTimeZone": "UTC",
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "bodyPreview": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "responseRequested": True,
    "seriesMasterId": None,
    "showAs": "busy",
    "type": "singleInstance",
    "webLink": "https://outlook.office365.com/owa/?itemid=none",
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "recurrence": None,
    "onlineMeeting": None,
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
    "body": {"contentType": "html", "content": ""},
    "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}},
    "locations": [],
    "attendees": [],
}


def in_utc(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0"), "timeZone": "UTC"}


def new_event(event_id: str, owner: Mapping[str, Any], made: datetime, fields: Mapping[str, Any]) -> Event:
    """`fields` as Graph names them, with `start` and `end` in UTC."""
    return {
        "id": event_id,
        "createdDateTime": long_stamp(made),
        "lastModifiedDateTime": long_stamp(made),
        "changeKey": event_id[:24],
        "iCalUId": event_id,
        **DEFAULTS,
        "organizer": owner,
        **fields,
    }


def an_hour_a_day(first: datetime, count: int) -> list[dict[str, Any]]:
    """What a seed's number of events stands for."""
    nine = first.astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    starts = [nine + timedelta(days=number) for number in range(count)]
    return [
        {"subject": f"Meeting {number}", "start": in_utc(start), "end": in_utc(start + timedelta(hours=1))}
        for number, start in enumerate(starts, start=1)
    ]
