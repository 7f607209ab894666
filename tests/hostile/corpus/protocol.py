"""Specimens that write to the parent themselves, past the worker."""

from __future__ import annotations

from typing import Any

from tests.hostile.specimen import ANSWERS, ERROR, LIMIT, TIMEOUT, Specimen

_SHORT = {"seconds": 3.0}
_BROKEN = (*ERROR, *LIMIT)

# (name, what it tries, the bytes that it sends instead of an answer). Then it sleeps for ever.
_FRAMES = [
    ("length", "announces a header of 4 GB", "b'\\xff' * 4"),
    ("ten_gigabytes", "announces a value of 10 GB", "frame({'value': value('<f8', [len(X), 10 << 25])})"),
    ("beyond_integers", "announces a shape of 2**62 squared", "frame({'value': value('<f8', [1 << 62, 1 << 62])})"),
    ("hidden_size", "hides a huge size behind a zero", "frame({'value': value('<f8', [0, 1 << 62])})"),
    (
        "huge_integer",
        "announces a size of ten thousand digits",
        "replaced(b'[0]', b'[' + b'9' * 10000 + b']')",
    ),
    ("negative", "announces a negative size", "frame({'value': value('<f8', [-1, -8])})"),
    ("true_size", "announces a truth as a size", "frame({'value': value('<f8', [True, True])}, bytes(8))"),
    ("size_in_parts", "announces half a row", "frame({'value': value('<f8', [len(X), 0.5])}, bytes(64))"),
    ("size_as_text", "announces a size in words", "frame({'value': value('<f8', ['4', '1'])}, bytes(64))"),
    ("shape_is_no_list", "announces an object as shape", "frame({'value': value('<f8', {'0': 4})}, bytes(64))"),
    ("many_dimensions", "announces a thousand dimensions", "frame({'value': value('<f8', [1] * 1000)}, bytes(8))"),
    ("object_type", "announces objects: pointers", "frame({'value': value('|O', [len(X)])}, b'A' * 8 * len(X))"),
    ("record_type", "announces records with pointers", "frame({'value': value([['a', '|O8']], [len(X)])}, b'A' * 64)"),
    (
        "type_by_expression",
        "announces a type that would have to be parsed",
        "frame({'value': value('f8,(1000000,)O', [4])}, b'A' * 64)",
    ),
    (
        "type_as_object",
        "announces an object as type",
        "frame({'value': value({'names': ['a'], 'formats': ['O']}, [4])}, b'A' * 64)",
    ),
    ("void_type", "announces huge elements", "frame({'value': value('V2147483647', [len(X), 100])}, b'A' * 64)"),
    (
        "wrong_rows",
        "announces another number of rows",
        "frame({'value': value('<f8', [len(X) + 1, 1])}, bytes(8 * len(X) + 8))",
    ),
    ("nan", "sends NaN in raw bytes", "frame({'value': value('<f8', [len(X), 1])}, b'\\xff' * 8 * len(X))"),
    (
        "kind",
        "announces a kind that there is not",
        "frame({'value': {'kind': 'pickle', 'bytes': 10, 'shape': [4]}}, b'cos\\nsystem\\n')",
    ),
    ("pickle", "sends a pickle", "__import__('pickle').dumps(os.system) * 100"),
    ("numpy_file", "sends a file of numpy with a pickle inside", "b'\\x93NUMPY\\x01\\x00' + b'x' * 1000"),
    ("no_header", "sends a header that is no object", "raw(b'[1, 2, 3]')"),
    ("null_header", "sends a header that is nothing", "raw(b'null')"),
    ("empty_header", "sends a header of no bytes", "raw(b'')"),
    ("empty_object", "sends a header that says nothing", "raw(b'{}')"),
    ("deep_header", "sends a header nested half a million deep", "raw(b'[' * 500_000)"),
    ("deep_objects", "sends objects nested deep", "raw(b'{\"a\":' * 100_000)"),
    ("giant_header", "sends a megabyte of header", "raw(b'{\"a\": \"' + b'x' * (1 << 20) + b'\"}')"),
    ("many_keys", "sends a header of very many keys", "raw(json.dumps({str(i): i for i in range(60_000)}).encode())"),
    ("not_utf8", "sends a header that is no text", "raw(b'\\xff\\xfe{}')"),
    (
        "half_letters",
        "sends half letters in an error",
        "frame({'error': '\\ud800', 'type': '\\udfff', 'detail': '\\ud83d'})",
    ),
    ("wide_header", "sends a header in UTF-16", "raw('{}'.encode('utf-16'))"),
    (
        "constants",
        "sends numbers that JSON does not have",
        "replaced(b'[0]', b'[NaN, Infinity, -Infinity, 1e999]')",
    ),
    (
        "error_is_an_object",
        "sends an error that is an object",
        "frame({'error': {'a': [1] * 1000}, 'type': [None], 'detail': {'x': 1}, 'traceback': 7})",
    ),
    (
        "error_for_terminals",
        "sends an error that clears the screen",
        "frame({'error': '\\x1b[2J', 'type': '\\x1b]0;x\\x07', 'detail': '\\x9b2J\\r'})",
    ),
    (
        "long_error",
        "sends an error of a megabyte",
        "frame({'error': 'x' * 300_000, 'detail': 'y' * 300_000, 'traceback': 'z' * 300_000})",
    ),
    (
        "text_lengths",
        "sends texts of negative length",
        "frame({'value': text(2)}, struct.pack('<4q', -1, 1, 1, 1) + b'ab')",
    ),
    (
        "text_sums",
        "sends texts whose lengths run over",
        "frame({'value': text(2)}, struct.pack('<4q', *[(1 << 62) + 1] * 2, 2, 0) + b'ab')",
    ),
    (
        "text_not_utf8",
        "sends texts that are none",
        "frame({'value': text(4)}, struct.pack('<4q', 1, 1, 1, 1) + b'\\xff' * 4)",
    ),
    ("text_size", "announces texts of 10 GB", "frame({'value': text(10 << 30)})"),
    (
        "text_shape",
        "announces a billion texts of nothing",
        "frame({'value': {'kind': 'text', 'shape': [len(X), 1 << 28], 'bytes': 0}})",
    ),
    ("half_a_frame", "sends half an answer and waits", "frame({'value': value('<f8', [len(X), 1])}, bytes(8))"),
    ("half_a_header", "sends half a header and waits", "struct.pack('>I', 100) + b'{'"),
    ("half_a_length", "sends half a length and waits", "b'\\0\\0'"),
]

