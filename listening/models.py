"""The tables: studies with their pages and stimuli, participants with their runs and ratings."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from listening.designs import group_of

OPEN, CLOSED = "open", "closed"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables share: types and the names of constraints."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Study(Base):
    """A study as its file said when it was created.

    Attributes:
        definition: the validated study file.
        source: the text of the study file, as written.
        keep_until: the last day on which it may keep what participants gave; None for ever.
        next_number: of the next real and the next simulated participant; numbers are never reused.
        next_rating_number: as these, of the ratings of pages that are completed.
        quota: how many participants are wanted now; None for any number.
    """

    __tablename__ = "study"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closed')", name="status"),
        CheckConstraint("quota >= 1", name="quota"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    seed: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    definition: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(Text)
    consent_version: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    keep_until: Mapped[date | None] = mapped_column(Date)
    next_number: Mapped[int] = mapped_column(default=1)
    next_simulated_number: Mapped[int] = mapped_column(default=1)
    next_rating_number: Mapped[int] = mapped_column(default=1)
    quota: Mapped[int | None]

    pages: Mapped[list[Page]] = relationship(
        back_populates="study", order_by="Page.position", cascade="all, delete-orphan"
    )
    stimuli: Mapped[list[Stimulus]] = relationship(
        back_populates="study", order_by="Stimulus.id", cascade="all, delete-orphan"
    )
    participants: Mapped[list[Participant]] = relationship(
        back_populates="study", cascade="all, delete-orphan", passive_deletes=True
    )


class Page(Base):
    """One page of a study: a passage to rate, or consent, instructions, a questionnaire, …

    Attributes:
        key: its name in exports, unique within the study.
        kind: which page type of `listening.pages` it is.
        block: pages of one block may change places among themselves.
        config: what the page type needs to know, as its entry in the study file says.
    """

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("study_id", "key"), UniqueConstraint("study_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    block: Mapped[int]
    passage: Mapped[str | None] = mapped_column(String(200))
    training: Mapped[bool]
    config: Mapped[dict[str, Any]]

    study: Mapped[Study] = relationship(back_populates="pages")


class Stimulus(Base):
    """A stimulus of a study; its sound file lies in the instance folder, named by its hash."""

    __tablename__ = "stimulus"
    __table_args__ = (
        UniqueConstraint("study_id", "key"),
        CheckConstraint("role IN ('system', 'reference', 'open_reference', 'anchor')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(300))
    song: Mapped[str] = mapped_column(String(200))
    passage: Mapped[str] = mapped_column(String(200), index=True)
    system: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    file_sha256: Mapped[str] = mapped_column(String(64))
    sample_rate_hz: Mapped[int]
    duration_s: Mapped[float]
    loudness_lufs: Mapped[float]

    study: Mapped[Study] = relationship(back_populates="stimuli")


class Participant(Base):
    """One person's run through a study, or a simulated one.

    Attributes:
        number: counts the participants of a study; the orders follow from it.
        token: the secret in the participant's address.
        join_key: whoever joins with the same key again resumes this run.
    """

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("study_id", "simulated", "number"),
        UniqueConstraint("study_id", "join_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    simulated: Mapped[bool]
    token: Mapped[str] = mapped_column(String(64), unique=True)
    join_key: Mapped[str] = mapped_column(String(200))
    completion_code: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[datetime] = mapped_column(default=now)
    consented_at: Mapped[datetime | None]
    consent_version: Mapped[str | None] = mapped_column(String(64))
    finished_at: Mapped[datetime | None]

    study: Mapped[Study] = relationship(back_populates="participants")
    visits: Mapped[list[Visit]] = relationship(
        back_populates="participant",
        order_by="Visit.n",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @property
    def label(self) -> str:
        """The pseudonym in exports: P001, or S001 when simulated."""
        return label_of(self.number, self.simulated)

    @property
    def group(self) -> str:
        """Which of the study's groups the participant is in; empty where it has none."""
        groups = self.study.definition.get("groups")
        return group_of(groups, self.study.seed, self.number)[0] if groups else ""


