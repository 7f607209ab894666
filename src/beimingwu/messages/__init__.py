"""What the dock says to people, in the languages that it speaks.

English is in the source, beside what it is about; Chinese is in the folder ``zh``, by the English template.
"""

from beimingwu.messages.catalogue import translated, translated_fault
from beimingwu.messages.findings import DOCK_FINDINGS, sentences, translated_report
from beimingwu.messages.languages import DEFAULT_LANGUAGE, LANGUAGES, negotiated

__all__ = [
    "DEFAULT_LANGUAGE",
    "DOCK_FINDINGS",
    "LANGUAGES",
    "negotiated",
    "sentences",
    "translated",
    "translated_fault",
    "translated_report",
]
