"""``learnware.yaml``: which class is the model and which files are its statistical specifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

from learnware.errors import InvalidPackageError
from learnware.findings import message_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "EXTRA_STAT_SPECS",
    "MANIFEST_NAME",
    "Manifest",
    "ModelEntry",
    "StatSpecEntry",
    "dump_yaml",
    "parse_manifest",
    "parse_yaml",
    "stat_spec_entries",
]

MANIFEST_NAME = "learnware.yaml"
SEMANTIC_NAME = "semantic_specification.json"
# Lists specifications of types that the published package does not know: it loads no package that names one elsewhere.
EXTRA_STAT_SPECS = "extra_stat_specifications"
_PUBLISHED_TYPES = frozenset(
    {"RKMETableSpecification", "RKMEImageSpecification", "RKMETextSpecification", "RKMEStatSpecification"}
)
_TUPLE_TAG = "tag:yaml.org,2002:python/tuple"
# Values in a document once every alias is written out: a few lines of aliases can stand for billions.
_MAX_VALUES = 20_000
# A long text counts as a value for each so many letters.
_VALUE_CHARS = 32
# Of a number; nobody writes a longer one, and not even messages can.
_MAX_DIGITS = 1000


@dataclass(frozen=True)
class ModelEntry:
    """The model of a package.

    Attributes
    ----------
    class_name : str
        Class in the module.
    module_path : str
        A ``.py`` file of the package, or the name of an installed module.
    kwargs : dict
        Arguments of the class.
    weights_file_path : str or None
        Weights of a text-generation model.
    required_learnware_ids : tuple of str
        Learnwares that this one is built on.
    """

    class_name: str = "Model"
    module_path: str = "__init__.py"
    kwargs: dict[str, Any] = field(default_factory=dict)
    weights_file_path: str | None = None
    required_learnware_ids: tuple[str, ...] = ()

    def to_config(self) -> dict[str, Any]:
        """Return the entry in the form that `Learnware` and `ModelProcess` take."""
        return {"class_name": self.class_name, "module_path": self.module_path, "kwargs": dict(self.kwargs)}


@dataclass(frozen=True)
class StatSpecEntry:
    """A statistical specification of a package.

    Attributes
    ----------
    class_name : str
        Its type; looked up by name, never imported.
    file_name : str
        Its file in the package.
    module_path : str
        Kept for the published package, which imports it.
    kwargs : dict
        Arguments of the class.
    """

    class_name: str = "RKMETableSpecification"
    file_name: str = "stat_spec.json"
    module_path: str = "learnware.specification"
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What ``learnware.yaml`` says.

    Attributes
    ----------
    model : ModelEntry
        The model.
    stat_specifications : tuple of StatSpecEntry
        The statistical specifications, those of types that the published package does not know last.
    semantic_file : str or None
        File of the semantic specification, where the package has one.
    id, name : str or None
        As a dock writes them.
    """

    model: ModelEntry = field(default_factory=ModelEntry)
    stat_specifications: tuple[StatSpecEntry, ...] = ()
    semantic_file: str | None = None
    id: str | None = None
    name: str | None = None


class _Constructor(SafeConstructor):
    """Plain values, and tuples as the published package writes them; keys may not repeat."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise ConstructorError(None, None, f"the key {key.value!r} is there twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _construct_tuple(loader: _Constructor, node: yaml.Node) -> tuple[Any, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise ConstructorError(None, None, "a tuple is written as a list", node.start_mark)
    return tuple(loader.construct_sequence(node, deep=True))


def _construct_integer(loader: _Constructor, node: yaml.ScalarNode) -> int:
    if len(node.value) > _MAX_DIGITS:
        raise ConstructorError(None, None, f"a number has more than {_MAX_DIGITS} digits", node.start_mark)
    return int(loader.construct_yaml_int(node))


_Constructor.add_constructor(_TUPLE_TAG, _construct_tuple)  # type: ignore[type-var]  # its bound is too narrow
_Constructor.add_constructor("tag:yaml.org,2002:int", _construct_integer)  # type: ignore[type-var]  # the same


class _PythonLoader(_Constructor, yaml.SafeLoader):
    """The loader where PyYAML was built without libyaml."""


_Loader: Any = _PythonLoader
if yaml.__with_libyaml__:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs do not name it

    class _FastLoader(Composer, _Constructor, Resolver, CParser):
        """Events from libyaml; nodes from the composer in Python, which minds how deep they are nested."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            _Constructor.__init__(self)
            Resolver.__init__(self)

    _Loader = _FastLoader


