# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.apply import (
    apply,
    take_back,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    hand_over,
    messages,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Actual
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.plan import (
    fingerprint,
    granting,
    plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import (
    catalog_reads,
    grants_reads,
    read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.waiting import (
    days,
    waiting_since,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Gate
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    locate,
    require_located,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    located_reads,
    require,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store

_UNREADABLE = (
    "Delegated grants could not be read (needs Directory.Read.All or DelegatedPermissionGrant.ReadWrite.All): "
    "whether any is left over is not known."
)


def run(call: Call) -> Outcome:
    tenant = call.tenant()
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    unique_name, given = call.params["unique_name"], call.params["permissions"]
    client_id = locate(call.params["client_id"], store, tenant.directory_id, unique_name)
    wanted = None if given is None else declaration(given)
    tenant.graph.read_ahead([*located_reads(unique_name, client_id), *catalog_reads(wanted)])
    body = find_application(tenant.graph, unique_name, client_id)
    require_located(client_id, body, unique_name)
    gate = Gate.from_params(tenant, store, call.params)
    others = gate.look(client_id, note=not call.check_mode, also=grants_reads)
    actual = read(tenant.graph, unique_name, wanted, client_id)
    consent = plan(actual, tenant.roles, call.params["hold"], withhold=bool(others.foreign))
    if not call.check_mode:
        require(actual.principal_id, unique_name)
        consent = apply(tenant.graph, actual, consent)
        if granting(consent.change):
            others = gate.look_again(client_id)
            consent = take_back(tenant.graph, actual, consent) if others.foreign else consent
    told = messages(tenant.options.authority_url, tenant.directory_id, unique_name, actual.app_id, consent)
    hand_over(told)
    asked, now = (actual.app_id, consent), tenant.graph.now
    since = waiting_since(store, tenant.directory_id, unique_name, asked, now, note=not call.check_mode)
    values = {
        "state": consent.state,
        "waiting": [step.describe() for step in consent.waiting],
        "to_revoke": [step.describe() for step in consent.to_revoke],
        "held": [step.describe() for step in consent.held],
        "withheld": [step.describe() for step in consent.withheld],
        "foreign": list(others.told),
        "link": told.link,
        "message": told.text,
        "waiting_since": since.isoformat(timespec="seconds") if since else None,
        "waiting_days": days(since, now),
        "fingerprint": fingerprint(actual, consent.change.after["permissions"]),
        **consent.change.after,
    }
    return Outcome(values, consent.change, (*findings(actual), *others.findings))


def findings(actual: Actual) -> tuple[str, ...]:
    """What is not as it should be, and not ours to change."""
    return (_UNREADABLE,) if actual.delegated is None else ()
