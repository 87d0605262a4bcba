# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin consent page. Nobody has to sign in here, which the page says."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import urlencode, urlsplit

from emulator.call import Answer, Call
from emulator.graph.store import consent
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import permission_name
from emulator.identity.errors import SignInRefused
from emulator.identity.handlers import find_tenant
from emulator.identity.store import find_resource
from emulator.world import Tenant

HTML = {"content-type": "text/html; charset=utf-8"}

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>{content}<p><small>Emulated page: it asks for no sign-in.</small></p></body></html>
"""

FORM = """<p>{name} asks for these permissions for the whole of {tenant}:</p><ul>{permissions}</ul>
<form method="post"><button name="decision" value="accept">Accept</button>
<button name="decision" value="cancel">Cancel</button></form>"""


def as_page(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """People read these refusals, not programs."""

    def handle(call: Call) -> Answer:
        try:
            return handler(call)
        except SignInRefused as refusal:
            return _error_page(call, refusal)

    return handle


@as_page
def page(call: Call) -> Answer:
    tenant, application = _asked(call)
    body = application.true.body
    items = "".join(f"<li>{escape(name)}</li>" for name in _declared_names(body))
    content = FORM.format(
        name=escape(body["displayName"]), tenant=escape(tenant.display_name), permissions=items or "<li>none</li>"
    )
    return _html(200, "Permissions requested", content)


@as_page
def decide(call: Call) -> Answer:
    """Consent is written before the redirect, so an application without a reply address ends on an error page."""
    tenant, application = _asked(call)
    redirect_uri = call.query.get("redirect_uri", "")
    registered = redirect_uri in _reply_addresses(application.true.body)
    if call.form().get("decision") != "accept":
        declined = SignInRefused(65004)
        return _leave(call, redirect_uri, declined) if registered else _error_page(call, declined)
    resource_app_id = _only_resource(tenant, call.query.get("scope", ""))
    consent.consent(tenant.directory, application, resource_app_id=resource_app_id)
    return _leave(call, redirect_uri, None) if registered else _error_page(call, SignInRefused(500113))


def _asked(call: Call) -> tuple[Tenant, Record]:
    tenant, client_id = find_tenant(call), call.query.get("client_id", "")
    application = tenant.directory.find_live(Kind.APPLICATION, "appId", client_id)
    if application is None:
        raise SignInRefused(700016, client_id)
    return tenant, application


def _declared_names(application: Body) -> list[str]:
    return [
        f"{permission_name(entry['resourceAppId'], item['id']) or item['id']} ({item['type']})"
        for entry in application["requiredResourceAccess"]
        for item in entry["resourceAccess"]
    ]


def _reply_addresses(application: Body) -> list[str]:
    return [uri for kind in ("web", "spa", "publicClient") for uri in application[kind]["redirectUris"]]


def _only_resource(tenant: Tenant, scope: str) -> str | None:
    """The v2 page asks for one resource; the v1 page for everything declared."""
    resource = find_resource(tenant.directory, scope.partition("/.default")[0]) if scope else None
    return str(resource.true.body["appId"]) if resource else None


def _leave(call: Call, redirect_uri: str, refusal: SignInRefused | None) -> Answer:
    assert call.tenant is not None
    answer: dict[str, str] = {"admin_consent": "True", "tenant": call.tenant.id}
    if "/v2.0/" in call.path and call.query.get("scope"):
        answer["scope"] = call.query["scope"]
    if refusal is not None:
        body = refusal.answer(call).body
        answer = {"error": body["error"], "error_description": body["error_description"], "tenant": call.tenant.id}
    if call.query.get("state"):
        answer["state"] = call.query["state"]
    glue = "&" if urlsplit(redirect_uri).query else "?"
    return Answer(302, None, {"location": f"{redirect_uri}{glue}{urlencode(answer)}"})


def _error_page(call: Call, refusal: SignInRefused) -> Answer:
    description = refusal.answer(call).body["error_description"]
    return _html(200, "Sign in", f"<p>Sorry, but we're having trouble signing you in.</p><p>{escape(description)}</p>")


def _html(status: int, title: str, content: str) -> Answer:
    return Answer(status, PAGE.format(title=escape(title), content=content), dict(HTML))
