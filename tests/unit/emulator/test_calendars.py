# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients ask of calendars beside the connector's one question: paths, order, filters, time zones, writing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from emulator.exchange.store.model import EVERYBODY
from emulator.mailbox_rig import MEMBER, NESTED, OUTSIDER, SEED, WINDOW, MailboxRig
from emulator.rig import Rig, error_of

UNKNOWN_ITEM = "A" * 43
ROMANCE = {"prefer": 'outlook.timezone="Romance Standard Time"'}
NOON = {"dateTime": "2026-07-01T12:00:00", "timeZone": "Romance Standard Time"}
ONE = {"dateTime": "2026-07-01T13:00:00", "timeZone": "Europe/Copenhagen"}


class Calendar:
    """One mailbox's, through one application."""

    def __init__(self, rig: Rig, token: str, user: str = MEMBER) -> None:
        self._rig, self._token, self._user = rig, token, user

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self._rig.graph(method, f"/users/{self._user}{path}", body, token=self._token, **headers)

    def listed(self, path: str, **headers: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

    def subjects(self, path: str, **headers: str) -> list[str]:
        return [event["subject"] for event in self.listed(path, **headers)]

    def created(self, **fields: Any) -> dict[str, Any]:
        return self._rig.created(self.ask("POST", "/events", {"subject": "New", "start": NOON, "end": ONE, **fields}))


@pytest.fixture
def mail(rig: Rig) -> MailboxRig:
    people = [{"upn": MEMBER, "events": 12}, {"upn": NESTED, "events": 1}, {"upn": OUTSIDER}]
    return MailboxRig(rig, {**SEED, "users": people})


@pytest.fixture
def reader(mail: MailboxRig, rig: Rig) -> Calendar:
    return Calendar(rig, mail.token(mail.app("Calendars.Read")))


@pytest.fixture
def writer(mail: MailboxRig, rig: Rig) -> Calendar:
    return Calendar(rig, mail.token(mail.app("Calendars.ReadWrite", name="Writer")))


# --- paths ---------------------------------------------------------------------------------------------------------


def test_a_mailbox_has_one_calendar_by_several_paths(reader: Calendar, writer: Calendar) -> None:
    [calendar] = reader.listed("/calendars")
    assert reader.ask("GET", "/calendar").json()["id"] == calendar["id"]
    assert reader.ask("GET", f"/calendars/{calendar['id']}?$select=name").json()["name"] == "Calendar"
    assert calendar["owner"]["address"] == MEMBER
    assert (calendar["canEdit"], writer.ask("GET", "/calendar").json()["canEdit"]) == (False, True)
    assert error_of(reader.ask("GET", f"/calendars/{UNKNOWN_ITEM}"))[:2] == (404, "ErrorItemNotFound")
    prefixes = ("", "/calendar", f"/calendars/{calendar['id']}")
    events = [reader.listed(f"{prefix}/events?$top=20") for prefix in prefixes]
    views = [reader.listed(f"{prefix}/calendarView?{WINDOW}&$top=20") for prefix in prefixes]
    assert len(events[0]) == 12
    assert all(found == events[0] for found in (*events, *views))
    for prefix in prefixes:
        assert reader.ask("GET", f"{prefix}/events/{events[0][0]['id']}").json()["subject"] == "Meeting 1"


def test_who_may_not_read_gets_nothing_by_any_path(mail: MailboxRig, rig: Rig) -> None:
    nobody = Calendar(rig, mail.token(mail.app("Mail.Send")))
    for path in (
        "/calendar",
        "/calendars",
        "/calendar/events",
        f"/calendar/calendarView?{WINDOW}",
        "/events/" + UNKNOWN_ITEM,
    ):
        assert error_of(nobody.ask("GET", path))[:2] == (403, "ErrorAccessDenied"), path
    body = {"schedules": [MEMBER], "startTime": NOON, "endTime": ONE}
    assert error_of(nobody.ask("POST", "/calendar/getSchedule", body))[:2] == (403, "ErrorAccessDenied")


def test_ids_that_name_nothing(reader: Calendar) -> None:
    assert error_of(reader.ask("GET", f"/events/{UNKNOWN_ITEM}"))[:2] == (404, "ErrorItemNotFound")
    assert error_of(reader.ask("GET", "/events/1"))[:2] == (400, "ErrorInvalidIdMalformed")


# --- order, filter, pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "first"),
    [("start/dateTime", 1), ("start/dateTime desc", 12), ("Start/DateTime DESC", 12), ("createdDateTime", 1)],
)
def test_events_in_order(reader: Calendar, order: str, first: int) -> None:
    assert reader.subjects(f"/events?$orderby={order}&$top=1") == [f"Meeting {first}"]
    assert reader.subjects(f"/calendar/calendarView?{WINDOW}&$orderby={order}&$top=1") == [f"Meeting {first}"]


