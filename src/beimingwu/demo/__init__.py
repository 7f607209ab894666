"""A dock to try things on: accounts whose passwords are printed, and learnwares to find."""

from __future__ import annotations

from beimingwu.demo.fill import Filling, Shipment
from beimingwu.demo.people import Person, provide_people
from beimingwu.demo.trained import train_packages

__all__ = ["Filling", "Person", "Shipment", "provide_people", "train_packages"]
