# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Consent
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell


def consent_link(authority_url: str, tenant_id: str, client_id: str | None) -> str | None:
    """The short form that the portal builds: without redirect_uri, since our registrations have none."""
    return None if client_id is None else f"{authority_url}/{tenant_id}/adminconsent?client_id={client_id}"


class Messages(t.NamedTuple):
    """To be forwarded; None where there is nothing to say. `link`: of Microsoft's consent page."""

    consent: str | None = None
    revocation: str | None = None
    link: str | None = None

    @property
    def text(self) -> str | None:
        return " ".join(text for text in (self.consent, self.revocation) if text) or None


def messages(authority_url: str, tenant_id: str, registration: str, app_id: str | None, consent: Consent) -> Messages:
    grants, leftovers = ([step.describe() for step in steps] for steps in (consent.to_grant, consent.to_revoke))
    link = consent_link(authority_url, tenant_id, app_id) if grants else None
    return Messages(
        consent_message(tenant_id, registration, grants, link),
        revocation_message(tenant_id, registration, app_id, leftovers),
        link,
    )


def hand_over(found: Messages) -> None:
    """Shows the operator what to forward, where there is anything: the same person does both."""
    if found.text:
        tell(f"waits for {'consent' if found.consent else 'a revocation'}. Forward this: {found.text}")


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


def revocation_message(tenant_id: str, registration: str, app_id: str | None, leftovers: t.Sequence[str]) -> str | None:
    """Consent only adds. What is granted and not wanted goes by hand, in a list that the consent page does not show
    (learn.microsoft.com/entra/identity/enterprise-apps/manage-application-permissions).
    """
    if not leftovers:
        return None
    return (
        f"A Global Administrator or Privileged Role Administrator of tenant {tenant_id} must take back what the "
        f"application {registration} (client id {app_id}) shall not have: {', '.join(leftovers)}. In the Microsoft "
        "Entra admin center, under Enterprise applications, open it, then Permissions, and revoke just these. "
        "Do not grant anything there. Until then the application reaches more than it shall."
    )