@pytest.mark.parametrize(
    ("clause", "count"),
    [
        ("start/dateTime ge '{third}'", 10),
        ("start/dateTime gt '{third}Z'", 9),
        ("Start/DateTime lt '{third}'", 2),
        ("start/dateTime ge '{third}' and end/dateTime le '{third}'", 0),
        (" subject eq 'Meeting 3' ", 1),
        ("contains(subject,'meeting 1')", 4),
        ("subject ne 'Meeting 1'", 11),
        ("isCancelled eq false", 12),
        ("showAs eq 'free'", 0),
    ],
)
def test_events_by_filter(reader: Calendar, clause: str, count: int) -> None:
    third = reader.listed("/events")[2]["start"]["dateTime"][:19]
    assert len(reader.listed(f"/events?$filter={clause.format(third=third)}&$top=50")) == count


@pytest.mark.parametrize(
    "query",
    [
        "$filter=start/dateTime ge 2026-01-01T00:00:00Z",  # python-o365 149: the two are of different types
        "$filter=start/dateTime ge 'tomorrow'",
        "$filter=colour eq 'red'",
        "$orderby=colour",
        "$orderby=start/timeZone",
        "$select=colour",
    ],
)
def test_queries_that_are_refused(reader: Calendar, query: str) -> None:
    assert reader.ask("GET", f"/events?{query}").status_code == 400


def test_how_many_to_a_page_and_in_all(reader: Calendar) -> None:
    assert len(reader.listed("/events", prefer="odata.maxpagesize=3")) == 3
    assert reader.ask("GET", "/events?$count=true&$top=2").json()["@odata.count"] == 12
    assert reader.subjects("/events?$top=2&$skip=10") == ["Meeting 11", "Meeting 12"]


# --- time zones ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Romance Standard Time", "Europe/Copenhagen"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_times_in_the_zone_that_is_preferred(reader: Calendar, zone: str, quote: str) -> None:
    preferred = f'outlook.body-content-type="text", outlook.timezone={quote}{zone}{quote}'
    answer = reader.ask("GET", "/events?$top=1", prefer=preferred)
    [event] = answer.json()["value"]
    [plain] = reader.listed("/events?$top=1")
    assert plain["start"]["timeZone"] == "UTC"
    assert event["start"]["timeZone"] == zone
    hours = [int(found["start"]["dateTime"][11:13]) for found in (plain, event)]
    assert hours[1] - hours[0] in (1, 2)
    assert f'outlook.timezone="{zone}"' in answer.headers["preference-applied"]
    assert (plain["body"]["contentType"], event["body"]["contentType"]) == ("html", "text")


@pytest.mark.parametrize("zone", ["GMT+6:30", "Central European Time", "Europe"])
def test_zones_that_nobody_knows(reader: Calendar, zone: str) -> None:
    refused = error_of(reader.ask("GET", "/events", prefer=f'outlook.timezone="{zone}"'))
    assert refused[:2] == (400, "TimeZoneNotSupportedException")
    assert f"'{zone}'" in refused[2]


def test_a_preference_that_nobody_knows_is_passed_over(reader: Calendar) -> None:
    answer = reader.ask("GET", "/events?$top=1", prefer='IdType="ImmutableId", something')
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


