"""Numbers and sentences as papers print them (APA style, 7th edition)."""

from __future__ import annotations

import math

from analysis.results import Interval, Quantity, Result

UNIT_BOUND = ("W", "r", "η²", "η²_H", "η²_p", "η²_G", "share", "δ", "α", "A12")
"""Quantities that cannot pass 1 are printed without the leading zero."""


SHOWN_NAMES = {
    "η²_p": "partial η²",
    "η²_G": "generalised η²",
    "η²_H": "η² of ranks",
    "Cohen's d_z": "Cohen's dz",
    "d": "d of the mixed model",
}
"""What sentences and tables call quantities whose names in `results.json` have a subscript."""

TEST_NAMES = {
    "friedman": "Friedman",
    "iman-davenport": "Iman–Davenport",
    "quade": "Quade",
    "page": "Page's trend",
    "durbin": "Durbin",
    "skillings-mack": "Skillings–Mack",
    "skillings-mack by participant": "Skillings–Mack by participant",
    "kruskal-wallis": "Kruskal–Wallis on pooled ratings",
    "mixed-model": "Mixed model",
    "mixed-model, kenward-roger": "Mixed model, Kenward–Roger",
    "ordinal-model": "Ordinal model",
    "bradley-terry": "Bradley–Terry",
}


def test_name(result: Result) -> str:
    """What a sentence calls the test."""
    return TEST_NAMES.get(result.name, result.name.replace("rm anova", "Repeated-measures ANOVA"))


def shown_name(name: str) -> str:
    """What a sentence or a table calls a quantity."""
    return SHOWN_NAMES.get(name, name)


def p_text(pvalue: float) -> str:
    """As "p = .034", "p < .001" or "p > .999"; "p not available" for NaN."""
    if math.isnan(pvalue):
        return "p not available"
    cell = p_cell(pvalue)
    return f"p {cell}" if cell[0] in "<>" else f"p = {cell}"


def p_cell(pvalue: float | None) -> str:
    """The same for a table: ".034", "< .001", "> .999", "–"."""
    if pvalue is None or math.isnan(pvalue):
        return "–"
    if pvalue < 0.001:
        return "< .001"
    return "> .999" if pvalue >= 0.9995 else bare(pvalue, 3)


def bare(value: float, digits: int = 2) -> str:
    """A number that cannot pass 1, without its leading zero: ".91", "−.30", "1.00"."""
    text = number(value, digits)
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def number(value: float, digits: int = 2) -> str:
    """A number with a real minus sign; infinite and missing ones as signs."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def points(value: float, scale: tuple[float, float]) -> str:
    """A score or a difference of scores, with as many digits as the scale deserves."""
    return number(value, score_digits(scale))


def score_digits(scale: tuple[float, float]) -> int:
    """1 on a scale of 100 points, 2 on a scale of 5, 3 on a scale of 1."""
    width = scale[1] - scale[0]
    return 1 if width > 20 else 2 if width > 2 else 3


def interval_text(interval: Interval | None, digits: int = 2, *, unit_bound: bool = False) -> str:
    """As "95% CI [.86, .96]"; empty where there is none."""
    if interval is None:
        return ""
    return f"{100 * interval.level:g}% CI {limits_text(interval, digits, unit_bound=unit_bound)}"


def limits_text(interval: Interval | None, digits: int = 2, *, unit_bound: bool = False) -> str:
    """The limits alone, for a table whose caption says what they are: "[.86, .96]"."""
    if interval is None:
        return ""
    show = bare if unit_bound else number
    return f"[{show(interval.low, digits)}, {show(interval.high, digits)}]"


def quantity_text(quantity: Quantity | None, digits: int = 2) -> str:
    """As "Kendall's W = .91, 95% CI [.86, .96]"."""
    return (
        "" if quantity is None else f"{shown_name(quantity.name)} = {amount_text(quantity, digits)}"
    )


def amount_text(quantity: Quantity, digits: int = 2) -> str:
    """The same without its name: ".91, 95% CI [.86, .96]"."""
    bound = is_bound(quantity.name)
    value = (bare if bound else number)(quantity.value, digits)
    interval = interval_text(quantity.interval, digits, unit_bound=bound)
    return value + (f", {interval}" if interval else "")


def counted(count: int, word: str) -> str:
    """As "1 participant", "12 participants"."""
    return f"{count} {word}{'s' * (count != 1)}"


def amount_cell(quantity: Quantity | None, digits: int = 2) -> str:
    """A quantity in a table: ".91 [.86, .96]"; "–" where there is none."""
    if quantity is None:
        return "–"
    bound = is_bound(quantity.name)
    value = (bare if bound else number)(quantity.value, digits)
    return f"{value} {limits_text(quantity.interval, digits, unit_bound=bound)}".strip()


def is_bound(name: str) -> bool:
    """Whether a quantity of this name cannot pass 1."""
    return name.startswith("ICC") or any(word in UNIT_BOUND for word in name.split())


def result_text(result: Result) -> str:
    """A test as in a results section: "χ²(4, N = 20) = 73.16, p < .001, Kendall's W = .91, …"."""
    df = ", ".join(number(value, 0 if float(value).is_integer() else 2) for value in result.df)
    if result.statistic.name in ("χ²", "H"):
        df = f"{df}, N = {result.n}"
    inside = f"({df})" if df else ""
    parts = [f"{result.statistic.name}{inside} = {number(result.statistic.value)}"]
    parts.append(p_text(result.pvalue_final))
    if result.effect is not None:
        parts.append(quantity_text(result.effect))
    return ", ".join(parts)
