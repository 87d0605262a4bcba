# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t


class Step(t.NamedTuple):
    """One task of the role. `name`: of the part, as in connector_result. `needs`: what must come before it."""

    name: str
    module: str
    needs: tuple[str, ...] = ()
    each: bool = True

    @property
    def tag(self) -> str:
        return self.name.replace(" ", "_")


#: In this order. It is a promise: the restriction of mailboxes comes before consent, so that a registration never
#: reaches the whole tenant, and the connector gets nothing before the proof. `each`: once for each registration.
STEPS = (
    Step("application", "azure_app_registration"),
    Step("permissions", "graph_permission", ("application",)),
    Step("restriction", "mailbox_restriction", ("application",)),
    Step("consent", "admin_consent", ("permissions", "restriction")),
    Step("secret", "client_secret", ("application",)),
    Step("proof", "connector_proof", ("consent", "secret")),
    Step("hand-off", "connector_handoff", ("proof",), each=False),
    Step("old restriction", "mailbox_restriction", ("proof",)),
)


def tags(step: Step) -> set[str]:
    """A step is done with each that needs it: `--tags consent` restricts first."""
    dependent = [other for other in STEPS if step.name in other.needs]
    return {step.tag}.union(*(tags(other) for other in dependent))
