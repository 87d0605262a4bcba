# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ReplicationError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.model import Step
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.probe import PAUSE
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import OLD_TOKENS
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredOffboarding,
    StoredSecret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: What says that the registration itself is not let in. Anything else, such as a throttled tenant, proves nothing.
#: 7000112: disabled. 700016, 7000229: application or service principal gone. 7000215, 7000222: secret gone or expired.
_REFUSALS = frozenset({"AADSTS7000112", "AADSTS700016", "AADSTS7000229", "AADSTS7000215", "AADSTS7000222"})


def note(store: SecretStore, tenant_id: str, unique_name: str, step: Step) -> StoredOffboarding:
    store.note_offboarding(tenant_id, unique_name, step.noted)
    return step.noted


def close(
    tenant: Tenant, store: SecretStore, unique_name: str, noted: StoredOffboarding, patience: timedelta
) -> StoredOffboarding:
    """Signs in with the secret that the store holds until that is refused, and notes when.

    Without a secret there is nothing to try, and the application is gone: that is noted, without a refusal. Raises
    ReplicationError where the secret still gives a token, SignInError where whether it does cannot be told.
    """
    secret = store.read(tenant.directory_id, unique_name)
    refusal = _await_refusal(tenant, secret, unique_name, patience) if secret else None
    closed = replace(noted, closed=tenant.graph.now, refusal=refusal)
    store.note_offboarding(tenant.directory_id, unique_name, closed)
    return closed


def _await_refusal(tenant: Tenant, secret: StoredSecret, unique_name: str, patience: timedelta) -> str:
    tokens = tenant.tokens_of(ClientSecret(secret.client_id, secret.value, unique_name))
    for _turn in tries("Microsoft Entra to refuse the registration", patience, (PAUSE,)):
        try:
            tokens.renew(tenant.options.graph_url)
        except SignInError as error:
            if error.code not in _REFUSALS:
                raise
            return error.code
    raise ReplicationError(
        f"The secret of {unique_name} that the store holds still gives a token, although the application is deleted.",
        next_step=f"Run again in some minutes; the restriction of mailboxes stays until it is refused. {OLD_TOKENS}",
        code="StillSignsIn",
    )
