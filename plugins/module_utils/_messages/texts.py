# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
else:
    # ansible-core cannot run without it either, but ansible-test looks at this file where it is missing.
    with contextlib.suppress(ImportError):
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line

_FOLDER = Path(__file__).parent / "templates"
_SUBJECT = "Subject: "


class Texts:
    """The texts of messages, by kind and language. `folder`: what it has is taken from there.

    Raises InputError for a folder that is not there, or has a text under a name that none has: nobody would be sent it.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            _check(folder)
        self._environment = Environment(
            loader=FileSystemLoader([folder, _FOLDER] if folder else [_FOLDER]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # it is text
        )

    def render(self, kind: str, language: str, values: t.Mapping[str, t.Any]) -> tuple[str, str]:
        """Subject and text. Raises InputError: a text of the operator's cannot be used."""
        name = f"{kind}.{language}.txt.j2"
        try:
            rendered = self._environment.get_template(name).render(_as_lines(values))
        except TemplateError as error:
            raise _useless(name, str(error)) from error
        first, _newline, rest = rendered.partition("\n")
        if not first.startswith(_SUBJECT):
            raise _useless(name, f"its first line does not begin with '{_SUBJECT}'")
        return " ".join(first.removeprefix(_SUBJECT).split()), rest.lstrip("\n")


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", next_step="Correct connector_messages_templates.")
    known = sorted(path.name for path in _FOLDER.glob("*.txt.j2"))
    for path in sorted(folder.glob("*.txt.j2")):
        if path.name not in known:
            raise InputError(
                f"There is no text of the name {path.name} in the collection, so that nobody would be sent {path}.",
                next_step=f"Call it one of {', '.join(known)}; what others include may have any name that does not end "
                "with .txt.j2.",
            )


def _as_lines(value: t.Any) -> t.Any:
    """Whatever a tenant calls itself: it begins no line of its own, and turns no text around."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {name: _as_lines(found) for name, found in value.items()}
    return [_as_lines(entry) for entry in value] if isinstance(value, list) else value


def _useless(name: str, why: str) -> InputError:
    return InputError(
        f"The text {name} cannot be used: {why}.",
        next_step="Correct it in connector_messages_templates, or take it away: the collection has one.",
    )
