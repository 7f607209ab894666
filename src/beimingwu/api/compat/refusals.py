"""What is wrong with a submission, in the codes and words of the published contract.

The contract has code 41 for specifications that it cannot make sense of, and code 51 for those that break a rule.
"""

from typing import Any

from beimingwu.api.compat.envelope import ContractError
from beimingwu.errors import InvalidSubmissionError, SensitiveWordsError, SubmissionFinding
from learnware.market.rules import LENGTH_LIMITS

__all__ = ["refusal"]

# By the key at fault.
_SENSELESS = {
    "Input": "Input section of semantic is not a json or dict",
    "Input.Dimension": "Input has no dimension",
    "Output": "Output section of semantic is not a json or dict",
    "Output.Dimension": "Output has no dimension",
}


def refusal(error: InvalidSubmissionError, semantic_spec: dict[str, Any]) -> ContractError:
    """Return the contract's error for a submission that was refused.

    Parameters
    ----------
    error : InvalidSubmissionError
    semantic_spec : dict
        The semantic specification as it was given.
    """
    if isinstance(error, SensitiveWordsError):
        return ContractError(51, f"Sensitive words {','.join(error.words)} in semantic specification")
    semantic = [one for one in error.findings if one.part == "semantic"]
    for finding in semantic:
        words = _senseless(finding, semantic_spec)
        if words is not None:
            return ContractError(41, words)
    for finding in semantic:
        words = _length(finding, semantic_spec)
        if words is not None:
            return ContractError(51, words)
    return ContractError(51, "; ".join(one.message for one in error.findings[:5]))


def _senseless(finding: SubmissionFinding, semantic_spec: dict[str, Any]) -> str | None:
    if finding.key is None:
        return "Semantic specification error"
    if finding.key == "Data" and not _has_one_value(semantic_spec, "Data"):
        return "data type values is not 1"
    if finding.key == "Task" and not _has_one_value(semantic_spec, "Task"):
        return "Output is not 1"
    return _SENSELESS.get(finding.key)


def _length(finding: SubmissionFinding, semantic_spec: dict[str, Any]) -> str | None:
    if finding.key not in LENGTH_LIMITS:
        return None
    entry = semantic_spec.get(finding.key)
    text = entry.get("Values") if isinstance(entry, dict) else None
    if not isinstance(text, str):
        return None
    least, most = LENGTH_LIMITS[finding.key]
    length = len(text.strip())
    if length < least:
        return f"{finding.key} length is less than {least}"
    return f"{finding.key} length is more than {most}" if length > most else None


def _has_one_value(semantic_spec: dict[str, Any], key: str) -> bool:
    entry = semantic_spec.get(key)
    values = entry.get("Values") if isinstance(entry, dict) else None
    return isinstance(values, list) and len(values) == 1
