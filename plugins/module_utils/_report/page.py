# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import typing as t
from collections import Counter
from datetime import datetime
from functools import lru_cache
from pathlib import Path

if t.TYPE_CHECKING:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
    from markupsafe import Markup
else:
    # ansible-core cannot run without them either, but ansible-test looks at this file where they are missing.
    with contextlib.suppress(ImportError):
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
        from markupsafe import Markup

from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import SEVERITIES, Report, is_open
from ansible_collections.totalview.exchange365.plugins.module_utils._states import state_of

_FOLDER = Path(__file__).parent / "template"
#: Months of the chart, from that of the report on; what ended before stands in one column.
_MONTHS = 13
_PAST = "past"
#: Not from the locale, which is the operator's.
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def as_page(report: Report) -> str:
    """One file that asks nobody for anything. Its policy lets just this script and this style run, by their hashes."""
    style, script = (_text(name) for name in ("report.css", "report.js"))
    return _template().render(
        report=report,
        states=list(_states(report)),
        months=list(_months(report)),
        kinds=list(_kinds(report)),
        todo=sum(row["who"] is not None for row in report.tenants),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_embedded({**report.head(), "tenants": list(report.tenants)})),
    )


def _states(report: Report) -> t.Iterator[dict[str, t.Any]]:
    """Each with its place in a bar that is 1000 wide."""
    start, total = 0.0, len(report.tenants)
    for name, count in report.states.items():
        width = 1000 * count / total
        label = name.replace("_", " ")
        yield {
            "name": name,
            "label": label,
            "count": count,
            "tone": state_of(name).tone,
            "start": round(start, 2),
            "width": round(width, 2),
        }
        start += width


def _months(report: Report) -> t.Iterator[dict[str, t.Any]]:
    ends = [
        entry["secret_ends"] for row in report.tenants for entry in row["registrations"] if entry.get("secret_ends")
    ]
    if not ends:
        return
    now = datetime.fromisoformat(report.created)
    months = [_month_after(now, number) for number in range(_MONTHS)]
    found = Counter(end[:7] if end[:7] >= months[0] else _PAST for end in ends)
    shown = [_PAST, *months] if found[_PAST] else months
    highest = max(found[name] for name in shown) or 1
    for name in shown:
        year, _dash, month = name.partition("-")
        yield {
            "name": name,
            "label": _NAMES[int(month) - 1] if month else name,
            "year": year if month == "01" or name == months[0] else "",
            "count": found[name],
            "height": max(2, round(58 * found[name] / highest, 1)),
            "tone": "plan" if name not in (_PAST, *months[:2]) else "wait" if name == months[1] else "bad",
        }


def _month_after(moment: datetime, number: int) -> str:
    years, month = divmod(moment.month - 1 + number, 12)
    return f"{moment.year + years:04}-{month + 1:02}"


def _kinds(report: Report) -> list[dict[str, t.Any]]:
    """Kinds of findings, those first that matter most."""
    found = Counter(
        (SEVERITIES.index(finding["severity"]), finding["kind"])
        for row in report.tenants
        for finding in row["findings"]
        if is_open(finding)
    )
    highest = max(found.values(), default=1)
    return [
        {"name": name, "severity": SEVERITIES[severity], "count": count, "width": max(2, round(100 * count / highest))}
        for (severity, name), count in sorted(found.items(), key=lambda entry: (entry[0][0], -entry[1], entry[0][1]))
    ]


def _embedded(value: t.Any) -> str:
    """JSON that cannot end the element it stands in, whatever a tenant calls itself."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@lru_cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = lambda text: f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment.get_template("report.html.j2")