# --- writing -------------------------------------------------------------------------------------------------------


def test_an_event_is_made_changed_and_removed(writer: Calendar, reader: Calendar) -> None:
    made = writer.created(body={"contentType": "html", "content": "<b>Bring</b> cake"}, showAs="oof")
    assert made["start"] == {"dateTime": "2026-07-01T10:00:00.0000000", "timeZone": "UTC"}
    assert made["end"]["dateTime"] == "2026-07-01T11:00:00.0000000"
    assert (made["originalStartTimeZone"], made["bodyPreview"]) == ("Romance Standard Time", "Bring cake")
    changed = writer.ask("PATCH", f"/events/{made['id']}", {"subject": "Moved"}, **ROMANCE).json()
    assert (changed["subject"], changed["showAs"]) == ("Moved", "oof")
    assert changed["start"]["dateTime"] == "2026-07-01T12:00:00.0000000"
    assert "Moved" in reader.subjects("/events?$top=50")
    assert writer.ask("DELETE", f"/calendar/events/{made['id']}").status_code == 204
    assert error_of(reader.ask("GET", f"/events/{made['id']}"))[:2] == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("method", "body"), [("POST", {"start": NOON, "end": ONE}), ("PATCH", {"subject": "x"}), ("DELETE", None)]
)
def test_reading_is_not_writing(reader: Calendar, method: str, body: Any) -> None:
    path = "/events" if method == "POST" else f"/events/{reader.listed('/events')[0]['id']}"
    assert error_of(reader.ask(method, path, body))[:2] == (403, "ErrorAccessDenied")


def test_a_role_of_exchange_lets_write_where_its_scope_is(mail: MailboxRig, rig: Rig) -> None:
    app = mail.app()
    mail.assign(app, "Application Calendars.ReadWrite", scope=mail.custom_scope())
    mail.assign(app, "Application Calendars.Read", scope=EVERYBODY)
    token = mail.token(app)
    assert Calendar(rig, token, MEMBER).created()
    refused = Calendar(rig, token, OUTSIDER).ask("POST", "/events", {"start": NOON, "end": ONE})
    assert error_of(refused)[:2] == (403, "ErrorAccessDenied")
    assert Calendar(rig, token, OUTSIDER).listed("/events") == []


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"end": {"dateTime": "2025-07-01T12:00:00", "timeZone": "UTC"}}, (400, "ErrorPropertyValidationFailure")),
        ({"isAllDay": True}, (400, "ErrorPropertyValidationFailure")),
        ({"start": {"dateTime": "noon"}}, (400, "ErrorPropertyValidationFailure")),
        ({"start": {**NOON, "timeZone": "Greenwich Mean Time"}}, (400, "TimeZoneNotSupportedException")),
        ({"start": None}, (400, "Request_BadRequest")),
        ({"colour": "red"}, (400, "Request_BadRequest")),
        ({"organizer": {"emailAddress": {"address": OUTSIDER}}}, (400, "Request_BadRequest")),
        ({"recurrence": {"pattern": {"type": "daily"}}}, (501, "NotImplemented")),
        ({"isOnlineMeeting": True}, (501, "NotImplemented")),
    ],
)
def test_events_that_cannot_be(writer: Calendar, fields: dict[str, Any], refusal: tuple[int, str]) -> None:
    body = {name: value for name, value in {"start": NOON, "end": ONE, **fields}.items() if value is not None}
    assert error_of(writer.ask("POST", "/events", body))[:2] == refusal
    assert len(writer.listed("/events?$top=50")) == 12


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("path", "refusal", "unknown"),
    [
        (f"/calendarView/delta?{WINDOW}", (501, "NotImplemented"), "delta query"),
        ("/events/delta", (501, "NotImplemented"), "delta query"),
        ("/calendar/events/delta", (501, "NotImplemented"), "delta query"),
        ("/events?$deltatoken=latest", (400, "BadRequest"), "query parameter $deltatoken"),
        ("/events/x/instances", (400, "BadRequest"), "path segment instances"),
        ("/onlineMeetings", (400, "BadRequest"), "path segment onlineMeetings"),
    ],
)
def test_what_there_is_not_is_refused_and_listed(
    rig: Rig, reader: Calendar, path: str, refusal: tuple[int, str], unknown: str
) -> None:
    assert error_of(reader.ask("GET", path))[:2] == refusal
    assert [row["unknown"] for row in rig.admin.refusals()] == [unknown]


