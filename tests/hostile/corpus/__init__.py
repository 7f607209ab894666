"""Hostile learnwares, by what they are after."""

from __future__ import annotations

from . import answers, endless, evasion, files, interpreter, kernel, network, processes, protocol, reading, resources

CORPUS = {
    specimen.name: specimen
    for module in (
        *(reading, network, processes, resources, evasion, endless),
        *(files, kernel, answers, protocol, interpreter),
    )
    for specimen in module.SPECIMENS
}
