"""What learnwares must fulfil, as far as it can be told without running their models.

For programs that take learnwares in. `learnware.verification.verify` checks these rules and all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.learnware._columns import column_order
from learnware.market._problems import Problem
from learnware.market._semantic_rules import Promise, normalise_semantic_spec, semantic_problems
from learnware.market._trial import stat_spec_problems
from learnware.specification._vocabulary import LENGTH_LIMITS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.specification import BaseStatSpecification

__all__ = [
    "LENGTH_LIMITS",
    "TASKS_BY_DATA_TYPE",
    "Problem",
    "Promise",
    "column_order",
    "normalise_semantic_spec",
    "semantic_problems",
    "specification_problems",
]


def specification_problems(
    semantic_spec: dict[str, Any], stat_specs: Mapping[str, BaseStatSpecification]
) -> list[Problem]:
    """Return where statistical specifications are not what a valid semantic specification promises.

    No distances are computed, so it takes no time that a stranger could make long.

    Parameters
    ----------
    semantic_spec : dict
        The semantic specification.
    stat_specs : mapping of str to BaseStatSpecification
        By type name.
    """
    return stat_spec_problems(Promise.of(semantic_spec), stat_specs, distances=False)
