# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ReplicationError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.probe import PAUSE, YOUNG_SECRET
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredSecret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Within this time of a note there is no other. A use so shortly after our own is never taken for another's.
_SAME = timedelta(hours=1)


def await_sign_in(tenant: Tenant, secret: StoredSecret, unique_name: str, patience: timedelta) -> None:
    """Until the secret gives a token. What the token reaches is another question.

    Raises ReplicationError where Microsoft Entra does not know the secret in time, SignInError for any other refusal.
    """
    tokens = tenant.tokens_of(ClientSecret(secret.client_id, secret.value, unique_name))
    refusal: SignInError | None = None
    for _turn in tries("Microsoft Entra to know the new secret", patience, (PAUSE,)):
        try:
            tokens.renew(tenant.options.graph_url)
        except SignInError as error:
            if error.code not in YOUNG_SECRET:
                raise
            refusal = error
        else:
            return
    raise ReplicationError(
        f"The new secret of {unique_name} gives no token yet. {YOUNG_SECRET[refusal.code] if refusal else ''}",
        next_step="Run again in some minutes; nothing was handed off, and the former secret works on.",
        trace=refusal.trace if refusal else None,
    )


def note_sign_in(store: SecretStore, tenant_id: str, unique_name: str, secret: StoredSecret, now: datetime) -> None:
    """Before it is used, so that our own use is never taken for the connector's. What is noted already is not again."""
    if secret.signed_in is None or not timedelta() <= now - secret.signed_in < _SAME:
        store.revise(tenant_id, unique_name, secret.key_id, partial(StoredSecret.signed_in_at, at=now))
