# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

"""What is told to whoever has called the role: the options of the modules by the names of the role's variables."""

from __future__ import annotations

import re
import typing as t
from contextlib import contextmanager

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SPEC
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import STORE_OPTIONS

_PREFIXES = ("connector_", "connector_calendar_", "connector_mail_", "connector_secret_", "connector_store_")
#: Options that are words of everyday language are such only where they stand like this.
_AS_OPTION = (
    r"(?<=Set )(?:adopt|cloud)(?= to\b)|(?<=by )adopt(?= and )|(?<=\()adopt(?=\))"
    r"|(?<=[Cc]heck )cloud(?= and )|(?<= and )cloud(?=[.;]| is )"
)


def _of(prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): name for name in SPEC if name.startswith(prefix)}


#: By option. Where several variables are called alike, the first prefix is meant.
_VARIABLES = {option: name for prefix in reversed(_PREFIXES) for option, name in _of(prefix).items()}
_OF_A_STORE = _VARIABLES | _of("connector_store_")
_UNMISTAKABLE = "|".join(option for option in sorted(_VARIABLES) if "_" in option)
_OPTION = re.compile(rf"{_AS_OPTION}|(?<![\w'.])(?:{_UNMISTAKABLE})(?!\w)")


def in_variables(text: str, registration: str | None = None) -> str:
    """`registration`: calendar or mail, where the text is about one of them.

    Of options with an underscore each is found, of others those that stand where only an option can.
    """
    head, of_the_store, tail = text.partition(STORE_OPTIONS)
    return _named(head, _VARIABLES, registration) + of_the_store + _named(tail, _OF_A_STORE, registration)


def _named(text: str, variables: t.Mapping[str, str], registration: str | None) -> str:
    return _OPTION.sub(lambda found: _variable(variables[found[0]], registration), text)


def _variable(name: str, registration: str | None) -> str:
    of_mail = name.replace("_calendar_", "_mail_")
    if of_mail == name:
        return name
    return f"{name} or {of_mail}" if registration is None else of_mail if registration == "mail" else name


@contextmanager
def told_in_variables(registration: str | None = None) -> t.Iterator[None]:
    """What is raised there speaks of the role's variables."""
    try:
        yield
    except ConnectorError as error:
        renamed(error, registration)
        raise


def renamed(error: ConnectorError, registration: str | None = None) -> ConnectorError:
    error.message = in_variables(error.message, registration)
    error.next_step = in_variables(error.next_step, registration)
    return error


def result_in_variables(result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A module's result: what it says of a failure, and its warnings."""
    told = dict(result)
    if "warnings" in told:
        told["warnings"] = [in_variables(text) for text in told["warnings"]]
    if "failure" in told:
        texts = {name: in_variables(told["failure"][name]) for name in ("message", "next_step")}
        told |= {"msg": in_variables(told["msg"]), "failure": {**told["failure"], **texts}}
    return told
