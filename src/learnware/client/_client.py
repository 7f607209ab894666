"""Learnwares of a dock and of files, from a program or a notebook: find, load, check, submit."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from learnware.client._checking import check_learnware
from learnware.client._dock import DockConnection
from learnware.client._documents import learnware_path
from learnware.client._loading import Loader
from learnware.client._published import last_modified, published_results, values_of
from learnware.errors import LearnwareError
from learnware.learnware import read_package, unpack

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from learnware.client._keys import SemanticSpecificationKey
    from learnware.client._transfers import TransferProgress
    from learnware.learnware import Learnware
    from learnware.market import BaseUserInfo
    from learnware.runtime import Limits
    from learnware.runtime.environment import EnvironmentStore

    AnyPath = str | os.PathLike[str]

__all__ = ["LearnwareClient"]

_logger = logging.getLogger(__name__)


class LearnwareClient:
    """Speaks to a dock, loads learnwares, and runs their models apart from the program, in a sandbox.

    Packages are unpacked into a folder of the client's. It is removed by `cleanup`, or when the client and all that it
    has loaded are forgotten, or when the program ends.

    Parameters
    ----------
    host : str, optional
        Address of the dock. Else that of the variable ``LEARNWARE_BACKEND_HOST``, the dock of the last ``learnware
        login``, ``backend_host`` in ``~/.learnware/config.json``, or ``http://127.0.0.1:8088/api``.
    timeout : float, optional
        Seconds to wait for any next piece of an answer; 60 if None.
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best of this machine by default.
    limits : Limits, optional
        What each learnware may use.
    store : EnvironmentStore, optional
        Where environments are kept and shared; that of the user by default.
    on_progress : callable, optional
        Called with words while environments are built, which the log has at level INFO as well.
    on_transfer : callable, optional
        Called with a `TransferProgress` during uploads and downloads, instead of a bar on the terminal.
    offline : bool, default=False
        Whether packages come from the cache as they were when they were last asked for, without asking the dock.

    Attributes
    ----------
    host : str
        Address of the dock.
    dock : DockConnection
        What else can be asked of the dock, in the documents of its API.

    Examples
    --------
    >>> with LearnwareClient() as client:  # doctest: +SKIP
    ...     client.login("ada@example.org", token)
    ...     best = client.search_learnware(info)["single"]["learnware_ids"][0]
    ...     learnware = client.load_learnware(learnware_id=best, runnable_option="venv")
    ...     learnware.predict(X)
    """

    def __init__(
        self,
        host: str | None = None,
        timeout: float | None = None,
        *,
        sandbox: str | None = None,
        limits: Limits | None = None,
        store: EnvironmentStore | None = None,
        on_progress: Callable[[str], None] | None = None,
        on_transfer: Callable[[TransferProgress], None] | None = None,
        offline: bool = False,
    ) -> None:
        self.dock = DockConnection(
            host, timeout=60.0 if timeout is None else timeout, on_transfer=on_transfer, offline=offline
        )
        self.host = self.dock.host
        self._loader = Loader(sandbox, limits, store, on_progress)

    check_learnware = staticmethod(check_learnware)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()

    def is_connected(self) -> bool:
        """Return whether the dock answers."""
        return self.dock.is_reachable()

    def login(self, email: str | None = None, token: str | None = None) -> None:
        """Say who asks from now on.

        Parameters
        ----------
        email : str, optional
            Address of the account; whoever the token belongs to, if None.
        token : str, optional
            An API token of the account. The variable ``LEARNWARE_TOKEN``, else what ``learnware login`` has kept for
            this dock, if None.

        Raises
        ------
        NotLoggedInError
            If there is no token, it does not work, or it is somebody else's.
        DockUnreachableError
            If the dock does not answer.
        """
        self.dock.login(email, token)

    def is_login(self) -> bool:
        """Return whether there was a login."""
        return self.dock.is_logged_in

    def logout(self) -> None:
        """Say no more who asks. An API token goes on to work elsewhere; the dock's account page revokes it."""
        self.dock.logout()

    def upload_learnware(
        self, learnware_zip_path: AnyPath, semantic_specification: dict[str, Any] | None = None
    ) -> str:
        """Submit a package as a new learnware, and return its id; the dock verifies it afterwards.

        An upload that is interrupted goes on where it was, also in another run of the program.
        ``client.dock.wait(learnware_id, 1)`` waits for the verification.

        Parameters
        ----------
        learnware_zip_path : str or path
            The package.
        semantic_specification : dict, optional
            What the package itself says, if None.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If the file is no package of a learnware.
        NotLoggedInError
            If there was no login.
        DockProblemError
            If the dock refuses; `errors` says what is wrong where.
        """
        learnware_id: str = self.dock.submit(learnware_zip_path, semantic_specification)["learnware_id"]
        return learnware_id

    def update_learnware(
        self,
        learnware_id: str,
        semantic_specification: dict[str, Any] | None,
        learnware_zip_path: AnyPath | None = None,
    ) -> None:
        """Submit a new version of a learnware. The one before it serves until the new one is verified.

        Parameters
        ----------
        learnware_id : str
        semantic_specification : dict or None
            None, with a package: as it was.
        learnware_zip_path : str or path, optional
            Another package.

        Raises
        ------
        InvalidPackageError, SpecificationError, NotLoggedInError, DockProblemError
            As for `upload_learnware`.
        """
        self.dock.submit_version(learnware_id, learnware_zip_path, semantic_specification)

    def list_learnware(self) -> list[dict[str, Any]]:
        """Return one's own learnwares, the newest first.

        Each has ``learnware_id``, ``semantic_specification``, ``verify_status`` and ``last_modify`` (as text), and what
        else the dock's API tells of it.

        Raises
        ------
        NotLoggedInError
            If there was no login.
        """
        return [
            {**one, "verify_status": one["status"], "last_modify": last_modified(one["updated_at"])}
            for one in self.dock.learnwares(mine=True)
        ]

    def search_learnware(self, user_info: BaseUserInfo, page_size: int = 10, page_index: int = 0) -> dict[str, Any]:
        """Return the learnwares that fit a task. Only specifications are sent, never data.

        Parameters
        ----------
        user_info : BaseUserInfo
            Conditions on words and tags, and the statistical specification of the user's data.
        page_size : int, default=10
            At most so many single learnwares.
        page_index : int, default=0
            Which page of them.

        Returns
        -------
        dict
            ``["single"]`` has ``learnware_ids``, ``semantic_specifications`` and ``matching``, lists in the order of
            the fit. ``["multiple"]`` has the same for the combination that fits better than any single learnware, with
            one ``matching``, or empty lists and None; and the ``weights`` of the parts. ``nothing_fits`` and
            ``message`` say whether nothing is for the task.
        """
        found = self.dock.search(
            user_info.get_semantic_spec(),
            user_info.stat_info.values(),
            limit=page_size,
            offset=page_size * page_index,
        )
        return published_results(found)

    def get_semantic_specification(self, learnware_id: str) -> dict[str, Any]:
        """Return the semantic specification of a learnware."""
        found: dict[str, Any] = self.dock.learnware(learnware_id)["semantic_specification"]
        return found

    def list_semantic_specification_values(self, key: SemanticSpecificationKey) -> list[str]:
        """Return the values that a key of semantic specifications may have."""
        return values_of(self.dock.vocabulary(), key.value)

    def delete_learnware(self, learnware_id: str) -> None:
        """Delete a learnware of one's own, with all of its versions, for good.

        Raises
        ------
        NotLoggedInError
            If there was no login.
        DockProblemError
            If there is no such learnware, or it is somebody else's.
        """
        self.dock.delete(learnware_id)

    def download_learnware(self, learnware_id: str, save_path: AnyPath | None = None) -> Path:
        """Download the package of a learnware, and return where it is.

        What is in the cache is not sent again; a download that is interrupted goes on where it was, also in another
        run of the program. The content is checked against the hash that the dock names.

        Parameters
        ----------
        learnware_id : str
        save_path : str or path, optional
            The file, which is replaced, or a folder for ``ID.zip``; a folder of the client's if None.

        Raises
        ------
        DockProblemError
            If there is no such learnware, or it is not for everybody.
        DockUnreachableError
            If no progress can be made; with `offline`, if the package is not in the cache.
        """
        if save_path is not None:
            return self.dock.download(learnware_id, save_path)
        learnware_path(learnware_id)
        folder = self._loader.place()
        folder.mkdir()
        return self.dock.download(learnware_id, folder / f"{learnware_id}.zip", link=True)

    def unzip_learnware(self, learnware_id: str) -> Path:
        """Download the package of a learnware if need be, and return the folder that it is unpacked to.

        Nothing of it runs. The folder is the client's and goes with `cleanup`.
        """
        return unpack(self.download_learnware(learnware_id), self._loader.place())

    def get_pretrained_path(self, learnware_id: str) -> str:
        """Return the path of the weights that a learnware's package names, unpacked as by `unzip_learnware`.

        Raises
        ------
        FileNotFoundError
            If it names none, or they are not there.
        """
        folder = self.unzip_learnware(learnware_id)
        named = read_package(folder).manifest.model.weights_file_path
        path = None if named is None else (folder / named).resolve()
        if path is None or not path.is_relative_to(folder.resolve()) or not path.exists():
            raise FileNotFoundError(2, f"learnware {learnware_id} brings no weights", str(path or folder))
        return str(path)

    @overload
    def load_learnware(
        self, learnware_path: AnyPath, learnware_id: None = None, runnable_option: str | None = None
    ) -> Learnware: ...

    @overload
    def load_learnware(
        self,
        learnware_path: list[Any] | tuple[Any, ...],
        learnware_id: None = None,
        runnable_option: str | None = None,
    ) -> list[Learnware]: ...

    @overload
    def load_learnware(
        self,
        learnware_path: None = None,
        learnware_id: str = ...,
        runnable_option: str | None = None,
    ) -> Learnware: ...

    @overload
    def load_learnware(
        self,
        learnware_path: None = None,
        learnware_id: list[str] | tuple[str, ...] = ...,
        runnable_option: str | None = None,
    ) -> list[Learnware]: ...

    def load_learnware(
        self,
        learnware_path: AnyPath | list[Any] | tuple[Any, ...] | None = None,
        learnware_id: str | list[str] | tuple[str, ...] | None = None,
        runnable_option: str | None = None,
    ) -> Learnware | list[Learnware]:
        """Return a learnware of the dock or of a package, or one for each id or package of a list.

        Its model runs in a process of its own, which starts with the first prediction. ``learnware.model.report()``
        says in which environment and sandbox.

        Parameters
        ----------
        learnware_path : str, path or list of them
            Zips, or folders of unpacked packages.
        learnware_id : str or list of str, optional
            Learnwares of the dock, which are downloaded first if they are not in the cache.
        runnable_option : {None, "current", "venv", "conda", "docker"}, optional
            The packages that models run with: those of this interpreter (None and ``"current"``), or an environment
            built from what each learnware asks for, once; this builds them. Where there is no conda, what the package
            index has becomes a venv.

        Returns
        -------
        Learnware or list of Learnware
            With the id of the dock, or that the package has, else the name of its file.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If a package cannot be read.
        EnvironmentBuildError
            If an environment cannot be built.
        DockError
            If a package cannot be downloaded.
        LearnwareError
            If neither ids nor paths are given, or both.
        """
        if (learnware_path is None) == (learnware_id is None):
            raise LearnwareError("give what to load: either learnware_path or learnware_id")
        if learnware_id is not None:
            ids = [learnware_id] if isinstance(learnware_id, str) else list(learnware_id)
            loaded = self._load_from_dock(ids, runnable_option)
            return loaded[0] if isinstance(learnware_id, str) else loaded
        if isinstance(learnware_path, (list, tuple)):
            return self._loader.load([(Path(path), None) for path in learnware_path], runnable_option)
        assert learnware_path is not None  # noqa: S101  # one of both is given
        return self._loader.load([(Path(learnware_path), None)], runnable_option)[0]

    def cleanup(self) -> None:
        """End the models' processes and remove what was unpacked; learnwares loaded so far cannot be used any more."""
        self.dock.close()
        self._loader.close()

    def _load_from_dock(self, learnware_ids: list[str], runnable_option: str | None) -> list[Learnware]:
        packages: list[tuple[Path, str | None]] = []
        try:
            # All of them are here before the first one is unpacked.
            for learnware_id in learnware_ids:
                packages.append((self.download_learnware(learnware_id), learnware_id))  # noqa: PERF401  # what came goes
            return self._loader.load(packages, runnable_option)
        finally:
            for path, _ in packages:
                path.unlink()
