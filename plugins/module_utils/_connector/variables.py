# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import whole_tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.suggestion import with_suggestion
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import KINDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import is_guid
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.names import may_be_one
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import AUTH_KINDS
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import AUTH_METHODS

#: The role's variables, validated: every name of SPEC has a value, None where nothing was given.
Variables: t.TypeAlias = "t.Mapping[str, t.Any]"

_TEXT: dict[str, t.Any] = {"type": "str"}
_SECRET: dict[str, t.Any] = {"type": "str", "no_log": True}
_PATH: dict[str, t.Any] = {"type": "path"}
_FLAG: dict[str, t.Any] = {"type": "bool"}
_LIST: dict[str, t.Any] = {"type": "list", "elements": "str"}
_MODE: dict[str, t.Any] = {"type": "str", "choices": ["access_policy", "rbac", "none"]}
_DECISION: dict[str, t.Any] = {
    "type": "dict",
    "options": {name: {"type": "list", "elements": "str", "default": []} for name in ("keep", "remove")},
}
_ACCEPTED = {name: {"type": "str", "required": True} for name in ("id", "reason", "until")}
_AUDIENCES = ["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"]


def _given(option: dict[str, t.Any]) -> dict[str, t.Any]:
    """The role has a default for it."""
    return {**option, "required": True}