def label_of(number: int, simulated: bool) -> str:
    """The pseudonym of a participant in exports: P001, or S001 when simulated."""
    return f"{'S' if simulated else 'P'}{number:03d}"


class Visit(Base):
    """A page in one participant's run, in that participant's order.

    Attributes:
        n: 1 for the first page.
        revision: of the newest saved state; 0 before the first.
        body_sha256: of the newest saved state, to tell a repeated save from a conflicting one.
        saved_by: the tab that saved it.
    """

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("participant_id", "n"),
        UniqueConstraint("participant_id", "page_id"),
        CheckConstraint("n >= 1", name="n"),
        CheckConstraint("revision >= 0", name="revision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id", ondelete="CASCADE"), index=True)
    n: Mapped[int]
    revision: Mapped[int] = mapped_column(default=0)
    body_sha256: Mapped[str] = mapped_column(String(64), default="")
    saved_by: Mapped[str] = mapped_column(String(40), default="", server_default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    saved_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    participant: Mapped[Participant] = relationship(back_populates="visits")
    page: Mapped[Page] = relationship()
    presentations: Mapped[list[Presentation]] = relationship(
        back_populates="visit",
        order_by="Presentation.position",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    answers: Mapped[list[Answer]] = relationship(
        back_populates="visit",
        order_by="Answer.key",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class Presentation(Base):
    """A stimulus as one participant meets it on one page.

    Attributes:
        opaque_id: the only name that reaches the browser; random, so it says nothing.
        position: 1 for the first to be shown; 0 for the open reference, which is not rated.
    """

    __tablename__ = "presentation"
    __table_args__ = (
        UniqueConstraint("visit_id", "position"),
        UniqueConstraint("visit_id", "stimulus_id"),
        CheckConstraint("position >= 0", name="position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id", ondelete="CASCADE"))
    stimulus_id: Mapped[int] = mapped_column(
        ForeignKey("stimulus.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    opaque_id: Mapped[str] = mapped_column(String(64), unique=True)

    visit: Mapped[Visit] = relationship(back_populates="presentations")
    stimulus: Mapped[Stimulus] = relationship()
    ratings: Mapped[list[Rating]] = relationship(
        back_populates="presentation",
        order_by="Rating.attribute",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class Rating(Base):
    """One score of one attribute, 0 to 100; null where it was played and not yet rated.

    Attributes:
        number: counts the ratings of a study as their pages are completed, after which they stay
            as they are; None before, and for practice.
    """

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("presentation_id", "attribute"),
        CheckConstraint("score >= 0 AND score <= 100", name="score"),
        CheckConstraint("listened_ms >= 0", name="listened_ms"),
        CheckConstraint("plays >= 0", name="plays"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentation.id", ondelete="CASCADE"))
    attribute: Mapped[str] = mapped_column(String(80))
    score: Mapped[float | None]
    rated_at: Mapped[datetime | None]
    listened_ms: Mapped[int]
    plays: Mapped[int]
    number: Mapped[int | None]

    presentation: Mapped[Presentation] = relationship(back_populates="ratings")


class Answer(Base):
    """One answer of a form: text, as it was given."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("visit_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(Text)

    visit: Mapped[Visit] = relationship(back_populates="answers")


class Event(Base):
    """What happened in a participant's browser: a play, a switch, a loop, the audio's state."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(
        ForeignKey("participant.id", ondelete="CASCADE"), index=True
    )
    page: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=now)
    data: Mapped[dict[str, Any]]


class AuditEntry(Base):
    """Something that a researcher did; it outlives the study and the researcher."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    who: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(80))
    study: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(Text, default="")


class ApiToken(Base):
    """A program that may use the API; its secret is kept as a hash."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("role IN ('owner', 'viewer')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Researcher(Base):
    """Who may see the desk."""

    __tablename__ = "researcher"
    __table_args__ = (CheckConstraint("role IN ('owner', 'viewer')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
