# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`dateTimeTimeZone`: a time without an offset beside the name of a zone, in the words of Windows or of IANA."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from emulator.call import Body
from emulator.graph import errors


def zone_of(name: str) -> tzinfo:
    """Refuses what is neither (microsoft-graph-docs 4758, 6870: also for the preference)."""
    if name.casefold() in ("utc", "etc/gmt"):
        return UTC
    try:
        return ZoneInfo(get_global("windows_zone_mapping").get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name is a folder's
        raise errors.no_such_time_zone(name) from error


def moment_of(value: Body) -> datetime:
    """A time that carries an offset of its own goes by that one."""
    try:
        moment = datetime.fromisoformat(value["dateTime"])
    except (KeyError, ValueError) as error:
        raise errors.validation_failure() from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone_of(value.get("timeZone") or "UTC"))).astimezone(UTC)


def in_zone(moment: datetime, name: str = "UTC") -> Body:
    return {"dateTime": moment.astimezone(zone_of(name)).strftime("%Y-%m-%dT%H:%M:%S.%f0"), "timeZone": name}
