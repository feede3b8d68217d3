"""The page types of webMUSHRA, each as entries of a study file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from listening.language import catalogue
from listening.study_file import Problem
from listening.webmushra import keys
from listening.webmushra.config_file import Node
from listening.webmushra.log import Log
from listening.webmushra.markup import to_markdown, to_words
from listening.webmushra.questions import questionnaire

ANCHORS = {"createAnchor35": "anchor_3500", "createAnchor70": "anchor_7000"}
REFERENCE = "reference"
MOST_LABELS, LONGEST_WORDS = 11, 500

Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Sound:
    """A sound file as a configuration names it, and where."""

    path: str
    line: int
    key: str


@dataclass(frozen=True)
class Comparison:
    """The sounds of one page, which become a passage.

    Attributes:
        systems: what is compared, without the reference.
        anchors: names of the low-pass anchors to be made of the reference.
    """

    passage: str
    systems: Mapping[str, Sound]
    reference: Sound | None = None
    anchors: tuple[str, ...] = ()


class Converter:
    """Converts pages one after the other, and keeps their names and scales apart.

    Attributes:
        comparisons: the sounds of the pages so far.
        ending: what the finish page became.
    """

    def __init__(self, log: Log, language: str) -> None:
        self.log = log
        self.comparisons: list[Comparison] = []
        self.ending: Entries = []
        self._words = catalogue(language)
        self._scales: dict[tuple[str, ...], str] = {}

    def page(self, page: Node, place: str) -> Entries:
        """The entries of a page; none where its type cannot be imported."""
        kind = page.text("type")
        if kind not in keys.PAGES:
            reason = keys.WITHOUT_COUNTERPART.get(kind, "is no page type of webMUSHRA's")
            self.log.unknown.append(Problem(page.line, place, f"page type {kind!r} {reason}"))
            self._keep_sounds(page, place)
            return []
        known = self.log.known(page, place, keys.PAGES[kind], f"a page of type {kind}")
        self.log.changed(known, place, keys.CHANGED, keys.CHANGED_ALWAYS)
        makers: dict[str, Callable[[Node, str], Entries]] = {
            "generic": self._generic,
            "consent": self._consent,
            "volume": self._volume,
            "paired_comparison": self._paired,
            "likert_multi_stimulus": self._likert,
            "likert_single_stimulus": self._likert,
            "finish": self._finish,
        }
        return makers.get(kind, self._rating)(known, place)

    def text(self, page: Node, place: str) -> str:
        """The name of a page as a heading, then its content, as Markdown."""
        name = to_markdown(to_words(page.text("name"))).text
        return "\n\n".join(filter(None, [f"## {name}" if name else "", self._content(page, place)]))

    def _content(self, page: Node, place: str, key: str = "content") -> str:
        node, converted = page.get(key), to_markdown(page.text(key))
        if node and converted.dropped:
            dropped = ", ".join(converted.dropped)
            self.log.notes.append(Problem(node.line, f"{place}.{key}", f"left out: {dropped}"))
        return converted.text

    def _generic(self, page: Node, place: str) -> Entries:
        return [{"type": "instructions", "text": self.text(page, place)}]

    def _consent(self, page: Node, place: str) -> Entries:
        return [{"type": "consent", "text": self.text(page, place)}]

    def _volume(self, page: Node, place: str) -> Entries:
        sound = self._sound(page, place, "stimulus")
        passage = self._passage(page, place)
        self.comparisons += [Comparison(passage, {"volume": sound})] if sound else []
        return [{"type": "volume", "text": self.text(page, place), "passage": passage}]

    def _rating(self, page: Node, place: str) -> Entries:
        """MUSHRA, BS.1116 and ranking, which are called so here as well."""
        kind = page.text("type")
        reference = self._sound(page, place, "reference") if kind != "ranking" else None
        anchors = tuple(name for key, name in ANCHORS.items() if page.is_set(key))
        entry = self._entry(kind, page, place, self._compared(page, place, reference, anchors))
        if kind != "bs1116":
            # The question that stands here by itself is about mixes.
            entry["attributes"] = [{"key": "quality", "question": self._words["how_is_quality"]}]
        return [entry]

    def _paired(self, page: Node, place: str) -> Entries:
        """Which one is the reference? Each system in a pair with the hidden reference."""
        comparison = self._compared(page, place, self._sound(page, place, "reference"))
        unforced = page.get("unforced")
        if unforced:
            message = f"the third answer is called {self._words['no_preference']!r}"
            self.log.notes.append(Problem(unforced.line, f"{place}.unforced", message))
        question = self._words["which_is_reference"]
        return [
            {
                **self._entry("ab", page, place, comparison),
                "reference": True,
                "pairs": "reference",
                "no_preference": unforced is not None,
                "attributes": [{"key": "is_reference", "question": question}],
            }
        ]

    def _likert(self, page: Node, place: str) -> Entries:
        """All stimuli on one page or one a page, on as many scales as there are."""
        comparison = self._compared(page, place)
        together = page.text("type") == "likert_multi_stimulus" and len(comparison.systems) > 1
        options = {
            "must_rate_all": page.is_set("mustRate"),
            "must_play_all": page.get("mustPlayback") is not None,
        }
        entry = self._entry("likert", page, place, comparison)
        return [
            {
                **entry,
                "together": together,
                "attributes": self._attributes(page, place),
                "options": {**entry.get("options", {}), **options},
            }
        ]

    def _attributes(self, page: Node, place: str) -> list[dict[str, Any]]:
        response = page.get("response")
        if response is None or not response.items():
            self.log.problems.append(Problem(page.line, f"{place}.response", "is missing"))
            return []
        several = bool(response.items()[0].items())
        scales = response.items() if several else [response]
        question = to_words(page.text("name"))[:LONGEST_WORDS] or "…"
        found: dict[str, dict[str, Any]] = {}
        for at, scale in enumerate(scales):
            here = f"{place}.response" + (f"[{at}]" if several else "")
            labels = self._labels(scale, here)
            key = self._scale_key(labels, taken=set(found))
            found[key] = {"key": key, "question": question, "labels": labels}
        return list(found.values())

    def _scale_key(self, labels: list[str], taken: set[str]) -> str:
        """One attribute for each set of labels, so that equal scales are analysed together."""
        for known, key in self._scales.items():
            if known[1:] == tuple(labels) and key not in taken:
                return key
        key = f"answer_{len(self._scales) + 1}" if self._scales else "answer"
        self._scales[key, *labels] = key
        return key

    def _labels(self, scale: Node, place: str) -> list[str]:
        labels = []
        for at, item in enumerate(scale.items()):
            known = self.log.known(item, f"{place}[{at}]", keys.RESPONSE, "a response")
            label = to_words(known.text("label")) or known.text("value")
            labels.append(label[:LONGEST_WORDS] or str(at + 1))
            picture = known.get("img")
            if picture and at == 0:
                message = "pictures are left out; the labels are shown"
                self.log.notes.append(Problem(picture.line, f"{place}[0].img", message))
        if len(labels) == 1:
            message = "a scale has two labels at least; – was put before this one"
            self.log.notes.append(Problem(scale.line, place, message))
            labels.insert(0, "–")
        if not 2 <= len(labels) <= MOST_LABELS:
            message = f"has {len(labels)} labels; a scale has 2 to {MOST_LABELS}"
            self.log.problems.append(Problem(scale.line, place, message))
        return labels

    def _finish(self, page: Node, place: str) -> Entries:
        """The questions, then the words of farewell; both come last."""
        if self.ending:
            message = "is a second finish page; a study has one end"
            self.log.problems.append(Problem(page.line, place, message))
            return []
        questions = questionnaire(page, place, self.log)
        said = [self.text(page, place), self._content(page, place, "popupContent")]
        thanks = "\n\n".join(filter(None, said))
        self.ending = [
            *([{"type": "questionnaire", "text": "", "questions": questions}] if questions else []),
            {"type": "thanks", **({"text": thanks} if thanks else {})},
        ]
        return []

    def _entry(self, kind: str, page: Node, place: str, comparison: Comparison) -> dict[str, Any]:
        """What all pages that compare sounds have."""
        options = {}
        if page.is_set("showWaveform"):
            options["waveform"] = True
        if not page.is_set("enableLooping", default=True):
            options["loop"] = False
        return {
            "type": kind,
            "text": self.text(page, place),
            "passages": [comparison.passage],
            **({"options": options} if options else {}),
        }

    def _compared(
        self,
        page: Node,
        place: str,
        reference: Sound | None = None,
        anchors: tuple[str, ...] = (),
    ) -> Comparison:
        """The sounds of a page; the reference is hidden among them once, however often listed."""
        systems: dict[str, Sound] = {}
        taken = {*anchors, *([REFERENCE] if reference else [])}
        for name, sound in self._stimuli(page, place).items():
            if reference and sound.path == reference.path:
                message = "is the reference, which is hidden among the stimuli anyway; left out"
                self.log.notes.append(Problem(sound.line, sound.key, message))
            elif name in taken:
                systems[f"{name}_2"] = sound
                message = f"is called {name}_2, for {name} is the name of another one"
                self.log.notes.append(Problem(sound.line, sound.key, message))
            else:
                systems[name] = sound
        if not systems:
            message = "is missing: there is nothing to compare"
            self.log.problems.append(Problem(page.line, f"{place}.stimuli", message))
        if reference is None and page.text("type") in ("mushra", "bs1116", "paired_comparison"):
            self.log.problems.append(Problem(page.line, f"{place}.reference", "is missing"))
        comparison = Comparison(self._passage(page, place), systems, reference, anchors)
        self.comparisons.append(comparison)
        return comparison

    def _stimuli(self, page: Node, place: str) -> dict[str, Sound]:
        node = page.get("stimuli")
        found = {}
        for name, value in (node.mapping() if node else {}).items():
            here = f"{place}.stimuli.{name}"
            if isinstance(value.value, str):
                found[name] = Sound(value.value, value.line, here)
            else:
                self.log.problems.append(Problem(value.line, here, "is no path of a sound file"))
        return found

    def _sound(self, page: Node, place: str, key: str) -> Sound | None:
        node = page.get(key)
        if node is None or not isinstance(node.value, str):
            self.log.problems.append(Problem(page.line, f"{place}.{key}", "is missing"))
            return None
        return Sound(node.value, node.line, f"{place}.{key}")

    def _keep_sounds(self, page: Node, place: str) -> None:
        """The sounds of a page that is left out, so that nothing but the page is missing."""
        node = page.get("stimuli")
        if (
            node
            and node.mapping()
            and all(isinstance(n.value, str) for n in node.mapping().values())
        ):
            passage = self._passage(page, place)
            self.comparisons.append(Comparison(passage, self._stimuli(page, place)))

    def _passage(self, page: Node, place: str) -> str:
        """The id of a page as the name of its passage, told apart where it was used before."""
        plain = re.sub(r"\s+", "_", page.text("id").strip())[:100] or f"{page.text('type')}"
        taken = {comparison.passage for comparison in self.comparisons}
        name = next(
            name for name in (plain, *(f"{plain}_{at}" for at in range(2, 10_000)))
            if name not in taken
        )  # fmt: skip
        if name != plain:
            message = f"{plain!r} was used before; this page is called {name!r}"
            self.log.notes.append(Problem(page.line, f"{place}.id", message))
        return name
