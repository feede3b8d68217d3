"""What plays on a track, guessed from its name."""

from __future__ import annotations

import re

# The first row that matches decides, so what is more special stands before what is more general.
PATTERNS: tuple[tuple[str, str], ...] = (
    ("kick", r"kick|kik|kck|bass ?drum|bd|kd"),
    ("snare", r"snare|sn|snr|sd|rim ?shot|rim ?click"),
    ("hi-hat", r"hi ?hats?|hats?|hh|charleston"),
    ("tom", r"(?:floor|rack|hi|mid|lo|low|high)? ?toms?"),
    ("overhead", r"over ?heads?|oh|ovh|cymbals?|ride|crash"),
    ("room", r"rooms?|ambien(?:ce|t)|amb"),
    (
        "percussion",
        r"perc(?:ussion)?|congas?|bongos?|shakers?|tambourine|tamb|cowbell|claps?|cajon",
    ),
    ("drums", r"drums?|drum ?(?:kit|set|loop|machine)|kit|beat|loop"),
    (
        "backing_vocals",
        r"(?:back(?:ing|ground)?|bg|harm(?:ony)?) ?(?:vocals?|vox|v)|bvs?|bgv|choir",
    ),
    ("vocals", r"(?:lead)? ?(?:vocals?|vox|voc|voice|sing(?:er|ing)?|rap)"),
    ("bass", r"(?:double|electric|synth|upright|sub)? ?(?:bass|bs)(?: ?guitar)?|contrabass"),
    ("guitar", r"(?:(?:acoustic|electric|lead|rhythm|ac|el|e|a) ?)?(?:guitars?|gtrs?|gt|gits?)"),
    ("keys", r"keys?|keyboards?|piano|pno|rhodes|organ|hammond|wurl\w*|clav\w*|harpsichord"),
    ("strings", r"strings?|violins?|violas?|cellos?|celli|vln|vla|vc|orchestra"),
    ("brass", r"brass|horns?|trumpets?|tpt|trombones?|tuba"),
    ("woodwind", r"wood ?winds?|sax\w*|flutes?|clarinets?|oboes?|bassoons?"),
    ("pad", r"pads?|atmos\w*|drone"),
    ("lead", r"leads?|solo|melody"),
    ("synth", r"synths?|syn|arps?|sequence|seq"),
    ("fx", r"fx|sfx|effects?|noise|riser"),
)
_COMPILED = tuple((role, re.compile(rf"(?:{pattern})\d*")) for role, pattern in PATTERNS)

ROLES: tuple[str, ...] = (*(role for role, _ in PATTERNS), "unknown")
"""Every role that Blindmix knows; a dataset or a song.yaml may state others."""


def guess_role(name: str) -> str:
    """Guess the role of a track from the name of its file, without suffix.

    Words are what stands between digits, case changes and signs; a row of the table matches one
    word or several neighbouring ones. What no row matches is "unknown".
    """
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = re.sub(r"[^a-z]+", " ", spaced.lower()).split()
    for role, pattern in _COMPILED:
        for length in (3, 2, 1):
            for start in range(len(words) - length + 1):
                phrase = words[start : start + length]
                if pattern.fullmatch(" ".join(phrase)) or pattern.fullmatch("".join(phrase)):
                    return role
    return "unknown"
