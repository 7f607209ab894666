"""Checks of the machine: folders, room, the port, sandbox, package index, mail server."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beimingwu.errors import SettingsError
from beimingwu.secrets_file import provide_secrets, refuse_unsafe, secrets_path
from beimingwu.services.doctor.finding import fine, warning, wrong
from beimingwu.services.mail import SmtpTransport, mail_transport

if TYPE_CHECKING:
    from beimingwu.services.doctor.finding import Finding
    from beimingwu.settings import Settings

__all__ = ["check_data_dir", "check_index", "check_mail", "check_port", "check_room", "check_sandbox", "check_settings"]

_GIB = 2**30
# Below the first a submission may fail; below the second somebody should look.
_LITTLE, _SCARCE = _GIB, 10 * _GIB
_INDEX_SECONDS = 30


def check_settings(settings: Settings) -> Finding:
    """Check that settings and secrets are fit for what the server is for."""
    check = "settings"
    try:
        refuse_unsafe(settings)
        if secrets_path(settings).exists() or settings.secret_key is not None:
            provide_secrets(settings)
    except SettingsError as error:
        return wrong(check, str(error), "change what it says; every setting: docs/dock.md")
    if not settings.production and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        return warning(
            check,
            f"a server in development mode listens on {settings.host}, where others reach it",
            "set BEIMINGWU_MODE=production",
        )
    return fine(check, f"{settings.mode} mode")


def check_data_dir(settings: Settings) -> Finding:
    """Check that the data folder can be written, and that nobody else can read it."""
    check, folder = "data folder", settings.data_dir
    if not folder.exists():
        return fine(check, f"{folder} is not there yet; it is made when the dock starts")
    if not folder.is_dir():
        return wrong(check, f"{folder} is no folder", "move it away, or name another one: BEIMINGWU_DATA_DIR")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return wrong(check, f"{folder} cannot be written: {error.strerror}", f"give it to this user: chown {folder}")
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return warning(check, f"others on this machine may look into {folder}", f"chmod 700 {folder}")
    return fine(check, str(folder))


def check_room(settings: Settings) -> Finding:
    """Check that there is room on the disk."""
    check, folder = "disk space", settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    message = f"{free / _GIB:.1f} GiB are free in {folder}"
    remedy = "make room; environments that nobody uses go by: learnware env prune"
    if free < _LITTLE:
        return wrong(check, message, remedy)
    return warning(check, message, remedy) if free < _SCARCE else fine(check, message)


def check_port(settings: Settings) -> Finding:
    """Check that a server listens, or could."""
    check, where = "port", f"{settings.host} port {settings.port}"
    if settings.port == 0:
        return fine(check, "a free one is taken")
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )
    except OSError as error:
        return wrong(check, f"{settings.host} is no address of this machine: {error}", "change BEIMINGWU_HOST")
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            if _is_dock(settings):
                return fine(check, f"a dock answers at {where}")
            return wrong(check, f"{where} cannot be listened on: {error.strerror}", "choose another: BEIMINGWU_PORT")
    return warning(check, f"nothing listens at {where}", "start the dock: beimingwu up (or serve)")


def check_sandbox(settings: Settings) -> Finding:
    """Check that other people's code can be contained on this machine."""
    from learnware.errors import SandboxError
    from learnware.runtime.sandbox import choose_sandbox, sandbox_report

    check = "sandbox"
    if "docker" in {settings.verify_in, settings.verify_sandbox}:
        return _check_docker(check)
    try:
        level = choose_sandbox(settings.verify_sandbox)
    except SandboxError as error:
        return wrong(check, str(error), "install bubblewrap, or let workers run on a machine that has it")
    if level == "none":
        return wrong(check, "models are run without a sandbox", "take LEARNWARE_SANDBOX=none away")
    better = sandbox_report()["bubblewrap"]
    if level != "bubblewrap":
        return warning(
            check, f"{level}; the best one cannot be had: {better}", "install bubblewrap on workers' machines"
        )
    return fine(check, level)


def check_index(settings: Settings) -> Finding:
    """Check that environments of learnwares can be built."""
    check = "package index"
    if settings.verify_in == "current":
        return warning(
            check, "models are tried in the worker's own environment", "set BEIMINGWU_VERIFY_IN=venv for other people's"
        )
    remedy = "let workers reach a package index: UV_DEFAULT_INDEX, proxies, firewall"
    try:
        from uv import find_uv_bin
    except ImportError:
        return wrong(check, "uv is not installed", "pip install 'learnware[environments]'")
    command = [find_uv_bin(), "pip", "compile", "-", "--no-deps", "--no-cache", "--only-binary", ":all:"]
    try:
        done = subprocess.run(  # noqa: S603  # uv, with arguments of our own
            command,
            input=b"packaging\n",
            capture_output=True,
            timeout=_INDEX_SECONDS,
            check=False,
            cwd=Path.home().anchor,
        )
    except subprocess.TimeoutExpired:
        return wrong(check, f"it does not answer within {_INDEX_SECONDS} seconds", remedy)
    except OSError as error:
        return wrong(check, f"uv cannot be run: {error.strerror}", "pip install 'learnware[environments]'")
    if done.returncode:
        return wrong(check, "it cannot be reached", remedy)
    return fine(check, "it answers")


def check_mail(settings: Settings) -> Finding:
    """Check that the mail server takes mails of this dock; none is sent."""
    check = "mail"
    try:
        transport = mail_transport(settings)
    except SettingsError as error:
        return wrong(check, str(error), "change BEIMINGWU_MAIL_URL")
    if not isinstance(transport, SmtpTransport):
        return warning(check, "mails go to the log", "for others than yourself, set BEIMINGWU_MAIL_URL")
    try:
        transport.check()
    except (OSError, smtplib.SMTPException) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return wrong(
            check, f"{transport.host} port {transport.port} does not take mails of this dock: {words}",
            "see that BEIMINGWU_MAIL_URL has the right server, port, user and password",
        )  # fmt: skip
    return fine(check, f"{transport.host} port {transport.port}")


def _check_docker(check: str) -> Finding:
    docker = shutil.which("docker")
    if docker is None:
        return wrong(check, "models are tried in containers, and docker is not installed", "install docker")
    try:
        done = subprocess.run(  # noqa: S603  # docker, with arguments of our own
            [docker, "info", "--format", "{{.ServerVersion}}"], capture_output=True, timeout=_INDEX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        return wrong(check, "docker's engine does not answer", "start it, and let this user talk to it")
    return fine(check, f"docker {done.stdout.decode(errors='replace').strip()}")


def _is_dock(settings: Settings) -> bool:
    import urllib3

    wildcard = settings.host in {"0.0.0.0", "::"}  # noqa: S104  # it is compared, not listened on
    host = "127.0.0.1" if wildcard else settings.host
    host = f"[{host}]" if ":" in host else host
    try:
        answer = urllib3.request("GET", f"http://{host}:{settings.port}/healthz", timeout=3.0, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200 and answer.data == b"OK"