#: As roles/connector/meta/argument_specs.yml documents them.
SPEC: dict[str, dict[str, t.Any]] = {
    "connector_tenant_id": _given(_TEXT),
    "connector_mail_sender": _given(_TEXT),
    "connector_host_renamed": _TEXT,
    "connector_store": _given({"type": "str", "choices": ["vault_file", "vault_kv2", "azure_key_vault"]}),
    "connector_store_folder": _PATH,
    "connector_store_url": _TEXT,
    "connector_store_namespace": _TEXT,
    "connector_store_engine_mount_point": _given(_TEXT),
    "connector_store_path": _given(_TEXT),
    "connector_store_ca_cert": _PATH,
    "connector_store_auth_method": {"type": "str", "choices": list(AUTH_METHODS)},
    "connector_store_mount_point": _TEXT,
    "connector_store_token": _SECRET,
    "connector_store_role_id": _TEXT,
    "connector_store_secret_id": _SECRET,
    "connector_store_jwt": _SECRET,
    "connector_store_cert_auth_public_key": _PATH,
    "connector_store_cert_auth_private_key": {**_PATH, "no_log": False},
    "connector_store_auth_kind": {"type": "str", "choices": list(AUTH_KINDS)},
    "connector_store_auth_client_id": _TEXT,
    "connector_store_auth_client_secret": _SECRET,
    "connector_store_auth_certificate_path": _PATH,
    "connector_store_auth_certificate_password": _SECRET,
    "connector_store_auth_send_certificate_chain": _FLAG,
    "connector_store_auth_federated_token_file": _PATH,
    "connector_store_auth_service_connection_id": _TEXT,
    "connector_store_auth_managed_identity_client_id": _TEXT,
    "connector_store_former": {"type": "dict"},
    "connector_store_former_handoff_folder": _PATH,
    "connector_store_former_clear": _given(_FLAG),
    "connector_auth_kind": {"type": "str", "choices": list(KINDS)},
    "connector_auth_client_id": _TEXT,
    "connector_auth_client_secret": _SECRET,
    "connector_auth_certificate_path": _PATH,
    "connector_auth_certificate_password": _SECRET,
    "connector_auth_send_certificate_chain": _FLAG,
    "connector_auth_federated_token_file": _PATH,
    "connector_auth_service_connection_id": _TEXT,
    "connector_auth_managed_identity_client_id": _TEXT,
    "connector_auth_refresh_token_file": _PATH,
    "connector_cloud": _given({"type": "str", "choices": list(CLOUDS)}),
    "connector_authority_url": _TEXT,
    "connector_graph_url": _TEXT,
    "connector_exchange_url": _TEXT,
    "connector_ca_path": _PATH,
    "connector_prefix": _given(_TEXT),
    "connector_sign_in_audience": _given({"type": "str", "choices": _AUDIENCES}),
    "connector_notes": _given(_TEXT),
    "connector_adopt": _given(_FLAG),
    "connector_adopt_credentials": _DECISION,
    "connector_adopt_owners": _DECISION,
    "connector_enable": _given(_FLAG),
    "connector_open_door": _given({"type": "str", "choices": ["keep", "disable"]}),
    "connector_foreign_credentials": _given({"type": "str", "choices": ["report", "remove"]}),
    "connector_calendar_display_name": _given(_TEXT),
    "connector_calendar_unique_name": _TEXT,
    "connector_calendar_permissions": _given(_LIST),
    "connector_calendar_tags": _LIST,
    "connector_calendar_owners": _given(_LIST),
    "connector_calendar_adopt": _FLAG,
    "connector_calendar_adopt_client_id": _TEXT,
    "connector_calendar_restriction": _MODE,
    "connector_calendar_allow_every_mailbox": _given(_FLAG),
    "connector_calendar_unconfined_permissions": _given(_LIST),
    "connector_calendar_group": _given(_TEXT),
    "connector_calendar_members": _LIST,
    "connector_calendar_members_exact": _given(_FLAG),
    "connector_calendar_adopt_group": _TEXT,
    "connector_mail_display_name": _given(_TEXT),
    "connector_mail_unique_name": _TEXT,
    "connector_mail_permissions": _given(_LIST),
    "connector_mail_tags": _LIST,
    "connector_mail_owners": _given(_LIST),
    "connector_mail_adopt": _FLAG,
    "connector_mail_adopt_client_id": _TEXT,
    "connector_mail_restriction": _given(_MODE),
    "connector_mail_allow_every_mailbox": _given(_FLAG),
    "connector_mail_unconfined_permissions": _given(_LIST),
    "connector_mail_group": _given(_TEXT),
    "connector_mail_members": _LIST,
    "connector_mail_members_exact": _given(_FLAG),
    "connector_mail_adopt_group": _TEXT,
    "connector_mail_adopt_sender": _TEXT,
    "connector_rbac_api": _given({"type": "str", "choices": ["exchange", "graph_beta"]}),
    "connector_enforcement_delay": _given(_TEXT),
    "connector_exchange_wait": _given(_TEXT),
    "connector_sign_in_wait": _given(_TEXT),
    "connector_prove_again": _given(_FLAG),
    "connector_proof_valid": _given(_TEXT),
    "connector_test_mail_to": _TEXT,
    "connector_secret_valid_for": _TEXT,
    "connector_secret_renew_before": _given(_TEXT),
    "connector_secret_overlap": _given(_TEXT),
    "connector_secret_owner": _TEXT,
    "connector_lost_store": _given({"type": "str", "choices": ["stop", "replace"]}),
    "connector_delivered": _given(_LIST),
    "connector_revoke": _given(_LIST),
    "connector_rotate_force": _given({**_LIST, "choices": ["calendar", "mail"]}),
    "connector_sign_in_reports": _given(_FLAG),
    "connector_directory_audits": _given(_FLAG),
    "connector_max_fail_percentage": _given({"type": "int"}),
    "connector_vault_id": _TEXT,
    "connector_handoff_folder": _PATH,
    "connector_handoff_unproven": _given(_FLAG),
    "connector_handoff_name": _TEXT,
    "connector_switch": {"type": "str", "choices": ["calendar", "mail", "both"]},
    "connector_switched_by": _TEXT,
    "connector_offboard": _given(_LIST),
    "connector_onboard_again": _given(_LIST),
    "connector_purge": _given(_FLAG),
    "connector_offboarded_by": _TEXT,
    "connector_discovered_folder": _given(_PATH),
    "connector_preflight": _given({"type": "str", "choices": ["tell", "strict"]}),
    "connector_fail_on": _given({"type": "str", "choices": ["none", "high", "medium", "low"]}),
    "connector_accepted": _given({"type": "list", "elements": "dict", "options": _ACCEPTED}),
    "connector_report": _given(_FLAG),
    "connector_report_folder": _given(_PATH),
    "connector_report_anonymous": _given(_FLAG),
    "connector_report_merge": _given({"type": "list", "elements": "path"}),
    "connector_messages_folder": _PATH,
    "connector_messages_from": _TEXT,
    "connector_messages_templates": _PATH,
    "connector_messages_language": _given({"type": "str", "choices": ["en", "da", "de"]}),
    "connector_messages_within": _given(_TEXT),
    "connector_messages_consent_to": _given(_LIST),
    "connector_messages_delivery_to": _given(_LIST),
}
#: Read by the playbook, and written by the role.
_ELSEWHERE = {
    *("connector_hosts", "connector_batch_size", "connector_waves"),
    *("connector_result", "connector_details", "connector_messages"),
}
_REQUIRED_IF = [("connector_store", "vault_file", ["connector_store_folder"])]
SECRET_VARIABLES = frozenset(name for name, option in SPEC.items() if option.get("no_log"))


