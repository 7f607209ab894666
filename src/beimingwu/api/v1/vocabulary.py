"""The vocabulary of semantic specifications."""

from functools import cache

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.messages import LANGUAGES, sentences, translated
from learnware.market.rules import LENGTH_LIMITS, TASKS_BY_DATA_TYPE
from learnware.specification import semantic_labels, semantic_vocabulary
from learnware.texts import text

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/vocabulary", tags=["search"])


class KeyOut(BaseModel):
    """A key of a semantic specification."""

    model_config = ConfigDict(populate_by_name=True)

    type: str = Field(
        alias="Type",
        description="`Class`: exactly one of the values. `Tag`: one or more. `Optional`: one or none. `String`: text.",
    )
    values: list[str] | None = Field(alias="Values", description="What is allowed; null for a text.")


class LengthOut(BaseModel):
    """How long a text may be, in characters."""

    least: int
    most: int


class VocabularyOut(BaseModel):
    """What semantic specifications may say."""

    keys: dict[str, KeyOut] = Field(
        examples=[{"Data": {"Type": "Class", "Values": ["Table", "Image", "Text"]}}],
        description="Every key, in the form that a semantic specification has.",
    )
    tasks: dict[str, list[str]] = Field(
        description="For each kind of data the tasks that make sense.",
        examples=[{"Table": ["Classification", "Regression", "Feature Extraction", "Others"]}],
    )
    lengths: dict[str, LengthOut] = Field(
        description="Lengths of the texts.", examples=[{"Name": {"least": 5, "most": 50}}]
    )
    labels: dict[str, dict[str, str]] = Field(
        description="What every key and every value is called, by language.",
        examples=[{"en": {"Data": "Data type", "Table": "Table"}, "zh": {"Data": "数据类型", "Table": "表格"}}],
    )
    findings: dict[str, dict[str, str]] = Field(
        description="What findings of verifications say, by `code` and language; the `values` of a finding are filled "
        "in at their names in braces, as Python's `str.format` does it.",
        examples=[{"member-encrypted": {"en": "{name!r} is encrypted", "zh": "{name!r} 已加密"}}],
    )


@router.get("", summary="The vocabulary of semantic specifications", response_model_by_alias=True)
def vocabulary(response: Response) -> VocabularyOut:
    """Return what semantic specifications may say, and what findings of verifications say, in all languages."""
    # It changes with the version of the server only.
    response.headers["Cache-Control"] = "public, max-age=300"
    return VocabularyOut(
        keys={key: KeyOut(Type=entry["Type"], Values=entry["Values"]) for key, entry in semantic_vocabulary().items()},
        tasks={data_type: list(tasks) for data_type, tasks in TASKS_BY_DATA_TYPE.items()},
        lengths={key: LengthOut(least=least, most=most) for key, (least, most) in LENGTH_LIMITS.items()},
        labels={language: semantic_labels(language) for language in LANGUAGES},
        findings=_findings(),
    )


@cache
def _findings() -> dict[str, dict[str, str]]:
    """Return for each code its sentence in every language: what is the matter, and how to mend it."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        between = translated(text("{first}; {rest}", first="", rest=""), language)
        for code, said in sentences(language).items():
            found.setdefault(code, {})[language] = between.join(filter(None, said))
    return found
