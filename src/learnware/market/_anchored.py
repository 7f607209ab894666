"""Markets that ask users to try a few anchor learnwares; bases for such markets, as in the published package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import LearnwareNotFoundError
from learnware.market._base import AtomicSearcher, BaseUserInfo
from learnware.market._organizer import EasyOrganizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.learnware import Learnware

__all__ = ["AnchoredOrganizer", "AnchoredSearcher", "AnchoredUserInfo"]


class AnchoredUserInfo(BaseUserInfo):
    """A requirement with what the user has found out about anchor learnwares.

    Parameters
    ----------
    id : str
        The user's name for the requirement.
    semantic_spec : dict, optional
        Semantic conditions.
    stat_info : dict, optional
        Statistical information by name, that on anchor learnwares included.
    anchor_learnware_ids : list of str, optional
        The anchors that the user has tried.
    """

    def __init__(
        self,
        id: str,
        semantic_spec: dict[str, Any] | None = None,
        stat_info: dict[str, Any] | None = None,
        anchor_learnware_ids: list[str] | None = None,
    ) -> None:
        super().__init__(id, semantic_spec, stat_info)
        self.anchor_learnware_ids = list(anchor_learnware_ids or ())

    def add_anchor_learnware_ids(self, learnware_ids: str | list[str]) -> None:
        """Note that the user has tried one anchor or several; each counts once."""
        new = [learnware_ids] if isinstance(learnware_ids, str) else learnware_ids
        self.anchor_learnware_ids = list(dict.fromkeys([*self.anchor_learnware_ids, *new]))


class AnchoredOrganizer(EasyOrganizer):
    """An organizer of which some learnwares are anchors; the choice is this object's own and not stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.anchor_learnware_list: dict[str, Learnware] = {}
        super().__init__(*args, **kwargs)

    def update_anchor_learnware_list(self, learnware_list: Mapping[str, Learnware]) -> None:
        """Make learnwares of the market anchors, by id; anchors that are there stay.

        Raises
        ------
        LearnwareNotFoundError
            If one is not in the market; then nothing changes.
        """
        missing = set(learnware_list) - set(self.get_learnware_ids())
        if missing:
            raise LearnwareNotFoundError(min(missing))
        self.anchor_learnware_list.update(learnware_list)

    def delete_learnware(self, id: str) -> bool:
        """Delete a learnware, which is no anchor then, and return True; False if there is none of this id."""
        self.anchor_learnware_list.pop(id, None)
        return super().delete_learnware(id)


class AnchoredSearcher(AtomicSearcher):
    """Base of searchers in two steps: first the anchors to try, then the learnwares, given how the anchors did.

    A subclass says how by `search_anchor_learnware` and `search_learnware`.
    """

    def search_anchor_learnware(self, user_info: AnchoredUserInfo) -> tuple[Any, list[Learnware]]:
        """Return what the market asks about the anchors, and the anchors to try."""
        raise NotImplementedError(f"{self.__class__.__name__} does not choose anchors")

    def search_learnware(self, user_info: AnchoredUserInfo) -> tuple[Any, list[Learnware]]:
        """Return what the market says of the learnwares that it found, and the learnwares."""
        raise NotImplementedError(f"{self.__class__.__name__} does not search")

    def __call__(self, user_info: AnchoredUserInfo, anchor_flag: bool = False) -> Any:
        """Search anchors if `anchor_flag`, else learnwares."""
        return self.search_anchor_learnware(user_info) if anchor_flag else self.search_learnware(user_info)
