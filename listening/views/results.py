"""The analysis of a study inside the desk: start it, read the answer, look at the figures."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask import send_from_directory as send
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as AnyResponse

from listening.audit import note
from listening.db import database
from listening.export import attribute_scales, tidy_ratings
from listening.progress import study_totals
from listening.results import Request, read_results, results_folder, start_analysis
from listening.views.researcher import study_or_404

blueprint = Blueprint("results", __name__, url_prefix="/desk/studies/<slug>/results")

DOCUMENTS = {
    "report.html": "Report (HTML)",
    "report.pdf": "Report (PDF)",
    "paper.tex": "For a paper (LaTeX)",
    "results.json": "Every number (JSON)",
}


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def only_researchers() -> None:
    """Nobody else sees results."""


@blueprint.get("/")
def results(slug: str) -> str:
    """What was found, or that nobody has asked yet."""
    with database().read() as db:
        study = study_or_404(db, slug)
        found = read_results(_folder(slug))
        return render_template(
            "desk/results.html",
            study=study,
            simulated=_simulated(),
            results=found,
            documents=DOCUMENTS,
            ratings_now=study_totals(db, study, _simulated()).ratings,
        )


@blueprint.post("/")
def analyse(slug: str) -> AnyResponse:
    """Analyse the ratings as they are now."""
    simulated = _simulated()

    def ask() -> Request:
        with database().read() as db:
            study = study_or_404(db, slug)
            request = Request(
                rows=tidy_ratings(db, study, simulated),
                scales=attribute_scales(study),
                plan=study.definition.get("analysis", {}),
                declared_at=study.created_at.isoformat(),
            )
        with database().write() as db:
            what = f"{len(request.rows)} {'simulated ' * simulated}ratings"
            note(db, current_user.name, "analysed", slug, what)
        return request

    start_analysis(_known(slug), ask)
    return redirect(url_for(".results", slug=slug, simulated=1 if simulated else None), 303)


@blueprint.get("/figures/<name>")
def figure(slug: str, name: str) -> AnyResponse:
    """One figure."""
    return send(_known(slug) / "figures", name)


@blueprint.get("/files/<name>")
def document(slug: str, name: str) -> AnyResponse:
    """One document, to keep: its styles are its own, so no browser shows it from here."""
    marked = "-simulated" if _simulated() else ""
    return send(_known(slug), name, as_attachment=True, download_name=f"{slug}{marked}-{name}")


def _simulated() -> bool:
    return request.args.get("simulated") == "1"


def _folder(slug: str) -> Path:
    return results_folder(Path(current_app.config["INSTANCE_PATH"]), slug, _simulated())


def _known(slug: str) -> Path:
    """The folder of a study that there is; a slug of the database leads nowhere else."""
    with database().read() as db:
        return _folder(study_or_404(db, slug).slug)
