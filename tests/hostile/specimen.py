"""What a hostile learnware is: its code, when it strikes, and how that has to end."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from learnware.errors import ModelError, ModelTimeoutError, ResourceLimitError
from learnware.runtime import Limits

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
# Its attempts fail and it answers so.
HELD = "held"
# It answers something that is properly formed.
ANSWERS = "answers"
# The word that it prints just before it strikes.
STRIKES = "the specimen strikes"

LIMITS: dict[str, Any] = {
    "seconds": 15.0,
    "memory_bytes": 384 * MIB,
    "processes": 32,
    "open_files": 256,
    "scratch_bytes": 16 * MIB,
    "output_bytes": 16 * MIB,
    "printed_bytes": MIB,
}

# What every specimen may use. `attempt` notes what should have failed; `refused` also notes a failure that only
# comes from the arguments, where nothing was in the way.
_PREAMBLE = '''
import ctypes, errno, json, os, platform, signal, socket, stat, struct, sys, threading, time
import numpy as np
from learnware.model import BaseModel

WON = []
LIBC = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
SCRATCH = os.getcwd()


def strikes():
    print(STRIKES, file=sys.stderr, flush=True)


def say(words):
    try:
        print(words[:300], file=sys.stderr, flush=True)
    except Exception:
        pass


def attempt(what, action):
    try:
        result = action()
    except Exception as error:
        say(f"{what}: {error!r}")
        return None
    WON.append(f"{what}: {result!r}"[:200])
    return result


def refused(what, action):
    try:
        result = action()
    except OSError as error:
        say(f"{what}: {error!r}")
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            WON.append(f"{what} was not refused, but: {error!r}"[:200])
    else:
        WON.append(f"{what}: {result!r}"[:200])


def foreign(folder):
    """Return the names in a folder that are not on the way to what it needs to run; raise where there are none."""
    own = (PACKAGE, ENGINE, SCRATCH, sys.prefix, sys.base_prefix, *sys.path)
    names = [n for n in os.listdir(folder) if not any(o.startswith(os.path.join(folder, n)) for o in own)]
    if not names:
        raise LookupError(folder)
    return names


def checked(result):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def libc(name, *arguments):
    """Call a function of the C library; -1 raises what errno says."""
    return checked(getattr(LIBC, name)(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]))


def syscall(x86, arm, *arguments):
    """Make a system call by its numbers on both processors."""
    return libc("syscall", arm if ARM else x86, *arguments)


def channels():
    """Return the descriptors that are sockets: the way to the parent is among them."""
    found = []
    for fd in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                found.append(fd)
        except OSError:
            pass
    return found


def send(data):
    """Write to the parent, past the worker."""
    view = memoryview(data)
    while view:
        view = view[os.write(channels()[0], view):]


# The number of the request that is to be answered: the first loads the model.
NUMBER = 1


def frame(header, body=b""):
    """Return a frame that answers the present request as the protocol has it; `header` may say otherwise."""
    if "value" in header:
        header = {**header, "values": [header["value"]]}
        del header["value"]
    data = json.dumps({"number": NUMBER, **header}).encode()
    return struct.pack(">I", len(data)) + data + body


def hang():
    while True:
        time.sleep(60)


def verdict(X):
    return ["; ".join(WON) or "held"] * len(X)
'''


@dataclass(frozen=True)
class Specimen:
    """A hostile learnware.

    Attributes
    ----------
    name : str
        Name of the test.
    tries : str
        What it tries, in words.
    code : str
        Its statements; constants of the stage and the helpers of the preamble are there.
    at : str
        When they run: ``"import"``, ``"init"``, ``"predict"`` or ``"fit"``.
    head : str
        Statements of its module, before the class.
    ends : tuple
        How it may end: `HELD`, `ANSWERS`, types of errors.
    hits : tuple of str
        The limits that a `ResourceLimitError` may name.
    says : str
        Words that the error's message has to hold.
    limits : dict
        What it may use, where that differs from `LIMITS`.
    calls : tuple of str
        The calls that are made, one after another: ``"predict"``, ``"fit"``, and ``"again"`` for predict until it
        fails. All but the last have to be answered.
    mute : bool
        Whether its word before it strikes may be lost.
    level_matters : bool
        Whether the sandbox has to hold it; otherwise the parent has to, and it does not matter at which level.
    """

    name: str
    tries: str
    code: str
    at: str = "predict"
    head: str = ""
    ends: tuple[Any, ...] = (HELD,)
    hits: tuple[str, ...] = ()
    says: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    calls: tuple[str, ...] = ("predict",)
    mute: bool = False
    level_matters: bool = True

    def what_it_may_use(self) -> Limits:
        """Return its limits."""
        return Limits(**{**LIMITS, **self.limits})

    def write(self, folder: Path, constants: dict[str, Any]) -> None:
        """Write its package into a new folder; `constants` of the stage become names of its module."""
        folder.mkdir(parents=True)
        body = "strikes()\n" + textwrap.dedent(self.code).strip()
        parts = {
            place: textwrap.indent(body if place == self.at else "pass", "    " * (place != "import") * 2)
            for place in ("import", "init", "predict", "fit")
        }
        names = "\n".join(f"{name} = {value!r}" for name, value in {**constants, "STRIKES": STRIKES}.items())
        lines = [
            _PREAMBLE,
            names,
            f"PACKAGE = {str(folder)!r}",
            textwrap.dedent(self.head),
            parts["import"],
            "class Model(BaseModel):",
            "    def __init__(self):",
            "        super().__init__(input_shape=None, output_shape=None)",
            parts["init"],
            "    def predict(self, X):",
            "        global NUMBER",
            "        NUMBER += 1",
            parts["predict"],
            "        return verdict(X)",
            "    def fit(self, X, y):",
            parts["fit"],
        ]
        folder.joinpath("__init__.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


ERROR = (ModelError,)
TIMEOUT = (ModelTimeoutError,)
LIMIT = (ResourceLimitError,)
