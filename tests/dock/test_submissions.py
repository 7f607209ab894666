"""Submissions: what is taken in, what is refused, and what becomes of it."""

from __future__ import annotations

from typing import Any


def test_a_learnware_is_submitted_and_published(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    assert learnware_id == "00000001"
    [version] = rig.dock.submissions.versions(learnwares.identity_of(rig), learnware_id)
    assert (version.number, version.status, version.serving) == (1, "SUCCESS", True)
