"""The web app, as its build has left it in the folder ``static``, and how it is served.

The build of ``frontend/`` writes that folder, with compressed forms of the larger files beside them; it is no part of
the repository, and part of the wheel.
"""

from pathlib import Path

from beimingwu.web.pages import WebApp

__all__ = ["STATIC", "WebApp"]

STATIC = Path(__file__).with_name("static")
