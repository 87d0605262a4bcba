# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities as a virtual machine and as an App Service see them; tokens of GitHub's and Azure DevOps' jobs."""

from __future__ import annotations

from typing import Any

from emulator.call import Answer, Call
from emulator.identity import tokens
from emulator.identity.errors import SignInRefused
from emulator.platform import errors
from emulator.platform.store import Job

EXCHANGE_AUDIENCES = (
    "api://AzureADTokenExchange",
    "api://AzureADTokenExchangeUSGov",
    "api://AzureADTokenExchangeChina",
)


def virtual_machine(call: Call) -> Answer:
    """IMDS: whoever asks without the header may be a page that somebody was lured to."""
    if call.headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in call.headers:
        raise errors.imds(400, "bad_request_102", "Required metadata header not specified")
    if call.query.get("api-version") != "2018-02-01":
        raise errors.imds(400, "bad_request", "Bad api-version")
    token, lifetime = _token(call, errors.imds)
    expires_on = str(int(call.now().timestamp()) + lifetime)
    body = {"access_token": token, "client_id": call.query.get("client_id", ""), "expires_in": str(lifetime)}
    return Answer(200, {**body, "expires_on": expires_on, "resource": call.query["resource"], "token_type": "Bearer"})


def app_service(call: Call) -> Answer:
    if not call.world.platform.header or call.headers.get("x-identity-header") != call.world.platform.header:
        raise errors.app_service(401, "The identity header is missing or wrong.")
    if call.query.get("api-version") != "2019-08-01":
        raise errors.app_service(400, "Unsupported API version.")
    token, lifetime = _token(call, lambda status, _error, text: errors.app_service(status, text))
    expires_on = str(int(call.now().timestamp()) + lifetime)
    body = {"access_token": token, "expires_on": expires_on, "resource": call.query["resource"]}
    return Answer(200, {**body, "token_type": "Bearer", "client_id": call.query.get("client_id", "")})


def _token(call: Call, refusal: Any) -> tuple[str, int]:
    unknown = call.query.keys() - {"api-version", "resource", "client_id"}
    if unknown or not call.query.get("resource"):
        raise refusal(
            400, "invalid_request", f"Unknown or missing parameter: {', '.join(sorted(unknown)) or 'resource'}"
        )
    identity = call.world.platform.identity(call.query.get("client_id", ""))
    if identity is None:
        raise refusal(400, "invalid_request", "Identity not found")
    if call.query["resource"] in EXCHANGE_AUDIENCES:
        return tokens.of_identity(call, identity, call.query["resource"]), tokens.LIFETIME
    call.tenant = call.world.tenant(identity.tenant)
    if call.tenant is None:
        raise refusal(400, "invalid_request", "The tenant of the identity is unknown here")
    try:
        return tokens.managed_identity(call, call.tenant, identity.client_id, call.query["resource"]), tokens.LIFETIME
    except SignInRefused as error:
        raise refusal(400, error.form.error, f"AADSTS{error.code}: {error.text}") from error


def github(call: Call) -> Answer:
    """docs.github.com/actions, OpenID Connect reference: the audience is the one asked for."""
    job = _job(call, call.world.platform.github)
    if not call.query.get("audience"):
        raise errors.pipeline(400, "The emulator wants an audience.")
    return Answer(200, {"value": tokens.of_issuer(call, job.issuer, job.subject, call.query["audience"])})


def azure_pipelines(call: Call) -> Answer:
    job = _job(call, call.world.platform.azure_pipelines)
    if call.query.get("api-version") != "7.1":
        raise errors.pipeline(400, "No api-version was supplied.")
    if call.query.get("serviceConnectionId") != job.service_connection:
        raise errors.pipeline(404, "The service connection does not exist, or is not authorized for use.")
    return Answer(200, {"oidcToken": tokens.of_issuer(call, job.issuer, job.subject, EXCHANGE_AUDIENCES[0])})


def _job(call: Call, job: Job | None) -> Job:
    if job is None or not job.may(call.headers.get("authorization", "")):
        raise errors.pipeline(401, "The job's token is missing or wrong.")
    return job
