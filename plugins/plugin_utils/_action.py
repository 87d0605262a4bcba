# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import gc
import json
import os
import typing as t
from dataclasses import replace
from datetime import date

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SECRET_VARIABLES
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import result_in_variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import EndpointError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import (
    default_ca_path,
    tls_context,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import (
    Call,
    Operation,
    Outcome,
    failure,
    missing_libraries,
    perform,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell_waits_to
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import (
    vault_of_run,
)
from ansible_collections.totalview.exchange365.plugins.plugin_utils._sealed_session import seal, unseal
from ansible_collections.totalview.exchange365.plugins.plugin_utils._tenant_hosts import TENANT_HOSTS

if not missing_libraries():
    with contextlib.suppress(EndpointError):  # each task tells what is wrong with it
        tls_context(default_ca_path())  # for all workers, which inherit it

#: Whose options are given by variables, so that whoever reads what its tasks tell knows those.
_ROLE = "totalview.exchange365.connector"

# A garbage collector writes to whatever it looks at; that of a worker would so make it a copy of all that the
# ansible-playbook process has in its memory (docs.python.org, gc.freeze).
gc.freeze()


class _Unspoken(dict[str, t.Any]):
    """A module's options. Ansible writes their repr to the log where ANSIBLE_DEBUG is set, credentials and all."""

    def __repr__(self) -> str:
        return f"options {', '.join(self)}"


class ConnectorAction(ActionBase):
    """Runs an operation in the worker process on the controller: no process is started, nothing is copied.

    A task delegated to another machine goes there as an ordinary module instead.
    """

    OPERATION: t.ClassVar[Operation]

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        result = self._result(task_vars)
        return result_in_variables(result) if (task_vars or {}).get("ansible_role_name") == _ROLE else result

    def _result(self, task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        params = with_environment(self._params(), os.environ)
        if self._task.delegate_to and self._task.delegate_to not in C.LOCALHOST:
            return self._run_there(params, task_vars)
        for library, error in missing_libraries().items():
            return {"failed": True, "msg": missing_required_lib(library), "exception": error}
        host = (task_vars or {}).get("inventory_hostname", "localhost")
        tell_waits_to(lambda text: Display().display(f"{host}: {self.OPERATION.name} {text}"))
        session = unseal(params.get("session"))
        call = Call(params, bool(self._task.check_mode), vault_of_run, session)
        if session is not None and session.directory_id:
            try:
                TENANT_HOSTS.check(host)
            except InputError as error:
                return failure(error, call.tenant_name)
        result, outcome = perform(self.OPERATION, call)
        return self._finish(params, result, _addressed(outcome, host, params.get("unique_name")))

    def _params(self) -> dict[str, t.Any]:
        """The task's options, validated."""
        # Made plain first: to copy the tagged values of templating, as validation does, costs milliseconds.
        given = json.loads(json.dumps(self._task.args, default=_day))
        found = ArgumentSpecValidator(dict(self.OPERATION.argument_spec), **self.OPERATION.constraints).validate(given)
        if found.error_messages:
            raise AnsibleActionFail(f"{self.OPERATION.name}: {'; '.join(found.error_messages)}", obj=self._task.args)
        return t.cast("dict[str, t.Any]", found.validated_parameters)

    def _run_there(self, params: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        # A sealed session cannot be opened there: the module signs in by itself.
        given = _given({name: value for name, value in params.items() if name != "session"})
        arguments = _Unspoken(given)
        name = f"totalview.exchange365.{self.OPERATION.name}"
        if self._connection.has_pipelining and self._connection.has_option("pipelining"):
            # Through a pipe; a file with the credential in it would outlive a run that is killed.
            self._connection.set_option("pipelining", True)
        return t.cast(
            "dict[str, t.Any]", self._execute_module(module_name=name, module_args=arguments, task_vars=task_vars)
        )

    def _finish(
        self, params: t.Mapping[str, t.Any], result: dict[str, t.Any], outcome: Outcome | None
    ) -> dict[str, t.Any]:
        if not self._task.diff:
            result.pop("diff", None)
        secrets = set(_secret_values(self.OPERATION.argument_spec, params))
        variables = params.get("variables") or {}
        secrets |= {variables[name] for name in SECRET_VARIABLES if variables.get(name)}
        masked: dict[str, t.Any] = remove_values(result, secrets)
        if outcome is not None and outcome.warnings:
            masked["warnings"] = list(outcome.warnings)
        if outcome is not None and outcome.session is not None:
            masked["session"] = seal(outcome.session)
        return masked


def _given(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Without what validation has filled in with None, which it does not take back where there are choices."""
    return {
        name: _given(value) if isinstance(value, dict) else value for name, value in params.items() if value is not None
    }


def _secret_values(spec: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What is given for secret options, also for those within others."""
    for name, option in spec.items():
        value = params.get(name)
        if option.get("no_log") and value:
            yield value
        elif option["type"] == "dict" and "options" in option and value:
            yield from _secret_values(option["options"], value)


def _day(value: t.Any) -> str:
    """YAML makes a date of what looks like one."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} {value} cannot be an option")


def _addressed(outcome: Outcome | None, host: str, unique_name: str | None) -> Outcome | None:
    """Warnings with host and registration, so that a run shows each once."""
    if outcome is None:
        return None
    about = f"{host}: {unique_name}" if unique_name else host
    return replace(outcome, warnings=tuple(f"{about}: {warning}" for warning in outcome.warnings))
