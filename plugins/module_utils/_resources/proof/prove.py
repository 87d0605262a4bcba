# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    ExchangeError,
    NoExchangeError,
    ProofError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.mailboxes import (
    Sample,
    choose,
    named,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import (
    Desired,
    Judgement,
    Mailbox,
    Task,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.read import sign_in_as
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret


def prove(tenant: Tenant, secret: StoredSecret, task: Task) -> tuple[Judgement, datetime]:
    """The judgement and Microsoft's time of it. Raises ProofError for what waiting will not mend."""
    desired = _desired(tenant, task)
    registration = sign_in_as(tenant, secret, task.unique_name, task.client_id)
    judgement = registration.judged(desired, sign_in_wait=task.sign_in_wait, exchange_wait=task.exchange_wait)
    if judgement.state == "failed":
        raise _failure(task.unique_name, judgement)
    if judgement.state == "proven" and task.test_mail_to and desired.inside:
        registration.send_test_mail(desired.inside[0], task.test_mail_to)
    return judgement, registration.now


def _desired(tenant: Tenant, task: Task) -> Desired:
    if task.mode != "none":
        sample = choose(tenant.exchange, task.group or "", task.mode, task.mailbox)
    else:
        sample = Sample((_unrestricted(tenant, task.mailbox),) if task.mailbox else ())
    return Desired(
        unique_name=task.unique_name,
        permissions=task.permissions,
        mode=task.mode,
        inside=sample.inside,
        outside=sample.outside,
        since=task.since,
        delay=task.delay,
    )


def _unrestricted(tenant: Tenant, address: str) -> Mailbox:
    """Where nothing is restricted, Exchange need not let the automation in, nor answer."""
    try:
        return named(tenant.exchange.soon_given_up(), address)
    except (EndpointError, ExchangeError, NoExchangeError):
        return Mailbox(address, address)


def _failure(unique_name: str, judgement: Judgement) -> ProofError:
    wrong = " ".join(check.detail for check in judgement.checks if check.result == "failed")
    return ProofError(
        f"The proof of {unique_name} failed: {wrong}",
        next_step="It will not come right by itself: the time that Exchange Online may take has passed, or matters "
        "nothing here. Do not hand off; look for grants, roles and access policies that somebody else made.",
        code="ProofFailed",
        details=[check.view() for check in judgement.checks],
    )
