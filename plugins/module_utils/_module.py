# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import (
    Call,
    Operation,
    missing_libraries,
    perform,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_command import VaultCommand
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell_waits_to


def run_module(operation: Operation) -> None:
    """The entry point of a real module: used when a task is delegated to another machine."""
    module = AnsibleModule(
        argument_spec=dict(operation.argument_spec), supports_check_mode=True, **operation.constraints
    )
    for library, error in missing_libraries().items():
        module.fail_json(msg=missing_required_lib(library), exception=error)

    params = with_environment(module.params, os.environ)
    if params.get("auth_kind") == "device_code":
        module.fail_json(
            msg="auth_kind device_code shows a code to a person, which a task that is delegated to another machine "
            "cannot. Leave delegate_to out, or sign in there in another way."
        )
    tell_waits_to(lambda text: module.log(f"{params.get('tenant_id')} {text}"))

    def vault(vault_id: str | None, password_file: str | None) -> VaultCommand:
        password_file = password_file or os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE")
        return VaultCommand(module.run_command, password_file, vault_id)

    result, outcome = perform(operation, Call(params, check_mode=module.check_mode, vault=vault))
    for warning in outcome.warnings if outcome else ():
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
