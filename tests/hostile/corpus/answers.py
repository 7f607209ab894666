"""Specimens that answer what is no answer, through the worker as it is."""

from __future__ import annotations

from tests.hostile.specimen import ANSWERS, ERROR, LIMIT, MIB, Specimen

_EITHER = (ANSWERS, *ERROR)

# (name, what it tries, statements, how it may end)
_ANSWERS = [
    ("none", "answers nothing", "return None", ERROR),
    ("no_array", "answers an object of its own", "return Model()", ERROR),
    ("one_number", "answers one number", "return np.float64(3)", ERROR),
    ("too_few_rows", "answers fewer rows than it was asked for", "return np.zeros((len(X) - 1, 1))", ERROR),
    ("too_many_rows", "answers more rows than it was asked for", "return np.zeros((len(X) + 1, 1))", ERROR),
    ("no_rows", "answers no rows", "return np.zeros((0, 1))", ERROR),
    ("many_dimensions", "answers 30 dimensions", "return np.zeros((len(X), *[1] * 29))", ERROR),
    ("nan", "answers NaN", "return np.full((len(X), 1), np.nan)", ERROR),
    ("infinite", "answers infinity", "return np.full((len(X), 1), -np.inf)", ERROR),
    ("hidden_nan", "hides one NaN far behind", "a = np.zeros((len(X), 10000)); a[-1, -1] = np.nan; return a", ERROR),
    ("complex", "answers complex numbers", "return np.zeros((len(X), 1), complex)", ERROR),
    ("long_double", "answers numbers of 16 bytes", "return np.zeros((len(X), 1), np.longdouble)", _EITHER),
    ("objects", "answers an array of objects", "return np.array([[object()]] * len(X), dtype=object)", ERROR),
    (
        "mixed_objects",
        "answers objects of which the first are texts",
        "return ['a'] * (len(X) - 1) + [object()]",
        ERROR,
    ),
    ("bytes", "answers bytes", "return np.array([b'a'] * len(X))", ERROR),
    ("dates", "answers dates", "return np.array(['2020-01-01'] * len(X), dtype='M8[D]')", ERROR),
    ("records", "answers records", "return np.zeros(len(X), dtype=[('a', 'f8'), ('b', 'O')])", ERROR),
    ("voids", "answers raw bytes of no type", "return np.zeros((len(X), 1), dtype='V64')", ERROR),
    ("pickle", "answers a pickle", "import pickle; return pickle.dumps(self)", ERROR),
    (
        "pickle_by_reduce",
        "answers an object whose pickle runs code in whoever reads it",
        """
        class Evil:
            def __reduce__(self): return os.system, ("touch " + OUTSIDE + "/" + MARK,)
        return np.array([Evil()] * len(X), dtype=object)
        """,
        ERROR,
    ),
    ("masked", "answers a masked array", "return np.ma.masked_array(np.zeros((len(X), 1)), mask=True)", _EITHER),
    ("ragged", "answers rows of different lengths", "return [[0.0] * (1 + i) for i in range(len(X))]", ERROR),
    ("endless_rows", "answers a generator that never ends", "import itertools; return itertools.repeat(0.0)", ERROR),
    (
        "zero_strides",
        "answers an array all of whose rows are one",
        "return np.lib.stride_tricks.as_strided(np.zeros(1), (len(X), 3), (0, 0))",
        _EITHER,
    ),
    (
        "wild_strides",
        "answers an array that points beyond its memory",
        "return np.lib.stride_tricks.as_strided(np.zeros(1), (len(X), 3), (1 << 40, 1 << 44))",
        _EITHER,
    ),
    (
        "subclass",
        "answers a subclass of arrays whose methods are its own",
        """
        class Array(np.ndarray):
            def __len__(self): return 10**9
            def __array_finalize__(self, other): pass
            def __array__(self, *a, **k): raise SystemExit
            @property
            def dtype(self): return np.dtype(object)
            @property
            def shape(self): return (1 << 62, 1 << 62)
            def __reduce__(self): return os._exit, (1,)
        return np.zeros((len(X), 1)).view(Array)
        """,
        _EITHER,
    ),
    (
        "array_interface",
        "answers an object whose array interface points anywhere",
        """
        class Array:
            __array_interface__ = {"shape": (len(X), 8), "typestr": "<f8", "data": (0xDEAD0000, False), "version": 3}
        return Array()
        """,
        ERROR,
    ),
    (
        "disguised",
        "answers an object that says to be an array",
        """
        class Array:
            __class__ = np.ndarray
            dtype = np.dtype("f8")
            shape = (4, 1)
            ndim = 2
            def __len__(self): return len(X)
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
        return Array()
        """,
        _EITHER,
    ),
    (
        "odd_metadata",
        "answers a type of numbers with metadata of its own",
        "return np.zeros((len(X), 1), dtype=np.dtype('f8', metadata={'x': object(), 'y': {}}))",
        _EITHER,
    ),
    ("texts_that_are_none", "answers texts with half letters", "return ['\\ud800'] * len(X)", ERROR),
    ("text_with_zeros", "answers texts that are all zeros", "return ['\\0' * 100] * len(X)", _EITHER),
    (
        "fake_tensor",
        "answers an object that detaches for ever",
        """
        class Tensor:
            def detach(self): return self
            def cpu(self): return self
            @property
            def dtype(self): raise KeyboardInterrupt
        return Tensor()
        """,
        ERROR,
    ),
    (
        "text_that_amplifies",
        "answers one long text among many short ones, which all get its room",
        "return ['x' * (4 << 20)] + [''] * (len(X) - 1)",
        (*ERROR, *LIMIT),
    ),
    (
        "raises_odd_errors",
        "raises an error whose words and name raise errors, too",
        """
        class Meta(type):
            @property
            def __name__(cls): raise KeyboardInterrupt
        class Odd(BaseException, metaclass=Meta):
            def __str__(self): raise SystemExit
            def __repr__(self): os._exit(3)
            @property
            def __traceback__(self): return 3
            @property
            def __cause__(self): return self
            @property
            def __class__(self): return int
        raise Odd
        """,
        ERROR,
    ),
    (
        "raises_long_words",
        "raises an error with a hundred megabytes of words",
        "raise ValueError('x' * (100 << 20))",
        (*ERROR, *LIMIT),
    ),
    (
        "raises_from_deep",
        "raises an error with a long traceback and a long chain of causes",
        """
        sys.setrecursionlimit(20000)
        error = ValueError("first")
        for number in range(3000):
            following = ValueError(str(number))
            following.__cause__ = error
            error = following
        def down(n):
            if not n:
                raise error
            down(n - 1)
        down(3000)
        """,
        ERROR,
    ),
    (
        "raises_in_a_circle",
        "raises an error that is its own cause",
        "a, b = ValueError('a'), ValueError('b'); a.__cause__ = b; b.__cause__ = a; raise a",
        ERROR,
    ),
    (
        "raises_terminal_sequences",
        "raises an error that would clear the reader's screen and set its title",
        "raise ValueError('\\x1b[2J\\x1b]0;owned\\x07\\u202e\\x9b31m\\r[bold]x[/bold]')",
        ERROR,
    ),
    ("raises_half_letters", "raises an error whose words are no text", "raise ValueError('\\ud800\\udfff')", ERROR),
    (
        "raises_group",
        "raises a group of groups of errors",
        """
        error = ValueError()
        for _ in range(500):
            error = ExceptionGroup("group", [error])
        raise error
        """,
        ERROR,
    ),
    ("raises_nothing", "raises the end of a generator", "raise StopIteration", ERROR),
    ("raises_exit_of_generators", "raises what ends generators", "raise GeneratorExit", ERROR),
    ("raises_interrupt", "raises what an interrupt from the keyboard raises", "raise KeyboardInterrupt", ERROR),
]

SPECIMENS = [
    *(
        Specimen(
            f"answer_{name}",
            tries,
            code,
            ends=ends,
            hits=("memory_bytes", "output_bytes"),
            level_matters=False,
            limits={"memory_bytes": 512 * MIB} if name == "raises_long_words" else {},
        )
        for name, tries, code, ends in _ANSWERS
    ),
    Specimen(
        "describes_nonsense",
        "describes shapes that are none",
        "self.output_shape = self.input_shape = ('a', {}, None)",
        at="init",
        ends=ERROR,
        level_matters=False,
    ),
    Specimen(
        "describes_too_much",
        "describes a shape of a million numbers beyond all bounds",
        "self.output_shape = (10**300,) * 1_000_000",
        at="init",
        ends=ERROR,
        level_matters=False,
    ),
    Specimen(
        "describes_while_it_spins",
        "computes without end when it is asked for its shape",
        """
        class Shape:
            def __iter__(self):
                while True:
                    yield 1
        self.output_shape = Shape()
        """,
        at="init",
        ends=(*ERROR, *LIMIT),
        hits=("memory_bytes",),
        level_matters=False,
    ),
]
