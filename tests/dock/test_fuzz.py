"""Requests made up from the OpenAPI description, as everybody who may ask: no 500, no status that is not described.

`make fuzz` makes more of them, on both databases.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from beimingwu.services.identity import SCOPES, Role

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
# Both have the same services: one will do for a few requests.
DATABASES = ["sqlite"] if EXAMPLES < 10 else ["sqlite", "postgresql"]
ROLES = {"anonymous": None, "user": Role.USER, "admin": Role.SUPER_ADMIN}
# A stream that goes on; it has tests of its own.
ENDLESS = "/verification/events"


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context: Any, value: Any) -> bytes:
    """Serialize the part of an upload."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize("address", DATABASES, indirect=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_requests_from_the_description(make_client: Callable[..., Any], role: str) -> None:
    rig, client = make_client(
        **{f"limit_{name}": "100000/1s" for name in ("login", "login_account", "login_address", "submissions")},
        **{f"limit_{name}": "100000/1s" for name in ("mail_account", "mail_address", "code_address")},
    )
    headers = {}
    if ROLES[role] is not None:
        account = rig.user("fuzz", role=ROLES[role])
        token = rig.dock.tokens.create_for(
            account, "fuzz", SCOPES if role == "admin" else SCOPES[:2], expires_in_days=None
        )
        headers = {"Authorization": f"Bearer {token.token}"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app)
    faults: dict[str, str] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if not operation.path.startswith("/api/v1") or operation.path.endswith(ENDLESS):
            continue

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            response = case.call(headers=headers)
            case.validate_response(response, checks=[not_a_server_error, status_code_conformance])

        try:
            ask()
        except BaseException as error:  # every operation is to be told of
            if isinstance(error, KeyboardInterrupt):
                raise
            faults[f"{operation.method.upper()} {operation.path}"] = f"{type(error).__name__}: {error}"[:1500]
    assert not faults, "\n\n".join(f"{name}\n{words}" for name, words in faults.items())
