"""A learnware's whole specification: semantic and statistical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learnware.specification._base import BaseStatSpecification

__all__ = ["Specification"]


class Specification:
    """Semantic specification (text and tags) and statistical specifications by type name.

    Parameters
    ----------
    semantic_spec : dict, optional
        As `generate_semantic_spec` makes it.
    stat_spec : dict of str to BaseStatSpecification, optional
        Statistical specifications by type name.
    """

    def __init__(
        self,
        semantic_spec: dict[str, Any] | None = None,
        stat_spec: dict[str, BaseStatSpecification] | None = None,
    ) -> None:
        self.semantic_spec: dict[str, Any] = {} if semantic_spec is None else semantic_spec
        self.stat_spec: dict[str, BaseStatSpecification] = {} if stat_spec is None else stat_spec

    def __repr__(self) -> str:
        return f"Specification(semantic_spec={self.semantic_spec!r}, stat_spec={list(self.stat_spec)!r})"

    def get_stat_spec(self) -> dict[str, BaseStatSpecification]:
        """Return the statistical specifications by type name."""
        return self.stat_spec

    def get_semantic_spec(self) -> dict[str, Any]:
        """Return the semantic specification."""
        return self.semantic_spec

    def update_semantic_spec(self, semantic_spec: dict[str, Any]) -> None:
        """Replace the semantic specification."""
        self.semantic_spec = semantic_spec

    def update_stat_spec(self, *args: BaseStatSpecification, **kwargs: BaseStatSpecification) -> None:
        """Add or replace statistical specifications: positional ones under their type, keywords under their name."""
        for spec in args:
            self.stat_spec[spec.type] = spec
        self.stat_spec.update(kwargs)

    def get_stat_spec_by_name(self, name: str) -> BaseStatSpecification | None:
        """Return the statistical specification of a type name, or None."""
        return self.stat_spec.get(name)
