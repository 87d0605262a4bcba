# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Key Vault's operations on secrets, as of its data plane 7.4."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from emulator.call import Answer, Body, Call, MalformedBody
from emulator.key_vault.errors import UnknownOperation, bad_parameter, forbidden
from emulator.key_vault.store import MOST_BYTES, Secret, Vault, Version, new_version

NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
PAGE = 25
DAY = 86_400
RETENTION = 90 * DAY
_SET = {"value", "tags", "contentType", "attributes"}
_UPDATE = {"tags", "contentType", "attributes"}


def vault_of(call: Call) -> Vault:
    return call.world.vaults[call.host]


def get_newest(call: Call) -> Answer:
    secret = vault_of(call).find(call.params["name"])
    return Answer(200, _bundle(call, secret, _readable(secret.newest)))


def get_version(call: Call) -> Answer:
    vault, name = vault_of(call), call.params["name"]
    version = _readable(vault.find_version(name, call.params["version"]))
    return Answer(200, _bundle(call, vault.secrets[name.lower()], version))


def versions(call: Call) -> Answer:
    """None for a name that is not there; the order is not promised, and not the one in which they were made."""
    vault = vault_of(call)
    secret = vault.secrets.get(call.params["name"].lower())
    found = [] if secret is None or secret.deleted is not None else sorted(secret.versions, key=lambda row: row.id)
    size = _page_size(call)
    start = int(call.query.get("$skiptoken", "0"))
    page = found[start : start + size]
    link = None
    if start + size < len(found):
        token = quote(str(start + size))
        link = f"{call.origin}{call.path}?api-version={call.query['api-version']}&$skiptoken={token}&maxresults={size}"
    rows = [_item(call, secret, row) for row in page] if secret else []
    return Answer(200, {"value": rows, "nextLink": link})


def set_secret(call: Call) -> Answer:
    name, body = call.params["name"], _json(call, _SET)
    if not NAME.fullmatch(name):
        raise bad_parameter(f"The request URI contains an invalid name: {name}")
    value, tags = body.get("value"), _tags(body)
    if not isinstance(value, str):
        raise bad_parameter("Property  has invalid value: value is missing.")
    if len(value.encode()) > MOST_BYTES:
        raise bad_parameter(f"The parameter value is too long: {MOST_BYTES} bytes at most.")
    enabled = _enabled(body, default=True)
    version = new_version(_now(call), value, body.get("contentType"), tags, enabled=enabled)
    return Answer(200, _bundle(call, vault_of(call).set(name, version), version))


def update(call: Call) -> Answer:
    """Without a version, the newest: the SDKs send an empty one, and az with them."""
    vault, name, body = vault_of(call), call.params["name"], _json(call, _UPDATE)
    wanted = call.params.get("version")
    version = vault.find_version(name, wanted) if wanted else vault.find(name).newest
    version.enabled = _enabled(body, default=version.enabled)
    version.tags = _tags(body) if "tags" in body else version.tags
    version.updated = _now(call)
    bundle = _bundle(call, vault.secrets[name.lower()], version)
    del bundle["value"]
    return Answer(200, bundle)


def delete(call: Call) -> Answer:
    return Answer(200, _deleted_bundle(call, vault_of(call).delete(call.params["name"], _now(call))))


def get_deleted(call: Call) -> Answer:
    return Answer(200, _deleted_bundle(call, vault_of(call).find_deleted(call.params["name"])))


def recover(call: Call) -> Answer:
    secret = vault_of(call).recover(call.params["name"])
    bundle = _bundle(call, secret, secret.newest)
    del bundle["value"]
    return Answer(200, bundle)


def purge(call: Call) -> Answer:
    vault = vault_of(call)
    if vault.purge_protection:
        raise forbidden("ForbiddenByPolicy", "Operation is not allowed while purge protection is enabled.")
    vault.purge(call.params["name"])
    return Answer(204)


def _readable(version: Version) -> Version:
    if not version.enabled:
        raise forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.")
    return version


def _json(call: Call, known: set[str]) -> Body:
    try:
        body = call.json()
    except MalformedBody as error:
        raise bad_parameter("The request body is not a JSON object.") from error
    unknown = body.keys() - known
    if unknown:
        raise UnknownOperation(f"The emulator does not know {', '.join(sorted(unknown))} here.")
    return body


def _tags(body: Body) -> dict[str, str]:
    tags = body.get("tags") or {}
    if len(tags) > 15 or any(not isinstance(text, str) or len(text) > 256 for text in tags.values()):
        raise bad_parameter("A secret has 15 tags at most, with 256 characters each.")
    return dict(tags)


def _enabled(body: Body, *, default: bool) -> bool:
    attributes = body.get("attributes") or {}
    unknown = attributes.keys() - {"enabled"}
    if unknown:
        raise UnknownOperation(f"The emulator does not know the attributes {', '.join(sorted(unknown))}.")
    return bool(attributes.get("enabled", default))


def _page_size(call: Call) -> int:
    asked = call.query.get("maxresults", str(PAGE))
    if not asked.isdecimal() or not 1 <= int(asked) <= PAGE:
        raise bad_parameter(f"maxresults: 1 to {PAGE}.")
    return int(asked)


def _now(call: Call) -> int:
    return int(call.now().timestamp())


def _item(call: Call, secret: Secret, version: Version) -> Body:
    vault = vault_of(call)
    attributes: Body = {"enabled": version.enabled, "created": version.created, "updated": version.updated}
    attributes |= {"recoveryLevel": vault.recovery_level, "recoverableDays": 90}
    item: Body = {"id": f"https://{vault.host}/secrets/{secret.name}/{version.id}", "attributes": attributes}
    if version.content_type is not None:
        item["contentType"] = version.content_type
    return item | ({"tags": version.tags} if version.tags else {})


def _bundle(call: Call, secret: Secret, version: Version) -> Body:
    return {"value": version.value, **_item(call, secret, version)}


def _deleted_bundle(call: Call, secret: Secret) -> Body:
    """Without the value."""
    assert secret.deleted is not None
    recovery: dict[str, Any] = {"recoveryId": f"https://{vault_of(call).host}/deletedsecrets/{secret.name}"}
    recovery |= {"deletedDate": secret.deleted, "scheduledPurgeDate": secret.deleted + RETENTION}
    return {**recovery, **_item(call, secret, secret.newest)}
