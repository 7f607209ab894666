"""The settings of the server."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.admin.guard import admin_router

__all__ = ["router"]

router = admin_router("settings")


class SettingOut(BaseModel):
    """A setting."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    value: Any = Field(description="Secrets, and passwords in addresses, are three stars.")
    source: Literal["option", "variable", "file", "default", "program"] = Field(
        description="`program`: another program has started the server."
    )
    description: str


class SystemOut(BaseModel):
    """What the server runs on."""

    model_config = ConfigDict(from_attributes=True)

    version: str = Field(description="Of the dock.")
    python: str
    database: Literal["sqlite", "postgresql"]
    database_version: str
    revision: str = Field(description="Of the tables.")
    storage: Literal["files", "s3"]


class SettingsOut(BaseModel):
    """The settings of the server that answers, and what it runs on."""

    system: SystemOut
    settings: list[SettingOut]


@router.get("", summary="The settings")
def get_settings(dock: CurrentDock, identity: CurrentIdentity) -> SettingsOut:
    """Return the settings of the server that answers, without secrets; they are changed on the server's machine."""
    return SettingsOut(
        system=SystemOut.model_validate(dock.shown_settings.system(identity)),
        settings=[SettingOut.model_validate(one) for one in dock.shown_settings.all(identity)],
    )
