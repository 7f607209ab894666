"""Making semantic specifications."""

from __future__ import annotations

from typing import Any

__all__ = ["generate_semantic_spec"]


def generate_semantic_spec(
    name: str | None = None,
    description: str | None = None,
    data_type: str | None = None,
    task_type: str | None = None,
    model_type: str | None = None,
    library_type: str | None = None,
    scenarios: str | list[str] | None = None,
    license: str | list[str] | None = None,
    input_description: dict[str, Any] | None = None,
    output_description: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make a semantic specification; what is left out is no condition in a search and an error in a submission.

    Parameters
    ----------
    name, description : str, optional
        What the learnware is called and what it does (Markdown).
    data_type, task_type, model_type, library_type : str, optional
        One value each of the vocabulary (`semantic_vocabulary`).
    scenarios, license : str or list of str, optional
        Values of the vocabulary.
    input_description, output_description : dict, optional
        ``{"Dimension": int, "Description": {"0": "meaning of the first column", ...}}``.

    Returns
    -------
    dict
        The semantic specification.

    Examples
    --------
    >>> generate_semantic_spec(name="House prices", data_type="Table")["Data"]
    {'Values': ['Table'], 'Type': 'Class'}
    """

    def values(value: str | list[str] | None) -> list[str]:
        if value is None:
            return []
        return [value] if isinstance(value, str) else list(value)

    spec: dict[str, Any] = {
        "Data": {"Values": values(data_type), "Type": "Class"},
        "Task": {"Values": values(task_type), "Type": "Class"},
        "Library": {"Values": values(library_type), "Type": "Class"},
        "Scenario": {"Values": values(scenarios), "Type": "Tag"},
        "License": {"Values": values(license), "Type": "Class"},
        "Model": {"Values": ["Others"] if model_type is None else [model_type], "Type": "Optional"},
        "Description": {"Values": description or "", "Type": "String"},
        "Name": {"Values": name or "", "Type": "String"},
    }
    if input_description is not None:
        spec["Input"] = input_description
    if output_description is not None:
        spec["Output"] = output_description
    return spec
