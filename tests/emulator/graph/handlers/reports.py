# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of sign-ins, `/beta/reports/`: when each client secret (`appCredentialSignInActivities`) and each service
principal (`servicePrincipalSignInActivities`) last signed in.

learn.microsoft.com/graph/api/reportroot-list-appcredentialsigninactivities: beta, in the global cloud only. A
credential that was never used has no row, nor one whose use is not counted in yet; Microsoft promises no time for it.
Without a premium licence they are refused, as reports of sign-ins are (public reports: microsoft-graph-docs 4336,
12772).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from emulator.call import Answer, Body, Call
from emulator.clock import stamp
from emulator.graph.errors import GraphError, bad_request
from emulator.graph.handlers.context import directory_of
from emulator.graph.odata.entities import CREDENTIAL_SIGN_INS, PRINCIPAL_SIGN_INS
from emulator.graph.odata.listing import list_answer
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, settled

#: For so long a sign-in does not show.
DELAY = timedelta(hours=6)


def credential_sign_ins(call: Call) -> Answer:
    _check(call, "appCredentialSignInActivities")
    return list_answer(call, CREDENTIAL_SIGN_INS, settled(_rows(directory_of(call))))


def principal_sign_ins(call: Call) -> Answer:
    _check(call, "servicePrincipalSignInActivities")
    return list_answer(call, PRINCIPAL_SIGN_INS, settled(_principals(directory_of(call))))


def _check(call: Call, segment: str) -> None:
    assert call.tenant is not None
    if call.tenant.cloud != "global":
        raise bad_request(f"Resource not found for the segment '{segment}'.")
    if not call.tenant.premium:
        raise GraphError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )


def _principals(directory: Directory) -> Iterator[Body]:
    """With whichever secret; only as a client that signs in by itself."""
    seen = directory.clock.now() - DELAY
    last: dict[str, datetime] = {}
    for sign_ins in directory.sign_ins.values():
        for moment in sign_ins.times:
            if moment <= seen:
                last[sign_ins.app_id] = max(moment, last.get(sign_ins.app_id, moment))
    never = {"lastSignInDateTime": None, "lastSignInRequestId": None}
    for app_id, moment in last.items():
        activity = {"lastSignInDateTime": stamp(moment), "lastSignInRequestId": None}
        yield {
            "id": app_id,
            "appId": app_id,
            "lastSignInActivity": activity,
            "applicationAuthenticationClientSignInActivity": activity,
            "applicationAuthenticationResourceSignInActivity": never,
            "delegatedClientSignInActivity": never,
            "delegatedResourceSignInActivity": never,
        }


def _rows(directory: Directory) -> Iterator[Body]:
    seen = directory.clock.now() - DELAY
    for key_id, sign_ins in directory.sign_ins.items():
        times = [moment for moment in sign_ins.times if moment <= seen]
        if times:
            yield _row(directory, key_id, sign_ins.app_id, stamp(max(times)))


def _row(directory: Directory, key_id: str, app_id: str, last: str) -> Body:
    application = directory.find(Kind.APPLICATION, "appId", app_id)
    principal = directory.find(Kind.SERVICE_PRINCIPAL, "appId", app_id)
    credentials = application.true.body["passwordCredentials"] if application else ()
    ends = [row["endDateTime"] for row in credentials if row["keyId"] == key_id]
    return {
        "id": key_id,
        "keyId": key_id,
        "keyType": "clientSecret",
        "keyUsage": "sign",
        "appId": app_id,
        "appObjectId": application.id if application else None,
        "servicePrincipalObjectId": principal.id if principal else None,
        "credentialOrigin": "application",
        "expirationDateTime": ends[0] if ends else None,
        "signInActivity": {"lastSignInDateTime": last, "lastSignInRequestId": None},
    }
