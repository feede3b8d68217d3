"""The keys that webMUSHRA's pages have, and what becomes of those that have no counterpart."""

from __future__ import annotations

from collections.abc import Mapping

TOP = frozenset(
    {
        "testname", "testId", "bufferSize", "stopOnErrors", "showButtonPreviousPage",
        "remoteService", "language", "pages",
    }
)  # fmt: skip

_EVERY = {"type", "id", "name", "content"}
_COMPARED = {"showWaveform", "enableLooping", "stimuli", "reference"}
_ANCHORS = {"createAnchor35", "createAnchor70"}
_ORDERED = {"randomize", "showConditionNames", "switchBack", "strict"}
_LIKERT = {"stimuli", "response", "mustRate", "mustPlayback", "showWaveform", "enableLooping"}

PAGES: Mapping[str, frozenset[str]] = {
    "generic": frozenset(_EVERY),
    "consent": frozenset(_EVERY | {"mustConsent"}),
    "volume": frozenset(_EVERY | {"stimulus", "defaultVolume"}),
    "mushra": frozenset(_EVERY | _COMPARED | _ANCHORS | _ORDERED),
    "bs1116": frozenset(_EVERY | _COMPARED | _ANCHORS),
    "paired_comparison": frozenset(_EVERY | _COMPARED | {"unforced"}),
    "ranking": frozenset(
        (_EVERY | _COMPARED | _ORDERED | {"showResetButton", "forceRankAll"}) - {"reference"}
    ),
    "likert_multi_stimulus": frozenset(_EVERY | _LIKERT),
    "likert_single_stimulus": frozenset(_EVERY | _LIKERT | {"randomize", "maxStimuli"}),
    "finish": frozenset(
        _EVERY | {"popupContent", "showResults", "showErrors", "writeResults", "questionnaire"}
    ),
}
"""The keys of each page type."""

WITHOUT_COUNTERPART: Mapping[str, str] = {
    "spatial": "asks for places in a room, which no page type here does",
}
"""Page types of webMUSHRA that cannot be imported, and why."""

QUESTION = frozenset({"type", "name", "label", "optional", "min", "max", "default", "response"})
RESPONSE = frozenset({"value", "label", "img", "imgSelected", "imgHigherResponseSelected"})

CHANGED: Mapping[tuple[str, object], str] = {
    ("showConditionNames", True): "the names of systems stay hidden: the test is blind",
    ("randomize", False): "stimuli are shuffled unless the study file says order: {stimuli: fixed}",
    ("switchBack", True): "has no counterpart",
    ("mustConsent", False): "nobody comes further without consent",
    ("mustPlayback", "ended"): "every stimulus must be played, not to its end; see min_listened_s",
    ("showResults", True): "participants are not shown their results",
    ("writeResults", False): "answers are always kept",
}
"""What a value of a key becomes, where it is something else here."""

CHANGED_ALWAYS: Mapping[str, str] = {
    "defaultVolume": "the volume begins at the level of the participant's device",
    "maxStimuli": "every participant is given all stimuli",
}
"""What a key becomes, whatever its value."""
