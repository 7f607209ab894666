"""Markets that improve the specifications of their learnwares; bases for such markets, as in the published package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import LearnwareNotFoundError
from learnware.market._anchored import AnchoredOrganizer
from learnware.market._organizer import EasyOrganizer

if TYPE_CHECKING:
    from learnware.learnware import Learnware
    from learnware.market._anchored import AnchoredUserInfo
    from learnware.specification import BaseStatSpecification

__all__ = ["EvolvedAnchoredOrganizer", "EvolvedOrganizer"]


class EvolvedOrganizer(EasyOrganizer):
    """Base of organizers that make new statistical specifications; a subclass says how."""

    def generate_new_stat_specification(self, learnware: Learnware) -> BaseStatSpecification:
        """Return a new statistical specification of a learnware."""
        raise NotImplementedError(f"{self.__class__.__name__} does not make specifications")

    def evolve_learnware_list(self, id_list: list[str]) -> None:
        """Make new statistical specifications of learnwares and keep them, each in place of that of its type.

        The packages stay as they are.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        for learnware in self.get_learnware_by_ids(list(id_list)):
            spec = self.generate_new_stat_specification(learnware)
            specs = {**learnware.get_specification().get_stat_spec(), spec.type: spec}
            self.store.replace_stat_specs(learnware.id, specs)


class EvolvedAnchoredOrganizer(AnchoredOrganizer, EvolvedOrganizer):
    """Base of organizers that improve the specifications of their anchors; a subclass says how."""

    def evolve_anchor_learnware_list(self, anchor_id_list: list[str]) -> None:
        """Make new statistical specifications of anchors.

        Raises
        ------
        LearnwareNotFoundError
            If one is no anchor.
        """
        for learnware_id in anchor_id_list:
            if learnware_id not in self.anchor_learnware_list:
                raise LearnwareNotFoundError(learnware_id)
        self.evolve_learnware_list(anchor_id_list)
        fresh: dict[str, Any] = {one: self.get_learnware_by_ids(one) for one in anchor_id_list}
        self.anchor_learnware_list.update(fresh)

    def evolve_anchor_learnware_by_user(self, user_info: AnchoredUserInfo) -> None:
        """Improve the anchors by what a user has found out about them."""
        raise NotImplementedError(f"{self.__class__.__name__} does not learn from users")
