"""The kinds of data: which specifications describe them, and what kind some data are.

The one place where this is said: checkers, searches, the command and the dock ask here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from learnware.specification._rkme import RKMESpecification

__all__ = ["DATA_TYPES", "data_type_of", "data_type_of_spec", "describe", "spec_types"]

# Types of specifications by kind of data, the default first, and the functions of this package that make them. Names
# and no classes, so that nothing is imported before it is needed.
_GENERATORS = {
    "Table": {"RKMETableSpecification": "generate_rkme_table_spec"},
    "Image": {
        "RKMEImageFeatureSpecification": "generate_rkme_image_feature_spec",
        "RKMEImageSpecification": "generate_rkme_image_spec",
    },
    "Text": {"RKMETextSpecification": "generate_rkme_text_spec"},
}
# The values of Data in the vocabulary of semantic specifications.
DATA_TYPES = tuple(_GENERATORS)
# Dimensions of an array of images: samples, channels, height, width.
_IMAGE_DIMENSIONS = 4
# Values of a column that say what it holds.
_FIRST_VALUES = 8


def spec_types(data_type: str | None) -> tuple[str, ...]:
    """Return the names of the types of specifications that describe a kind of data, the default first.

    Empty for a kind that is not known.

    Parameters
    ----------
    data_type : str or None
        "Table", "Image" or "Text", as the vocabulary of semantic specifications has them.

    Examples
    --------
    >>> spec_types("Table")
    ('RKMETableSpecification',)
    """
    return tuple(_GENERATORS.get(data_type or "", ()))


def data_type_of_spec(spec_type: str) -> str | None:
    """Return the kind of data that a type of specification describes; None if it is not known.

    Examples
    --------
    >>> data_type_of_spec("RKMETextSpecification")
    'Text'
    """
    return next((data_type for data_type, types in _GENERATORS.items() if spec_type in types), None)


def data_type_of(X: Any) -> str:
    """Return what kind of data these are: "Table", "Image" or "Text".

    Texts are a list or column of strings, or a data frame of one such column; images an array or tensor of four
    dimensions, or a list of PIL images or of arrays of three dimensions. All else is a table, an iterator too: what it
    gives cannot be looked at without taking it.

    Parameters
    ----------
    X : array, data frame, column, tensor or list
        The data; they are only looked at.

    Examples
    --------
    >>> data_type_of(["a text", "another one"]), data_type_of([[1.0, 2.0], [3.0, 4.0]])
    ('Text', 'Table')
    """
    if getattr(X, "ndim", None) == _IMAGE_DIMENSIONS:
        return "Image"
    first = next((value for value in _first_values(X) if value is not None), None)
    if isinstance(first, (str, bytes)):
        return "Text"
    is_picture = hasattr(first, "getbands") or getattr(first, "ndim", None) == _IMAGE_DIMENSIONS - 1
    return "Image" if is_picture else "Table"


def _first_values(X: Any) -> list[Any]:
    """Return some of the values of a list or a column; none where X has several columns."""
    if isinstance(X, (list, tuple)):
        return [*X[:_FIRST_VALUES], next((value for value in X if value is not None), None)]
    if hasattr(X, "columns"):  # a data frame, or a table of pyarrow
        if len(X.columns) != 1:
            return []
        X = X.columns[0] if hasattr(X, "drop_null") else X[X.columns[0]]
    for without_missing in ("drop_null", "drop_nulls", "dropna"):  # columns of pyarrow, polars, pandas
        if hasattr(X, without_missing):
            return [
                one.as_py() if hasattr(one, "as_py") else one for one in getattr(X, without_missing)()[:_FIRST_VALUES]
            ]
    if getattr(getattr(X, "dtype", None), "kind", "") in {"U", "S", "T", "O"} and 1 in {X.ndim, *X.shape[1:]}:
        return list(X.reshape(-1)[:_FIRST_VALUES].tolist())
    return []


def describe(X: Any, data_type: str | None = None, *, seed: int = 0, **options: Any) -> RKMESpecification:
    """Make the default specification of data of any kind.

    Parameters
    ----------
    X : array, data frame, column, tensor, list, or iterator of chunks of these
        The data.
    data_type : {"Table", "Image", "Text"}, optional
        Their kind; by default what `data_type_of` says, of the first chunk where they are an iterator.
    seed : int, default=0
        Seed of everything random.
    **options
        Further arguments of the function that makes the specification: `generate_rkme_table_spec`,
        `generate_rkme_image_feature_spec` or `generate_rkme_text_spec`.

    Raises
    ------
    SpecificationError
        If there is no such kind, or the data cannot be described.

    Examples
    --------
    >>> describe([[0.0, 1.0], [1.0, 0.0]] * 50).space
    'RKMETableSpecification/2'
    """
    if data_type is None and isinstance(X, Iterator):
        first = next(X, None)
        if first is None:
            raise SpecificationError("there are no data: the iterator gives nothing")
        data_type, X = data_type_of(first), chain([first], X)
    kind = data_type_of(X) if data_type is None else data_type
    if kind not in _GENERATORS:
        raise SpecificationError(f"there is no kind of data {kind!r}; known are: {', '.join(_GENERATORS)}")
    return generate(spec_types(kind)[0], X, seed=seed, **options)


def generate(spec_type: str, X: Any, *args: Any, **options: Any) -> RKMESpecification:
    """Make a specification of a type by its function of this package."""
    import learnware.specification as functions

    name = next(types[spec_type] for types in _GENERATORS.values() if spec_type in types)
    spec: RKMESpecification = getattr(functions, name)(X, *args, **options)
    return spec
