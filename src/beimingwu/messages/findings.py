"""What reports of verifications say, by the codes of their findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beimingwu.messages.catalogue import translated
from beimingwu.messages.languages import DEFAULT_LANGUAGE
from learnware.findings import FINDINGS
from learnware.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DOCK_FINDINGS", "sentences", "translated_report"]

# What docks find besides what `learnware.findings` has: why a version was not checked.
DOCK_FINDINGS = {
    "worker-superseded": "not checked: a newer version has taken the place of this one",
    "worker-spent": (
        "not checked: {count}: so many workers came to an end, one after the other, while they verified this version"
    ),
    "worker-slow": "not checked: it took longer than {seconds} seconds",
    "worker-hindered": (
        "not checked: the package could not be fetched from the store, or the worker's machine is at fault"
    ),
    "worker-failed": "not checked: the worker failed; its log says how",
    "cancelled": "not checked: the verification was cancelled",
}
_SENTENCES = {**FINDINGS, **{code: (message, "") for code, message in DOCK_FINDINGS.items()}}


def sentences(language: str) -> dict[str, tuple[str, str]]:
    """Return for every code the templates of what is the matter and of how to mend it, in a language."""
    return {
        code: (translated(message, language), translated(mend, language))
        for code, (message, mend) in _SENTENCES.items()
    }


def translated_report(report: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a report whose findings say in a language what they are.

    Findings without a code, of reports from before there were codes, stay as they are.
    """
    if language == DEFAULT_LANGUAGE:
        return dict(report)
    return {**report, "findings": [_translated(one, language) for one in report.get("findings", ())]}


def _translated(finding: dict[str, Any], language: str) -> dict[str, Any]:
    templates = _SENTENCES.get(finding.get("code") or "")
    if templates is None:
        return finding
    message, mend = templates
    values = finding.get("values", {})
    try:
        said = {"message": Text(message, values), "mend": Text(mend, values)}
    except (KeyError, ValueError, AttributeError):
        # Another version of the dock wrote it, with other values.
        return finding
    return {**finding, **{name: translated(words, language) for name, words in said.items()}}
