"""Names that models' pickles look up, and what is known of them.

A name is harmless if looking it up and calling it with any arguments neither runs other code nor touches files,
processes or the network. That cannot be said of whole packages: numpy, scikit-learn and torch have functions that
import, load or execute. So the list has names, and classes of packages that follow the rule that constructors only keep
their arguments.
"""

from __future__ import annotations

import re

__all__ = ["is_dangerous", "judge_name"]

# Modules whose functions are how pickles attack.
_DANGEROUS_TEXT = """
    os nt posix posixpath subprocess sys pty platform shutil socket ssl ctypes _ctypes importlib runpy code codeop
    commands pickle _pickle cPickle dill cloudpickle marshal shelve pip builtins webbrowser urllib http ftplib smtplib
    requests asyncio multiprocessing threading _thread signal tempfile pathlib io _io glob linecache bdb pdb cProfile
    profile timeit trace types operator _operator inspect gc pydoc doctest unittest zipimport pkgutil
"""
_HARMLESS: dict[str, str] = {
    "builtins": "list dict set frozenset tuple bytes bytearray complex int float bool str slice range object Ellipsis",
    "collections": "OrderedDict defaultdict deque Counter UserDict UserList",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "datetime": "date datetime time timedelta timezone",
    "zoneinfo": "ZoneInfo._unpickle",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "functools": "partial",
    "uuid": "UUID",
    "array": "array _array_reconstructor",
    "math": "inf nan log log2 log10 log1p exp expm1 sqrt",
    "operator": "itemgetter",
    "_operator": "itemgetter",
    "types": "SimpleNamespace NoneType",
    "pathlib": "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
    "_codecs": "encode",
    "numpy": """
        ndarray dtype matrix recarray generic number bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64
        intc uintc intp uintp longlong ulonglong float16 float32 float64 float_ int_ longdouble complex64 complex128
        clongdouble str_ bytes_ unicode_ string_ object_ void datetime64 timedelta64
        abs absolute exp exp2 expm1 log log2 log10 log1p sqrt square cbrt reciprocal sin cos tan tanh sinh cosh arcsin
        arccos arctan arctanh arcsinh arccosh sign floor ceil rint trunc negative add subtract multiply divide
        power maximum minimum mean median sum prod std var nanmean nanmedian min max argmax argmin clip nan_to_num
    """,
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "numpy._core.umath": "exp log log2 log10 log1p expm1 sqrt square absolute",
    "numpy.dtypes": """
        BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType
        Float16DType Float32DType Float64DType LongDoubleDType Complex64DType Complex128DType ObjectDType StrDType
        BytesDType VoidDType DateTime64DType TimeDelta64DType StringDType
    """,
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray _mareconstruct MaskedConstant",
    "numpy.random": "RandomState Generator",
    "numpy.random.mtrand": "RandomState",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
    "joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
    "sklearn.neighbors._kd_tree": "newObj KDTree KDTree64 KDTree32",
    "sklearn.neighbors._ball_tree": "newObj BallTree BallTree64 BallTree32",
    "sklearn.neighbors.kd_tree": "newObj KDTree",
    "sklearn.neighbors.ball_tree": "newObj BallTree",
    "sklearn.metrics._dist_metrics": "newObj",
    "sklearn.neighbors._dist_metrics": "newObj",
    "sklearn.neighbors.dist_metrics": "newObj",
    "sklearn.feature_selection._univariate_selection": "f_classif f_regression chi2",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "pandas": """
        DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex CategoricalIndex
        IntervalIndex Categorical CategoricalDtype StringDtype Timestamp Timedelta Interval Period NaT
    """,
    "pandas.arrays": "ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray StringArray",
    "pyarrow.lib": "_restore_array type_for_alias py_buffer",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked NDArrayBacked",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
    "pandas._libs.tslibs.nattype": "_nat_unpickle",
    "pandas.core.indexes.base": "_new_Index Index",
    "pandas.core.indexes.datetimes": "_new_DatetimeIndex DatetimeIndex",
    "torch": """
        Size Tensor device dtype layout memory_format float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool
        complex64 complex128 half float double short int long strided FloatStorage DoubleStorage HalfStorage
        BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage ComplexFloatStorage
        ComplexDoubleStorage
        float8_e4m3fn float8_e5m2
    """,
    "torch.storage": "UntypedStorage TypedStorage _LegacyStorage",
    "torch._utils": """
        _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state
        _rebuild_qtensor _rebuild_sparse_tensor _rebuild_meta_tensor_no_storage
    """,
    "torch._tensor": "_rebuild_from_type_v2 Tensor",
    "torch.nn.parameter": "Parameter Buffer UninitializedParameter",
    "torch.serialization": "_get_layout",
}
# Old names of modules, as pickles of Python 2 have them.
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}
# Packages whose classes only keep what their constructors are given: modules, and names in them.
_CLASS = r"_?[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*"
_CLASSES = tuple(
    (re.compile(modules), re.compile(names))
    for modules, names in (
        (
            r"sklearn\.(?!utils\._testing|datasets|externals|_build_utils|conftest|tests|.*\.tests)[\w.]+",
            rf"{_CLASS}|__pyx_unpickle_\w+",
        ),
        (
            r"scipy\.sparse(\.\w+)*",
            r"(csr|csc|coo|bsr|dia|dok|lil)_(matrix|array)|_?(csr|csc|coo|bsr|dia|dok|lil)_base",
        ),
        (r"scipy\.(interpolate|spatial)(\.\w+)*", rf"{_CLASS}|cKDTree|interp1d"),
        (r"scipy\.stats\._(continuous|discrete)_distns|scipy\.stats\._distn_infrastructure", r"\w+_gen|rv_\w+"),
        (r"lightgbm\.(basic|sklearn)", r"Booster|LGBM\w+"),
        (r"xgboost\.(core|sklearn)", r"Booster|XGB\w+"),
        (r"catboost\.core|_catboost", r"CatBoost\w*|_CatBoost\w*"),
        (r"pandas\.core\.(frame|series|indexes|internals|arrays|dtypes)(\.\w+)*", _CLASS),
        (r"torch\.nn\.modules\.\w+", _CLASS),
    )
)
_DANGEROUS = frozenset(_DANGEROUS_TEXT.split())
_NAMES = {module: frozenset(names.split()) for module, names in _HARMLESS.items()}


def judge_name(module: str, name: str) -> str | None:
    """Return None for a harmless name, else what is known of it, as the end of a sentence.

    Parameters
    ----------
    module, name : str
        As the pickle has them.

    Examples
    --------
    >>> judge_name("sklearn.svm._classes", "SVC")
    >>> judge_name("posix", "system")
    'can run any code when the file is loaded'
    """
    module = _RENAMED.get(module, module)
    if name in _NAMES.get(module, ()):
        return None
    # A dotted name goes on to attributes, which may be anything that the module has imported.
    if "." not in name and any(modules.fullmatch(module) and names.fullmatch(name) for modules, names in _CLASSES):
        return None
    if is_dangerous(module):
        return "can run any code when the file is loaded"
    if module in {"__main__", "__mp_main__"}:
        return "belongs to the program that wrote the file, and is not there for others"
    return "is not on the list of harmless names"


def is_dangerous(module: str) -> bool:
    """Return whether a module is one whose functions are how pickles attack."""
    return _RENAMED.get(module, module).partition(".")[0] in _DANGEROUS
