# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    hand_over,
    messages,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Actual
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.plan import fingerprint, plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import catalog_reads, read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.declaration import declaration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    located_reads,
    require,
)

_UNREADABLE = (
    "Delegated grants could not be read (needs Directory.Read.All or DelegatedPermissionGrant.ReadWrite.All): "
    "whether any is left over is not known."
)


def run(call: Call) -> Outcome:
    tenant = call.tenant()
    unique_name, client_id, given = (call.params[name] for name in ("unique_name", "client_id", "permissions"))
    wanted = None if given is None else declaration(given)
    tenant.graph.read_ahead([*located_reads(unique_name, client_id), *catalog_reads(wanted)])
    actual = read(tenant.graph, unique_name, wanted, client_id)
    consent = plan(actual, tenant.roles, call.params["hold"])
    if not call.check_mode:
        require(actual.principal_id, unique_name)
        consent = apply(tenant.graph, actual, consent)
    told = messages(tenant.options.authority_url, tenant.directory_id, unique_name, actual.app_id, consent)
    hand_over(told)
    values = {
        "state": consent.state,
        "waiting": [step.describe() for step in consent.waiting],
        "to_revoke": [step.describe() for step in consent.to_revoke],
        "held": [step.describe() for step in consent.held],
        "link": told.link,
        "message": told.text,
        "fingerprint": fingerprint(actual, consent.change.after["permissions"]),
        **consent.change.after,
    }
    return Outcome(values, consent.change, findings(actual))


def findings(actual: Actual) -> tuple[str, ...]:
    """What is not as it should be, and not ours to change."""
    return (_UNREADABLE,) if actual.delegated is None else ()
