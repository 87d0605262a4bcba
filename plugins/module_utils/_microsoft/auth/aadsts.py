# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError, Trace


@dataclass(frozen=True)
class Who:
    """Whose sign-in it is. `registration`: the unique name, None for the automation's own application."""

    client_id: str
    registration: str | None = None

    def __str__(self) -> str:
        name = "the automation" if self.registration is None else f"the registration {self.registration}"
        return f"{name} ({self.client_id})"


class Explanation(t.NamedTuple):
    """`registration`: the next step where a registration signed in, if it is another one. `{resource}`: what the token
    was for."""

    meaning: str
    automation: str
    registration: str = ""

    def next_step(self, who: Who) -> str:
        return self.automation if who.registration is None else self.registration or self.automation


_WAIT = "Wait some minutes, then run again."
_CLOUD = "Set cloud to the one of this tenant."
_UPLOAD = (
    "Upload the certificate to the automation's application, or point auth_certificate_path to the one that is there; "
    "an expired one has to be replaced."
)
_PASS = (
    "An administrator of the tenant lets the application pass (Entra admin centre, Conditional Access for workload "
    "identities); the sign-in log of service principals names the policy."
)
_SUPPORT = (
    "A Global Administrator of the tenant asks Microsoft's support to make it active again; Microsoft deletes an "
    "inactive tenant 20 days after it was blocked."
)
_ENABLE_SERVICE = (
    "A Global Administrator of the tenant renews the subscription, or enables the service's own entry under Enterprise "
    "applications."
)
_CONSENT = "An administrator of the tenant must consent to the automation once."
_LATER = "Run again in some minutes."
_FEDERATE = (
    "Who administers the automation's application, in the tenant where it is registered, makes issuer, subject and "
    "audience of a federated credential equal to the presented ones, letter by letter (App registrations, Certificates "
    "& secrets, Federated credentials)."
)
_AGAIN = "The administrator signs in once more with auth_kind device_code, which makes a new refresh token."
_MFA = (
    "The administrator signs in once more with auth_kind device_code, with the second factor that the tenant wants; a "
    "partner's administrators always need one."
)
_OF_ANOTHER_TENANT = (
    "Check tenant_id; a partner's administrator needs an active relationship with the customer (GDAP), and a group in "
    "it with directory roles."
)
_DISMISS = (
    "An administrator of the account's own tenant looks at it under Risky users and dismisses its risk; should it stay "
    "so, ask Microsoft's support."
)
_WRONG_SECRET = "the client secret is wrong"
_GIVE_VALUE = "Give the secret's value (not its id) of the automation's application in auth_client_secret."
_REISSUE = (
    "The application does not take the secret that the store holds. Remove that secret at the application: the next "
    "run issues a new one."
)
_NO_MATCH = "no federated credential of the application fits the presented token's"

