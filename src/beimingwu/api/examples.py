"""Examples for the OpenAPI description: of every body, every answer in JSON, and every part of a path.

They are put together from the schemas. A field has the example that it names itself, else the one that stands here
under its name. Tests hold them against the schemas, and tell where one is missing or not used.
"""

from typing import Any

__all__ = ["FIELDS", "add_examples", "example_of"]

_REFERENCE = "#/components/schemas/"
_SHA256 = "e7f47265fb10ff4a9ad08ea9c6a92dd9b2b06e9ab0a3a4ea6b06a21a5b6a0d33"
_DAY = "2026-11-21"
_TIME = f"{_DAY}T09:30:41Z"

# By the name of a field, or by schema and field where the name alone does not tell.
FIELDS: dict[str, Any] = {
    "action": "user.role",
    "actor": "grace",
    "actor_id": 2,
    "added_by": 2,
    "address": "192.0.2.17",
    "age": 3.2,
    "attempts": 1,
    "begins": _DAY,
    "complete": True,
    "counts": {"WAITING": 1, "QUEUE": 0, "PROCESSING": 1, "SUCCESS": 118, "FAIL": 7},
    "current": True,
    "database": "postgresql",
    "database_version": "16.4",
    "datasets": 4,
    "description": "Tells three kinds of irises apart by four measures.",
    "SettingOut.description": "Port to listen on; 0 takes a free one.",
    "details": {"role": "admin"},
    "disabled": False,
    "disabled_at": None,
    "disabled_users": 1,
    "downloads": 12,
    "email": "ada@example.org",
    "event_id": 341,
    "expires_in_days": 365,
    "failed": 2,
    "filename": "iris.zip",
    "last_used_at": _TIME,
    "learnware_id": "00000017",
    "least": 5,
    "limit": 20,
    "message": "One learnware fits: it explains 97% of your task.",
    "MailPromised.message": "a mail is on its way to this address",
    "mine": True,
    "mmd2": 0.0021,
    "most": 50,
    "n_features": 4,
    "n_points": 10,
    "name": "iris of the north",
    "ProblemKind.title": "Somebody else has this name",
    "SettingOut.name": "port",
    "TokenOut.name": "training server",
    "TokenMade.name": "training server",
    "new_password": "a longer horse battery staple",
    "next_cursor": None,
    "noise_floor": 0.0008,
    "nothing_fits": False,
    "number": 1,
    "offset": 0,
    "overdue": False,
    "owner_id": 5,
    "password": "correct horse battery staple",
    "path": "air/train.csv",
    "python": "3.12.7",
    "queued": 2,
    "received": 20480,
    "report": {
        "valid": True,
        "status": "ok",
        "findings": [{"part": "trial", "status": "ok", "message": "answers 10 rows", "mend": ""}],
        "parts": [{"part": "trial", "status": "ok", "seconds": 0.31}],
        "sandbox": "full",
        "seconds": 0.52,
        "output": "",
        "traceback": None,
    },
    "request_id": "8d1f7c1b0e4a4f0c9f5f4d9f7a1b2c3d",
    "revision": "0003",
    "role": "user",
    "scopes": ["read", "submit"],
    "score": 0.97,
    "searches": 260,
    "semantic_specification": {
        "Data": {"Type": "Class", "Values": ["Table"]},
        "Task": {"Type": "Class", "Values": ["Classification"]},
        "Library": {"Type": "Class", "Values": ["Scikit-learn"]},
        "Scenario": {"Type": "Tag", "Values": ["Education"]},
        "License": {"Type": "Class", "Values": ["MIT"]},
        "Name": {"Type": "String", "Values": "iris of the north"},
        "Description": {"Type": "String", "Values": "Tells three kinds of irises apart by four measures."},
        "Input": {"Dimension": 4, "Description": {"0": "sepal length", "1": "sepal width"}},
        "Output": {"Dimension": 3, "Description": {"0": "setosa", "1": "versicolor", "2": "virginica"}},
    },
    "serving": True,
    "serving_version": 1,
    "session_id": 88,
    "sha256": _SHA256,
    "shown": "0f5d8a4b************************",
    "similarity": 0.98,
    "size": 20480,
    "source": "variable",
    "status": "SUCCESS",
    "ProblemKind.status": 409,
    "step": "day",
    "storage": "s3",
    "stored_bytes": 61203448,
    "subject_id": 5,
    "submissions": 9,
    "token": "0f5d8a4b6c3e2d1f0a9b8c7d6e5f4a3b",
    "token_id": 3,
    "total": 1,
    "type": "RKMETableSpecification",
    "ProblemKind.type": "/api/v1/problems/username-taken",
    "KeyOut.Type": "Class",
    "KeyOut.Values": ["Table", "Image", "Text"],
    "unexplained": 0.03,
    "unread_notifications": 2,
    "unverified": 1,
    "unverified_learnwares": 9,
    "unverified_users": 3,
    "upload_id": "9f86d081884c7d659a2feaa0c55ad015",
    "url": "/api/v1/download-links/0f5d8a4b6c3e2d1f0a9b8c7d6e5f4a3b/package",
    "user_agent": "Mozilla/5.0",
    "user_id": 5,
    "username": "ada",
    "users": 3,
    "value": 8088,
    "TotalsOut.values": {"Data": {"Table": 118}, "Task": {"Classification": 80, "Regression": 38}},
    "verified": True,
    "LearnwareCounts.verified": 4,
    "SpanOut.verified": 7,
    "verified_learnwares": 118,
    "verified_users": 41,
    "version": "0.5.0",
    "versions": {"WAITING": 2, "QUEUE": 0, "PROCESSING": 0, "SUCCESS": 130, "FAIL": 7},
    "versions_count": 1,
    "weight": 1.0,
    "withdrawn": False,
    "withdrawn_learnwares": 2,
    "word": "casino",
    "word_id": 9,
    "worker": None,
    "workers": {"worker-1": 1},
    "header.last-event-id": "12-1",
    "header.upload-checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "header.upload-length": 20480,
    "header.upload-metadata": "filename aXJpcy56aXA=",
    "header.upload-offset": 0,
    "path.name": "username-taken",
}
# Answers that no schema describes.
ANSWERS: dict[str, Any] = {
    "/healthz": "OK",
    "/readyz": "OK",
    "/metrics": 'beimingwu_http_requests_total{method="GET",route="/api/v1/learnwares",status="200"} 42.0\n',
    "/api/v1/account/export": {"account": {"username": "ada", "email": "ada@example.org"}, "learnwares": []},
    "/api/v1/learnwares/{learnware_id}/files/{path}": "id: '00000017'\nmodel:\n  class_name: Model\n",
    "/api/v1/learnwares/{learnware_id}/specifications/{type}": {
        "type": "RKMETableSpecification",
        "z": [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]],
        "beta": [0.4, 0.6],
        "gamma": 0.1,
        "num_points": 2,
    },
    "/api/v1/learnwares/{learnware_id}/versions/{number}/verification/log": f"{_DAY} 09:30:40 trial: ok\n",
}


