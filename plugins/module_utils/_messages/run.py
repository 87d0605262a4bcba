# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import SMTP
from pathlib import Path
from urllib.parse import quote

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._files import locked, write
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.letter import address, letter
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.tenant import KINDS, wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.texts import Texts
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, Outcome

_MODE = 0o600
_FOLDER_MODE = 0o700


@dataclass(frozen=True)
class Message:
    """One kind of message of one tenant. `text`: None where there shall be none. `path`: without its ending."""

    tenant: str
    kind: str
    path: Path
    subject: str = ""
    text: str | None = None
    to: tuple[Address, ...] = ()

    @property
    def text_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.txt")

    @property
    def letter_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.eml")


def run(call: Call) -> Outcome:
    """The work of connector_messages."""
    params, folder = call.params, Path(call.params["folder"])
    sender = address(params["sender"], "connector_messages_from")
    messages = list(_messages(params, folder))
    try:
        if call.check_mode:
            changed = _changed(messages, sender)
        else:
            with locked(folder, _FOLDER_MODE):
                changed = _changed(messages, sender)
                for message in changed:
                    _put(message, sender)
    except OSError as error:
        raise InputError(
            f"The messages cannot be written: {error}.",
            next_step="Mend that or set connector_messages_folder; the tenants are as the table says.",
        ) from error
    return Outcome(
        {
            "changed": bool(changed),
            "messages": [_view(message, message in changed) for message in messages if message.text is not None],
            "removed": [str(file) for message in changed if message.text is None for file in _files(message)],
        }
    )


def _messages(params: t.Mapping[str, t.Any], folder: Path) -> t.Iterator[Message]:
    texts = Texts(Path(params["templates"]) if params["templates"] else None)
    details = {entry["tenant"]: entry for entry in params["details"]}
    for result in params["results"]:
        found = details.get(result["tenant"], {})
        for kind, values in wanted(result, found).items():
            path = folder / f"{quote(result['tenant'], safe='')}.{kind}"
            if values is None:
                yield Message(result["tenant"], kind, path)
                continue
            told = found["messages"]
            subject, text = texts.render(kind, told["language"], values)
            to = tuple(address(entry, f"connector_messages_{KINDS[kind]}") for entry in told[KINDS[kind]])
            yield Message(result["tenant"], kind, path, subject, text, to)


def _view(message: Message, is_new: bool) -> dict[str, t.Any]:
    return {
        "tenant": message.tenant,
        "kind": message.kind,
        "new": is_new,
        "to": [str(entry) for entry in message.to],
        "subject": message.subject,
        "text_file": str(message.text_file),
        "letter_file": str(message.letter_file),
    }


def _files(message: Message) -> tuple[Path, Path]:
    return message.text_file, message.letter_file


def _changed(messages: t.Iterable[Message], sender: Address) -> list[Message]:
    return [message for message in messages if _differs(message, sender)]


def _differs(message: Message, sender: Address) -> bool:
    if message.text is None:
        return any(file.exists() for file in _files(message))
    return not (
        _content(message.text_file) == _plain(message)
        and _content(message.letter_file) == _letter(message, sender, _date(message.letter_file))
    )


def _put(message: Message, sender: Address) -> None:
    if message.text is None:
        for file in _files(message):
            file.unlink(missing_ok=True)
        return
    write(message.letter_file, _letter(message, sender, None), _MODE)
    write(message.text_file, _plain(message), _MODE)


def _plain(message: Message) -> bytes:
    return str(message.text).encode()


def _letter(message: Message, sender: Address, at: datetime | None) -> bytes:
    return letter(message.subject, str(message.text), sender, message.to, at or datetime.now(UTC))


def _date(file: Path) -> datetime | None:
    """When it was written; the content tells whether it is still the same."""
    content = _content(file)
    header = message_from_bytes(content, policy=SMTP)["Date"] if content is not None else None
    return None if header is None else t.cast("datetime | None", header.datetime)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


OPERATION = Operation(
    "connector_messages",
    {
        "results": {"type": "list", "elements": "dict", "default": []},
        "details": {"type": "list", "elements": "dict", "default": []},
        "folder": {"type": "path", "required": True},
        "sender": {"type": "str", "required": True},
        "templates": {"type": "path"},
    },
    run,
)
