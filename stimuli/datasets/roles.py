"""What plays on a track, guessed from its name."""

from __future__ import annotations

import re

# The first row that matches decides, so what is more special stands before what is more general.
PATTERNS: tuple[tuple[str, str], ...] = (
    ("kick", r"kick|kik|kck|bass ?drum|bd|kd"),
    ("snare", r"snare|sn|snr|sd|rim ?shot|rim ?click"),
    ("hi-hat", r"(?:hi|high) ?hats?|hats?|hh|charleston"),
    ("tom", r"(?:floor|rack|hi|mid|lo|low|high)? ?toms?"),
    ("overhead", r"over ?heads?|(?:oh|ovh) ?[lr]?|cymbals?|ride|crash|gongs?"),
    ("room", r"rooms?|ambien(?:ce|t)|amb"),
    (
        "percussion",
        r"perc(?:ussion)?|congas?|bongos?|shakers?|tambourine|tamb|cowbell|claps?|cajon|timpani"
        r"|tablas?|darbuka|doumbek|castanets?|triangle|chimes|(?:sleigh)? ?bells",
    ),
    ("drums", r"drums?|drum ?(?:kit|set|loop|machine)|kit|beat|beat ?box(?:ing)?|loop"),
    (
        "backing_vocals",
        r"(?:back(?:ing|ground)?|bg|harm(?:ony)?|b) ?(?:vocals?|vox|v)|bvs?|bgv|choir",
    ),
    (
        "vocals",
        r"(?:lead|ld)? ?(?:vocals?|vocalists?|vox|voc|voice|sing(?:ers?|ing)?|rap|rappers?)"
        r"|(?:fe)?male ?speaker",
    ),
    ("woodwind", r"bass ?(?:clarinets?|flutes?|sax\w*|oboes?)|english ?horns?|cor ?anglais"),
    ("brass", r"bass ?(?:trombones?|trumpets?)"),
    ("bass", r"(?:double|electric|synth|upright|sub)? ?(?:bass|bs)(?: ?guitar)?|contrabass"),
    (
        "guitar",
        r"(?:(?:acoustic|electric|lead|rhythm|ac|el|e|a) ?)?(?:guitars?|gtrs?|gt|gits?)"
        r"|banjos?|mandolins?|ukuleles?|lutes?|oud|sitar",
    ),
    (
        "keys",
        r"keys?|keyboards?|piano|pno|rhodes|organ|hammond|wurl\w*|clav\w*|harpsichord|celesta"
        r"|vibraphone|vibes|marimba|xylophone|glockenspiel|accordion|melodica",
    ),
    ("strings", r"strings?|violins?|violas?|cellos?|celli|vln|vla|vc|orchestra|harp|erhu"),
    ("brass", r"brass|horns?|trumpets?|tpt|trombones?|tuba|flugelhorns?|euphoniums?"),
    (
        "woodwind",
        r"wood ?winds?|sax\w*|flutes?|piccolos?|clarinets?|oboes?|bassoons?|recorders?|harmonicas?"
        r"|dizi",
    ),
    ("pad", r"pads?|atmos\w*|drone"),
    ("lead", r"leads?|solo|melody"),
    ("synth", r"synths?|synthesi[sz]ers?|syn|arps?|sequence|seq"),
    ("fx", r"fx|sfx|effects?|noise|riser|scratch(?:es)?|processed ?sound"),
)
_COMPILED = tuple((role, re.compile(rf"(?:{pattern})\d*")) for role, pattern in PATTERNS)

ROLES: tuple[str, ...] = (*dict.fromkeys(role for role, _ in PATTERNS), "unknown")
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
