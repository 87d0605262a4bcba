# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import MSAL_IMPORT_ERROR
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import REQUESTS_IMPORT_ERROR
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import (
    Tenant,
    TenantOptions,
    is_guid,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line, printable
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_text import EncryptedText
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import Vault


@dataclass(frozen=True)
class Call:
    """One task's call of a module, the same from both entry points.

    `first`: the tenants that it was the first of a run to sign in to.
    """

    params: t.Mapping[str, t.Any]
    check_mode: bool
    vault: Vault
    session: Session | None = None
    first: list[Tenant] = field(default_factory=list, repr=False, compare=False)

    @property
    def tenant_name(self) -> str:
        """As the operator wrote it."""
        variables = self.params.get("variables") or {}
        return str(self.params.get("tenant_id") or variables.get("connector_tenant_id") or "")

    @property
    def by(self) -> str:
        """Who does it, for a note that others read: the option `by`, else the user of this machine."""
        return self.params["by"] or os.environ.get("USER") or "somebody"

    def tenant(self) -> Tenant:
        tenant = Tenant(TenantOptions.from_params(self.params, self._token_file), self.session)
        if self.session is None:
            self.first.append(tenant)
        return tenant

    def directory_id(self) -> str:
        """Signs in where a domain name is given only."""
        given = self.params["tenant_id"]
        return given.lower() if given and is_guid(given) else self.tenant().directory_id

    def _token_file(self, path: str) -> EncryptedText:
        """Encrypted with the run's own vault password."""
        return EncryptedText(path, self.vault(None, None))

    def clock_warnings(self) -> tuple[str, ...]:
        """Each is told once."""
        found = tuple(tenant.clock.warning for tenant in self.first if tenant.clock.warning)
        self.first.clear()
        return found


@dataclass(frozen=True)
class Outcome:
    """What a module did, or in check mode would do. `session` never reaches a result in the clear."""

    values: t.Mapping[str, t.Any] = field(default_factory=dict)
    change: Change[t.Any] | None = None
    warnings: tuple[str, ...] = ()
    session: Session | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Operation:
    """A module: its options and what it does. Both entry points run it."""

    name: str
    argument_spec: t.Mapping[str, t.Any]
    run: t.Callable[[Call], Outcome]
    constraints: t.Mapping[str, t.Any] = field(default_factory=dict)


def perform(operation: Operation, call: Call) -> tuple[dict[str, t.Any], Outcome | None]:
    """The module's result, and its outcome unless it failed. Foreseeable faults become a result; others fly."""
    try:
        outcome = operation.run(call)
    except ConnectorError as error:
        return failure(error, call.tenant_name), None
    warnings = (*outcome.warnings, *call.clock_warnings())
    outcome = replace(outcome, warnings=tuple(one_line(text) for text in warnings))
    result: dict[str, t.Any] = {"changed": False, **outcome.values}
    if outcome.change is not None:
        result["changed"] = outcome.change.changed
        result["changes"] = [one_line(text) for text in outcome.change.describe()]
        result["diff"] = {"before": dict(outcome.change.before), "after": dict(outcome.change.after)}
    return printable(result), outcome


def failure(error: ConnectorError, tenant: str) -> dict[str, t.Any]:
    return {"failed": True, "msg": one_line(error.sentence(tenant)), "failure": printable(error.failure(tenant))}


def missing_libraries() -> dict[str, ImportError]:
    """Python libraries that are not installed, with the reason."""
    found = {"msal": MSAL_IMPORT_ERROR, "requests": REQUESTS_IMPORT_ERROR}
    return {name: error for name, error in found.items() if error is not None}