class _Dumper(yaml.SafeDumper):
    """Writes tuples with the published package's tag and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True


_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_sequence(_TUPLE_TAG, value))


def _count_values(node: yaml.Node, seen: dict[int, int | None]) -> int:
    """Return how many values `node` stands for with its aliases written out; a node inside itself is an error."""
    known = seen.get(id(node), -1)
    if known is None:
        raise ConstructorError(None, None, "a value holds itself", node.start_mark)
    if known >= 0:
        return known
    seen[id(node)] = None
    children: list[yaml.Node] = []
    own = 1 + len(node.value) // _VALUE_CHARS if isinstance(node, yaml.ScalarNode) else 1
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    elif isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    seen[id(node)] = total = own + sum(_count_values(child, seen) for child in children)
    return total


def parse_yaml(data: bytes, name: str) -> Any:
    """Return the plain values of a YAML document; nothing in it can construct an object.

    Raises
    ------
    InvalidPackageError
        If it is no UTF-8 or no YAML, repeats a key, asks for an object, or stands for too many values.
    """
    try:
        loader = _Loader(data.decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            if _count_values(node, {}) > _MAX_VALUES:
                raise InvalidPackageError(message_of("yaml-values", name=name, most=_MAX_VALUES), member=name)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise InvalidPackageError(message_of("yaml-encoding", name=name, reason=str(error)), member=name) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidPackageError(message_of("yaml-broken", name=name, reason=str(error)), member=name) from error


def dump_yaml(value: Any) -> str:
    """Return `value` as YAML that the published package reads, tuples included."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _get(mapping: dict[str, Any], key: str, kind: type | tuple[type, ...], default: Any, where: str) -> Any:
    value = mapping.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise InvalidPackageError(
            message_of(_KINDS[kind], file=MANIFEST_NAME, key=f"{where}{key}", found=repr(value)), member=MANIFEST_NAME
        )
    return value


# What is found where the value is of another kind.
_KINDS: dict[type | tuple[type, ...], str] = {
    str: "manifest-text",
    dict: "manifest-mapping",
    (list, tuple): "manifest-list",
    (str, int): "manifest-text",
}


