# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    Desired,
    declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    resource_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    require_made_by_us,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    located_reads,
    require,
)


def run(call: Call) -> Outcome:
    tenant = call.tenant()
    graph = tenant.graph
    desired = Desired(declaration(call.params["permissions"]), call.params["exact"])
    unique_name, client_id = call.params["unique_name"], call.params["client_id"]
    graph.read_ahead([*located_reads(unique_name, client_id)[:1], *map(resource_read, desired.resource_app_ids)])
    found = find_application(graph, unique_name, client_id)
    require_made_by_us(client_id, found, unique_name, tenant.client_id)
    actual = read(graph, unique_name, desired, client_id)
    change = plan(actual, desired)
    if not call.check_mode:
        require(actual.id, unique_name)
        apply(graph, actual, change)
    return Outcome(dict(change.after), change)
