# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the connector does with the finished registrations: reads and writes a calendar, sends a message.

Given: tenant; client_id and secret of `calendar` and `mail`; the mailboxes `person` and `sender`; `recipient`.
Answers what it read, and what it was refused.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any
from zoneinfo import ZoneInfo

from O365 import Account, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend
from requests import HTTPError

TIMEZONE = "Europe/Copenhagen"


def main(given: dict[str, Any]) -> dict[str, Any]:
    calendar = account(given, given["calendar"], given["person"]).schedule()
    now = dt.datetime.now(ZoneInfo(TIMEZONE))
    window = {"start_recurring": now - dt.timedelta(days=1), "end_recurring": now + dt.timedelta(days=400)}
    default = calendar.get_default_calendar()
    in_days = now + dt.timedelta(days=3)
    # A text, since Graph takes the start of an event for one.
    later = calendar.new_query().greater_equal("start", in_days.astimezone(dt.UTC).isoformat())
    view = [told(event) for event in calendar.get_events(limit=50, order_by="start/dateTime", **window)]
    return {
        "calendar": default.name,
        "calendars": [found.name for found in calendar.list_calendars()],
        "view": view,
        "pages": len(list(default.get_events(limit=30, batch=5, **window))),
        "in_days": [subject for subject, start, _shown in view if dt.datetime.fromisoformat(start) >= in_days],
        "later": [event.subject for event in calendar.get_events(query=later, include_recurring=False)],
        "written": written(default, now),
        "availability": calendar.get_availability([given["person"]], now, now + dt.timedelta(days=1)),
        "sent": sent(given, given["sender"]),
        "sent_as_another": sent(given, given["person"]),
    }


def account(given: dict[str, Any], registration: dict[str, str], mailbox: str) -> Account:
    found = Account(
        (registration["client_id"], registration["secret"]),
        auth_flow_type="credentials",
        tenant_id=given["tenant"],
        main_resource=mailbox,
        protocol=MSGraphProtocol(timezone=TIMEZONE),
        token_backend=MemoryTokenBackend(),
        requests_delay=0,
    )
    assert found.authenticate()
    return found


def told(event: Any) -> list[str]:
    return [event.subject, event.start.isoformat(), event.show_as.value]


def written(calendar: Any, now: dt.datetime) -> list[str]:
    """A new event, moved, read again by its id, and removed."""
    event = calendar.new_event("Dentist")
    event.start, event.end = now + dt.timedelta(days=2), now + dt.timedelta(days=2, hours=1)
    event.location, event.body = "Aarhus", "<b>Not again</b>"
    assert event.save()
    event.subject = "Dentist, moved"
    assert event.save()
    found = calendar.get_event(event.object_id)
    assert event.delete()
    return told(found)


def sent(given: dict[str, Any], mailbox: str) -> str:
    message = account(given, given["mail"], mailbox).new_message()
    message.to.add(given["recipient"])
    message.subject, message.body = "You have missed a call", "<p>From 88 88 88 88</p>"
    message.attachments.add([(__file__, "connector.py")])
    message.importance, message.is_read_receipt_requested, message.categories = "high", True, ["Calls"]
    try:
        return "accepted" if message.send(save_to_sent_folder=False) else "refused"
    except HTTPError as error:
        return f"{error.response.status_code} {error.response.json()['error']['code']}"


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin)), default=str))
