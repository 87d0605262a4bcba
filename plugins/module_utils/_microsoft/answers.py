# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import UnexpectedAnswerError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time

Check = t.Callable[[t.Any], bool]


class Answer(dict[str, t.Any]):
    """A JSON object from Microsoft. To ask it for what it does not hold is a foreseeable fault, not a bug."""

    def __missing__(self, name: str) -> t.NoReturn:
        raise UnexpectedAnswerError(f"Microsoft's answer lacks '{name}'.", next_step=NEXT_STEP)


NEXT_STEP = "Nothing was done on it. Run again; if it stays, see whether a proxy answers in Microsoft's place."


def parse(text: str) -> t.Any:
    """JSON, with every field that we use of the type that Microsoft documents.

    Raises UnexpectedAnswerError, ValueError (no JSON).
    """
    return json.loads(text, object_hook=_checked)


def _checked(found: dict[str, t.Any]) -> Answer:
    for name, check in _FIELDS.items():
        if name in found and not check(found[name]) and not _not_yet_accepted(name, found):
            raise UnexpectedAnswerError(f"Microsoft's answer has an unexpected '{name}'.", next_step=NEXT_STEP)
    return Answer(found)


def _not_yet_accepted(name: str, found: t.Mapping[str, t.Any]) -> bool:
    """A delegated admin relationship has no end before it begins; a credential always has one."""
    return name == "endDateTime" and found[name] is None and "autoExtendDuration" in found


def _text(value: t.Any) -> bool:
    return isinstance(value, str) and bool(value)


def _text_or_nothing(value: t.Any) -> bool:
    return value is None or isinstance(value, str)


def _flag_or_nothing(value: t.Any) -> bool:
    return value is None or isinstance(value, bool)


def _moment_or_nothing(value: t.Any) -> bool:
    return value is None or _moment(value)


def _moment(value: t.Any) -> bool:
    try:
        parse_time(value)
    except ValueError:
        return False
    return isinstance(value, str)


def _objects(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _named_objects(value: t.Any) -> bool:
    # "value" is not in the table: around a collection it is a list.
    return value is None or (_objects(value) and all(_text_or_nothing(entry.get("value")) for entry in value))


def _object_or_nothing(value: t.Any) -> bool:
    return value is None or isinstance(value, dict)


def _texts_or_nothing(value: t.Any) -> bool:
    return value is None or _texts(value)


def _texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _table(check: Check, names: str) -> dict[str, Check]:
    return dict.fromkeys(names.split(), check)


#: Each name means the same wherever it stands in the answers of Microsoft Graph and Exchange that we read.
_FIELDS: dict[str, Check] = {
    **_table(_text, "id appId keyId resourceId appRoleId resourceAppId roleDefinitionId tenantId"),
    **_table(_text, "Guid Identity AppId ObjectId RecipientTypeDetails AccessRight ScopeIdentityRaw Role"),
    **_table(_text_or_nothing, "displayName uniqueName signInAudience notes scope principalId secretText"),
    **_table(_text_or_nothing, "directoryScopeId appScopeId maxLifetime restrictionType state @odata.nextLink"),
    **_table(_text_or_nothing, "Name Notes Description DistinguishedName Sid PrimarySmtpAddress RecipientFilter"),
    **_table(_flag_or_nothing, "accountEnabled isEnabled IsDehydrated"),
    **_table(_moment, "startDateTime endDateTime"),
    **_table(_moment_or_nothing, "createdDateTime WhenCreatedUTC WhenChangedUTC restrictForAppsCreatedAfterDateTime"),
    **_table(_objects, "passwordCredentials keyCredentials requiredResourceAccess resourceAccess responses"),
    **_table(_named_objects, "appRoles oauth2PermissionScopes"),
    **_table(_text_or_nothing, "autoExtendDuration"),
    **_table(_object_or_nothing, "applicationRestrictions customer"),
    **_table(_texts_or_nothing, "tags EmailAddresses allowedMemberTypes"),
}
