# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Microsoft identity: the documented body with its AADSTS code."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

from emulator.call import Answer, Call, Refusal


class Form(NamedTuple):
    error: str
    status: int
    text: str


# Codes and meanings: learn.microsoft.com/entra/identity-platform/reference-error-codes; the OAuth error names and
# statuses are those of the client credentials flow. 7000229 and 7000112 are known from clients only. Those that nothing
# here refuses by itself come with the fault `refuse_sign_in`.
FORMS: dict[int, Form] = {
    50011: Form("invalid_request", 400, "The redirect URI '{}' does not match the ones of the application."),
    50012: Form("invalid_client", 401, "Invalid client secret is provided."),
    50013: Form("invalid_grant", 400, "Assertion failed signature validation. {}"),
    50020: Form(
        "invalid_grant",
        400,
        "User account '{}' from another identity provider does not exist in the tenant and cannot access the "
        "application in that tenant.",
    ),
    50034: Form("invalid_grant", 400, "The user account {} does not exist in the directory."),
    50057: Form("invalid_grant", 400, "The user account is disabled."),
    50059: Form("invalid_request", 400, "No tenant-identifying information found in the request or the credentials."),
    50076: Form("interaction_required", 400, "You must use multi-factor authentication to access the resource."),
    50078: Form("interaction_required", 400, "Presented multi-factor authentication has expired."),
    50079: Form("interaction_required", 400, "You must enroll in multi-factor authentication to access the resource."),
    50105: Form("interaction_required", 400, "The application '{}' blocks users who are not assigned to it."),
    50158: Form("interaction_required", 400, "External security challenge was not satisfied."),
    50173: Form("invalid_grant", 400, "The provided grant has expired due to it being revoked, a fresh one is needed."),
    50194: Form(
        "invalid_request",
        400,
        "Application '{}' is not configured as a multi-tenant application.",
    ),
    50196: Form("invalid_grant", 400, "The server terminated an operation: it encountered a client request loop."),
    53003: Form("invalid_grant", 400, "Access has been blocked by Conditional Access policies."),
    53011: Form("interaction_required", 400, "User blocked due to risk on home tenant."),
    65001: Form("invalid_grant", 400, "The user or administrator has not consented to use the application '{}'."),
    65002: Form(
        "invalid_client", 400, "Consent between the first party application and resource must be preauthorized."
    ),
    65004: Form("access_denied", 400, "User declined to consent to access the app."),
    70002: Form("invalid_client", 401, "Error validating credentials. AADSTS50012: Invalid client secret is provided."),
    70003: Form("unsupported_grant_type", 400, "The app requested an unsupported grant type '{}'."),
    70001: Form("unauthorized_client", 400, "The application '{}' is disabled or not known in the directory."),
    70008: Form("invalid_grant", 400, "The refresh token has expired."),
    70011: Form("invalid_scope", 400, "The provided value for the input parameter 'scope' is not valid. {}"),
    70016: Form(
        "authorization_pending", 400, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
    ),
    70018: Form("bad_verification_code", 400, "Invalid verification code."),
    70019: Form("expired_token", 400, "The verification code has expired."),
    70021: Form("invalid_request", 400, "No matching federated identity record found for presented assertion. {}"),
    70025: Form("invalid_client", 401, "The client '{}' has no configured federated identity credentials."),
    90072: Form("invalid_grant", 400, "User account from another identity provider does not exist in this tenant. {}"),
    500212: Form("access_denied", 400, "An outbound access policy doesn't allow access to the resource tenant."),
    500213: Form("access_denied", 400, "The resource tenant's cross-tenant access policy doesn't allow this user."),
    90002: Form(
        "invalid_request",
        400,
        "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions "
        "for the tenant.",
    ),
    90033: Form("temporarily_unavailable", 503, "A transient error has occurred. Please try again."),
    90038: Form("invalid_request", 400, "Confidential client is not supported in cross cloud request. {}"),
    90055: Form("temporarily_unavailable", 429, "There are too many incoming requests for this tenant."),
    90099: Form(
        "invalid_grant",
        400,
        "The application '{}' has not been authorized in the tenant. Applications must be authorized to access the "
        "customer tenant before partner delegated administrators can use them.",
    ),
    500011: Form(
        "invalid_resource",
        400,
        "The resource principal named {} was not found in the tenant. This can happen if the application has not been "
        "installed by the administrator of the tenant or consented to by any user in the tenant.",
    ),
    500014: Form(
        "invalid_resource",
        400,
        "The service principal for resource '{}' is disabled. This indicate that a subscription within the tenant has "
        "lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being "
        "issued for it.",
    ),
    501051: Form("invalid_grant", 400, "Application '{}' is not assigned to a role for the resource."),
    530032: Form("invalid_grant", 400, "Access has been blocked by a security policy of the tenant."),
    530034: Form("invalid_grant", 400, "A delegated administrator was blocked from accessing the tenant."),
    530035: Form("invalid_grant", 400, "Access has been blocked by security defaults."),
    650052: Form("invalid_request", 400, "The organization has not subscribed to, or not enabled, the service '{}'."),
    650057: Form("invalid_resource", 400, "The client has requested access to a resource that it does not list: {}."),
    500113: Form("invalid_request", 400, "No reply address is registered for the application."),
    700016: Form(
        "unauthorized_client",
        400,
        "Application with identifier '{}' was not found in the directory. This can happen if the application has not "
        "been installed by the administrator of the tenant or consented to by any user in the tenant. You may have "
        "sent your authentication request to the wrong tenant.",
    ),
    700021: Form("invalid_client", 401, "Client assertion application identifier doesn't match 'client_id'."),
    700023: Form("invalid_client", 401, "Client assertion audience claim does not match Realm issuer."),
    700024: Form("invalid_client", 401, "Client assertion is not within its valid time range."),
    700025: Form(
        "invalid_client", 401, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    ),
    700027: Form(
        "invalid_client",
        401,
        "The certificate used to sign the client assertion is not accepted for the application. [Reason - {}]",
    ),
    700030: Form("invalid_client", 401, "Invalid certificate: the subject name is not authorized. {}"),
    700038: Form("unauthorized_client", 400, "{} is not a valid application identifier."),
    700082: Form("invalid_grant", 400, "The refresh token has expired due to inactivity."),
    700222: Form("invalid_client", 401, "AAD-issued tokens may not be used for federated identity flows."),
    700211: Form(
        "invalid_client", 401, "No matching federated identity record found for presented assertion issuer '{}'."
    ),
    700212: Form(
        "invalid_client", 401, "No matching federated identity record found for presented assertion audience '{}'."
    ),
    700213: Form(
        "invalid_client",
        401,
        "No matching federated identity record found for presented assertion subject '{}'. Check your federated "
        "identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    700236: Form(
        "invalid_client",
        401,
        "Entra ID tokens issued by issuer '{}' may not be used for federated identity credential flows for "
        "applications or managed identities registered in this tenant.",
    ),
    900021: Form(
        "invalid_request",
        400,
        "Requested tenant identifier '{}' is not valid.",
    ),
    900023: Form(
        "invalid_request",
        400,
        "Specified tenant identifier '{}' is no valid domain name.",
    ),
    900382: Form("invalid_request", 400, "Confidential client is not supported in cross cloud request."),
    900421: Form("invalid_grant", 401, "The token lacks the claim of multi-factor authentication."),
    900432: Form("invalid_request", 400, "Confidential client is not supported in cross cloud request."),
    900144: Form("invalid_request", 400, "The request body must contain the following parameter: '{}'."),
    1002012: Form(
        "invalid_scope",
        400,
        "The provided value for scope {} is not valid. Client credential flows must have a scope value with /.default "
        "suffixed to the resource identifier (application ID URI).",
    ),
    5000224: Form("invalid_grant", 400, "We are sorry, this resource is not available."),
    5000225: Form("invalid_grant", 400, "This tenant has been blocked due to inactivity."),
    7000112: Form("unauthorized_client", 400, "Application '{}' is disabled."),
    7000113: Form("unauthorized_client", 400, "Application '{}' is not authorized to make this call."),
    7002138: Form(
        "invalid_client",
        401,
        "No matching federated identity record found for presented assertion subject '{}'. The subject matches "
        "with case-insensitive comparison, but not with case-sensitive comparison.",
    ),
    7002137: Form(
        "invalid_client", 401, "No matching federated identity record found for presented assertion subject '{}'."
    ),
    7000215: Form(
        "invalid_client",
        401,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{}'.",
    ),
    7000216: Form("invalid_client", 401, "'client_assertion', 'client_secret' or 'request' is required."),
    7000218: Form(
        "invalid_client",
        401,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: Form("invalid_client", 401, "The provided client secret keys for app '{}' are expired."),
    9002313: Form("invalid_request", 400, "Invalid request. Request is malformed or invalid."),
    7000229: Form("unauthorized_client", 400, "The client application {} is missing service principal in the tenant."),
}


class SignInRefused(Refusal):
    def __init__(self, code: int, subject: str = "", *, error: str | None = None) -> None:
        super().__init__(code, subject)
        self.code = code
        self.form = FORMS[code]
        self.error = error or self.form.error
        self.why = f"AADSTS{code}"
        self.text = self.form.text.replace("{}", subject)

    def answer(self, call: Call) -> Answer:
        trace, now = str(uuid4()), call.world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        ids = f"Trace ID: {trace} Correlation ID: {call.client_request_id} Timestamp: {now}"
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self.text} {ids}",
            "error_codes": [self.code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": call.client_request_id,
            "error_uri": f"{call.origin}/error?code={self.code}",
        }
        return Answer(self.form.status, body)


class UnknownPage(Refusal):
    unknown = "page"

    def answer(self, call: Call) -> Answer:
        return Answer(404, f"Nothing at {call.path}", {"content-type": "text/plain; charset=utf-8"})
