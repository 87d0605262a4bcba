# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t
from contextlib import contextmanager
from datetime import timedelta

if t.TYPE_CHECKING:
    import hvac
else:
    try:
        import hvac
        import hvac.exceptions
    except ImportError:
        pass  # vault_server tells

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import (
    Document,
    Revision,
    checked_name,
    unknown_content,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import (
    Conflict,
    VaultOptions,
    data_of,
    require_kv2,
    signed_in,
    token_refused,
    told,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Times that a write is tried anew because somebody else was faster.
_TURNS = 20
#: So long a server may take to start, or to hand over to another one, while a write is under way.
_HANDS_OVER = timedelta(seconds=30)
_MAY_PASS = frozenset({"StoreUnreachable", "VaultRefused"})
#: Any name does: policies are written for all tenants.
_SOME_NAME = "00000000-0000-0000-0000-000000000000"


class _Absent(Exception):
    """There is no such secret."""


class _Uncertain(Exception):
    """Whether it was written only another reading can tell."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(error.message)
        self.error = error


class _Held(t.NamedTuple):
    """`version`: 0 where there is no document."""

    document: Document | None
    version: int


class Kv2Documents:
    """Documents in a KV v2 secrets engine of HashiCorp Vault or OpenBao, each one secret.

    `below`: the folder of these documents in the options' path. Each write is checked and set: it counts only where
    nobody else has written since the document was read.
    """

    has_locks = False

    def __init__(self, options: VaultOptions, below: str) -> None:
        self._options, self._below = options, below
        # By name, as it was read last: what a write is checked against.
        self._known: dict[str, _Held] = {}

    @property
    def address(self) -> str:
        options = self._options
        return f"vault_kv2:{options.url}:{options.engine}:{options.path}"

    def where(self, name: str) -> str:
        return f"{self._options.engine}/{self._path(name)}"

    def check(self) -> None:
        """The server tells what our token may do."""
        kinds = {"data": {"create", "update", "read"}, "metadata": {"read"}, "destroy": {"update"}}
        paths = {kind: f"{self._options.engine_mount_point}/{kind}/{self._path(_SOME_NAME)}" for kind in kinds}
        with self._told("ask what the token may do"):
            allowed = data_of(self._client.sys.get_capabilities(list(paths.values())))
        for kind, needed in kinds.items():
            lacking = needed - set(allowed.get(paths[kind], ()))
            if lacking and "root" not in allowed.get(paths[kind], ()):
                raise self._not_allowed(kind, lacking)
        require_kv2(self._options)

    def read(self, name: str) -> Document | None:
        return self._held(name).document

    def rehearse(self, name: str, revision: Revision) -> None:
        """The announcement, which is written before there is anything to lose, shows the rest."""
        self.check()

    def revise(self, name: str, revision: Revision) -> None:
        """A write whose outcome is uncertain is looked for and made again: check-and-set takes none twice."""
        uncertain: list[StoreError] = []
        for _turn in tries(f"the secret store to write {self.where(name)}", _HANDS_OVER):
            try:
                self._revise(name, revision)
                return
            except _Uncertain as exc:
                uncertain.append(exc.error)
            except StoreError as exc:
                if not uncertain or exc.code not in _MAY_PASS:
                    raise
                uncertain.append(exc)
        raise uncertain[-1]

    def _revise(self, name: str, revision: Revision) -> None:
        for _turn in range(_TURNS):
            known = self._known.pop(name, None)
            held = known or self._held(name)
            made = revision(None if held.document is None else dict(held.document))
            wanted = json.loads(json.dumps(made))  # as it will be read
            if wanted != held.document:
                if self._write(name, wanted, held.version):
                    return
            elif known is None:  # that nothing is to be written shows in what is there now only
                return
        raise StoreError(
            f"Somebody else writes {self.where(name)} all the time.",
            next_step="Find out which other run works on this tenant, and run again once it is over.",
            code="VaultBusy",
        )

    def forget(self, name: str, which: t.Callable[[Document], bool]) -> None:
        with self._told(f"read the versions of {self.where(name)}"):
            try:
                found = data_of(self._kv.read_secret_metadata(self._path(name), self._options.engine_mount_point))
            except hvac.exceptions.InvalidPath:
                return
        earlier = [
            int(number)
            for number, version in found["versions"].items()
            if int(number) < found["current_version"] and not version["destroyed"]
        ]
        doomed = [number for number in earlier if self._is_doomed(name, number, which)]
        if doomed:
            with self._told(f"destroy earlier versions of {self.where(name)}"):
                self._kv.destroy_secret_versions(self._path(name), doomed, self._options.engine_mount_point)

    def remove(self, name: str) -> None:
        self._known.pop(name, None)
        with self._told(f"remove {self.where(name)}"):
            self._kv.delete_metadata_and_all_versions(self._path(name), self._options.engine_mount_point)

    def _is_doomed(self, name: str, version: int, which: t.Callable[[Document], bool]) -> bool:
        """So is one that was deleted: it can be brought back, and until then nobody can look into it."""
        document = data_of(self._answer(name, version))["data"]
        return document is None or which(document)

    def _held(self, name: str) -> _Held:
        self._known[name] = held = self._answered(name)
        return held

    def _answered(self, name: str) -> _Held:
        try:
            found = data_of(self._answer(name))
        except _Absent:
            require_kv2(self._options)
            return _Held(None, 0)
        version, document = found["metadata"]["version"], found["data"]
        if document is None:
            raise StoreError(
                f"{self.where(name)} in the secret store was deleted. What it held is unknown, which is not the same "
                "as nothing.",
                next_step=f"Bring its version {version} back (vault kv undelete). Where it is lost for good, remove it "
                "wholly (vault kv metadata delete); then it counts as a store that was lost.",
                code="VaultSecretDeleted",
            )
        if not isinstance(document, dict):
            raise unknown_content(self.where(name))
        return _Held(document, version)

    def _answer(self, name: str, version: int | None = None) -> t.Any:
        """Raises _Absent only where the answer is that there is nothing."""
        with self._told(f"read {self.where(name)}"):
            try:
                return self._kv.read_secret_version(
                    self._path(name),
                    version=version,
                    mount_point=self._options.engine_mount_point,
                    raise_on_deleted_version=False,
                )
            except hvac.exceptions.InvalidPath as exc:
                if exc.errors == []:
                    raise _Absent from exc
                if isinstance(exc.json, dict) and "data" in exc.json:  # destroyed, and never deleted before
                    return exc.json
                raise

    def _write(self, name: str, document: Document, version: int) -> bool:
        """False where somebody else has written since `version`. What is written is read back."""
        try:
            with self._told(f"write {self.where(name)}"):
                answer = self._kv.create_or_update_secret(
                    self._path(name), document, cas=version, mount_point=self._options.engine_mount_point
                )
                written = data_of(answer).get("version")
        except Conflict:
            return False
        except StoreError as exc:
            if exc.code in _MAY_PASS:
                raise _Uncertain(exc) from exc
            raise
        held = self._held(name)
        if held.version == written and held.document != document:
            raise StoreError(
                f"The secret store does not give back what was just written to {self.where(name)}.",
                next_step="Ask whoever runs it.",
                code="VaultUnreliable",
            )
        return True

    @property
    def _client(self) -> hvac.Client:
        return signed_in(self._options)

    @property
    def _kv(self) -> t.Any:
        return self._client.secrets.kv.v2

    def _path(self, name: str) -> str:
        return f"{self._options.path}/{self._below}/{checked_name(name, self._options.engine)}"

    @contextmanager
    def _told(self, action: str) -> t.Iterator[None]:
        with told(self._options, action):
            try:
                yield
            except hvac.exceptions.Forbidden as exc:
                raise self._forbidden(action) from exc

    def _forbidden(self, action: str) -> StoreError:
        if refused := token_refused(self._options, action):
            return refused
        return StoreError(
            f"The secret store {self._options.url} does not allow us to {action}.",
            next_step=self._ask_for_policy(),
            code="VaultPermissionDenied",
        )

    def _not_allowed(self, kind: str, lacking: t.Collection[str]) -> StoreError:
        return StoreError(
            f"The token may not {', '.join(sorted(lacking))} {self._options.engine}/{kind}/{self._options.path}/* of "
            f"the secret store {self._options.url}.",
            next_step=self._ask_for_policy(),
            code="VaultPermissionDenied",
        )

    def _ask_for_policy(self) -> str:
        mount, path = self._options.engine_mount_point, self._options.path
        return (
            f"Whoever runs the store gives it a policy with create, read and update on {mount}/data/{path}/*, read on "
            f"{mount}/metadata/{path}/* and update on {mount}/destroy/{path}/*."
        )
