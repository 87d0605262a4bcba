# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    consent_link,
    consent_message,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.declaration import declaration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import require

_UNREADABLE = (
    "Delegated grants could not be read (needs Directory.Read.All or DelegatedPermissionGrant.ReadWrite.All): "
    "whether any is left over is not known."
)


def run(call: Call) -> Outcome:
    tenant = call.tenant()
    given = call.params["permissions"]
    actual = read(tenant.graph, call.params["unique_name"], None if given is None else declaration(given))
    consent = plan(actual, tenant.roles, call.params["hold"])
    if not call.check_mode:
        require(actual.principal_id, call.params["unique_name"])
        consent = apply(tenant.graph, actual, consent)
    waiting = [step.describe() for step in consent.waiting]
    link = consent_link(tenant.options.authority_url, tenant.directory_id, actual.app_id) if waiting else None
    values = {
        "state": consent.state,
        "waiting": waiting,
        "held": [step.describe() for step in consent.held],
        "link": link,
        "message": consent_message(tenant.directory_id, call.params["unique_name"], waiting, link),
        **consent.change.after,
    }
    return Outcome(values, consent.change, (_UNREADABLE,) if actual.delegated is None else ())
