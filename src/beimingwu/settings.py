"""The settings of the dock server: flags, then variables ``BEIMINGWU_*``, then a YAML file, then defaults.

This module does without ``from __future__ import annotations``: pydantic reads annotations when the program runs.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from beimingwu.errors import SettingsError
from beimingwu.rates import Rate

__all__ = ["Settings", "environment_of", "load_settings"]

_PREFIX = "BEIMINGWU_"
_FILE_VARIABLE = "BEIMINGWU_SETTINGS"


def _default_data_dir() -> Path:
    from platformdirs import user_data_path

    return user_data_path("beimingwu", appauthor=False)


def _rate(value: Any) -> Any:
    return Rate.parse(value) if isinstance(value, str) else value


def _list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _not_blank(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or any(not part for part in value):
        raise ValueError("at least one entry is needed, and none may be empty")
    return value


RateField = Annotated[Rate, NoDecode, BeforeValidator(_rate), PlainSerializer(str)]
ListField = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list), AfterValidator(_not_blank)]


class Settings(BaseSettings):
    """The settings of the dock server. `load_settings` makes them, with errors in plain words."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True
    )
    # What the settings file says; a subclass for the file sets it.
    _file_values: ClassVar[dict[str, Any]] = {}
    # Where each setting that was given comes from; `load_settings` writes it down.
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    mode: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses what is only good on one's own machine: mails to the log, weak secrets.",
    )
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Folder of everything that the embedded default keeps, and of generated secrets.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8088, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    server_processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Processes that answer requests; 1 answers in the process that listens. If not given, as many as "
        "there are cores, four at most.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; "
        "without it, `beimingwu.sqlite3` in the data folder.",
    )
    database_pool_size: int = Field(20, ge=1, le=1000, description="Connections to the database, at most.")
    storage_url: str | None = Field(
        None,
        description="Where packages and data sets are kept: `file:///FOLDER`, or `s3://BUCKET/PREFIX` with credentials "
        "from the usual AWS variables; without it, `store` in the data folder.",
    )
    storage_s3_endpoint: str | None = Field(
        None, pattern=r"^https?://[^\s?#]+$", description="Address of an S3-compatible server that is not Amazon's."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Key that subjects of rate limits are hashed with, 32 characters or more; the same for every "
        "server of one database. Without it, one is generated in the data folder.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Bearer token for `/metrics`, 32 characters or more. Without it, one is generated in the data "
        "folder in production, and `/metrics` is open in development.",
    )
    mail_url: SecretStr = Field(
        SecretStr("log:"),
        description="`smtp://USER:PASSWORD@HOST:587` (STARTTLS), `smtps://…` (TLS), `smtp+plain://…` (neither), "
        "or `log:`, which writes mails to the log.",
    )
    mail_sender: str = Field(
        "dock@localhost", pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=254, description="Sender of mails, an address."
    )
    web_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address of the web app, which links in mails lead to. Without it, a server in development on a "
        "loopback address takes its own; else mails carry codes only.",
    )
    web_app: bool = Field(True, description="Whether the web app is served, at `/` and everywhere outside of `/api`.")
    allowed_emails: ListField = Field(
        ("*",), description="Patterns of e-mail addresses that may register, e.g. `*@example.org,*@*.example.org`."
    )
    password_min_length: int = Field(8, ge=6, le=64, description="Characters of a password, at least.")
    argon2_time_cost: int = Field(3, ge=1, le=100, description="Passes of Argon2id.")
    argon2_memory_kib: int = Field(65536, ge=8, le=2**22, description="Memory of one Argon2id hash, in KiB.")
    argon2_parallelism: int = Field(4, ge=1, le=64, description="Lanes of Argon2id.")
    session_idle_seconds: int = Field(86400, ge=60, description="A session ends when it was not used for so long.")
    session_max_seconds: int = Field(30 * 86400, ge=60, description="A session ends after this time in any case.")
    confirmation_seconds: int = Field(86400, ge=60, description="How long a code that confirms an address works.")
    reset_seconds: int = Field(3600, ge=60, description="How long a code that resets a password works.")
    limit_login: RateField = Field(Rate(10, 900), description="Logins into one account from one address.")
    limit_login_account: RateField = Field(Rate(100, 3600), description="Logins into one account from everywhere.")
    limit_login_address: RateField = Field(Rate(60, 900), description="Logins from one address into any account.")
    limit_mail_account: RateField = Field(Rate(5, 3600), description="Mails to one e-mail address.")
    limit_mail_address: RateField = Field(Rate(20, 3600), description="Mails asked for from one address.")
    limit_code_address: RateField = Field(Rate(30, 900), description="Codes tried from one address.")
    limit_link_address: RateField = Field(Rate(600, 3600), description="Download links made from one address.")
    limit_searches: RateField = Field(
        Rate(600, 60), description="Searches of one account, or of one address where nobody is logged in."
    )
    limit_downloads: RateField = Field(
        Rate(1200, 60),
        description="Requests for packages, and for what is in one, of one account, or of one address where nobody "
        "is logged in.",
    )
    limit_submissions: RateField = Field(
        Rate(500, 3600), description="Learnwares and new versions that one account submits."
    )
    limit_verifications: RateField = Field(
        Rate(60, 3600), description="Verifications that one account asks for again; administrators ask for any number."
    )
    limit_trials: RateField = Field(Rate(60, 3600), description="Trials that one account asks for.")
    learnwares_per_user: int = Field(1000, ge=0, description="Learnwares of one account, at most.")
    learnware_bytes_per_user: int = Field(
        100 * 2**30, ge=0, description="Bytes of all packages of one account, older versions included, at most."
    )
    package_max_files: int = Field(10_000, ge=1, le=100_000, description="Files in a package, at most.")
    package_max_unpacked_bytes: int = Field(
        8 * 2**30, ge=1024, description="Bytes of a package's files when they are unpacked, at most."
    )
    specification_max_bytes: int = Field(
        16 * 2**20, ge=1024, description="Bytes of one specification in a package, at most."
    )
    semantic_max_bytes: int = Field(
        2**17, ge=1024, description="Bytes of a semantic specification as JSON, at most: lists and searches show it."
    )
    package_check_seconds: int = Field(
        60, ge=1, description="How long a package may take to be read when it is submitted."
    )
    trusted_proxies: ListField = Field(
        ("127.0.0.1",), description="Addresses of proxies whose `X-Forwarded-For` and `-Proto` are believed."
    )
    cors_origins: ListField = Field(
        ("*",),
        description="Web origins that may call the API. Cookies count from the dock's own pages only, so any may, "
        "unless you say otherwise.",
    )
    verify_in: Literal["venv", "conda", "docker", "current"] = Field(
        "venv",
        description="Where workers try models: in an environment built from a learnware's requirements, or in the "
        "worker's own (`current`).",
    )
    verify_sandbox: Literal["bubblewrap", "landlock", "docker", "none"] | None = Field(
        None, description="Sandbox that models are tried in; the best that works on the worker's machine, if not given."
    )
    verify_seconds: int = Field(
        3600, ge=1, description="A verification that takes longer, environment included, is stopped and tried again."
    )
    verify_call_seconds: int = Field(60, ge=1, description="How long a model may take to load, and for each call.")
    verify_memory_bytes: int = Field(4 << 30, ge=1 << 26, description="Memory of a model on trial.")
    verify_attempts: int = Field(
        3, ge=1, le=100, description="Tries of a version that cannot be checked, or whose workers come to an end."
    )
    verify_retry_seconds: float = Field(
        10.0, ge=0, le=3600, description="Break after the first of them; four times as long after each further one."
    )
    trial_seconds: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="How long a model may take for a trial with data of somebody's, loading included.",
    )
    trial_max_rows: int = Field(1000, ge=1, le=100_000, description="Rows, or texts, of a trial, at most.")
    trial_max_cells: int = Field(
        50_000,
        ge=1,
        le=10_000_000,
        description="Cells of the table of a trial, at most; `max_body_bytes` bounds it, too.",
    )
    trial_max_characters: int = Field(
        500_000,
        ge=1,
        le=100_000_000,
        description="Characters of all texts of a trial, at most; `max_body_bytes` bounds it, too.",
    )
    trial_answer_bytes: int = Field(
        2**20, ge=1024, le=2**26, description="Bytes of the answer to a trial as JSON, at most."
    )
    trials_per_user: int = Field(5, ge=1, le=1000, description="Trials of one account that wait or run, at most.")
    trial_kept_seconds: int = Field(3600, ge=60, description="How long a trial and its answer are kept.")
    lease_seconds: float = Field(
        60.0, ge=1, description="When a worker was not heard of for so long, another one takes over."
    )
    environments_dir: Path | None = Field(
        None,
        description="Folder of the environments that workers build; without it, that of the variable "
        "`LEARNWARE_ENVIRONMENTS`, else `environments` in the data folder.",
    )
    upload_max_bytes: int = Field(2 * 2**30, ge=1024, le=2**36, description="Bytes of one upload, at most.")
    upload_quota_bytes: int = Field(
        8 * 2**30, ge=1024, description="Bytes of all uploads of one account that wait for their use, at most."
    )
    uploads_per_user: int = Field(
        200, ge=1, le=100_000, description="Uploads of one account that wait for their use, at most."
    )
    upload_seconds: int = Field(
        86400, ge=60, description="An upload is forgotten when nothing was added to it for so long."
    )
    upload_idle_seconds: float = Field(
        120.0, gt=0, description="A connection that adds to an upload is closed when nothing came for so long."
    )
    max_body_bytes: int = Field(2**20, ge=1024, description="Bytes of a request's body, at most.")
    body_idle_seconds: float = Field(
        60.0, gt=0, description="A request is refused when nothing more of its body came for so long."
    )
    search_max_bytes: int = Field(
        8 * 2**20, ge=1024, description="Bytes of a search with its statistical specification, at most."
    )
    specification_max_points: int = Field(
        1000,
        ge=1,
        le=10_000,
        description="Points of a statistical specification, at most: what a comparison costs grows with them.",
    )
    specification_max_columns: int = Field(
        2000,
        ge=1,
        le=100_000,
        description="Numbers of each of its points, at most: columns of a table, dimensions of texts or images.",
    )
    max_request_threads: int = Field(40, ge=1, le=1000, description="Requests answered at once.")
    shutdown_seconds: int = Field(30, ge=0, description="How long running requests may take when the server stops.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["text", "json"] | None = Field(
        None, description="Form of the log; `json` in production, else `text`, if not given."
    )

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _enough_memory(self) -> "Settings":
        if self.argon2_memory_kib < 8 * self.argon2_parallelism:
            raise ValueError("argon2_memory_kib must be at least 8 times argon2_parallelism")
        return self

    @property
    def production(self) -> bool:
        """Whether this is a server for others."""
        return self.mode == "production"

    @property
    def database_address(self) -> str:
        """The database's URL, with the password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'beimingwu.sqlite3'}"

    def source_of(self, name: str) -> str:
        """Return where a setting comes from: ``option``, ``variable``, ``file`` or ``default``; else ``program``."""
        return self._sources.get(name, "program" if name in self.model_fields_set else "default")

    @property
    def sources(self) -> dict[str, str]:
        """Where each setting that was given comes from."""
        return {name: self.source_of(name) for name in sorted(self.model_fields_set)}

    def note_sources(self, sources: Mapping[str, str]) -> None:
        """Write down where settings come from that another process was given."""
        self._sources.update(sources)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take flags before variables before the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, dict(cls._file_values))


def load_settings(file: Path | None = None, **flags: Any) -> Settings:
    """Return the settings.

    Parameters
    ----------
    file : Path, optional
        YAML file; the variable ``BEIMINGWU_SETTINGS`` names one, too.
    **flags
        What was given on the command line; None stands for what was not.

    Raises
    ------
    SettingsError
        If a setting is unknown or breaks a rule, or the file cannot be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    named = str(file) if file is not None else os.environ.get(_FILE_VARIABLE)
    kind = Settings
    if named:
        values = _read_file(Path(named))

        class WithFile(Settings):
            _file_values = values

        kind = WithFile
    try:
        settings = kind(**given)
    except ValidationError as error:
        lines = [
            _words(fault["loc"], fault["msg"].removeprefix("Value error, "))
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError("; ".join(lines)) from None
    variables = {name.upper() for name in os.environ}
    for name in settings.model_fields_set:
        variable = f"{_PREFIX}{name.upper()}" in variables
        settings._sources[name] = "option" if name in given else "variable" if variable else "file"
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables that give another process the same settings, passwords included."""
    variables = {}
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            variables[f"{_PREFIX}{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return variables


def _read_file(file: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings file {str(file)!r} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {str(file)!r} is no YAML: {' '.join(str(error).split())}") from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise SettingsError(f"the settings file {str(file)!r} must hold one mapping of names to values")
    return values


def _words(place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return message
    name = ".".join(str(part) for part in place)
    return f"setting {name} ({_PREFIX}{name.upper()}): {message}"