def stat_spec_entries(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return entries for statistical specifications under the keys of a manifest that they belong to.

    Parameters
    ----------
    entries : iterable of mapping
        ``class_name``, ``file_name``, ``module_path`` and ``kwargs`` of each.

    Examples
    --------
    >>> stat_spec_entries([{"class_name": "RKMETableSpecification", "file_name": "stat.json"}])
    {'stat_specifications': [{'class_name': 'RKMETableSpecification', 'file_name': 'stat.json'}]}
    """
    keys: dict[str, list[dict[str, Any]]] = {"stat_specifications": []}
    for entry in entries:
        known = entry.get("class_name", "RKMETableSpecification") in _PUBLISHED_TYPES
        keys.setdefault("stat_specifications" if known else EXTRA_STAT_SPECS, []).append(dict(entry))
    return keys


def parse_manifest(data: bytes, files: Collection[str]) -> Manifest:
    """Return what ``learnware.yaml`` says, with the defaults of both published versions.

    Parameters
    ----------
    data : bytes
        Content of the file.
    files : collection of str
        Names of the package's files: what the manifest names must be among them.

    Raises
    ------
    InvalidPackageError
        If the file is broken, a value has the wrong kind, or a file is missing.
    """
    document = parse_yaml(data, MANIFEST_NAME)
    if document is None:
        document = {}
    if not isinstance(document, dict):
        raise InvalidPackageError(message_of("manifest-form", file=MANIFEST_NAME), member=MANIFEST_NAME)

    semantic = _get(document, "semantic_specification", dict, {}, "")
    semantic_file = _get(semantic, "file_name", str, None, "semantic_specification.")
    if semantic_file is not None and semantic_file not in files:
        raise InvalidPackageError(message_of("semantic-file-missing", name=semantic_file), member=semantic_file)
    if semantic_file is None and SEMANTIC_NAME in files:
        semantic_file = SEMANTIC_NAME

    identifier = _get(document, "id", (str, int), None, "")
    return Manifest(
        model=_parse_model(_get(document, "model", dict, {}, ""), files),
        stat_specifications=_parse_stat_specs(document, files),
        semantic_file=semantic_file,
        id=None if identifier is None else str(identifier),
        name=_get(document, "name", str, None, ""),
    )


def _parse_model(model: dict[str, Any], files: Collection[str]) -> ModelEntry:
    defaults = ModelEntry()
    kwargs = _get(model, "kwargs", dict, {}, "model.")
    if not all(isinstance(key, str) for key in kwargs):
        raise InvalidPackageError(message_of("manifest-kwargs", file=MANIFEST_NAME), member=MANIFEST_NAME)
    entry = ModelEntry(
        class_name=_get(model, "class_name", str, defaults.class_name, "model."),
        module_path=_get(model, "module_path", str, defaults.module_path, "model."),
        kwargs=kwargs,
        weights_file_path=_get(model, "weights_file_path", str, None, "model."),
        required_learnware_ids=tuple(
            str(item) for item in _get(model, "required_learnware_ids", (list, tuple), (), "model.")
        ),
    )
    if not entry.class_name.isidentifier():
        raise InvalidPackageError(
            message_of("manifest-class", file=MANIFEST_NAME, name=entry.class_name), member=MANIFEST_NAME
        )
    if entry.module_path.endswith(".py"):
        if entry.module_path.removeprefix("./") not in files:
            raise InvalidPackageError(message_of("module-missing", name=entry.module_path), member=entry.module_path)
    elif not all(part.isidentifier() for part in entry.module_path.split(".")):
        raise InvalidPackageError(
            message_of("manifest-module", file=MANIFEST_NAME, name=entry.module_path), member=MANIFEST_NAME
        )
    return entry


def _parse_stat_specs(document: dict[str, Any], files: Collection[str]) -> tuple[StatSpecEntry, ...]:
    defaults = StatSpecEntry()
    more = _parse_stat_spec_list(document, EXTRA_STAT_SPECS, files)
    if document.get("stat_specifications") is None:
        # The first published versions assume this one file, later ones assume none.
        return ((defaults,) if defaults.file_name in files else ()) + more
    return _parse_stat_spec_list(document, "stat_specifications", files) + more


def _parse_stat_spec_list(document: dict[str, Any], key: str, files: Collection[str]) -> tuple[StatSpecEntry, ...]:
    defaults = StatSpecEntry()
    entries = []
    for item in _get(document, key, (list, tuple), (), ""):
        where = f"{key}."
        if not isinstance(item, dict):
            raise InvalidPackageError(
                message_of("manifest-stat-spec", file=MANIFEST_NAME, found=repr(item)), member=MANIFEST_NAME
            )
        entry = StatSpecEntry(
            class_name=_get(item, "class_name", str, defaults.class_name, where),
            file_name=_get(item, "file_name", str, defaults.file_name, where).removeprefix("./"),
            module_path=_get(item, "module_path", str, defaults.module_path, where),
            kwargs=_get(item, "kwargs", dict, {}, where),
        )
        if entry.file_name not in files:
            raise InvalidPackageError(
                message_of("stat-spec-file-missing", name=entry.file_name), member=entry.file_name
            )
        entries.append(entry)
    return tuple(entries)