#: What the codes mean for the sign-in of an application, and who does what next.
#: Sources: learn.microsoft.com/entra/identity-platform/reference-error-codes; the others from public reports of
#: clients (MSAL.NET issues 3150, 4905, 5251; psoxy pull request 74; learn.microsoft.com/answers 5836853, 2139753;
#: Azure/login 482, 517; azure-workload-identity 340, 1200; microsoft/Agents 202; harishkrupo/oauth2ms 19;
#: sjkp/letsencrypt-siteextension 144; azure-docs pull request 70743; Partner-Center-PowerShell 389).
EXPLANATIONS: t.Mapping[int, Explanation] = {
    50012: Explanation(_WRONG_SECRET, _GIVE_VALUE, _REISSUE),
    50013: Explanation(
        "the certificate, or the federated token, was not accepted",
        f"{_UPLOAD} Of a federated token: its issuer must publish its keys where Microsoft can read them.",
    ),
    50020: Explanation(
        "the account is of another tenant and not known in this one",
        _OF_ANOTHER_TENANT,
    ),
    50034: Explanation(
        "the account does not exist in this tenant",
        "Check tenant_id and auth_client_id: they belong to different tenants.",
        "Check tenant_id.",
    ),
    50057: Explanation("the account is disabled", "Sign in with another account, or have it enabled."),
    50059: Explanation("the request names no tenant", "Check tenant_id."),
    50076: Explanation("the tenant wants a second factor", _MFA),
    50078: Explanation("the second factor has expired", _MFA),
    50079: Explanation("the account has to enrol a second factor first", _MFA),
    50105: Explanation(
        "the application lets in only people who are assigned to it, and this one is not",
        "An administrator of the tenant assigns the person to the application (Enterprise applications, Users and "
        "groups), or ends the requirement.",
    ),
    50158: Explanation("the tenant wants a further check of the account", _MFA),
    50173: Explanation("the refresh token was revoked, as by a new password", _AGAIN),
    50194: Explanation(
        "the application is registered for its own tenant only",
        "Check tenant_id and auth_client_id; for customers' tenants the application must be a multi-tenant one (App "
        "registrations, Authentication).",
    ),
    50196: Explanation("too many equal sign-ins in a short time", _WAIT),
    53003: Explanation(
        "a Conditional Access policy of the tenant blocked the sign-in",
        f"{_PASS} Of a person: many tenants block device code altogether; use another auth_kind there.",
        _PASS,
    ),
    53011: Explanation("the account is blocked for its risk in its own tenant", _DISMISS),
    65001: Explanation(
        "nobody has consented to the application in this tenant",
        _CONSENT,
        "An administrator of the tenant gives admin consent to the registration.",
    ),
    65002: Explanation(
        "the application through which the person signed in may not use the service {resource}",
        "Use an application of your own, with auth_kind device_code or another; the Azure CLI's has no permission for "
        "it.",
    ),
    70001: Explanation(
        "the application is not known or disabled in this tenant",
        "Check tenant_id and auth_client_id; an administrator of the tenant enables it under Enterprise applications.",
        "An administrator of the tenant enables the registration under Enterprise applications.",
    ),
    70002: Explanation(
        "the credential of the application was not accepted",
        "Give the value of a client secret of the automation's application in auth_client_secret, or its certificate.",
        _REISSUE,
    ),
    70008: Explanation("the refresh token has expired", _AGAIN),
    70011: Explanation(
        "{resource} is no service that tokens are given for", "Check graph_url, exchange_url and cloud."
    ),
    70016: Explanation("nobody has typed in the code in time", "Run again, and type the code in within 15 minutes."),
    70018: Explanation("the code that was typed in is wrong", "Run again, and type in the code that is shown then."),
    70019: Explanation("the code has expired", "Run again, and type the code in within 15 minutes."),
    70021: Explanation(f"{_NO_MATCH} issuer, subject and audience", _FEDERATE),
    70025: Explanation("the application has no federated credential", _FEDERATE),
    90002: Explanation(
        "the tenant was not found", "Check tenant_id, and the cloud if the tenant lives in a national one."
    ),
    90033: Explanation("Microsoft Entra has a passing fault", _WAIT),
    90038: Explanation("the tenant lives in another cloud", _CLOUD),
    90055: Explanation("the tenant is throttled", _WAIT),
    90072: Explanation(
        "the account is of another tenant or identity provider, and not known in this one",
        _OF_ANOTHER_TENANT,
    ),
    90099: Explanation(
        "the application is not known in this tenant, and a partner's administrator cannot use it there",
        "Consent to it once in the customer's tenant: by the partner with Partner Center's applicationconsents, or by "
        "an administrator of the tenant.",
    ),
    500011: Explanation(
        "the service {resource} is not in this tenant",
        "Check graph_url and cloud; the tenant needs the service it names.",
    ),
    500014: Explanation(
        "the service {resource} is switched off in this tenant: its subscription has lapsed, or an administrator "
        "disabled it",
        _ENABLE_SERVICE,
    ),
    500212: Explanation(
        "the account's own tenant lets nobody sign in to this one (cross-tenant access, outbound)",
        "An administrator of the account's own tenant allows it (External Identities, Cross-tenant access settings).",
    ),
    500213: Explanation(
        "this tenant lets nobody sign in from the account's (cross-tenant access, inbound)",
        "An administrator of this tenant allows it (External Identities, Cross-tenant access settings).",
    ),
    501051: Explanation(
        "the service {resource} lets in only applications that are assigned to it",
        "An administrator of the tenant gives the application a role of that service, or ends the requirement.",
    ),
    530032: Explanation("a security policy of the tenant blocked the sign-in", _PASS),
    530034: Explanation("the sign-in was blocked for suspicious activity of a partner's administrators", _DISMISS),
    530035: Explanation("the security defaults of the tenant blocked the sign-in", _PASS),
    650052: Explanation(
        "the tenant has not subscribed to the service {resource}, or not enabled it",
        "A Global Administrator of the tenant adds a plan with the service, or enables it.",
    ),
    650057: Explanation(
        "the application does not ask for any permission of {resource}",
        "Give the automation's application the permissions that the README's table names.",
        _LATER,
    ),
    700016: Explanation(
        "the application is not known in this tenant",
        "Check tenant_id and auth_client_id; the tenant's administrator must consent once to a multi-tenant one.",
        "If it was deleted, the next run tells so; else run again in some minutes.",
    ),
    700021: Explanation("the client assertion is of another application", "Check auth_client_id."),
    700023: Explanation("the client assertion is for another tenant or cloud", "Check authority_url and cloud."),
    700024: Explanation(
        "the client assertion is not valid at this time: a federated token has expired, or the clock of this machine "
        "is wrong",
        "Set the clock of this machine, best by NTP: a sign-in with a certificate is dated by it. A federated token "
        "must be fresh: look at what writes its file.",
    ),
    700025: Explanation(
        "the application is a public client, which takes neither secret nor certificate",
        "Leave auth_client_secret and auth_certificate_path out, with auth_kind device_code or refresh_token; or give "
        "the application a platform of the kind Web (App registrations, Authentication).",
        "Somebody has made it a public client: give it a platform of the kind Web (App registrations, Authentication).",
    ),
    700027: Explanation("the certificate was not accepted", _UPLOAD),
    700030: Explanation("the certificate's subject is not allowed for the application", _UPLOAD),
    700038: Explanation("the application ID is none", "Correct auth_client_id: zeros stand for nothing."),
    700082: Explanation(
        "the refresh token has expired because it was not used for 90 days",
        _AGAIN,
    ),
    700211: Explanation(f"{_NO_MATCH} issuer", _FEDERATE),
    700212: Explanation(f"{_NO_MATCH} audience", _FEDERATE),
    700213: Explanation(f"{_NO_MATCH} subject", _FEDERATE),
    700222: Explanation(
        "the presented token is Microsoft Entra's own, which it does not take for a federated credential",
        "Present the token of the platform that the program runs on; of a managed identity one for the audience "
        "api://AzureADTokenExchange, with auth_kind federated_managed_identity.",
    ),
    700236: Explanation(
        "the application is registered in another tenant than the managed identity, and Microsoft Entra takes a "
        "managed identity's token only in the tenant that both are in",
        "Register a multi-tenant application in the managed identity's own tenant, with the federated credential, and "
        "have it consented to in the customers' tenants.",
    ),
    900021: Explanation("the tenant id is empty or all zeros", "Check tenant_id."),
    900023: Explanation("the tenant id is not valid", "Check tenant_id."),
    900382: Explanation("the application lives in another cloud", _CLOUD),
    900421: Explanation("the token does not tell of a second factor, which Partner Center wants", _MFA),
    900432: Explanation("the application lives in another cloud", _CLOUD),
    1002012: Explanation(
        "{resource} is no service that tokens are given for", "Check graph_url, exchange_url and cloud."
    ),
    5000224: Explanation("Microsoft has blocked the tenant", _SUPPORT),
    5000225: Explanation("Microsoft has blocked the tenant for inactivity", _SUPPORT),
    7000112: Explanation(
        "the application is disabled in this tenant",
        "An administrator of the tenant enables it under Enterprise applications; one that its owner deactivated is "
        "activated under App registrations.",
        "An administrator of the tenant enables it under Enterprise applications, Properties, 'Enabled for users to "
        "sign-in', or activates it under App registrations. The automation is not concerned.",
    ),
    7000113: Explanation(
        "the application may not be used in this tenant",
        _CONSENT,
        "An administrator of the tenant gives admin consent to the registration.",
    ),
    7000215: Explanation(_WRONG_SECRET, _GIVE_VALUE, _REISSUE),
    7000216: Explanation(
        "no client secret or certificate was sent", "Give auth_client_secret or auth_certificate_path."
    ),
    7000218: Explanation(
        "no client secret or certificate was sent",
        "Give auth_client_secret or auth_certificate_path. For auth_kind device_code the application must allow public "
        "client flows (App registrations, Authentication).",
        "Give auth_client_secret or auth_certificate_path.",
    ),
    7000222: Explanation(
        "the client secret has expired",
        "Issue a new secret for the automation's application and put it into the inventory.",
        "Run again: client_secret issues a new one.",
    ),
    7000229: Explanation(
        "the application has no service principal in this tenant",
        _CONSENT,
        "Run again: what is missing is made.",
    ),
    7002137: Explanation(f"{_NO_MATCH} subject", _FEDERATE),
    7002138: Explanation(f"{_NO_MATCH} subject, which differs in capital letters only", _FEDERATE),
    9002313: Explanation("the refresh token cannot be read, or is of another application", _AGAIN),
}

