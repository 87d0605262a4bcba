# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client secrets of applications and of service principals."""

from __future__ import annotations

import re
import secrets
import string
from datetime import datetime
from uuid import uuid4

from emulator.clock import long_stamp, parse_stamp, stamp
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.policy import check_new_secret
from emulator.graph.store.records import Body, Record
from emulator.graph.store.service_principals import require_unlocked

# Values of real secrets may begin with - or ~ and have broken command lines that did not expect it (azure-cli 23016).
ALPHABET = string.ascii_letters + string.digits + "-_.~"
LENGTH = 40
NEVER = "2199-12-31T00:00:00Z"


def add(directory: Directory, record: Record, wanted: Body) -> Body:
    """Answers the only body that ever carries `secretText`."""
    now = directory.clock.now()
    start, end = _lifetime(wanted, now)
    require_unlocked(directory, record, "passwordCredentials")
    check_new_secret(directory, record, start, end)
    text = _new_text()
    credential = _credential(wanted, text, str(uuid4()))
    credential["startDateTime"] = (
        _as_given(wanted["startDateTime"]) if wanted.get("startDateTime") else long_stamp(start)
    )
    credential["endDateTime"] = stamp(end) if wanted.get("endDateTime") else long_stamp(end)
    store(directory, record, credential, text)
    return {**credential, "secretText": text}


def _as_given(text: str) -> str:
    """A start keeps its fraction (recordings of azure-cli)."""
    moment = stamp(parse_stamp(text))
    fraction = re.search(r"\.(\d+)", text)
    return f"{moment.removesuffix('Z')}.{fraction[1]}Z" if fraction else moment


def _new_text() -> str:
    return "".join(secrets.choice(ALPHABET) for _unused in range(LENGTH))


def store(directory: Directory, record: Record, credential: Body, text: str, *, settled: bool = False) -> None:
    directory.secrets[credential["keyId"]] = text
    if not settled:
        directory.births[credential["keyId"]] = directory.clock.now()
    existing = record.true.body["passwordCredentials"]
    directory.change(record, {"passwordCredentials": [*existing, credential]}, settled=settled)


def put(directory: Directory, record: Record, wish: Body, key_id: str) -> None:
    """As a person does it in the portal, long ago or just now; without an end it never expires."""
    text = wish.get("secretText") or _new_text()
    start, end = directory.clock.now(), parse_stamp(wish.get("endDateTime", NEVER))
    credential = _credential(wish, text, key_id)
    credential |= {"startDateTime": stamp(start), "endDateTime": stamp(end)}
    store(directory, record, credential, text, settled=True)


def seeded(text: str, key_id: str, start: datetime, end: datetime) -> Body:
    credential = _credential({"displayName": "automation"}, text, key_id)
    return {**credential, "startDateTime": stamp(start), "endDateTime": stamp(end)}


def remove(directory: Directory, record: Record, key_id: str) -> None:
    existing = record.true.body["passwordCredentials"]
    remaining = [credential for credential in existing if credential["keyId"] != key_id.lower()]
    if len(remaining) == len(existing):
        raise Conflict(Reason.NO_SUCH_KEY, key_id)
    directory.secrets.pop(key_id.lower(), None)
    directory.change(record, {"passwordCredentials": remaining})


def _lifetime(wanted: Body, now: datetime) -> tuple[datetime, datetime]:
    try:
        start = parse_stamp(wanted["startDateTime"]) if wanted.get("startDateTime") else now
        end = parse_stamp(wanted["endDateTime"]) if wanted.get("endDateTime") else two_years_after(start)
    except ValueError as error:
        raise Conflict(Reason.BAD_LIFETIME) from error
    if end <= max(start, now):
        raise Conflict(Reason.BAD_LIFETIME)
    return start, end


def two_years_after(start: datetime) -> datetime:
    """The documented default; 29 February has no such day two years on."""
    leap_day = start.month == 2 and start.day == 29
    return start.replace(year=start.year + 2, day=28 if leap_day else start.day)


def _credential(wanted: Body, text: str, key_id: str) -> Body:
    """In the field order of recording 02."""
    return {
        "customKeyIdentifier": None,
        "displayName": wanted.get("displayName"),
        "endDateTime": None,
        "hint": text[:3],
        "keyId": key_id,
        "secretText": None,
        "startDateTime": None,
    }
