# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import (
    SEVERITIES,
    Report,
    is_open,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._states import KNOWN, rank

Sample: t.TypeAlias = "tuple[dict[str, str], float]"


def as_metrics(report: Report) -> str:
    """In the text format of Prometheus, for the textfile collector of the node exporter
    (prometheus.io/docs/instrumenting/exposition_formats). All are gauges: each report replaces the one before."""
    families: list[tuple[str, str, t.Iterable[Sample]]] = [
        ("report_timestamp_seconds", "When the report was made.", [({}, _seconds(report.created))]),
        ("tenants", "Tenants by state.", _tenants(report)),
        ("findings", "Findings that nobody has accepted, by severity.", _by_severity(report.findings)),
        ("tenant_state", "The state that a tenant is in.", _states(report)),
        ("tenant_timestamp_seconds", "When the tenant was last looked at.", _looked_at(report)),
        ("tenant_findings", "Findings that nobody has accepted, by tenant and severity.", _findings(report)),
        ("secret_expiry_timestamp_seconds", "When a client secret expires.", _dates(report, "secret_ends")),
        ("proof_timestamp_seconds", "When a registration was last proven.", _dates(report, "proven_at")),
    ]
    return "".join(_family(f"totalview_connector_{name}", told, samples) for name, told, samples in families)


def _family(name: str, told: str, samples: t.Iterable[Sample]) -> str:
    lines = [f"{name}{_labels(labels)} {value:.10g}" for labels, value in samples]
    return "\n".join([f"# HELP {name} {told}", f"# TYPE {name} gauge", *lines]) + "\n"


def _labels(labels: t.Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _tenants(report: Report) -> t.Iterator[Sample]:
    """Those that no tenant is in as well: a series that vanishes raises no alarm."""
    found = report.states
    for state in sorted({*KNOWN, *found}, key=lambda name: (rank(name), name)):
        yield {"state": state}, found.get(state, 0)


def _by_severity(found: t.Mapping[str, int]) -> t.Iterator[Sample]:
    for severity in SEVERITIES:
        yield {"severity": severity}, found[severity]


def _states(report: Report) -> t.Iterator[Sample]:
    for row in report.tenants:
        yield {"tenant": row["tenant"], "state": row["state"]}, 1


def _looked_at(report: Report) -> t.Iterator[Sample]:
    for row in report.tenants:
        yield {"tenant": row["tenant"]}, _seconds(row["at"])


def _findings(report: Report) -> t.Iterator[Sample]:
    for row in report.tenants:
        found = Counter(finding["severity"] for finding in row["findings"] if is_open(finding))
        for severity, number in sorted(found.items()):
            yield {"tenant": row["tenant"], "severity": severity}, number


def _dates(report: Report, name: str) -> t.Iterator[Sample]:
    for row in report.tenants:
        for registration in row["registrations"]:
            if registration.get(name):
                yield {"tenant": row["tenant"], "registration": registration["name"]}, _seconds(registration[name])


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