_HEAD = """
def raw(data):
    return struct.pack(">I", len(data)) + data


def replaced(old, new):
    # A well-formed frame in which something is replaced.
    return raw(frame({"value": value("<f8", [0])})[4:].replace(old, new))


def value(dtype, shape):
    return {"kind": "array", "dtype": dtype, "shape": shape}


def text(size):
    return {"kind": "text", "shape": [4], "bytes": size}
"""
_WAITING = ("half_a_frame", "half_a_header", "half_a_length")


def _frame(name: str, tries: str, data: str) -> Specimen:
    ends: Any = TIMEOUT if name in _WAITING else _BROKEN
    hits = ("output_bytes",)
    limits = {"seconds": 3.0} if name in _WAITING else {"seconds": 8.0}
    code = f"send({data})\nhang()"
    return Specimen(f"frame_{name}", tries, code, head=_HEAD, ends=ends, hits=hits, limits=limits, level_matters=False)


SPECIMENS = [
    *(_frame(*row) for row in _FRAMES),
    # The control: a frame by hand passes, so what ends in errors above does so for what is wrong with it.
    Specimen(
        "forged_answer",
        "sends a proper answer that the model never gave",
        "send(frame({'value': value('<f8', [len(X), 1])}, bytes(8 * len(X))))\nhang()",
        head=_HEAD,
        ends=(ANSWERS,),
        level_matters=False,
    ),
    Specimen(
        "truncated",
        "sends half an answer and ends",
        "send(frame({'value': value('<f8', [len(X), 1])}, bytes(8)))\nos._exit(0)",
        head=_HEAD,
        ends=ERROR,
        level_matters=False,
    ),
    Specimen(
        "truncated_header",
        "sends half a header and ends",
        "send(struct.pack('>I', 100) + b'{')\nos._exit(0)",
        ends=ERROR,
        level_matters=False,
    ),
    Specimen(
        "dribbles",
        "sends an answer a byte at a time, so slowly that no single wait is long",
        """
        data = frame({"value": value("<f8", [len(X), 1])}, bytes(8 * len(X))) * 100
        for number in range(len(data)):
            send(data[number : number + 1])
            time.sleep(0.1)
        """,
        head=_HEAD,
        ends=TIMEOUT,
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "dribbles_a_large_answer",
        "sends a large answer in small pieces",
        """
        send(frame({"value": value("<f8", [len(X), 1 << 17])}))
        while True:
            send(bytes(10))
            time.sleep(0.05)
        """,
        head=_HEAD,
        ends=TIMEOUT,
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "floods",
        "sends frames without end that nobody asked for",
        """
        while True:
            send(frame({"value": value("<f8", [len(X), 1])}, bytes(8 * len(X))))
        """,
        head=_HEAD,
        # The first frame may pass for the answer to the first call; none of the others for one to the second.
        calls=("predict", "predict"),
        ends=(*_BROKEN, *TIMEOUT),
        limits={"seconds": 5.0},
        level_matters=False,
    ),
    Specimen(
        "two_answers",
        "sends two answers to the first request, the second for a request that is still to come",
        """
        body = np.full(len(X), 666.0).tobytes()
        send(frame({"value": value("<f8", [len(X)])}, body) * 2)
        hang()
        """,
        head=_HEAD,
        calls=("predict", "predict"),
        ends=(*_BROKEN, *TIMEOUT),
        limits={"seconds": 5.0},
        level_matters=False,
    ),
    Specimen(
        "answers_before_it_is_asked",
        "sends an answer while it is loaded",
        """
        body = np.full(4, 666.0).tobytes()
        description = {"methods": ["predict"], "input_shape": None, "output_shape": None}
        send(frame({"description": description, "missing_packages": []}))
        send(frame({"number": 2, "value": value("<f8", [4])}, body))
        hang()
        """,
        at="init",
        head=_HEAD,
        ends=(ANSWERS, *_BROKEN, *TIMEOUT),
        limits={"seconds": 5.0},
        level_matters=False,
    ),
    Specimen(
        "description_of_its_own",
        "describes itself with shapes and methods beyond all bounds",
        """
        send(frame({"missing_packages": [],
                    "description": {"methods": ["predict", "__class__", "close"] * 1000,
                                    "input_shape": [1 << 62] * 9, "output_shape": [[[]]]}}))
        hang()
        """,
        at="init",
        head=_HEAD,
        ends=_BROKEN,
        level_matters=False,
    ),
    Specimen(
        "sends_descriptors",
        "sends open files along with its answer, to fill the parent's table",
        """
        import array
        peer = socket.socket(fileno=os.dup(channels()[0]))
        kept = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(100)])
        data = frame({"value": value("<f8", [len(X), 1])}, bytes(8 * len(X)))
        try:
            for number in range(len(data)):
                peer.sendmsg([data[number : number + 1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, kept)])
        except OSError as error:
            say(repr(error))
            os._exit(0)
        hang()
        """,
        head=_HEAD,
        ends=(ANSWERS, *_BROKEN),
        level_matters=False,
    ),
    Specimen(
        "closes_the_channel",
        "closes the socket and sleeps",
        "os.close(channels()[0])\nhang()",
        ends=(*_BROKEN, *TIMEOUT),
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "shuts_the_channel",
        "shuts the socket down and sleeps",
        "socket.socket(fileno=channels()[0]).shutdown(socket.SHUT_RDWR)\nhang()",
        ends=(*_BROKEN, *TIMEOUT),
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "steals_requests",
        "reads the parent's requests itself and never answers",
        """
        def steal():
            while True:
                os.read(channels()[0], 1 << 16)
        for _ in range(4):
            threading.Thread(target=steal, daemon=True).start()
        """,
        calls=("predict", "predict"),
        # A plain text answer comes first; the thread may be late for the second.
        ends=("held", *_BROKEN, *TIMEOUT),
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "does_not_read",
        "reads nothing, so that the parent waits when it writes",
        """
        os.kill(os.getpid(), signal.SIGSTOP)
        hang()
        """,
        at="import",
        ends=(*_BROKEN, *TIMEOUT),
        limits=_SHORT,
        level_matters=False,
    ),
    Specimen(
        "urgent_data",
        "sends out-of-band data",
        """
        peer = socket.socket(fileno=os.dup(channels()[0]))
        try:
            peer.send(b"x", socket.MSG_OOB)
        except OSError as error:
            say(repr(error))
        """,
        ends=("held", *_BROKEN),
        level_matters=False,
    ),
]