def read_variables(given: t.Mapping[str, t.Any], host: str) -> Variables:
    """Validated, with the defaults that depend on other variables. Raises InputError with all that is wrong."""
    known = {name: value for name, value in given.items() if name in SPEC}
    unknown = sorted(set(given) - set(SPEC) - _ELSEWHERE)
    checked = ArgumentSpecValidator(SPEC, required_if=_REQUIRED_IF).validate(known)
    alike = ", ".join(with_suggestion(name, SPEC) for name in unknown)
    mistakes = [f"Unknown variable: {alike}."] if unknown else []
    mistakes += [f"{message}." for message in checked.error_messages]
    # Python refuses it in a path, in its own way.
    nulls = [name for name, value in known.items() if isinstance(value, str) and "\0" in value]
    mistakes += [f"{name} has a null character in it." for name in nulls]
    if not mistakes:
        variables = _with_defaults(checked.validated_parameters, host)
        mistakes = [
            *_same_keys(variables),
            *_same_groups(variables),
            *_useless_folders(variables),
            *_no_key_ids(variables),
            *whole_tenant.mistakes(variables),
        ]
        if not mistakes:
            return variables
    raise InputError(
        " ".join(mistakes), next_step="Correct the inventory; nothing was written.", code="InventoryMistake"
    )


def _same_keys(variables: Variables) -> t.Iterator[str]:
    names = ("connector_calendar_unique_name", "connector_mail_unique_name")
    calendar, mail = (variables[name] for name in names)
    if calendar.lower() == mail.lower():
        yield f"{' and '.join(names)} are the same ({mail}): one registration cannot be both. Give each its own."


def _useless_folders(variables: Variables) -> t.Iterator[str]:
    """Somebody who gives one believes that there will be files in it."""
    for name in ("connector_store_folder", "connector_handoff_folder"):
        if variables["connector_store"] != "vault_file" and variables[name]:
            yield f"{name} is for connector_store: vault_file; {variables['connector_store']} keeps all in its server."


def _no_key_ids(variables: Variables) -> t.Iterator[str]:
    """What is no key id names no secret, whichever tenant it is looked for in."""
    for name in ("connector_delivered", "connector_revoke"):
        wrong = [value for value in variables[name] if not is_guid(value)]
        if wrong:
            yield f"{name}: {', '.join(wrong)} is no key id, as the report tells them."


def _same_groups(variables: Variables) -> t.Iterator[str]:
    """Each registration would reach the other's mailboxes, and each run would put the one's members in the other's."""
    kinds = ("calendar", "mail")
    groups = [variables[f"connector_{kind}_group"] for kind in kinds]
    restricted = all(variables[f"connector_{kind}_restriction"] != "none" for kind in kinds)
    adopted = [str(variables[f"connector_{kind}_adopt_group"] or "").lower() for kind in kinds]
    if restricted and (may_be_one(*groups) or (adopted[0] and adopted[0] == adopted[1])):
        told = " and ".join(dict.fromkeys(groups))
        yield (
            f"connector_calendar_group and connector_mail_group are one group, or would have one alias ({told}): "
            "give each its own."
        )


def with_absolute_folders(variables: Variables, inventory_dir: str | None) -> Variables:
    """Relative to the inventory, not to where somebody happens to stand: another folder is another store, and the
    tenant would get a second set of secrets. Raises InputError."""
    names = ("connector_store_folder", "connector_handoff_folder")
    folders = {name: Path(variables[name]) for name in names if variables[name]}
    relative = [name for name, folder in folders.items() if not folder.is_absolute()]
    if relative and not inventory_dir:
        raise InputError(
            f"{relative[0]} '{folders[relative[0]]}' is relative to the inventory, which is no file here.",
            next_step="Give an absolute path.",
            code="InventoryMistake",
        )
    return {**variables, **{name: str(Path(inventory_dir or "", folders[name])) for name in relative}}


def _with_defaults(given: t.Mapping[str, t.Any], host: str) -> dict[str, t.Any]:
    prefix, members = given["connector_prefix"], given["connector_calendar_members"]
    folder = given["connector_store_folder"]
    defaults = {
        "connector_calendar_unique_name": f"{prefix}-calendar",
        "connector_calendar_restriction": "none" if members is None else "access_policy",
        "connector_mail_unique_name": f"{prefix}-mail",
        "connector_mail_members": [given["connector_mail_sender"]],
        "connector_handoff_folder": f"{folder}/handoff"
        if folder and given["connector_store"] == "vault_file"
        else None,
        "connector_handoff_name": host,
    }
    return {**given, **{name: value for name, value in defaults.items() if given[name] is None}}
