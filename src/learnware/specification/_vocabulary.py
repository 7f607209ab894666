"""The vocabulary of semantic specifications: the one place where tags and their values are defined."""

from __future__ import annotations

from typing import Any

__all__ = [
    "DATA_TYPES",
    "LENGTH_LIMITS",
    "LIBRARIES",
    "LICENSES",
    "MODEL_TYPES",
    "SCENARIOS",
    "TASKS",
    "TASKS_BY_DATA_TYPE",
    "semantic_labels",
    "semantic_vocabulary",
]

DATA_TYPES = ("Table", "Image", "Text")
TASKS = (
    "Classification",
    "Regression",
    "Feature Extraction",
    "Segmentation",
    "Object Detection",
    "Text Generation",
    "Others",
)
TASKS_BY_DATA_TYPE = {
    "Table": ("Classification", "Regression", "Feature Extraction", "Others"),
    "Image": ("Classification", "Regression", "Feature Extraction", "Segmentation", "Object Detection", "Others"),
    "Text": ("Classification", "Regression", "Feature Extraction", "Text Generation", "Others"),
}
MODEL_TYPES = ("Base Model", "Fine-tuned Model", "PEFT Model", "Others")
LIBRARIES = ("Scikit-learn", "PyTorch", "TensorFlow", "Others")
SCENARIOS = (
    "Business",
    "Financial",
    "Health",
    "Politics",
    "Computer",
    "Internet",
    "Traffic",
    "Nature",
    "Fashion",
    "Industry",
    "Agriculture",
    "Education",
    "Entertainment",
    "Architecture",
    "Others",
)
LICENSES = (
    "Apache-2.0",
    "GPL-3.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CC-BY-4.0",
    "EPL-2.0",
    "AGPL-3.0",
    "GPL-2.0",
    "LGPL-2.1",
    "MPL-2.0",
    "Others",
)
# What keys and values are called in Chinese; names of libraries and licences are the same in every language.
_CHINESE = {
    "Data": "数据类型",
    "Task": "任务类型",
    "Library": "模型库",
    "Scenario": "应用场景",
    "License": "许可证",
    "Model": "模型类型",
    "Description": "描述",
    "Name": "名称",
    "Table": "表格",
    "Image": "图像",
    "Text": "文本",
    "Classification": "分类",
    "Regression": "回归",
    "Feature Extraction": "特征提取",
    "Segmentation": "分割",
    "Object Detection": "目标检测",
    "Text Generation": "文本生成",
    "Base Model": "基础模型",
    "Fine-tuned Model": "微调模型",
    "PEFT Model": "参数高效微调（PEFT）模型",
    "Business": "商业",
    "Financial": "金融",
    "Health": "健康",
    "Politics": "政治",
    "Computer": "计算机",
    "Internet": "互联网",
    "Traffic": "交通",
    "Nature": "自然",
    "Fashion": "时尚",
    "Industry": "工业",
    "Agriculture": "农业",
    "Education": "教育",
    "Entertainment": "娱乐",
    "Architecture": "建筑",
    "Others": "其他",
}
_ENGLISH = {"Data": "Data type", "Task": "Task type", "License": "Licence", "Model": "Model type"}
# Shortest and longest text, in characters.
LENGTH_LIMITS = {"Name": (5, 50), "Description": (10, 10_000)}


def semantic_vocabulary() -> dict[str, dict[str, Any]]:
    """Return every key of a semantic specification with its kind and its allowed values.

    `Type` is ``Class`` (exactly one of the values), ``Tag`` (one or more), ``Optional`` (one or none) or ``String``.
    """
    return {
        "Data": {"Values": list(DATA_TYPES), "Type": "Class"},
        "Task": {"Values": list(TASKS), "Type": "Class"},
        "Library": {"Values": list(LIBRARIES), "Type": "Class"},
        "Scenario": {"Values": list(SCENARIOS), "Type": "Tag"},
        "License": {"Values": list(LICENSES), "Type": "Class"},
        "Model": {"Values": list(MODEL_TYPES), "Type": "Optional"},
        "Description": {"Values": None, "Type": "String"},
        "Name": {"Values": None, "Type": "String"},
    }


def semantic_labels(language: str) -> dict[str, str]:
    """Return what every key and every value of the vocabulary is called in a language.

    Parameters
    ----------
    language : {"en", "zh"}
        English or Chinese.

    Raises
    ------
    ValueError
        If it is another language.

    Examples
    --------
    >>> from learnware.specification import semantic_labels
    >>> semantic_labels("zh")["Table"]
    '表格'
    """
    languages = {"en": _ENGLISH, "zh": _CHINESE}
    if language not in languages:
        raise ValueError(f"the language is {language!r}; expected one of: {', '.join(languages)}")
    names = {name for key, entry in semantic_vocabulary().items() for name in (key, *(entry["Values"] or ()))}
    return {name: languages[language].get(name, name) for name in sorted(names)}
