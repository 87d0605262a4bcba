# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
from datetime import timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, PolicyError

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
#: What is added to any time of these centuries and is still one.
_LONGEST = timedelta(days=36525)
_OURS = re.compile(r"(\d+[wdhms])+")
_ISO = re.compile(
    r"^P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.\d+)?S)?)?$"
)


def parse_duration(text: str, option: str) -> timedelta:
    """`365d`, `26w`, `1d12h`: the form of community.crypto's relative times, without sign and without months."""
    if not _OURS.fullmatch(text):
        raise InputError(
            f"{option} '{text}' is no duration.", next_step="Write numbers with w, d, h, m or s, as in 365d."
        )
    parts = re.findall(r"(\d+)([wdhms])", text)
    try:
        found = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except (OverflowError, ValueError) as exc:
        raise _too_long(text, option) from exc
    if found > _LONGEST:
        raise _too_long(text, option)
    return found


def _too_long(text: str, option: str) -> InputError:
    # Python does not even read numbers of thousands of digits.
    return InputError(
        f"{option} '{text[:40]}' is longer than any calendar.", next_step=f"Write at most {_LONGEST.days}d."
    )


def parse_iso_duration(text: str) -> timedelta:
    """ISO 8601 as of maxLifetime (P180D). A month counts 28 days, a year 365: never longer than the policy means."""
    match = _ISO.match(text)
    if match is None:
        raise PolicyError(f"The tenant's policy has a lifetime in an unknown form: '{text}'.")
    try:
        numbers = {name: int(value or 0) for name, value in match.groupdict().items()}
        days = numbers.pop("years") * 365 + numbers.pop("months") * 28 + numbers.pop("days")
        return timedelta(days=days, **numbers)
    except (OverflowError, ValueError) as exc:
        raise PolicyError(f"The tenant's policy has a lifetime beyond any calendar: '{text[:40]}'.") from exc


def in_words(duration: timedelta) -> str:
    if duration % timedelta(days=1) == timedelta():
        return f"{duration.days} days"
    return f"{duration.total_seconds() / 86400:.1f} days"
