# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading seeds: YAML or JSON, checked before anything starts."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from jsonschema import Draft202012Validator, ValidationError

from emulator.faults.kinds import parse_faults
from emulator.faults.model import BadFault
from emulator.graph.store.resources import EXCHANGE, GRAPH, resources


class BadSeed(ValueError):
    """Says which tenant and which field."""


@cache
def _schema() -> dict[str, Any]:
    text = files("emulator").joinpath("seed_schema.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _validator(part: str) -> Draft202012Validator:
    """`part` is one of the schema's definitions; the admin door's bodies are described beside the seed."""
    return Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": _schema()["$defs"]})


def check_part(part: str, body: Mapping[str, Any]) -> None:
    error = next(_validator(part).iter_errors(body), None)
    if error is not None:
        raise BadSeed(_message(body, error))


def load_seed(path: Path) -> dict[str, Any]:
    """Certificate files are named relative to the seed."""
    try:
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_loader())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadSeed(f"cannot read {path}: {error}") from error
    return check_seed(document, path.parent)


def _loader() -> type[yaml.SafeLoader]:
    """The C one where there is one: a seed may name thousands of tenants."""
    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return loader


def check_seed(document: Any, folder: Path | None = None) -> dict[str, Any]:
    check_part("seed", document)
    _check_faults("", document)
    tenants = [_completed(spec, folder) for spec in document.get("tenants", ())]
    _check_names(tenants)
    return {**document, "tenants": tenants}


def _message(document: Any, error: ValidationError) -> str:
    path = list(error.absolute_path)
    place = ".".join(str(part) for part in path) or "the document"
    if len(path) >= 2 and path[0] == "tenants" and isinstance(path[1], int):
        rest = ".".join(str(part) for part in path[2:]) or "the tenant"
        place = f"tenant {_name(document['tenants'][path[1]], path[1])}: {rest}"
    return f"{place}: {error.message}"


def _name(spec: Any, number: int) -> str:
    if not isinstance(spec, dict):
        return f"number {number}"
    domains = spec.get("domains") or [None]
    return str(spec.get("display_name") or spec.get("id") or domains[0] or f"number {number}")


def _completed(spec: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    _check_applications(spec)
    _check_faults(f"tenant {_name(spec, 0)}: ", spec)
    _check_exchange(spec)
    automation = spec.get("automation")
    if automation is None:
        return spec
    _check_role_names(spec, automation)
    if "certificate_file" in automation:
        automation = {**automation, "certificate_pem": _read_certificate(spec, automation, folder)}
    if "certificate_pem" in automation:
        _check_certificate(spec, automation["certificate_pem"])
    return {**spec, "automation": automation}


def _check_applications(spec: dict[str, Any]) -> None:
    people = {user["upn"].lower() for user in spec.get("users", ())}
    for number, wish in enumerate(spec.get("applications", ())):
        owners = {name.lower() for name in wish.get("owners", ())}
        permissions = set(wish.get("applicationPermissions", ()))
        unknown = sorted((permissions - resources()[GRAPH].roles.keys()) | (owners - people))
        if unknown:
            raise BadSeed(f"tenant {_name(spec, 0)}: applications.{number}: unknown: {', '.join(unknown)}")
        for part in (wish, wish.get("servicePrincipal", {})):
            _check_keys(f"tenant {_name(spec, 0)}: applications.{number}: keyCredentials", part)


def _check_keys(place: str, part: Mapping[str, Any]) -> None:
    for key in part.get("keyCredentials", ()):
        try:
            x509.load_der_x509_certificate(base64.b64decode(key["key"], validate=True))
        except ValueError as error:
            raise BadSeed(f"{place}: not a certificate in DER and base64") from error


def _check_faults(place: str, part: Mapping[str, Any]) -> None:
    try:
        parse_faults(part.get("faults", ()))
    except BadFault as error:
        raise BadSeed(f"{place}{error}") from error


def _check_exchange(spec: dict[str, Any]) -> None:
    """What the seed names must be there; Exchange's own rules are for the planting."""
    wish = spec.get("exchange") or {}
    groups, policies = wish.get("groups", ()), wish.get("policies", ())
    mailboxes = {user["upn"]: user.get("mailbox", True) for user in spec.get("users", ()) if user.get("mailbox", True)}
    kinds = {group["name"]: group.get("kind", "security") for group in groups}
    members = {name for name, kind in kinds.items() if kind != "microsoft365"} | mailboxes.keys()
    _check_known(spec, "groups", [name for group in groups for name in group.get("members", ())], members)
    people = {upn for upn, mailbox in mailboxes.items() if mailbox is True}
    security = {name for name, kind in kinds.items() if kind == "security"}
    _check_known(spec, "policies", [policy["group"] for policy in policies], people | security)
    applications = {application["displayName"] for application in spec.get("applications", ())}
    if "automation" in spec:
        applications.add(spec["automation"].get("display_name", "Automation"))
    named = [policy["display_name"] for policy in policies if "display_name" in policy]
    _check_known(spec, "policies", named, applications)


def _check_known(spec: dict[str, Any], part: str, named: list[str], known: set[str]) -> None:
    unknown = sorted(set(named) - known)
    if unknown:
        raise BadSeed(f"tenant {_name(spec, 0)}: exchange.{part}: unknown: {', '.join(unknown)}")


def _check_role_names(spec: dict[str, Any], automation: dict[str, Any]) -> None:
    graph, exchange = resources()[GRAPH], resources()[EXCHANGE]
    fields = {"roles": graph.roles, "scopes": graph.scopes}
    fields |= {"exchange_roles": exchange.roles, "exchange_scopes": exchange.scopes}
    for field, known in fields.items():
        unknown = sorted(set(automation.get(field, ())) - known.keys())
        if unknown:
            raise BadSeed(f"tenant {_name(spec, 0)}: automation.{field}: unknown: {', '.join(unknown)}")


def _read_certificate(spec: dict[str, Any], automation: dict[str, Any], folder: Path | None) -> str:
    if folder is None:
        raise BadSeed(f"tenant {_name(spec, 0)}: automation.certificate_file: only in a seed file; use certificate_pem")
    try:
        return folder.joinpath(automation["certificate_file"]).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadSeed(f"tenant {_name(spec, 0)}: automation.certificate_file: {error}") from error


def _check_certificate(spec: dict[str, Any], pem: str) -> None:
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise BadSeed(f"tenant {_name(spec, 0)}: automation certificate: not a PEM certificate") from error


def _check_names(tenants: list[dict[str, Any]]) -> None:
    named = [name.lower() for spec in tenants for name in (spec.get("id"), *spec["domains"]) if name]
    twice = sorted(name for name, times in Counter(named).items() if times > 1)
    if twice:
        raise BadSeed(f"ids and domains must be unique; more than once: {', '.join(twice)}")
