"""Questions about the participant or the task, some only where an earlier answer asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Literal

from pydantic import Field, model_validator

from listening.language import Message, Text, Words, everywhere, main_text
from listening.pages.kinds import Config, Entry, Key, Model, PageState, PageType
from listening.patterns import check_pattern, fits

CHOOSING = ("choice", "choices")
MOST_QUESTIONS = 200
"""On one page."""

_OF_PAGES = re.compile(r"verdict|(trial|comment)_[0-9]+")


def is_kept_for_pages(key: str) -> bool:
    """Whether pages give answers of that key by themselves, which codes and exports go by."""
    return _OF_PAGES.fullmatch(key) is not None


class Condition(Model):
    """Which answer to an earlier question brings a question up.

    Attributes:
        question: the key of the earlier question.
        answer: the answers of which one must have been given.
    """

    question: Key
    answer: Annotated[list[str], Field(min_length=1)]


class Question(Model):
    """One question of a questionnaire.

    Attributes:
        key: its name in the results.
        question: what participants are asked.
        type: what kind of answer it takes; choice is one of, choices any of, scale 1 to `points`.
        required: it must be answered.
        choices: what to choose from.
        min: the smallest number.
        max: the largest number.
        whole: the number has no fraction.
        pattern: a regular expression that a text has to fit.
        hint: below the question.
        low: what the lowest point of a scale means.
        high: what the highest point of a scale means.
        points: of a scale.
        when: it appears only where an earlier question was answered so.
    """

    key: Key
    question: Words
    type: Literal["text", "number", "choice", "choices", "scale"] = "text"
    required: bool = True
    choices: list[Words] = Field(default=[])
    min: float | None = None
    max: float | None = None
    whole: bool = False
    pattern: str | None = None
    hint: Text = ""
    low: Text = ""
    high: Text = ""
    points: Annotated[int, Field(ge=2, le=11)] = 5
    when: Condition | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Question:
        if self.type in CHOOSING and len(self.choices) < 2:
            raise ValueError(f"a question of type {self.type} needs at least two choices")
        if self.type not in CHOOSING and self.choices:
            raise ValueError(f"choices are for the types choice and choices, not {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        if self.pattern is not None and self.type != "text":
            raise ValueError(f"a pattern is for the type text, not {self.type}")
        check_pattern(self.pattern or "")
        return self


DEFAULT_QUESTIONS = [
    Question(key="age", question=everywhere("ask_age"), type="number", required=False,
             min=0, max=120, whole=True),
    Question(key="experience", question=everywhere("ask_experience"), type="choice",
             choices=[everywhere(f"experience_{at}") for at in range(1, 5)]),
    Question(key="headphones", question=everywhere("ask_headphones"), type="choice",
             choices=[everywhere(f"headphones_{at}") for at in range(1, 4)]),
    Question(key="remarks", question=everywhere("ask_remarks"), required=False),
]  # fmt: skip


class Questionnaire(Entry):
    """Questions; those with `when` appear where an earlier answer asks for them.

    Attributes:
        questions: in their order.
    """

    type: Literal["questionnaire"] = "questionnaire"
    text: Text = everywhere("questionnaire_text")
    questions: Annotated[list[Question], Field(min_length=1, max_length=MOST_QUESTIONS)] = Field(
        default=DEFAULT_QUESTIONS
    )

    @model_validator(mode="after")
    def _whole(self) -> Questionnaire:
        keys = [question.key for question in self.questions]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"two questions with the key {', '.join(doubled)}")
        for at, question in enumerate(self.questions):
            if question.when and question.when.question not in keys[:at]:
                raise ValueError(
                    f"{question.key} waits for {question.when.question}, "
                    "which is no question before it"
                )
        return self


def gaps(config: Config, state: PageState) -> list[Message]:
    """Required questions answered, and every answer of its question's type."""
    questions = [Question.model_validate(question) for question in config["questions"]]
    return [
        Message("question_problem", {"question": question.question, "problem": problem})
        for question in asked(questions, state.answers)
        if (problem := _problem(question, state.answers.get(question.key, "").strip()))
    ]


def asked(questions: Sequence[Question], answers: Mapping[str, str]) -> list[Question]:
    """The questions that the answers bring up, in their order."""
    found: dict[str, Question] = {}
    for question in questions:
        when = question.when
        given = set(answers.get(when.question, "").split("\n")) if when else set()
        if when is None or (when.question in found and given & set(when.answer)):
            found[question.key] = question
    return list(found.values())


def _problem(question: Question, answer: str) -> dict[str, str] | None:
    if not answer:
        return everywhere("please_answer") if question.required else None
    choices = {main_text(choice) for choice in question.choices}
    if question.type == "choice" and answer not in choices:
        return everywhere("please_choose")
    if question.type == "choices" and not set(answer.split("\n")) <= choices:
        return everywhere("please_choose")
    if question.type == "number":
        return _number_problem(answer, question)
    if question.type == "scale" and answer not in map(str, range(1, question.points + 1)):
        return everywhere("please_choose")
    if question.pattern and not fits(question.pattern, answer):
        return everywhere("please_fit")
    return None


def _number_problem(answer: str, question: Question) -> dict[str, str] | None:
    try:
        number = float(answer)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or "_" in answer:
        return everywhere("please_number")
    if question.whole and not number.is_integer():
        return everywhere("please_whole")
    if question.min is not None and number < question.min:
        return _with(everywhere("please_more"), question.min)
    if question.max is not None and number > question.max:
        return _with(everywhere("please_less"), question.max)
    return None


def _with(texts: Mapping[str, str], limit: float) -> dict[str, str]:
    return {language: text.format(limit=f"{limit:g}") for language, text in texts.items()}


PAGE = PageType(
    name="questionnaire",
    entry=Questionnaire,
    template="questionnaire.html",
    script="form.js",
    gaps=gaps,
    answer_keys=lambda config: frozenset(item["key"] for item in config["questions"]),
)
