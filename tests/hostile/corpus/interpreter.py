"""Specimens that turn the interpreter and the worker that run them against the parent."""

from __future__ import annotations

from tests.hostile.specimen import ANSWERS, ERROR, LIMIT, TIMEOUT, Specimen

_SHORT = {"seconds": 3.0}
_ANY = (ANSWERS, *ERROR)

SPECIMENS = [
    Specimen(
        "patches_frames",
        "replaces how the worker writes frames by something that lies",
        """
        def lie(sock, *arguments, **keywords):
            sock.sendall(struct.pack(">I", 20) + b'{"value": {"kind": 1}')
        for name, module in list(sys.modules.items()):
            if name.startswith("_worker"):
                for function in ("send_frame", "encode_value", "receive_frame", "receive_exactly"):
                    if hasattr(module, function):
                        setattr(module, function, lie)
        """,
        ends=(*ERROR, *TIMEOUT),
        limits={"seconds": 6.0},
    ),
    Specimen(
        "patches_sockets",
        "replaces sockets, structures and JSON for the whole interpreter",
        """
        socket.socket.sendall = lambda *a: None
        struct.pack = lambda *a: b"\\xff" * 4
        json.dumps = lambda *a, **k: "null"
        """,
        ends=(*ERROR, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "patches_numpy",
        "replaces functions of numpy that the worker answers with",
        """
        np.asarray = np.ascontiguousarray = lambda *a, **k: hang()
        """,
        ends=(*_ANY, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "replaces_base_model",
        "puts something else in the place of BaseModel and of the engine's modules",
        """
        import types
        class Everything(types.ModuleType):
            def __getattr__(self, name):
                return self
            def __call__(self, *a, **k):
                return self
        for name in list(sys.modules):
            if name.startswith("learnware"):
                sys.modules[name] = Everything(name)
        """,
        at="import",
        ends=("held", *ERROR),
    ),
    Specimen(
        "empties_modules",
        "empties the table of modules and the builtins",
        """
        import builtins
        sys.modules.clear()
        builtins.__dict__.clear()
        """,
        ends=(*_ANY, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "exit_hook",
        "has hooks that hang when the interpreter ends, and ends it",
        """
        import atexit
        atexit.register(hang)
        def stay():
            while True:
                time.sleep(60)
        threading.Thread(target=stay).start()
        sys.exit(0)
        """,
        ends=ERROR,
    ),
    Specimen(
        "exit_hook_later",
        "has hooks that hang when the parent closes it",
        """
        import atexit
        atexit.register(hang)
        threading.Thread(target=hang).start()
        """,
        ends=("held",),
    ),
    Specimen(
        "recursion",
        "recurses without end with the limit on recursion lifted",
        """
        sys.setrecursionlimit(2**31 - 1)
        def down():
            return [down()]
        down()
        """,
        ends=(*ERROR, *LIMIT, *TIMEOUT),
        hits=("memory_bytes",),
        limits=_SHORT,
    ),
    Specimen(
        "tracing",
        "traces every line of the worker",
        """
        def trace(frame, event, argument):
            frame.f_locals.clear()
            raise KeyboardInterrupt
        threading.settrace(trace)
        sys.settrace(trace)
        sys.setprofile(trace)
        """,
        ends=(*_ANY, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "damages_memory",
        "overwrites small integers, None and the type of texts in the interpreter's memory",
        """
        for thing in (1, 2, 3, None, "", (), str, int, dict):
            ctypes.memset(id(thing), 0x41, 16)
        """,
        ends=(*_ANY, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "closes_everything",
        "closes all descriptors",
        "os.closerange(0, 1024)",
        ends=(*ERROR, *TIMEOUT),
        limits=_SHORT,
    ),
    Specimen(
        "endless_finalizer",
        "computes for ever when its objects are collected",
        """
        class Endless:
            def __del__(self):
                hang()
        Endless()
        """,
        ends=TIMEOUT,
        limits=_SHORT,
    ),
    Specimen(
        "endless_expression",
        "matches an expression that takes for ever",
        "import re; re.match('(a|a)*b', 'a' * 60)",
        ends=TIMEOUT,
        limits=_SHORT,
    ),
    Specimen(
        "loads_a_library",
        "writes a library of machine code into its scratch folder and loads it",
        """
        path = os.path.join(SCRATCH, "library.so")
        with open(path, "wb") as file:
            file.write(b"\\x7fELF" + b"\\0" * 1000)
        ctypes.CDLL(path)
        """,
        ends=ERROR,
    ),
    Specimen(
        "looks_for_the_parent",
        "imports the engine and asks it for what the parent has",
        """
        def stores():
            import learnware.market
            from pathlib import Path
            return [p for p in Path(OUTSIDE).iterdir()]
        attempt("stores", stores)
        def nested():
            from learnware.runtime import ModelProcess
            with ModelProcess(PACKAGE, {"class_name": "Model"}, sandbox="none") as process:
                return process.predict(np.zeros((1, 1)))[0] and open(SECRET_FILE).read()
        attempt("a sandbox of its own", nested)
        """,
        ends=("held", *LIMIT),
        hits=("processes", "memory_bytes"),
    ),
]
