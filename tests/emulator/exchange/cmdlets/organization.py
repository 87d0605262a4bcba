# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation itself: whether it is dehydrated, and its domains."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.call import Body
from emulator.exchange.cmdlets.base import Admission, Cmdlet, Invocation, Type
from emulator.exchange.errors import ExchangeError


def get_organization_config(invocation: Invocation) -> Iterable[Body]:
    org = invocation.org
    pattern = org.naming_policy.replace("{}", "<GroupName>")
    return [
        {
            "Identity": org.domain,
            "Name": org.domain,
            "IsDehydrated": org.dehydrated,
            "DistributionGroupNamingPolicy": "" if org.naming_policy == "{}" else pattern,
        }
    ]


def enable_organization_customization(invocation: Invocation) -> Iterable[Body]:
    invocation.org.customise()
    return []


def get_accepted_domain(invocation: Invocation) -> Iterable[Body]:
    org = invocation.org
    found = [_domain_body(name, default=name == org.domain) for name in org.domains]
    if not invocation.has("Identity"):
        return found
    wanted = invocation.text("Identity")
    chosen = [body for body in found if body["Name"].casefold() == wanted.casefold()]
    if not chosen:
        raise ExchangeError("not_found", wanted)
    return chosen


def _domain_body(name: str, *, default: bool) -> Body:
    return {"Identity": name, "Name": name, "DomainName": name, "DomainType": "Authoritative", "Default": default}


CMDLETS = (
    Cmdlet("Get-OrganizationConfig", get_organization_config, {}, admission=Admission.RECIPIENTS),
    Cmdlet("Enable-OrganizationCustomization", enable_organization_customization, {}),
    Cmdlet("Get-AcceptedDomain", get_accepted_domain, {"Identity": Type.TEXT}, admission=Admission.RECIPIENTS),
)
