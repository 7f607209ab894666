"""Aligning the outputs of classifiers by the names of their classes.

A learnware's semantic specification names its classes: ``Output.Description`` maps an index to a name. Learnwares
answer labels, which are such indexes (or names), or rows with a score for each index, and they may know different
classes. All answers become rows of probabilities over the union of the classes:

* If no name has two indexes and no index has two names among the learnwares, classes are identified by their index, and
  labels are these indexes: what programs for a single learnware compare with their labels. Learnwares without names are
  taken along if their dimension is the largest one.
* Otherwise classes are identified by name, and every class of every learnware needs one. Labels are the names, as
  integers where all names are numerals.

Names are compared without regard to case and to white space around them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["ClassSpace", "class_key", "class_names"]

# How far the sum of a row may be from 1 to be read as probabilities: single precision, rounded in a file.
_PROBABILITY_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ClassSpace:
    """The union of the classes of some learnwares.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        What predictions are made of, in the order of the columns.
    names : tuple of str
        Names of the columns; an index as text where a class has no name.
    columns : tuple of ndarray of int
        For each learnware the column of each of its indexes.
    ids : tuple of str
        The learnwares' ids, for messages.
    """

    labels: NDArray[Any]
    names: tuple[str, ...]
    columns: tuple[NDArray[np.intp], ...]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, learnwares: Sequence[Learnware], outputs: Sequence[NDArray[Any]]) -> ClassSpace:
        """Return the space of the learnwares; `outputs` tell the dimension of those without a description.

        Raises
        ------
        ReuseError
            If the classes cannot be told apart.
        """
        ids = tuple(learnware.id for learnware in learnwares)
        described = [_description(learnware) for learnware in learnwares]
        sizes = [
            _dimension(learnware, names, output)
            for learnware, names, output in zip(learnwares, described, outputs, strict=True)
        ]
        pairs = {(index, class_key(name)) for names in described for index, name in names.items()}
        # What labels without any description need: room for all that were seen.
        seen = [int(output.max()) + 1 for output, size in zip(outputs, sizes, strict=True) if _is_labels(output, size)]
        agree = len(pairs) == len({index for index, _ in pairs}) == len({name for _, name in pairs})
        if agree:
            return cls._by_index(ids, described, sizes, max([*seen, *filter(None, sizes)], default=1))
        return cls._by_name(ids, described, sizes)

    @classmethod
    def _by_index(
        cls, ids: tuple[str, ...], described: list[dict[int, str]], sizes: list[int | None], n_classes: int
    ) -> ClassSpace:
        for id_, names, size in zip(ids, described, sizes, strict=True):
            if size is not None and size != n_classes and len(names) < size:
                raise ReuseError(
                    f"learnware {id_!r} has {size} classes without names, another one has {n_classes}; "
                    "describe the classes in Output.Description of its semantic specification"
                )
        names = {index: str(index) for index in range(n_classes)}
        for description in described:
            names.update(description)
        columns = tuple(np.arange(n_classes if size is None else size) for size in sizes)
        return cls(np.arange(n_classes), tuple(names[index] for index in range(n_classes)), columns, ids)

    @classmethod
    def _by_name(cls, ids: tuple[str, ...], described: list[dict[int, str]], sizes: list[int | None]) -> ClassSpace:
        spelling: dict[str, str] = {}
        for id_, names, size in zip(ids, described, sizes, strict=True):
            missing = [index for index in range(size or 1) if index not in names]
            if missing:
                raise ReuseError(
                    f"the learnwares number their classes differently, and learnware {id_!r} has no name for the "
                    f"classes {missing}; describe them in Output.Description of its semantic specification"
                )
            if len({class_key(name) for name in names.values()}) < len(names):
                raise ReuseError(f"learnware {id_!r} gives two classes the same name: {sorted(names.values())}")
            for name in names.values():
                # The smallest spelling, so that the order of the learnwares does not matter.
                spelling[class_key(name)] = min(spelling.get(class_key(name), name), name)
        numerals = all(key.isdecimal() for key in spelling)
        order = sorted(spelling, key=(lambda key: (int(key), key)) if numerals else None)
        column = {key: number for number, key in enumerate(order)}
        labels = [int(key) if numerals else spelling[key] for key in order]
        columns = tuple(
            np.array([column[class_key(names[index])] for index in range(len(names))]) for names in described
        )
        return cls(np.array(labels), tuple(spelling[key] for key in order), columns, ids)

    def encode(self, outputs: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        """Return all answers as probabilities, shape (n_learnwares, n_samples, n_classes).

        A label is a 1 in its column; scores that are no probabilities are taken for logits. Classes that a learnware
        does not know have 0.

        Raises
        ------
        ReuseError
            If an output is neither labels nor scores of the learnware's classes.
        """
        return np.stack([self.encode_one(number, output) for number, output in enumerate(outputs)])

    def encode_one(self, number: int, output: NDArray[Any]) -> NDArray[np.float64]:
        """Return the answers of learnware `number` as probabilities, shape (n_samples, n_classes)."""
        columns, id_ = self.columns[number], self.ids[number]
        rows = np.zeros((len(output), len(self.labels)))
        if output.ndim == 1 or output.shape[1:] == (1,):
            labels = output.reshape(-1)
            if labels.dtype.kind in "OUS":
                rows[np.arange(len(rows)), self._columns_of_names(labels, f"learnware {id_!r} answers")] = 1.0
                return rows
            if (labels != np.round(labels)).any() or labels.min() < 0 or labels.max() >= len(columns):
                bad = labels[(labels != np.round(labels)) | (labels < 0) | (labels >= len(columns))][0]
                raise ReuseError(
                    f"learnware {id_!r} answers {bad}; allowed are labels from 0 to {len(columns) - 1}, or scores of "
                    f"its {len(columns)} classes"
                )
            rows[np.arange(len(rows)), columns[labels.astype(np.intp)]] = 1.0
            return rows
        if output.shape[1:] != (len(columns),) or output.dtype.kind not in "biuf":
            raise ReuseError(
                f"learnware {id_!r} answers rows of shape {output.shape[1:]}; allowed are labels, or scores of its "
                f"{len(columns)} classes"
            )
        rows[:, columns] = _probabilities(output.astype(np.float64))
        return rows

    def _columns_of_names(self, values: NDArray[Any], who: str) -> NDArray[np.intp]:
        column = {class_key(name): number for number, name in enumerate(self.names)}
        unknown = {str(value) for value in values} - {value for value in map(str, values) if class_key(value) in column}
        if unknown:
            raise ReuseError(f"{who} {min(unknown)!r}, which is none of the classes: {', '.join(self.names)}")
        return np.array([column[class_key(str(value))] for value in values], dtype=np.intp)

    def decode(self, rows: NDArray[np.floating]) -> NDArray[Any]:
        """Return the label of the largest entry of each row, the first one in a tie."""
        # Rounded, so that equal votes stay equal whatever the order of summation was.
        labels: NDArray[Any] = self.labels[np.round(rows, 12).argmax(axis=1)]
        return labels

    def with_targets(self, y: NDArray[Any]) -> tuple[ClassSpace, NDArray[np.float64]]:
        """Return the space in the vocabulary of the user's labels, and these as one-hot rows.

        Labels may be the space's own or names of classes; predictions are then made of the same, in the user's
        spelling. Classes that no learnware knows get columns of their own, at the end.

        Raises
        ------
        ReuseError
            If none of the user's labels is known.
        """
        if y.ndim != 1:
            raise ReuseError(f"classification needs one label a row, received an array of shape {y.shape}")
        if y.dtype.kind in "OUS":
            values = np.array([str(value) for value in y])
            known = {class_key(name): number for number, name in enumerate(self.names)}
            codes = {value: known.get(class_key(value)) for value in np.unique(values).tolist()}
            labels: list[Any] = list(self.names)
        else:
            values = y.astype(np.int64) if y.dtype.kind != "f" or (y == np.round(y)).all() else y
            own = self.labels.tolist()
            codes = {value: own.index(value) if value in own else None for value in np.unique(values).tolist()}
            labels = own
        if all(code is None for code in codes.values()):
            raise ReuseError(
                f"none of the labels {sorted(codes)[:10]} is a class of the learnwares; their labels are "
                f"{self.labels.tolist()[:20]}, named {list(self.names)[:20]}"
            )
        for value, code in codes.items():
            if code is not None:
                labels[code] = value
        new = sorted(value for value, code in codes.items() if code is None)
        if new:
            codes.update({value: len(labels) + number for number, value in enumerate(new)})
        space = replace(self, labels=np.array([*labels, *new]), names=(*self.names, *map(str, new)))
        columns = np.array([codes[value] for value in values.tolist()], dtype=np.intp)
        return space, np.eye(len(space.labels))[columns]


def class_key(name: str) -> str:
    """Return what two spellings of a class's name have in common."""
    return name.strip().casefold()


