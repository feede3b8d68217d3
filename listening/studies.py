"""Studies: made from a study file and a manifest, opened and closed, listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from listening.language import main_text
from listening.models import CLOSED, OPEN, Page, Study
from listening.pages import PAGE_TYPES, entry, leaves
from listening.pages.kinds import Entry, Material, PageType, PlannedPage, Scale
from listening.pages.questionnaire import Questionnaire, is_kept_for_pages
from listening.pages.rating import MOST_STIMULI
from listening.pages.ratings import Ratings, Training, as_interface
from listening.schema import MOST_WANTED, StudyFile
from listening.sounds import compared_with_x, keep_sounds, own_stimuli
from listening.study_file import Problem, StudyFileError, StudySource
from stimuli.manifest import MANIFEST_NAME, Manifest, read_manifest
from stimuli.manifest import Stimulus as ManifestStimulus


class NoSuchStudyError(ValueError):
    """There is no study of that name."""


def make_study(source: StudySource, stimuli_folder: Path, status: str = OPEN) -> Study:
    """Make a study, to be stored: check the file against its manifest, keep the sound files.

    Sound files go into `stimuli_folder` under the hash of their content, without their tags. That
    takes its time, and no transaction, for which participants would have to wait.

    Raises:
        StudyFileError: the file does not fit the manifest; names line and key.
        ValueError: a sound file is not fit to be compared.
        OSError: a sound file cannot be read.
    """
    file = source.file
    pages, stimuli = check_study(source)
    study = Study(
        slug=file.slug,
        title=main_text(file.title),
        seed=file.seed,
        status=status,
        definition=file.model_dump(mode="json"),
        source=source.text,
        consent_version=_consent_version(file),
        quota=file.quota,
    )
    study.stimuli = keep_sounds(
        stimuli, _manifest_path(source).parent, stimuli_folder, compared_with_x(pages)
    )
    study.stimuli += own_stimuli(pages, study.stimuli, file.seed, stimuli_folder)
    study.pages = [
        Page(
            position=at,
            key=page.key,
            kind=page.kind,
            block=page.block,
            passage=page.passage,
            training=page.training,
            config=page.config,
        )
        for at, page in enumerate(pages)
    ]
    return study


def store_study(session: Session, study: Study) -> None:
    """Store a study that was made.

    Raises:
        ValueError: there is one of that slug already.
    """
    refuse_taken(session, study.slug)
    session.add(study)
    try:
        session.flush()
    except IntegrityError as error:
        # In PostgreSQL another may have stored one since we looked.
        if "slug" not in str(error.orig):
            raise
        raise _taken(study.slug) from None


def refuse_taken(session: Session, slug: str) -> None:
    """Say that there is a study of that slug already, where there is one.

    Raises:
        ValueError: there is.
    """
    if session.scalar(select(Study.id).where(Study.slug == slug)) is not None:
        raise _taken(slug)


def _taken(slug: str) -> ValueError:
    return ValueError(f"there is a study {slug!r} already; give this one another slug")


def check_study(source: StudySource) -> tuple[list[PlannedPage], list[ManifestStimulus]]:
    """The pages and stimuli that a study file asks for.

    Raises:
        StudyFileError: the file does not fit its manifest; names line and key.
    """
    stimuli = _chosen_stimuli(source, _manifest(source))
    material = _material(source, stimuli)
    if problems := _interface_problems(source, material.interface):
        raise StudyFileError(source.path, problems)
    pages = plan_pages(source.file, material)
    problems = _name_problems(source, material) + _question_problems(source)
    problems += _empty_problems(source, pages) + _scale_problems(source, pages)
    problems += [problem for page in pages for problem in _page_problems(source, page, stimuli)]
    problems += _design_problems(source, pages)
    problems += _plan_problems(source) or _plan_name_problems(source, pages, material)
    if problems:
        raise StudyFileError(source.path, list(dict.fromkeys(problems)))
    return pages, stimuli


def find_study(session: Session, slug: str) -> Study:
    """The study of that slug.

    Raises:
        NoSuchStudyError: there is none.
    """
    study = session.scalar(select(Study).where(Study.slug == slug))
    if study is None:
        raise NoSuchStudyError(f"there is no study {slug!r}; see flask study list")
    return study


def all_studies(session: Session) -> Sequence[Study]:
    """Every study, the oldest first."""
    return session.scalars(select(Study).order_by(Study.created_at, Study.id)).all()


def open_studies(session: Session) -> Sequence[Study]:
    """The studies that take participants."""
    return [study for study in all_studies(session) if study.status == OPEN]


def set_status(study: Study, status: Literal["open", "closed"]) -> None:
    """Open a study, or close it: nobody new gets in, and who has begun may finish."""
    study.status = {"open": OPEN, "closed": CLOSED}[status]


def set_quota(study: Study, quota: int | None) -> None:
    """Say how many participants are wanted from now on; None for any number.

    Raises:
        ValueError: it is no number of people.
    """
    if quota is not None and not 1 <= quota <= MOST_WANTED:
        raise ValueError(f"{quota} is no number of participants; use 1 to {MOST_WANTED}, or none")
    study.quota = quota


def plan_pages(file: StudyFile, material: Material) -> list[PlannedPage]:
    """The pages of a study in their canonical order: one for each passage to rate, thanks last."""
    entries = [item for _, item in leaves(file.pages)]
    if entries[-1].type != "thanks":
        entries.append(entry("thanks"))
    pages = [
        replace(page, block=block, config=page.config | _placement(item))
        for block, item in enumerate(entries)
        for page in PAGE_TYPES[item.type].plan(item, material)
    ]
    return _with_distinct_keys(pages)


def is_rated(page: Page | PlannedPage) -> bool:
    """Whether the stimuli of a passage are rated on it, and not for practice."""
    return bool(page.passage and page.config.get("attributes") and not page.training)


def _placement(item: Entry) -> dict[str, Any]:
    """For whom and where its pages are, as far as the entry says it."""
    said = {"group": item.for_group, "position": item.position}
    return {name: value for name, value in said.items() if value is not None}


def _design_problems(source: StudySource, pages: Sequence[PlannedPage]) -> list[Problem]:
    """Groups that are not there, and more passages for each participant than there are."""
    file = source.file
    groups = file.groups or []
    problems = []
    for place, item in leaves(file.pages):
        if item.for_group is not None and item.for_group not in groups:
            there = f"there are {', '.join(groups)}" if groups else "the study has no groups"
            message = f"{item.for_group!r} is none of the study's groups; {there}"
            problems.append(source.problem([*place, "for_group"], message))
    chosen: list[str | None] = [*groups] or [None]
    for group in chosen:
        mine = [page for page in pages if page.config.get("group", group) == group]
        rated = {page.passage for page in mine if is_rated(page)}
        if file.passages_each is not None and file.passages_each > len(rated):
            message = f"only {len(rated)} passages are rated{f' by group {group}' if group else ''}"
            problems.append(source.problem(["passages_each"], message))
        problems += _position_problems(source, mine)
    if file.passages_each is not None and file.order.pages in ("latin", "williams"):
        message = "balanced orders need all passages; with passages_each use random or fixed"
        problems.append(source.problem(["order", "pages"], message))
    return problems


def _position_problems(source: StudySource, pages: Sequence[PlannedPage]) -> list[Problem]:
    """Places that pages cannot have in every run."""
    each = source.file.passages_each
    of_passages = Counter(page.passage for page in pages if is_rated(page))
    left_out = sorted(of_passages.values())[each:] if each else []
    shortest = len(pages) - sum(left_out)
    of_blocks = Counter(page.block for page in pages)
    taken: set[int] = set()
    problems = []
    for page in pages:
        position = page.config.get("position")
        if position is None:
            continue
        message = None
        if of_blocks[page.block] > 1:
            message = f"this entry has {of_blocks[page.block]} pages; give each an entry of its own"
        elif left_out and is_rated(page):
            message = "with passages_each, not everybody meets this page"
        elif page.kind == "thanks" or position >= shortest:
            message = f"the run has {shortest} pages, of which the last one is thanks"
        elif position in taken:
            message = f"page {position} of the run is taken by another entry"
        if message:
            problems.append(source.problem((*_place(source, page), "position"), message))
        taken.add(position)
    return problems


def _with_distinct_keys(pages: list[PlannedPage]) -> list[PlannedPage]:
    seen: dict[str, int] = {}
    distinct = []
    for page in pages:
        seen[page.key] = seen.get(page.key, 0) + 1
        suffix = f"-{seen[page.key]}" if seen[page.key] > 1 else ""
        distinct.append(replace(page, key=page.key + suffix))
    return distinct


def _manifest_path(source: StudySource) -> Path:
    path: Path = source.path.parent / source.file.manifest
    return path / MANIFEST_NAME if path.is_dir() else path


def _manifest(source: StudySource) -> Manifest:
    path = source.path.parent / source.file.manifest
    try:
        path = _manifest_path(source)
        return read_manifest(path)
    except FileNotFoundError:
        problem = source.problem(
            ["manifest"], f"there is no {path}; make it with flask stimuli render or import"
        )
        raise StudyFileError(source.path, [problem]) from None
    except (OSError, ValueError) as error:
        raise StudyFileError(source.path, [source.problem(["manifest"], str(error))]) from None


def _chosen_stimuli(source: StudySource, manifest: Manifest) -> list[ManifestStimulus]:
    """The stimuli that the study uses; an open reference comes along with its passage."""
    problems: list[Problem] = []
    for field, names in (("systems", source.file.systems), ("passages", source.file.passages)):
        there = sorted({getattr(stimulus, field[:-1]) for stimulus in manifest.stimuli})
        problems += [
            source.problem([field, at], f"{name!r} is not in the manifest; there are {there}")
            for at, name in enumerate(names or ())
            if name not in there
        ]
    if problems:
        raise StudyFileError(source.path, problems)
    return [
        stimulus
        for stimulus in manifest.stimuli
        if (not source.file.passages or stimulus.passage in source.file.passages)
        and (
            not source.file.systems
            or stimulus.system in source.file.systems
            or stimulus.role == "open_reference"
        )
    ]


def _material(source: StudySource, stimuli: Sequence[ManifestStimulus]) -> Material:
    file = source.file
    there = list(dict.fromkeys(stimulus.passage for stimulus in stimuli))
    if not there:
        problem = source.problem(["manifest"], "the manifest has no stimuli for this study")
        raise StudyFileError(source.path, [problem])
    systems = {
        passage: tuple(
            (stimulus.system, stimulus.role)
            for stimulus in stimuli
            if stimulus.passage == passage and stimulus.role != "open_reference"
        )
        for passage in file.passages or there
    }
    attributes = tuple(file.attributes) if file.attributes else None
    return Material(PAGE_TYPES[file.interface], attributes, file.options, systems)


def _interface_problems(source: StudySource, interface: PageType) -> list[Problem]:
    """What `ratings` and `training` say that their interface does not know."""
    problems = []
    for place, item in leaves(source.file.pages):
        if isinstance(item, Ratings | Training):
            try:
                as_interface(item, interface)
            except ValidationError as error:
                problems += source.problems(place, error)
    return problems


def _name_problems(source: StudySource, material: Material) -> list[Problem]:
    """Passages and systems that entries name and the study does not have."""
    systems = {name for there in material.systems.values() for name, _ in there}
    problems = []
    for place, item in leaves(source.file.pages):
        pairs = enumerate(_named_pairs(item))
        named = [
            *(((field, at), name, material.passages) for field in ("passages", "repeated")
              for at, name in enumerate(getattr(item, field, None) or ())),
            *((("passage",), name, material.passages)
              for name in filter(None, [getattr(item, "passage", None)])),
            *((("pairs", at, side), name, sorted(systems))
              for at, pair in pairs for side, name in enumerate(pair)),
            *((("feedback", at, "system"), said.system, sorted(systems))
              for at, said in enumerate(getattr(item, "feedback", ()))),
        ]  # fmt: skip
        problems += [
            source.problem([*place, *where], f"{name!r} is none of {', '.join(there)}")
            for where, name, there in named
            if name not in there
        ]
    return problems


def _named_pairs(item: object) -> list[list[str]]:
    pairs = getattr(item, "pairs", None)
    return pairs if isinstance(pairs, list) else []


def _question_problems(source: StudySource) -> list[Problem]:
    """Questions that read well, but whose answers would be taken for something else, or for none.

    Not refused by `Question`, which reads those of studies that are there already as well.
    """
    problems = []
    for place, item in leaves(source.file.pages):
        for at, question in enumerate(item.questions if isinstance(item, Questionnaire) else ()):
            here = (*place, "questions", at)
            if is_kept_for_pages(question.key):
                message = f"{question.key!r} is kept for what pages store; take another key"
                problems.append(source.problem((*here, "key"), message))
            problems += [
                source.problem((*here, name), "is no number; leave it out if there is no limit")
                for name, limit in (("min", question.min), ("max", question.max))
                if limit is not None and not isfinite(limit)
            ]
    return problems


def _empty_problems(source: StudySource, pages: Sequence[PlannedPage]) -> list[Problem]:
    """Entries that ask nothing, as pages with pairs do where there is one system alone."""
    made = {page.block for page in pages}
    message = "no page comes of this entry: the study's systems leave nothing to compare here"
    return [
        source.problem(place, message)
        for block, (place, _) in enumerate(leaves(source.file.pages))
        if block not in made
    ]


def _scale_problems(source: StudySource, pages: Sequence[PlannedPage]) -> list[Problem]:
    """One attribute has one scale in all of a study, or its scores could not be analysed.

    A scale whose grades are fixed has the labels of these grades.
    """
    scales: dict[str, tuple[Scale, str]] = {}
    problems = []
    for page in pages:
        wanted = PAGE_TYPES[page.kind].labels
        for attribute in page.config.get("attributes", ()):
            given = len(attribute["labels"])
            if wanted not in (None, given):
                message = (
                    f"{page.kind} pages have {wanted} labels, one a grade; attribute "
                    f"{attribute['key']!r} has {given}"
                )
                problems.append(source.problem(_place(source, page), message))
            scale = PAGE_TYPES[page.kind].scale(page.config, attribute["key"])
            first, kind = scales.setdefault(attribute["key"], (scale, page.kind))
            if scale != first:
                message = (
                    f"attribute {attribute['key']!r} goes from {first[0]:g} to {first[1]:g} on "
                    f"{kind} pages and from {scale[0]:g} to {scale[1]:g} on {page.kind} pages; "
                    "give one of them attributes of its own"
                )
                problems.append(source.problem(_place(source, page), message))
    return problems


def _place(source: StudySource, page: PlannedPage) -> tuple[str | int, ...]:
    """Where in the file the entry of a page stands."""
    places = [place for place, _ in leaves(source.file.pages)]
    return places[min(page.block, len(places) - 1)]


def _page_problems(
    source: StudySource, page: PlannedPage, stimuli: Sequence[ManifestStimulus]
) -> list[Problem]:
    if page.passage is None or page.sounds:
        return []
    here = [stimulus for stimulus in stimuli if stimulus.passage == page.passage]
    place = (*_place(source, page), "passages")
    if not here:
        return [source.problem(place, f"passage {page.passage!r} is not among the study's")]
    if PAGE_TYPES[page.kind].stimuli != "all":
        return []
    wants_reference = PAGE_TYPES[page.kind].open_reference or page.config.get("reference")
    if wants_reference and "open_reference" not in {s.role for s in here}:
        return [
            source.problem(
                ["interface"],
                f"{page.kind} needs an open reference and passage {page.passage!r} has none; "
                "render the stimuli with a reference, or use the interface ape",
            )
        ]
    if PAGE_TYPES[page.kind].hidden_reference and "reference" not in {s.role for s in here}:
        message = (
            f"{page.kind} needs the hidden reference and passage {page.passage!r} has none; "
            "name its system among the systems, or render the stimuli with a reference"
        )
        return [source.problem(["systems"] if source.file.systems else place, message)]
    asked = page.config.get("systems")
    shown = [s for s in here if s.role != "open_reference" and (not asked or s.system in asked)]
    if asked is None and len(shown) < 2:
        return [source.problem(place, f"passage {page.passage!r} has fewer than two stimuli")]
    if len(shown) > MOST_STIMULI:
        message = f"passage {page.passage!r} has over {MOST_STIMULI} stimuli, too many for a page"
        return [source.problem(place, message)]
    return []


def _plan_problems(source: StudySource) -> list[Problem]:
    """What the analysis would refuse, found before there are data."""
    plan = source.file.analysis
    if _plan_refused(plan) is None:
        return []
    problems = []
    for key, value in plan.items():
        parts: dict[tuple[str | int, ...], Any] = {(key,): value}
        if key == "screening" and isinstance(value, list):
            parts = {(key, at): [rule] for at, rule in enumerate(value)}
        for place, part in parts.items():
            if message := _plan_refused({key: part}):
                problems.append(source.problem(("analysis", *place), message))
    # What is wrong with no single part of it is wrong with the whole.
    return problems or [source.problem(["analysis"], _plan_refused(plan) or "")]


def _plan_name_problems(
    source: StudySource, pages: Sequence[PlannedPage], material: Material
) -> list[Problem]:
    """Systems and an attribute that the plan names and no page has."""
    plan = source.file.analysis
    systems = sorted({name for there in material.systems.values() for name, _ in there})
    attributes = sorted(
        {entry["key"] for page in pages for entry in page.config.get("attributes", ())}
    )
    named = [
        *((("attribute",), name, attributes) for name in filter(None, [plan.get("attribute")])),
        *((("trend", at), name, systems) for at, name in enumerate(plan.get("trend") or ())),
        *((("screening", at, key), rule[key], systems)
          for at, rule in enumerate(plan.get("screening") or ())
          for key in ("system", "anchor") if rule.get(key)),
    ]  # fmt: skip
    problems = [
        source.problem(["analysis", *place], f"{name!r} is none of {', '.join(there)}")
        for place, name, there in named
        if name not in there
    ]
    return problems or _plan_role_problems(source, material)


def _plan_role_problems(source: StudySource, material: Material) -> list[Problem]:
    """A trend that leaves a compared system out, and rules about references that nobody rates."""
    plan = source.file.analysis
    roles = {pair for there in material.systems.values() for pair in there}
    compared = {name for name, role in roles if role in ("system", "reference")}
    problems = []
    if plan.get("trend") and (missing := sorted(compared - set(plan["trend"]))):
        message = f"takes every system that is compared; {', '.join(missing)} is not named"
        problems.append(source.problem(["analysis", "trend"], message))
    if not any(role == "reference" for _, role in roles):
        problems += [
            source.problem(["analysis", "screening", at], "no hidden reference is rated")
            for at, rule in enumerate(plan.get("screening") or ())
            if rule.get("rule") in ("hidden reference", "better than chance")
        ]
    return problems


def _plan_refused(plan: Mapping[str, Any]) -> str | None:
    """Why the analysis would refuse a plan, or a part of one; None where it would not."""
    from analysis.plan import plan_from
    from analysis.screening import check_rule

    try:
        found = plan_from(plan)
        found.refuse_for_scores()
        for rule in found.screening:
            check_rule(rule)
    except ValueError as error:
        return str(error)
    return None


def _consent_version(file: StudyFile) -> str:
    texts = [item.model_dump_json() for _, item in leaves(file.pages) if item.type == "consent"]
    return sha256("\n".join(texts).encode()).hexdigest()[:16] if texts else ""
