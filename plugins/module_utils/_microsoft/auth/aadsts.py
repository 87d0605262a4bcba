# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError, Trace

#: What the codes mean for the sign-in of an automation, and what to do.
#: Source: learn.microsoft.com/entra/identity-platform/reference-error-codes
_EXPLANATIONS: dict[int, tuple[str, str]] = {
    7000215: (
        "the client secret is wrong",
        "Give the secret's value (not its id) of the automation's application in auth_client_secret.",
    ),
    7000222: (
        "the client secret has expired",
        "Issue a new secret for the automation's application and put it into the inventory.",
    ),
    7000218: ("no client secret or certificate was sent", "Give auth_client_secret or auth_certificate_path."),
    700027: (
        "the certificate was not accepted",
        "Upload the certificate to the automation's application, or point auth_certificate_path to the right file.",
    ),
    700016: (
        "the application auth_client_id is not known in this tenant",
        "Check tenant_id and auth_client_id; the tenant's administrator must consent once to a multi-tenant one.",
    ),
    7000229: (
        "the automation's application has no service principal in this tenant",
        "An administrator of the tenant must consent to the automation once.",
    ),
    7000112: (
        "the automation's application is disabled in this tenant",
        "An administrator of the tenant must enable it under Enterprise applications.",
    ),
    90002: ("the tenant was not found", "Check tenant_id, and the cloud if the tenant lives in a national one."),
    900023: ("the tenant id is not valid", "Check tenant_id."),
    90038: ("the tenant lives in another cloud", "Set cloud to the one of this tenant."),
    900382: ("the application lives in another cloud", "Set cloud to the one of this tenant."),
    900432: ("the application lives in another cloud", "Set cloud to the one of this tenant."),
    500011: (
        "the service is not enabled in this tenant",
        "Check graph_url and cloud; the tenant needs the service it names.",
    ),
    53003: (
        "a Conditional Access policy of the tenant blocked the sign-in",
        "The tenant's administrator must let the automation's application pass.",
    ),
    50196: ("too many sign-ins in a short time", "Wait some minutes, then run again."),
    90055: ("the tenant is throttled", "Wait some minutes, then run again."),
}


def sign_in_error(answer: t.Mapping[str, t.Any]) -> SignInError:
    """From the token endpoint's error body (error, error_description, error_codes, correlation_id, trace_id)."""
    codes = [code for code in answer.get("error_codes") or () if isinstance(code, int)]
    known = next((code for code in codes if code in _EXPLANATIONS), None)
    code = f"AADSTS{known or codes[0]}" if codes else str(answer.get("error", "unknown"))
    description = str(answer.get("error_description") or "").split(" Trace ID:", maxsplit=1)[0].splitlines()
    reason = description[0].removeprefix(f"{code}: ").rstrip(".") if description else "no reason was given"
    meaning, next_step = _EXPLANATIONS.get(known or 0, (reason, "See the code's page at Microsoft."))
    return SignInError(
        f"Sign-in refused, {code}: {meaning}.",
        next_step=next_step,
        code=code,
        trace=Trace(request_id=answer.get("trace_id"), client_request_id=answer.get("correlation_id")),
    )