def class_names(learnware: Learnware) -> list[str]:
    """Return the names of a classifier's classes in the order of their indexes; none if one of them has no name."""
    names = _description(learnware)
    return [names[index] for index in sorted(names)] if len(names) >= _stated_dimension(learnware) else []


def _output_description(learnware: Learnware) -> dict[str, Any]:
    output = learnware.get_specification().get_semantic_spec().get("Output")
    return output if isinstance(output, dict) else {}


def _stated_dimension(learnware: Learnware) -> int:
    return _whole(learnware, "Dimension", _output_description(learnware).get("Dimension") or 0)


def _whole(learnware: Learnware, what: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise ReuseError(
            f"learnware {learnware.id!r} has {value!r:.80} in Output.{what} of its semantic specification; "
            "expected a whole number"
        ) from None


def _description(learnware: Learnware) -> dict[int, str]:
    """Return the names of the learnware's classes by index."""
    output = _output_description(learnware)
    description = output.get("Description")
    # One dimension cannot be a classifier's classes: it describes the label itself.
    if not isinstance(description, dict) or ("Dimension" in output and _stated_dimension(learnware) <= 1):
        return {}
    names = {_whole(learnware, "Description", index): str(name).strip() for index, name in description.items()}
    return {index: name for index, name in names.items() if name}


def _dimension(learnware: Learnware, names: dict[int, str], output: NDArray[Any]) -> int | None:
    """Return the learnware's number of classes: as stated, else as named, else as scored; None if it only labels."""
    stated = _stated_dimension(learnware)
    if stated > 1:
        return max(stated, *(index + 1 for index in names), 0)
    if names:
        return max(names) + 1
    return output.shape[1] if output.ndim == 2 and output.shape[1] > 1 else None


def _is_labels(output: NDArray[Any], size: int | None) -> bool:
    return size is None and output.dtype.kind in "biuf"


def _probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = scores.sum(axis=1)
    if scores.min() >= -_PROBABILITY_TOLERANCE and np.abs(sums - 1.0).max() <= _PROBABILITY_TOLERANCE:
        return np.maximum(scores, 0.0)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
