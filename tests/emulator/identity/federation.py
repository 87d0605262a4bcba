# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of somebody else's that stand in for a client secret: which federated credential of the application fits.

Texts and order as in public reports of clients (azure-workload-identity 340, 1200; Azure/login 482, 517; Agents 202)
and learn.microsoft.com/entra/workload-id; 700236 as in learn.microsoft.com/answers/questions/2139753.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.call import Call
from emulator.graph.store.records import Body
from emulator.identity.assertions import LOGIN_HOSTS, SKEW
from emulator.identity.errors import SignInRefused

_ENTRA = re.compile(rf"https://(?:{'|'.join(map(re.escape, LOGIN_HOSTS))})/([0-9a-f-]{{36}})/v2\.0")


def check(call: Call, assertion: str, client_id: str, credentials: Sequence[Body], home_tenant: str) -> None:
    """Raises unless one credential fits issuer, subject and audience letter by letter.

    `home_tenant`: where the application was registered; only there Entra takes tokens of its own as assertions.
    """
    claims = call.world.issuers.claims(assertion) or call.world.signing_key.claims(assertion)
    if claims is None:
        raise SignInRefused(50013, "[Reason - The key was not found.]")
    _check_times(call, claims)
    if not credentials:
        raise SignInRefused(70025, client_id)
    issuer, subject, audience = (str(claims.get(name, "")) for name in ("iss", "sub", "aud"))
    entra = _ENTRA.fullmatch(issuer)
    if entra and entra[1] != home_tenant:
        raise SignInRefused(700236, issuer)
    of_issuer = [entry for entry in credentials if entry["issuer"] == issuer]
    if not of_issuer:
        raise SignInRefused(700211, issuer)
    of_subject = [entry for entry in of_issuer if entry["subject"] == subject]
    if not of_subject:
        nearly = any(entry["subject"].casefold() == subject.casefold() for entry in of_issuer)
        raise SignInRefused(7002138 if nearly else 700213, subject)
    if not any(audience in entry["audiences"] for entry in of_subject):
        raise SignInRefused(700212, audience)


def _check_times(call: Call, claims: Mapping[str, Any]) -> None:
    now = call.now()
    if claims["exp"] < (now - SKEW).timestamp() or claims.get("nbf", 0) > (now + SKEW).timestamp():
        raise SignInRefused(700024)
