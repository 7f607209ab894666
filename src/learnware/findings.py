"""What can be found about a package: every sentence by its code.

A code stands for one thing that can be right or wrong, and stays what it is when the words get better. A sentence is a
template with named values; besides what is the matter it may say how to mend it. Programs act on codes, and say the
sentences in other languages (`learnware.texts`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from learnware.texts import Text

__all__ = ["FINDINGS", "code_of", "mend_of", "message_of"]

_UNSAFE = "{name!r} is no safe name for a file of a package: "
_INPUT_FORM = (
    'expected {{"Dimension": number of columns of the table, "Description": {{"0": "meaning of the first", ...}}}}'
)
_CLASSES_FORM = 'expected {{"Dimension": number of classes, "Description": {{"0": "meaning of the first", ...}}}}'
_TARGETS_FORM = 'expected {{"Dimension": number of targets, "Description": {{"0": "meaning of the first", ...}}}}'
_FAILED = "the model did not pass the trial prediction: {reason}"
_ANEW = "generate it anew"
_AGREE = "make them agree"

# For each code what is the matter, and how to mend it where that is something else.
FINDINGS: dict[str, tuple[str, str]] = {
    # The zip.
    "package-missing": ("there is no file or folder {package}", ""),
    "package-no-file": ("there is no file {package}", ""),
    "package-folder-of-zips": ("{package} is a folder without a {file}", "name the .zip files in it"),
    "package-folder": ("{package} is a folder; only zips can be served", ""),
    "package-refused": ("{reason}", ""),
    "package-ok": ("the package is well-formed: {files} files, {size:,} bytes", ""),
    "zip-unreadable": ("{package} is no readable zip: {reason}", ""),
    "zip-directory": ("the directory of {package} has {size} bytes: too many members", ""),
    "zip-ratio": ("{package} grows from {packed} to {size} bytes; {ratio:g} fold at most", ""),
    "zip-slow": ("the package takes too long to read", ""),
    "members-count": ("the package has {count} members; at most {most} are allowed", ""),
    "folders-count": ("the package has more than {most} folders", ""),
    "members-added": ("with what the dock adds, the package has more than {most} members", ""),
    "members-size": ("the files have more than {most} bytes together, at {name!r}", ""),
    "member-size": ("{name!r} has {size} bytes; at most {most} are allowed", ""),
    "member-damaged": ("{name!r} is damaged: {reason}", ""),
    "member-link": ("{name!r} is a link", ""),
    "member-special": ("{name!r} is no ordinary file or folder", ""),
    "member-no-file": ("{name!r} is a link or no ordinary file", ""),
    "member-encrypted": ("{name!r} is encrypted", ""),
    "member-compression": ("{name!r} is compressed by method {method}; only none and deflate are allowed", ""),
    "member-ratio": ("{name!r} grows from {packed} to {size} bytes: more than {ratio:g} fold", ""),
    "member-overlap": ("{name!r} overlaps another member", ""),
    "member-in-directory": ("{name!r} reaches into the zip's directory", ""),
    "member-archive": (
        "{name!r} is an archive inside the package (a {kind}); put its files into the package itself",
        "",
    ),
    "member-archive-name": (
        "{name!r} is an archive inside the package (by its name); put its files into the package itself",
        "",
    ),
    "folder-content": ("the folder {name!r} has content", ""),
    "name-length": (_UNSAFE + "names have 1 to {most} bytes", ""),
    "name-backslash": (_UNSAFE + "folders are separated by '/', not by a backslash", ""),
    "name-absolute": (_UNSAFE + "the path is absolute", ""),
    "name-leaves": (_UNSAFE + "the path leaves the package", ""),
    "name-empty-part": (_UNSAFE + "the path has an empty part or '.'", ""),
    "name-colon": (_UNSAFE + "':' means a drive or a stream on some systems", ""),
    "name-control": (_UNSAFE + "the name has control characters", ""),
    "name-end": (_UNSAFE + "a part ends with a dot or a blank, which some systems drop", ""),
    "name-part": (_UNSAFE + "a part is longer than {most} bytes", ""),
    "name-encoding": ("the name {name!r} is not in UTF-8", ""),
    "name-twice": ("{name!r} is in the package twice", ""),
    "name-case": ("{name!r} differs from {other!r} only in case or accents", ""),
    "name-file-and-folder": ("{name!r} is both a file and a folder", ""),
    # Files that are read.
    "manifest-missing": ("the package has no {file} at its root or in its one top folder", ""),
    "manifest-form": ("{file} is no mapping", ""),
    "manifest-size": ("{name!r} has more than {most} bytes once it is written out", ""),
    "manifest-text": ("{file}: {key} is {found}; expected a text", ""),
    "manifest-mapping": ("{file}: {key} is {found}; expected a mapping", ""),
    "manifest-list": ("{file}: {key} is {found}; expected a list", ""),
    "manifest-kwargs": ("{file}: the names in model.kwargs must be texts", ""),
    "manifest-class": ("{file}: model.class_name {name!r} is no name of a class", ""),
    "manifest-module": (
        "{file}: model.module_path {name!r} is neither a .py file of the package nor the name of a module",
        "",
    ),
    "manifest-stat-spec": ("{file}: {found} in stat_specifications is no mapping", ""),
    "module-missing": ("the model's module {name!r} is not in the package", ""),
    "semantic-file-missing": ("the semantic specification {name!r} is not in the package", ""),
    "semantic-file-used": ("{name!r} is used for something else than the semantic specification", ""),
    "stat-spec-file-missing": ("the statistical specification {name!r} is not in the package", ""),
    "yaml-encoding": ("{name!r} is not in UTF-8: {reason}", ""),
    "yaml-broken": ("{name!r} is no plain YAML: {reason}", ""),
    "yaml-values": ("{name!r} stands for more than {most} values", ""),
    "json-broken": ("{name!r} is no JSON in UTF-8: {reason}", ""),
    "json-form": ("{name!r} holds no JSON object", ""),
    # The semantic specification.
    "semantic-ok": ("the semantic specification is valid", ""),
    "semantic-none": (
        "the package has no semantic specification",
        "add it as {file}, or give it with the package; generate_semantic_spec makes one",
    ),
    "semantic-form": ("the semantic specification is {found}", "expected a dict"),
    "semantic-key-missing": ("the key {key} is missing", "generate_semantic_spec makes all keys"),
    "semantic-entry": ("{key} is {found}", 'expected {{"Values": ..., "Type": "{kind}"}}'),
    "semantic-type": ("{key} has Type {found}", "expected {kind!r}"),
    "semantic-list": ("{key} is {found}", "expected a list of one of: {allowed}"),
    "semantic-tag-list": ("{key} is {found}", "expected a list of one or more of: {allowed}"),
    "semantic-empty": ("{key} has no value", "choose one of: {allowed}"),
    "semantic-tag-empty": ("{key} has no value", "choose one or more of: {allowed}"),
    "semantic-several": ("{key} has {count} values", "choose one of: {allowed}"),
    "semantic-unknown": ("{key} has the value {found}, which is not known", "choose one of: {allowed}"),
    "semantic-tag-unknown": ("{key} has the value {found}, which is not known", "choose one or more of: {allowed}"),
    "semantic-twice": ("{key} names a value twice", "name each once"),
    "semantic-task": ("Task is {task!r}, which is no task for {data_type}", "choose one of: {allowed}"),
    "semantic-text": ("{key} is {found}", "expected a text"),
    "semantic-length": ("{key} has {count} characters", "expected {least} to {most}"),
    "semantic-control": ("{key} has characters that cannot be shown", "leave out control characters"),
    "semantic-input-missing": ("{key} is missing", _INPUT_FORM),
    "semantic-input-form": ("{key} is {found}", _INPUT_FORM),
    "semantic-input-dimension": (
        "{key} is {found}",
        "expected the number of columns of the table, at least {least} and at most {most}",
    ),
    "semantic-classes-missing": ("{key} is missing", _CLASSES_FORM),
    "semantic-classes-form": ("{key} is {found}", _CLASSES_FORM),
    "semantic-classes-dimension": (
        "{key} is {found}",
        "expected the number of classes, at least {least} and at most {most}",
    ),
    "semantic-targets-missing": ("{key} is missing", _TARGETS_FORM),
    "semantic-targets-form": ("{key} is {found}", _TARGETS_FORM),
    "semantic-targets-dimension": (
        "{key} is {found}",
        "expected the number of targets, at least {least} and at most {most}",
    ),
    "semantic-description": ("{key} is {found}", 'expected {{"0": "meaning of the first", ...}}'),
    "semantic-position": ("{key} has the key {found}", "expected a position from 0 to {most}"),
    "semantic-meaning": ("{key}[{position}] is {found}", "expected a text"),
    # Statistical specifications.
    "stat-spec-ok": ("the statistical specification is valid: {specs}", ""),
    "stat-spec-none": ("the statistical specification is valid: there is none, and none is needed", ""),
    "stat-spec-unreadable": ("{reason}", _ANEW),
    "stat-spec-missing": (
        "data of type {data_type} needs a statistical specification {wanted}; the package has: none",
        "make one with generate_stat_spec and name it in learnware.yaml",
    ),
    "stat-spec-other": (
        "data of type {data_type} needs a statistical specification {wanted}; the package has: {present}",
        "make one with generate_stat_spec and name it in learnware.yaml",
    ),
    "stat-spec-broken": ("the statistical specification {name} is broken: {reason}", _ANEW),
    "stat-spec-distance": ("the statistical specification's distance to itself is {distance}", _ANEW),
    "stat-spec-columns": (
        "the statistical specification has {found} columns, Input.Dimension is {expected}",
        "both must be the number of columns that the model takes",
    ),
    # Pickles.
    "pickles-none": ("there are no pickles", ""),
    "pickles-harmless": ("the pickles in {files} look up nothing but harmless names", ""),
    "pickles-note": (
        "{file}, {place}: {note}",
        "a format that is no pickle (skops, ONNX, a booster's own) or the standard names only is easier to trust",
    ),
    "pickles-more": ("{count} more of the kind", ""),
    "pickles-unfinished": ("{reason}", ""),
    # The environment.
    "environment-ok": ("the environment is {kind} {name}, with Python {python}", ""),
    "environment-current": ("the environment is that of this program, with Python {python}", ""),
    "environment-unsaid": (
        "the package does not say what it needs",
        "name its packages, with versions, in a requirements.txt",
    ),
    "environment-refused": ("{reason}", "mend what {file} asks for"),
    "environment-warning": ("{reason}", ""),
    # Trial predictions.
    "trial-ok": ("the model answers as its specification says", ""),
    "trial-ok-undescribed": (
        "the model answers; what it should answer is not known without a valid semantic specification",
        "",
    ),
    "trial-refused": ("{reason}", ""),
    "trial-failed": (_FAILED, ""),
    "trial-raised": (_FAILED, "see the traceback"),
    "trial-module": (_FAILED, "name the package that has {module!r} in requirements.txt or environment.yaml"),
    "trial-slow": (_FAILED, "make it faster, or allow more time"),
    "trial-printed": (_FAILED, "let it print less"),
    "trial-limit": (_FAILED, "let it use less, or allow more"),
    "trial-memory": (_FAILED, "the memory of the trial is limited; let the model take less at a time"),
    "trial-open-files": (_FAILED, "the number of open files is limited; close those that are done with"),
    "trial-processes": (_FAILED, "the number of processes and threads is limited; start fewer, or none"),
    "trial-network": (_FAILED, "sandboxes have no network; put what the model needs into the package"),
    "trial-scratch": (_FAILED, "the scratch folder is limited; write less"),
    "trial-no-file": (
        _FAILED,
        (
            "a sandbox shows models only the files of their package and environment, and a scratch folder to write to; "
            "put what this one needs into the package"
        ),
    ),
    "trial-no-predict": (
        "the model has no predict of its own",
        "write predict(self, X), which all learnwares have",
    ),
    "trial-input-shape": ("the model's input_shape is {found}; Input.Dimension says ({expected},)", _AGREE),
    "trial-image-shape": (
        "the model's input_shape is {found}",
        "expected the shape of one image, such as (3, 32, 32)",
    ),
    "trial-image-channels": (
        "the model's input_shape is {found}; the statistical specification describes images of {expected} channels",
        "both must have the channels of the images that the model takes",
    ),
    "trial-count": ("the model gave {found} outputs for {count} inputs", "expected one each"),
    "trial-one-output": ("the model gave one output for {count} inputs", "expected one each"),
    "trial-type": ("the model's outputs are of type {found}", "expected numbers"),
    "trial-not-finite": ("the model's outputs hold NaN or infinite values", "expected finite numbers"),
    "trial-output-shape": ("one output has shape {found}, the model's output_shape is {expected}", _AGREE),
    "trial-targets": ("one output has shape {found}; Output.Dimension says ({expected},)", _AGREE),
    "trial-classes": (
        "one output has shape {found}",
        "a classifier of Output.Dimension {classes} answers one label (shape (1,)) or {classes} scores",
    ),
    "trial-label": (
        "the model answered the label {found}",
        "with Output.Dimension {classes} labels are the whole numbers from 0 to {last}",
    ),
    "trial-proba-failed": ("the model's predict_proba fails: {reason}", "mend predict_proba, or leave it out"),
    "trial-proba-columns": (
        "predict_proba answers {found} columns, Output.Dimension is {expected}",
        "give one column to a class",
    ),
    "trial-proba-sums": ("the rows of predict_proba are no probabilities", "they are at least 0 and sum to 1"),
    # What kept something from being checked.
    "not-checked": ("not checked: {reason}", ""),
    "not-checked-cancelled": ("not checked: the check was cancelled", ""),
    "not-checked-unreadable": ("not checked: the package cannot be read", ""),
    "not-checked-specifications": ("not checked: {file} says where the specifications are, and cannot be read", ""),
    "not-checked-model": ("not checked: {file} says what the model is, and cannot be read", ""),
    "not-checked-environment": ("not checked: there is no environment to run the model in", ""),
    "not-checked-inputs": ("not checked: the specifications do not say what the model takes", ""),
}


def message_of(code: str, /, **values: Any) -> Text:
    """Return what is the matter.

    Parameters
    ----------
    code : str
        One of `FINDINGS`.
    **values
        What the sentences of the code name.

    Examples
    --------
    >>> from learnware.findings import code_of, message_of
    >>> said = message_of("member-encrypted", name="model.pkl")
    >>> said, code_of(said)
    ("'model.pkl' is encrypted", 'member-encrypted')
    """
    return Text(FINDINGS[code][0], values)


def mend_of(code: str, /, **values: Any) -> str:
    """Return how to mend it; empty where there is nothing to do, or the message says it."""
    mend = FINDINGS[code][1]
    return Text(mend, values) if mend else ""


def code_of(message: str) -> str | None:
    """Return the code of what an error says; None if it has none, or the words are those of several codes."""
    return _codes().get(message.template) if isinstance(message, Text) else None


@cache
def _codes() -> dict[str, str | None]:
    codes: dict[str, str | None] = {}
    for code, (message, _) in FINDINGS.items():
        codes[message] = None if message in codes else code
    return codes