def add_examples(described: dict[str, Any]) -> None:
    """Put examples into a description, wherever there is none."""
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                _add_to_parameter(parameter)
            bodies = [operation.get("requestBody", {})]
            bodies += [answer for status, answer in operation["responses"].items() if status < "400"]
            for body in bodies:
                for media_type, content in body.get("content", {}).items():
                    if media_type in {"application/json", "text/plain"}:
                        content.setdefault("example", _of_content(path, content, schemas))


def example_of(schema: dict[str, Any], schemas: dict[str, Any], place: str = "") -> Any:
    """Return an example of what a schema describes.

    Parameters
    ----------
    schema : dict
    schemas : dict
        The schemas that references name.
    place : str, optional
        The schema and the field, as `FIELDS` names them.

    Raises
    ------
    LookupError
        If there is none.
    """
    if "examples" in schema:
        return schema["examples"][0]
    _, _, field = place.partition(".")
    for known in (place, field):
        if known in FIELDS:
            return FIELDS[known]
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return example_of(schemas[name], schemas, name)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, place)
    return _of_kind(schema, schemas, place)


def _of_kind(schema: dict[str, Any], schemas: dict[str, Any], place: str) -> Any:
    if "properties" in schema:
        name = place or schema["title"]
        return {one: example_of(inner, schemas, f"{name}.{one}") for one, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, place)]
    if "const" in schema:
        return schema["const"]
    if "format" in schema:
        return {"date-time": _TIME, "date": _DAY}[schema["format"]]
    # FastAPI has no schema for what answers null.
    if not schema or schema.get("type") == "null":
        return None
    raise LookupError(f"{place} has no example")


def _of_content(path: str, content: dict[str, Any], schemas: dict[str, Any]) -> Any:
    return ANSWERS[path] if path in ANSWERS else example_of(content["schema"], schemas)


def _add_to_parameter(parameter: dict[str, Any]) -> None:
    # Those of a query narrow what is asked for: an example would be taken for a part of the question.
    if parameter["in"] in {"path", "header"} and "example" not in parameter:
        place = f"{parameter['in']}.{parameter['name'].lower()}"
        parameter["example"] = example_of(parameter["schema"], {}, place)
