"""What every user requirement, organizer, searcher and checker offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import MarketError

if TYPE_CHECKING:
    import os

    from learnware.learnware import Learnware
    from learnware.market._results import SearchResults

__all__ = ["AtomicSearcher", "BaseChecker", "BaseOrganizer", "BaseSearcher", "BaseUserInfo"]


class BaseUserInfo:
    """What a user looks for.

    Parameters
    ----------
    id : str, optional
        The user's name for the requirement.
    semantic_spec : dict, optional
        Conditions in the form of a semantic specification; an empty value is no condition.
    stat_info : dict, optional
        Statistical specifications of the user's own data by type name, ``{spec.type: spec}``.
    """

    def __init__(
        self,
        id: str | None = None,
        semantic_spec: dict[str, Any] | None = None,
        stat_info: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.semantic_spec: dict[str, Any] = {} if semantic_spec is None else semantic_spec
        self.stat_info: dict[str, Any] = {} if stat_info is None else stat_info

    def get_semantic_spec(self) -> dict[str, Any]:
        """Return the semantic conditions."""
        return self.semantic_spec

    def get_stat_info(self, name: str) -> Any:
        """Return the statistical specification of a type name, or None."""
        return self.stat_info.get(name)

    def update_semantic_spec(self, semantic_spec: dict[str, Any]) -> None:
        """Replace the semantic conditions."""
        self.semantic_spec = semantic_spec

    def update_stat_info(self, name: str, item: Any) -> None:
        """Add or replace the statistical specification of a type name."""
        self.stat_info[name] = item


class BaseOrganizer:
    """Keeps the learnwares of a market.

    Parameters
    ----------
    market_id : str
        Name of the market.
    **kwargs
        Handed to `reset`.
    """

    def __init__(self, market_id: str, **kwargs: Any) -> None:
        self.reset(market_id, **kwargs)

    def reset(self, market_id: str, rebuild: bool = False, **kwargs: Any) -> None:
        """Turn to the market of this name, emptied first if `rebuild`."""
        self.market_id = market_id
        self.reload_market(rebuild=rebuild, **kwargs)

    def reload_market(self, rebuild: bool = False, **kwargs: Any) -> bool:
        """Open the market anew and return whether that worked."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot be reloaded")

    def add_learnware(
        self, zip_path: str | os.PathLike[str], semantic_spec: dict[str, Any] | None, check_status: int
    ) -> tuple[str | None, int]:
        """Add a learnware and return its new id and its status."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot add learnwares")

    def delete_learnware(self, id: str) -> bool:
        """Delete a learnware and return whether there was one."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot delete learnwares")

    def update_learnware(
        self,
        id: str,
        zip_path: str | os.PathLike[str] | None = None,
        semantic_spec: dict[str, Any] | None = None,
        check_status: int | None = None,
    ) -> bool:
        """Replace parts of a learnware."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot update learnwares")

    def get_learnware_by_ids(self, ids: str | list[str]) -> Learnware | list[Learnware]:
        """Return one learnware, or one for each id of a list."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot look up learnwares")

    def get_learnware_zip_path_by_ids(self, ids: str | list[str]) -> str | list[str]:
        """Return the path of one zip package, or one for each id of a list."""
        raise NotImplementedError(f"{self.__class__.__name__} keeps no zip packages")

    def get_learnware_dir_path_by_ids(self, ids: str | list[str]) -> str | list[str]:
        """Return the path of one unpacked package, or one for each id of a list."""
        raise NotImplementedError(f"{self.__class__.__name__} keeps no unpacked packages")

    def get_learnware_ids(self, top: int | None = None, check_status: int | None = None) -> list[str]:
        """Return the first `top` ids (all by default) of learnwares of one status (any by default)."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot list learnwares")

    def get_learnwares(self, top: int | None = None, check_status: int | None = None) -> list[Learnware]:
        """Return the first `top` learnwares (all by default) of one status (any by default)."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot list learnwares")

    def reload_learnware(self, learnware_id: str) -> None:
        """Read a learnware anew from where it is kept."""
        raise NotImplementedError(f"{self.__class__.__name__} cannot reload learnwares")

    def islands(self) -> list[str] | None:
        """Return the names of the spaces that learnwares are described in (`RKMESpecification.space`), in order.

        None where the organizer does not know.
        """
        return None


class BaseSearcher:
    """Finds learnwares for a user's requirement.

    Parameters
    ----------
    organizer : BaseOrganizer
        Where the learnwares are kept.
    """

    def __init__(self, organizer: BaseOrganizer, **kwargs: Any) -> None:
        self.learnware_organizer = organizer
        self.reset(organizer, **kwargs)

    def reset(self, organizer: BaseOrganizer, **kwargs: Any) -> None:  # noqa: ARG002 - for subclasses
        """Search another organizer from now on."""
        self.learnware_organizer = organizer

    def __call__(self, *args: Any, **kwargs: Any) -> SearchResults:
        """Search: ``(user_info, check_status=None)`` for a whole searcher, see `AtomicSearcher` for a part of one."""
        raise NotImplementedError(f"{self.__class__.__name__} does not search")


class AtomicSearcher(BaseSearcher):
    """One step of a search: picks from a list of learnwares, called ``(learnware_list, user_info)``."""

    def is_applicable_learnware(self, learnware: Learnware) -> bool:
        """Return whether the step can judge this learnware."""
        raise NotImplementedError(f"{self.__class__.__name__} does not say which learnwares it can judge")

    def is_applicable_user(self, user_info: BaseUserInfo) -> bool:
        """Return whether the requirement holds what the step needs."""
        raise NotImplementedError(f"{self.__class__.__name__} does not say which requirements it can serve")


class BaseChecker:
    """Judges a learnware: invalid (-1), not usable as far as is known (0), or usable (1)."""

    INVALID_LEARNWARE = -1
    NONUSABLE_LEARNWARE = 0
    USABLE_LEARNWARE = 1

    def reset(self, **kwargs: Any) -> None:
        """Change settings of the checker; one without settings refuses all."""
        if kwargs:
            raise MarketError(f"{self.__class__.__name__} has no setting {', '.join(sorted(kwargs))}")

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Return the status of a learnware, and why in words."""
        raise NotImplementedError(f"{self.__class__.__name__} does not check")
