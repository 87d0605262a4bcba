# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector import options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff import plan as handoff_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.model import Desired
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore


class Handoff:
    """The hand-off as it is, and what it will be."""

    def __init__(
        self, call: Call, variables: Variables, store: SecretStore, tenant_id: str, *, keeps_sender: bool
    ) -> None:
        """Raises InputError where it is another tenant's. `keeps_sender`: nobody looks at whether another one fits."""
        self._options = options.handoff(variables, tenant_id, ())
        self._store, self._tenant_id = store, tenant_id
        self._documents = open_handoff(self._options["folder"], self._options["store"], call.vault)
        self._present = self._documents.read(self._options["name"])
        handoff_plan.check_tenant(self._present, tenant_id, self.where)
        kept = (self._present or {}).get("sender_from_address") if keeps_sender else None
        self._kept_sender = None if kept is None else handoff_plan.checked_address(str(kept))
        self._given_sender = handoff_plan.checked_address(self._options["sender"])

    @property
    def where(self) -> str:
        return self._documents.where(self._options["name"])

    @property
    def exists(self) -> bool:
        return self._present is not None

    @property
    def has(self) -> set[str]:
        """Of which registrations it has the secret that the store holds."""
        return set(handoff_plan.handed_off(self._present, self._desired(self._given_sender, issued=())))

    def sender(self, planned: t.Sequence[Planned]) -> str:
        """What the mailbox that sends is called in Graph, as far as somebody looked."""
        known = next((entry.restriction.sender for entry in planned if entry.restriction.sender), None)
        return self._kept_sender or known or self._given_sender

    def plan(self, planned: t.Sequence[Planned], *, unproven: bool) -> Change[t.Any] | None:
        """None where it waits: for consent and for the proof, unless the connector has a secret already.

        A new one in place of that reaches no more, and must come in time. `unproven`: the proof is not waited for.
        """
        first = [entry for entry in planned if not entry.was_handed_off]
        if any(entry.messages.text or not (entry.proven or unproven) for entry in first):
            return None
        desired = self._desired(self.sender(planned), {entry.name for entry in planned if entry.issues_secret})
        change = handoff_plan.plan(self._present, desired, self._options["name"])
        if change.changed:
            self._documents.check()
        return change

    def _desired(self, sender: str, issued: t.Container[str]) -> Desired:
        calendar, mail = (
            None if kind in issued else self._store.read(self._tenant_id, self._options[kind])
            for kind in ("calendar", "mail")
        )
        return Desired(self._tenant_id, calendar, mail, sender)