def test_a_whole_day_is_from_midnight_to_midnight(writer: Calendar) -> None:
    days = {
        name: {"dateTime": f"2026-03-{day}T00:00:00", "timeZone": "Europe/Copenhagen"}
        for name, day in (("start", 29), ("end", 30))
    }
    assert writer.created(isAllDay=True, **days)["isAllDay"] is True


def test_a_transaction_makes_one_event(writer: Calendar) -> None:
    writer.created(transactionId="once")
    again = writer.ask("POST", "/events", {"start": NOON, "end": ONE, "transactionId": "once"})
    assert error_of(again)[:2] == (409, "ErrorDuplicateTransactionId")


@pytest.mark.usefixtures("malformed_on_purpose")
def test_booleans_and_numbers_as_texts(writer: Calendar) -> None:
    """As python-o365 writes them."""
    made = writer.created(
        isOnlineMeeting="false", onlineMeetingProvider="teamsForBusiness", reminderMinutesBeforeStart="5"
    )
    assert (made["isOnlineMeeting"], made["reminderMinutesBeforeStart"]) == (False, 5)


# --- free or busy --------------------------------------------------------------------------------------------------


def today(hour: int) -> dict[str, str]:
    return {"dateTime": f"{datetime.now(UTC):%Y-%m-%d}T{hour:02}:00:00", "timeZone": "UTC"}


def test_when_somebody_is_busy(reader: Calendar) -> None:
    body = {"schedules": [MEMBER, OUTSIDER, "nobody@nowhere.example"], "startTime": today(8), "endTime": today(12)}
    answer = reader.ask("POST", "/calendar/getSchedule", body, **ROMANCE)
    busy, free, unknown = answer.json()["value"]
    assert busy["availabilityView"] == "00220000"
    assert [item["subject"] for item in busy["scheduleItems"]] == ["Meeting 1"]
    assert busy["scheduleItems"][0]["start"]["timeZone"] == "Romance Standard Time"
    assert (free["availabilityView"], free["scheduleItems"]) == ("00000000", [])
    assert unknown["error"]["responseCode"] == "ErrorMailRecipientNotFound"


@pytest.mark.usefixtures("malformed_on_purpose")
def test_a_schedule_as_the_documentation_asks_for_it(reader: Calendar) -> None:
    """outlook-get-free-busy-schedule: parameters in another case, a number as a text."""
    body = {"Schedules": [MEMBER], "StartTime": today(8), "EndTime": today(10), "availabilityViewInterval": "60"}
    assert reader.ask("POST", "/calendar/getSchedule", body).json()["value"][0]["availabilityView"] == "02"


def test_a_policy_hides_when_others_are_busy(mail: MailboxRig, rig: Rig) -> None:
    app = mail.app("Calendars.Read")
    mail.restrict(app, scope=MEMBER)
    body = {"schedules": [MEMBER, NESTED], "startTime": today(8), "endTime": today(12)}
    shown, hidden = Calendar(rig, mail.token(app)).ask("POST", "/calendar/getSchedule", body).json()["value"]
    assert "2" in shown["availabilityView"]
    assert hidden["error"]["responseCode"] == "ErrorNoFreeBusyAccess"


@pytest.mark.parametrize(
    "wrong", [{"schedules": []}, {"endTime": today(8)}, {"availabilityViewInterval": 4}, {"schedules": [MEMBER] * 21}]
)
def test_schedules_that_are_refused(reader: Calendar, wrong: dict[str, Any]) -> None:
    body = {"schedules": [MEMBER], "startTime": today(8), "endTime": today(12), **wrong}
    assert error_of(reader.ask("POST", "/calendar/getSchedule", body))[:2] == (400, "ErrorInvalidParameter")
