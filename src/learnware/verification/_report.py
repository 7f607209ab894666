"""What a verification found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from learnware.findings import code_of, mend_of, message_of
from learnware.runtime._words import last_lines
from learnware.texts import Text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

__all__ = [
    "MARKS",
    "PARTS",
    "EnvironmentSummary",
    "Finding",
    "PartResult",
    "Status",
    "VerificationProgress",
    "VerificationReport",
]

Status = Literal["ok", "warning", "wrong", "not checked"]
PARTS = ("package", "semantic", "statistical", "pickles", "environment", "trial")
# From good to bad: what was not checked may still be right.
_ORDER: tuple[Status, ...] = ("ok", "warning", "not checked", "wrong")
MARKS: dict[Status, str] = {"ok": "ok", "warning": "warn", "wrong": "wrong", "not checked": "-"}
_PRINTED_LINES = 20


@dataclass(frozen=True)
class Finding:
    """One thing that a part of the verification says.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    status : {"ok", "warning", "wrong", "not checked"}
        Whether it is in order.
    message : str
        What is wrong, or what is right.
    mend : str
        How to mend it; empty where there is nothing to mend.
    file, key : str or None
        Where: a file of the package, a key of the semantic specification.
    column : str or int or None
        The column or the class at fault.
    requirements : tuple of str
        The requirements at fault.
    transient : bool
        Whether it was this machine or the network that kept it from being checked: another try may be able to.
    code : str or None
        What it is for programs, one of `learnware.findings.FINDINGS`; it stays when the words get better.
    values : mapping of str to object
        What the sentences of the code were filled with.
    """

    part: str
    status: Status
    message: str
    mend: str = ""
    file: str | None = None
    key: str | None = None
    column: str | int | None = None
    requirements: tuple[str, ...] = ()
    transient: bool = False
    code: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        part: str,
        status: Status,
        code: str,
        values: Mapping[str, Any] | None = None,
        *,
        file: str | None = None,
        column: str | int | None = None,
        requirements: tuple[str, ...] = (),
        transient: bool = False,
    ) -> Self:
        """Return the finding of a code of `learnware.findings.FINDINGS`, its sentences filled with values."""
        values = values or {}
        return cls(
            part,
            status,
            message_of(code, **values),
            mend_of(code, **values),
            file=file,
            column=column,
            requirements=requirements,
            transient=transient,
            code=code,
            values=values,
        )

    @classmethod
    def raised(cls, part: str, error: Exception, code: str, *, file: str | None = None) -> Self:
        """Return that a part is wrong because of an error: under its own code, or under one for all such errors."""
        said = text_of(error)
        own = code_of(said)
        if own is not None and isinstance(said, Text):
            return cls.of(part, "wrong", own, said.values, file=file)
        return cls.of(part, "wrong", code, {"reason": str(error)}, file=file)

    @classmethod
    def not_checked(cls, part: str, why: str, *, transient: bool = False) -> Self:
        """Return that a part could not be checked."""
        return cls.of(part, "not checked", "not-checked", {"reason": why}, transient=transient)

    @property
    def ok(self) -> bool | None:
        """Whether it is in order; None where that could not be checked."""
        return None if self.status == "not checked" else self.status != "wrong"

    def __str__(self) -> str:
        return f"{self.message}; {self.mend}" if self.mend else self.message

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "ok": self.ok}


@dataclass(frozen=True)
class PartResult:
    """How a part of the verification went: its name, its status, and how long it took in seconds."""

    part: str
    status: Status
    seconds: float


@dataclass(frozen=True)
class EnvironmentSummary:
    """Where the model was tried.

    Attributes
    ----------
    kind, name, python_version : str
        As of `learnware.runtime.Environment`.
    requirements : tuple of str
        What the package asks for, as it was understood.
    warnings : tuple of str
        Where the environment differs from what was asked for; each is a finding, too.
    notes : tuple of str
        What was read in other words, left out without being missed, or added.
    """

    kind: str
    name: str
    python_version: str
    requirements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerificationProgress:
    """What a verification is doing.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    stage : {"started", "working", "finished"}
        Every part starts and finishes once, in order.
    words : str
        What is done in it.
    status : str or None
        How it went, when it is finished.
    """

    part: str
    stage: Literal["started", "working", "finished"]
    words: str = ""
    status: Status | None = None


@dataclass(frozen=True)
class VerificationReport:
    """Everything that was found about a package.

    Attributes
    ----------
    package : str
        The package.
    findings : tuple of Finding
        In the order of the parts, at least one to a part.
    parts : tuple of PartResult
        How the parts went.
    environment : EnvironmentSummary or None
        Where the model was tried; None if it was not.
    sandbox : str or None
        The level of the sandbox that it was tried in.
    output : str
        The end of what the model printed.
    traceback : str or None
        The traceback of the model's code, where that raised.
    """

    package: str
    findings: tuple[Finding, ...]
    parts: tuple[PartResult, ...] = ()
    environment: EnvironmentSummary | None = None
    sandbox: str | None = None
    output: str = ""
    traceback: str | None = None

    @property
    def status(self) -> Status:
        """The worst of all findings; what could not be checked is worse than a warning, better than what is wrong."""
        return worst(finding.status for finding in self.findings)

    @property
    def valid(self) -> bool:
        """Whether all was checked and nothing is wrong."""
        return self.status in {"ok", "warning"}

    @property
    def transient(self) -> bool:
        """Whether nothing is wrong, and another try may check what this one could not."""
        return self.status == "not checked" and any(finding.transient for finding in self.findings)

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return sum(part.seconds for part in self.parts)

    def of(self, part: str) -> tuple[Finding, ...]:
        """Return the findings of a part."""
        return tuple(finding for finding in self.findings if finding.part == part)

    def messages(self, *statuses: Status) -> list[str]:
        """Return the findings of these statuses in words."""
        return [str(finding) for finding in self.findings if finding.status in statuses]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "package": self.package,
            "valid": self.valid,
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "parts": [{**asdict(part), "seconds": round(part.seconds, 3)} for part in self.parts],
            "environment": None if self.environment is None else asdict(self.environment),
            "sandbox": self.sandbox,
            "seconds": round(self.seconds, 3),
            "output": self.output,
            "traceback": self.traceback,
        }

    def __str__(self) -> str:
        lines = [f"{self.package}: {self.verdict}"]
        for finding in self.findings:
            first, *rest = str(finding).splitlines() or [""]
            lines.append(f"  {MARKS[finding.status]:<5}  {finding.part}: {first}")
            lines += [f"         {line}" for line in rest]
        return "\n".join([*lines, *(f"  {line}" for line in self.notes())])

    @property
    def verdict(self) -> str:
        """The status in a word for people: valid, invalid or not checked."""
        return "valid" if self.valid else "invalid" if self.status == "wrong" else "not checked"

    def notes(self) -> list[str]:
        """Return further lines: what a model that failed has said, and where it was tried."""
        lines = []
        if self.traceback is not None:
            lines += ["the traceback of the model:", *(f"| {line}" for line in self.traceback.strip().splitlines())]
        if self.output.strip() and not self.valid:
            printed = last_lines(self.output, _PRINTED_LINES)
            lines += ["the model printed last:", *(f"| {line}" for line in printed)]
        if self.environment is not None:
            lines += [f"note: {note}" for note in self.environment.notes]
        if self.environment is not None and self.sandbox is not None:
            name = "packages of this program" if self.environment.kind == "current" else self.environment.name
            where = f"Python {self.environment.python_version}, {self.environment.kind} ({name})"
            lines.append(f"tried with {where}, sandbox {self.sandbox}, in {self.seconds:.1f} s")
        return lines


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst of some statuses, ``"ok"`` of none."""
    return max(statuses, key=_ORDER.index, default="ok")


def enumerated(names: Iterable[str]) -> str:
    """Return some names as a list in words."""
    some = list(names)
    text = ", ".join(map(repr, some[:5]))
    return text if len(some) <= 5 else f"{text} and {len(some) - 5} more"