#: In a description, or in the address of the page about it.
_CODE = re.compile(r"(?:AADSTS|[?&]code=)(\d{4,9})(?!\d)", re.IGNORECASE)
#: In the list of codes.
_LISTED = re.compile(r"(?:AADSTS)?(\d{4,9})(?:\.0)?", re.IGNORECASE)
#: For the certificate Microsoft says why, and which thumbprint it was shown.
_REASON = re.compile(r"\[Reason - (.+?)(?:,? Please visit[^\]]*)?\]")

#: What a federated token said of itself: no secret, and what its credential must be compared with.
_PRESENTED = re.compile(r"assertion (issuer|subject|audience):? '([^']*)'", re.IGNORECASE)


def sign_in_error(answer: t.Mapping[str, t.Any], who: Who, resource: str = "") -> SignInError:
    """From the token endpoint's error body (error, error_description, error_codes, correlation_id, trace_id).

    `resource`: what the token was asked for.
    """
    description = str(answer.get("error_description") or "")
    codes = list(_codes(answer, description))
    known = next((code for code in codes if code in EXPLANATIONS), None)
    code = f"AADSTS{known or codes[0]}" if codes else str(answer.get("error") or "unknown")
    meaning, next_step = _in_microsofts_words(description, code), "See the code's page at Microsoft."
    if known is not None:
        explanation = EXPLANATIONS[known]
        meaning = explanation.meaning.replace("{resource}", resource or "asked for")
        next_step = explanation.next_step(who)
    return SignInError(
        f"Sign-in of {who} refused, {code}: {meaning}{_reason(description)}.",
        next_step=next_step,
        code=code,
        trace=Trace(request_id=answer.get("trace_id"), client_request_id=answer.get("correlation_id")),
    )


def _codes(answer: t.Mapping[str, t.Any], description: str) -> t.Iterator[int]:
    """From wherever they are told: not every answer has the list, and what stands between may have made texts of it."""
    listed = answer.get("error_codes")
    for entry in listed if isinstance(listed, list | tuple) else re.split(r"[,;\s]+", str(listed)):
        if found := _LISTED.fullmatch(str(entry)):
            yield int(found[1])
    for text in (description, answer.get("error_uri"), answer.get("error")):
        yield from (int(code) for code in _CODE.findall(str(text or "")))


def _in_microsofts_words(description: str, code: str) -> str:
    lines = description.split(" Trace ID:", maxsplit=1)[0].splitlines()
    return lines[0].removeprefix(f"{code}: ").rstrip(".") if lines else "no reason was given"


def _reason(description: str) -> str:
    found = _REASON.search(description)
    if found:
        return f" ({found[1].replace('., ', '. ').rstrip('., ')})"
    presented = ", ".join(f"{name.lower()} '{value}'" for name, value in _PRESENTED.findall(description))
    return f" (presented: {presented})" if presented else ""
