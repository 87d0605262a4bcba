# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell


def consent_link(authority_url: str, tenant_id: str, client_id: str | None) -> str | None:
    """The short form that the portal builds: without redirect_uri, since our registrations have none."""
    return None if client_id is None else f"{authority_url}/{tenant_id}/adminconsent?client_id={client_id}"


def hand_over(message: str | None) -> None:
    """Shows the operator the message to forward, where there is one."""
    if message:
        tell(f"waits for consent. Forward this: {message}")


def consent_message(tenant_id: str, registration: str, waiting: t.Sequence[str], link: str | None) -> str | None:
    """Who, what, why and where, ready to be forwarded; None when nothing waits.

    The roles are Microsoft's: application administrators cannot consent to application permissions of Microsoft Graph
    (learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent).
    """
    if not waiting:
        return None
    where = f"Open {link} and accept." if link else "The link follows when the registration has been made."
    return (
        f"A Global Administrator or Privileged Role Administrator of tenant {tenant_id} must give admin consent to the "
        f"application {registration}: {', '.join(waiting)}. Without it the Totalview connector cannot work. {where} "
        "Microsoft may show AADSTS500113 afterwards, because the application has no reply address; the next run tells "
        "whether the consent was recorded."
    )
