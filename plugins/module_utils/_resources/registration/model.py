# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import is_guid
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import RemoveAccess


@dataclass(frozen=True)
class Application:
    """What is managed of an application; ids are GUIDs, `created` is Graph's createdDateTime.

    `secrets`: key ids of its client secrets. `created_by`: the client id of the application that it was made with
    (createdByAppId); None where Graph tells none. `disabled`: deactivated (isDisabled); `by_microsoft`: disabled by
    Microsoft, which only Microsoft takes back.
    """

    id: str
    app_id: str
    display_name: str
    unique_name: str | None
    sign_in_audience: str
    notes: str | None
    tags: tuple[str, ...]
    created: str | None = None
    created_by: str | None = None
    disabled: bool = False
    by_microsoft: str | None = None
    secrets: tuple[str, ...] = ()

    @classmethod
    def from_graph(cls, body: Json) -> t.Self:
        return cls(
            id=body["id"],
            app_id=body["appId"],
            display_name=body.get("displayName") or "",
            unique_name=body.get("uniqueName"),
            sign_in_audience=body.get("signInAudience") or "",
            notes=body.get("notes") or None,
            tags=tuple(body.get("tags") or ()),
            created=body.get("createdDateTime"),
            created_by=(body.get("createdByAppId") or "").lower() or None,
            disabled=body.get("isDisabled") is True,
            by_microsoft=_by_microsoft(body),
            secrets=tuple(row["keyId"] for row in body.get("passwordCredentials") or ()),
        )

    def candidate(self) -> dict[str, t.Any]:
        return {"display_name": self.display_name, "client_id": self.app_id, "created": self.created}


@dataclass(frozen=True)
class ServicePrincipal:
    id: str
    enabled: bool
    created: str | None = None
    by_microsoft: str | None = None

    @classmethod
    def from_graph(cls, body: Json) -> t.Self:
        return cls(
            id=body["id"],
            enabled=body.get("accountEnabled") is not False,
            created=body.get("createdDateTime"),
            by_microsoft=_by_microsoft(body),
        )


def _by_microsoft(body: Json) -> str | None:
    """Null and NotDisabled both say that it is not (learn.microsoft.com/graph/api/resources/application)."""
    status = body.get("disabledByMicrosoftStatus")
    return None if status in (None, "NotDisabled") else str(status)


def _object_id(owner: str) -> str:
    """Raises InputError: whom another name means only somebody with more rights than the automation's could look up."""
    if not is_guid(owner):
        raise InputError(
            f"The owner '{owner}' is no object id.",
            next_step="Give the object id of the user or enterprise application in the Entra admin centre.",
            code="OwnerNotAnId",
        )
    return owner.lower()


class Declaration(t.NamedTuple):
    """Permissions by Graph's ids, as requiredResourceAccess has them, and by their names."""

    access: tuple[Json, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Desired:
    """The registration as it shall be. `notes`, `tags`: None leaves them as they are; empty notes are null in Graph.

    `declares`: what an application that is to be made declares; of one that is there it says nothing.
    `client_id`: of the registration, where it is known from before. `automation`: the client id that we sign in with.
    `by_store`: a store tells what is ours. `announced`: when it noted, by Microsoft's clock, that one will be made.
    `restoring`: it noted that the application was restored and deactivated, to be activated when all is right.
    """

    unique_name: str
    display_name: str
    sign_in_audience: str = "AzureADMyOrg"
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    owners: tuple[str, ...] = ()
    adopt: bool = False
    adopt_client_id: str | None = None
    declares: Declaration | None = None
    client_id: str | None = None
    automation: str | None = None
    enable: bool = False
    by_store: bool = False
    announced: datetime | None = None
    restoring: bool = False

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> t.Self:
        """From the options of azure_app_registration."""
        return cls(
            unique_name=params["unique_name"],
            display_name=params["display_name"],
            sign_in_audience=params["sign_in_audience"],
            notes=params["notes"],
            tags=None if params["tags"] is None else tuple(params["tags"]),
            owners=tuple(_object_id(owner) for owner in params["owners"]),
            adopt=params["adopt"],
            adopt_client_id=params["adopt_client_id"],
            client_id=params.get("client_id"),
            enable=params["enable"],
        )

    def activates(self, application: Application) -> bool:
        """Whether it is deactivated, and shall not be."""
        return application.disabled and (self.enable or self.restoring)

    def properties(self) -> dict[str, t.Any]:
        """By Graph's names."""
        values = {"displayName": self.display_name, "signInAudience": self.sign_in_audience}
        notes = {} if self.notes is None else {"notes": self.notes or None}
        tags = {} if self.tags is None else {"tags": list(self.tags)}
        return {**values, **notes, **tags}


@dataclass(frozen=True)
class Actual:
    """The registration as it is. `candidates`: applications without our key that have the name or client id.

    `unknown_owners`: of those wanted, which are no user and no service principal.
    """

    application: Application | None = None
    service_principal: ServicePrincipal | None = None
    owners: tuple[str, ...] = ()
    deleted: tuple[Application, ...] = ()
    deleted_service_principal_id: str | None = None
    candidates: tuple[Application, ...] = ()
    search_refused: bool = False
    unknown_owners: tuple[str, ...] = ()

    @property
    def restores_principal(self) -> bool:
        return self.service_principal is None and self.deleted_service_principal_id is not None


@dataclass(frozen=True)
class CreateApplication:
    unique_name: str
    properties: t.Mapping[str, t.Any]
    declares: tuple[str, ...] = ()

    def describe(self) -> str:
        declared = f" that declares {', '.join(self.declares)}" if self.declares else ""
        return f"create application {self.properties['displayName']}{declared}"


@dataclass(frozen=True)
class RestoreApplication:
    id: str

    def describe(self) -> str:
        return "restore soft-deleted application"


@dataclass(frozen=True)
class StampUniqueName:
    id: str
    unique_name: str

    def describe(self) -> str:
        return f"adopt application as {self.unique_name}"


@dataclass(frozen=True)
class UpdateApplication:
    id: str
    properties: t.Mapping[str, t.Any]

    def describe(self) -> str:
        return f"update {', '.join(sorted(self.properties))}"


@dataclass(frozen=True)
class RestoreServicePrincipal:
    id: str

    def describe(self) -> str:
        return "restore soft-deleted service principal"


@dataclass(frozen=True)
class CreateServicePrincipal:
    def describe(self) -> str:
        return "create service principal"


@dataclass(frozen=True)
class EnableServicePrincipal:
    id: str

    def describe(self) -> str:
        return "enable service principal"


@dataclass(frozen=True)
class AddOwner:
    id: str

    def describe(self) -> str:
        return f"add owner {self.id}"


@dataclass(frozen=True)
class DeleteApplication:
    id: str

    def describe(self) -> str:
        return "delete application"


@dataclass(frozen=True)
class PurgeApplication:
    id: str

    def describe(self) -> str:
        return "delete application permanently"


@dataclass(frozen=True)
class PurgeServicePrincipal:
    """Microsoft keeps it beside its application, and does not purge it with that (delete-recover-faq)."""

    id: str

    def describe(self) -> str:
        return "delete service principal permanently"


Step: t.TypeAlias = (
    CreateApplication
    | RestoreApplication
    | StampUniqueName
    | UpdateApplication
    | RestoreServicePrincipal
    | CreateServicePrincipal
    | EnableServicePrincipal
    | AddOwner
    | DeleteApplication
    | PurgeApplication
    | PurgeServicePrincipal
    | RemoveAccess
)
