# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment

OPTIONS = {
    "tenant_id": "AZURE_TENANT_ID",
    "auth_client_id": "AZURE_CLIENT_ID",
    "authority_url": "AZURE_AUTHORITY_HOST",
    "auth_client_secret": "AZURE_CLIENT_SECRET",
    "auth_certificate_path": "AZURE_CLIENT_CERTIFICATE_PATH",
    "auth_certificate_password": "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "auth_federated_token_file": "AZURE_FEDERATED_TOKEN_FILE",
}
#: The azuread Terraform provider's names.
TERRAFORM = {
    "tenant_id": "ARM_TENANT_ID",
    "auth_client_id": "ARM_CLIENT_ID",
    "auth_client_secret": "ARM_CLIENT_SECRET",
    "auth_certificate_path": "ARM_CLIENT_CERTIFICATE_PATH",
    "auth_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "auth_federated_token_file": "ARM_OIDC_TOKEN_FILE_PATH",
}
CREDENTIAL = {
    name: variable for name, variable in OPTIONS.items() if name not in {"tenant_id", "auth_client_id", "authority_url"}
}
EVERYTHING = {variable: f"from {variable}" for variable in OPTIONS.values()}
NOTHING = dict.fromkeys(OPTIONS)


@pytest.mark.parametrize(("option", "variable"), OPTIONS.items())
def test_what_the_task_leaves_out_comes_from_the_environment(option, variable):
    assert with_environment(NOTHING, {variable: "value"}) == {**NOTHING, option: "value"}


@pytest.mark.parametrize(("option", "variable"), TERRAFORM.items())
def test_terraforms_names_are_known_and_the_azure_sdks_come_first(option, variable):
    assert with_environment(NOTHING, {variable: "value"}) == {**NOTHING, option: "value"}
    assert with_environment(NOTHING, {variable: "value", OPTIONS[option]: "first"})[option] == "first"


@pytest.mark.parametrize(("text", "flag"), [("1", True), ("True", True), ("true", True), ("0", None), ("", None)])
def test_the_chain_is_sent_where_the_environment_says_so(text, flag):
    given = {**NOTHING, "auth_send_certificate_chain": None}

    found = with_environment(given, {"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": text})

    assert found["auth_send_certificate_chain"] is flag


def test_who_says_which_kind_gets_only_what_belongs_to_it():
    found = with_environment({**NOTHING, "auth_kind": "federated_token_file"}, EVERYTHING)

    assert found["auth_federated_token_file"] == "from AZURE_FEDERATED_TOKEN_FILE"
    assert found["auth_client_secret"] is found["auth_certificate_path"] is None


@pytest.mark.parametrize("option", OPTIONS)
def test_what_the_task_gives_wins(option):
    assert with_environment({**NOTHING, option: "from the task"}, EVERYTHING)[option] == "from the task"


def test_the_environment_gives_no_part_of_a_credential_that_the_task_gives():
    for given in itertools.product((False, True), repeat=len(CREDENTIAL)):
        task = {name: "from the task" if is_given else None for name, is_given in zip(CREDENTIAL, given, strict=True)}
        found = with_environment({**NOTHING, **task}, EVERYTHING)
        taken = {name: found[name] for name in CREDENTIAL}
        if any(given):
            assert taken == task
        else:
            assert taken == {name: f"from {variable}" for name, variable in CREDENTIAL.items()}
        assert found["tenant_id"] == "from AZURE_TENANT_ID"


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_value_counts_as_missing_on_both_sides(empty):
    assert with_environment({"tenant_id": empty}, {"AZURE_TENANT_ID": "contoso.com"}) == {"tenant_id": "contoso.com"}
    assert with_environment({"tenant_id": None}, {"AZURE_TENANT_ID": ""}) == {"tenant_id": None}


def test_options_that_a_module_does_not_have_are_not_added():
    assert with_environment({"tenant_id": None, "other": 1}, EVERYTHING) == {
        "tenant_id": "from AZURE_TENANT_ID",
        "other": 1,
    }


def test_the_options_themselves_are_left_as_they_are():
    params = dict(NOTHING)

    with_environment(params, EVERYTHING)

    assert params == NOTHING


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"ARM_USE_MSI": "true"}, "managed_identity"),
        ({"ARM_USE_CLI": "true"}, "azure_cli"),
        ({"ARM_USE_OIDC": "true"}, "github_actions"),
        ({"ARM_USE_OIDC": "true", "SYSTEM_OIDCREQUESTURI": "https://x"}, "azure_pipelines"),
        ({"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": "/token"}, "federated_token_file"),
        ({"ARM_USE_OIDC": "false", "SYSTEM_OIDCREQUESTURI": "https://x"}, None),
        ({"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "x"}, None),
    ],
)
def test_terraforms_switches_say_the_kind_where_the_task_does_not(environ, kind):
    given = {**NOTHING, "auth_kind": None, "auth_service_connection_id": None}

    assert with_environment(given, environ)["auth_kind"] == kind
    assert with_environment({**given, "auth_client_secret": "s"}, environ)["auth_kind"] is None
    assert with_environment({**given, "auth_kind": "certificate"}, environ)["auth_kind"] == "certificate"


def test_a_pipelines_own_connection_is_taken_only_where_it_is_asked_for():
    given = {**NOTHING, "auth_kind": None, "auth_service_connection_id": None}
    environ = {"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection"}

    assert with_environment(given, environ)["auth_service_connection_id"] is None
    asked = with_environment({**given, "auth_kind": "azure_pipelines"}, environ)
    assert asked["auth_service_connection_id"] == "connection"
