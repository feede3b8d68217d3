"""The player in a real Chromium: what fails is noticed, and what is promised to listeners holds."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from listening.wav import Wav
from stimuli.manifest import Manifest, Stimulus, write_manifest
from tests.driving import begin, data_of, leave, ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WATCH_CONTEXTS = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(options) { super(options); window.contexts.push(this); }
};
"""
WAITING = "caches.open('blindmix').then((c) => c.keys()).then((k) => k.length)"


def study(add_study: Callable[..., str], sounds: Path, **changes: object) -> None:
    add_study(
        **{
            "manifest": str(sounds),
            "interface": "multistimulus",
            "pages": ["ratings"],
            **changes,
        }
    )


def play(page: Page, label: str) -> None:
    button = page.get_by_role("button", name=f"Play Mix {label}")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("loss", ["close", "suspend"])
def test_a_lost_or_suspended_device_is_said_and_comes_back(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str, loss: str
) -> None:
    study(add_study, sounds)
    context.add_init_script(WATCH_CONTEXTS)
    page = begin(context.new_page(), address)
    ready(page)
    play(page, "A")
    page.evaluate(f"window.contexts.at(-1).{loss}()")
    expect(page.get_by_role("alert")).to_contain_text("The sound was interrupted")
    expect(page.get_by_role("button", name="Play Mix A")).to_have_attribute("aria-pressed", "false")
    play(page, "B")
    assert page.evaluate("window.contexts.at(-1).state") == "running"
    expect(page.get_by_role("alert")).to_be_hidden()


def test_the_next_page_comes_from_this_browser_and_nothing_stays_behind(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, options={"must_play_all": False, "must_rate_all": False})
    page = begin(context.new_page(), address)
    ready(page)
    for _ in range(50):
        if page.evaluate(WAITING) == 3:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(WAITING) == 3
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    leave(page)
    ready(page)
    assert data_of(page)["n"] == 2
    assert [url for url in asked if "/media/" in url] == []
    play(page, "A")
    assert page.evaluate(WAITING) == 0


def test_the_sounds_of_a_page_are_given_back_when_it_is_left(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds)
    context.add_init_script(WATCH_CONTEXTS)
    page = begin(context.new_page(), address)
    ready(page)
    play(page, "A")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(200)
    assert page.evaluate("window.contexts.map((c) => c.state)") == ["closed"]


def test_only_what_plays_can_be_rated_where_the_study_says_so(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, options={"rate_only_playing": True, "min_listened_s": 1})
    page = begin(context.new_page(), address)
    ready(page)
    sliders = {label: page.get_by_role("slider", name=f"Rating of {label}:") for label in "ABC"}
    for slider in sliders.values():
        expect(slider).to_be_disabled()
    for label, slider in sliders.items():
        play(page, label)
        expect(slider).to_be_enabled()
        slider.press("ArrowUp")
    expect(sliders["A"]).to_be_disabled()
    page.locator("#next").click()
    expect(page.get_by_role("alert")).to_contain_text("Listen for 1 seconds or more to")
    page.wait_for_timeout(1300)
    play(page, "A")
    page.wait_for_timeout(1300)
    play(page, "B")
    page.wait_for_timeout(1300)
    leave(page)


LATE = """
async () => {
  const { Player } = await import("/static/js/player.js");
  const context = new OfflineAudioContext(1, 44100, 44100);
  const sound = () => new AudioBuffer({ length: 44100, sampleRate: 44100, numberOfChannels: 1 });
  const player = new Player(context, new Map([["a", sound()], ["b", sound()]]));
  let asked = 0;
  // The clock runs on by 30 ms each time that somebody looks: three starts come too late.
  Object.defineProperty(context, "currentTime", { get: () => (asked += 1) * 0.03 });
  let late = 0;
  player.addEventListener("late", () => { late += 1; });
  player.play("a");
  return { late, lead: player.leadS, ahead: player.running.startsAt - asked * 0.03 };
}
"""
LAGS = """
async ([jumpMs, gapMs]) => {
  const { Lag } = await import("/static/js/underruns.js");
  const lag = new Lag();
  const lost = [];
  for (let wall = 0; wall < 10000; wall += 50) {
    // The clock of the context runs in jumps of a buffer, and stands still once for a while.
    const heard = wall < 5000 ? wall : wall - gapMs;
    const found = lag.add(wall, Math.floor(heard / jumpMs) * jumpMs);
    if (found) lost.push(found);
  }
  return lost;
}
"""


def test_a_start_that_comes_too_late_is_made_again_with_more_time(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.goto(address)
    found = page.evaluate(LATE)
    assert found["late"] >= 1
    assert found["lead"] > 0.03
    assert found["ahead"] >= 0


@pytest.mark.parametrize("jump_ms", [3, 20, 93])
@pytest.mark.parametrize("gap_ms", [0, 40, 250])
def test_gaps_in_the_output_are_told_from_the_jumps_of_a_buffer(
    context: BrowserContext, address: str, jump_ms: int, gap_ms: int
) -> None:
    page = context.new_page()
    page.goto(address)
    lost = page.evaluate(LAGS, [jump_ms, gap_ms])
    assert len(lost) <= 2
    assert sum(lost) == pytest.approx(gap_ms, abs=12)


READ = """
async ([url, rate]) => {
  const { readWav } = await import("/static/js/wav.js");
  const sound = await readWav(await fetch(url), rate);
  if (!sound) return null;
  const lines = Array.from({ length: sound.numberOfChannels }, (_, c) => sound.getChannelData(c));
  return lines.map((line) => [...line].map((sample) => Math.round(32768 * sample)));
}
"""


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_is_read_as_it_is_while_it_arrives(
    context: BrowserContext, address: str, channels: int
) -> None:
    # More than one piece of the file, and no whole number of them.
    samples = np.random.default_rng(1).integers(-(2**15), 2**15, (150_001, channels), np.int16)
    data = Wav(1, channels, 44_100, 16, samples.tobytes()).to_bytes()
    page = context.new_page()
    page.route("**/a-sound", lambda route: route.fulfill(body=data))
    page.goto(address)
    np.testing.assert_array_equal(page.evaluate(READ, ["/a-sound", 44_100]), samples.T)
    assert page.evaluate(READ, ["/a-sound", 48_000]) is None
    page.route("**/a-sound", lambda route: route.fulfill(body=data[:-2000]))
    with pytest.raises(Error, match="cut off"):
        page.evaluate(READ, ["/a-sound", 44_100])


@pytest.mark.parametrize(
    ("kind", "then"), [("ratings", ".sound"), ("trap", ".trial"), ("volume", ".volume")]
)
def test_sounds_that_did_not_come_can_be_asked_for_again(
    add_study: Callable[..., str],
    sounds: Path,
    context: BrowserContext,
    address: str,
    kind: str,
    then: str,
) -> None:
    study(add_study, sounds, pages=[kind])
    page = context.new_page()
    page.route("**/media/*", lambda route: route.abort())
    begin(page, address)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(then)).to_have_count(0)
    page.unroute("**/media/*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(then).first).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_sounds_of_24_bits_are_left_to_the_browser(
    add_study: Callable[..., str], tmp_path: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, stimuli_at(tmp_path / "wide", {"one": 44_100}, "PCM_24"))
    page = begin(context.new_page(), address)
    ready(page)
    url = data_of(page)["stimuli"][0]["url"]
    assert page.evaluate(READ, [url, 44_100]) is None
    play(page, "B")


def test_pages_of_different_rates_play_each_at_its_own(
    add_study: Callable[..., str], tmp_path: Path, context: BrowserContext, address: str
) -> None:
    rates = {"one": 96_000, "two": 44_100}
    folder = stimuli_at(tmp_path / "rates", rates)
    free = {"must_play_all": False, "must_rate_all": False}
    study(add_study, folder, options=free, order={"pages": "fixed"})
    context.add_init_script(WATCH_CONTEXTS)
    page = begin(context.new_page(), address)
    for rate_hz in rates.values():
        ready(page)
        assert data_of(page)["sample_rate_hz"] == rate_hz
        assert page.evaluate("window.contexts.at(-1).sampleRate") == rate_hz
        play(page, "A")
        leave(page)


def stimuli_at(folder: Path, rates_hz: dict[str, int], subtype: str = "PCM_16") -> Path:
    """A passage of two stimuli at each rate."""
    made = []
    for passage, rate_hz in rates_hz.items():
        for at, system in enumerate(("mono", "random")):
            path = folder / passage / f"{system}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, np.full((rate_hz, 2), 0.01 * (at + 1)), rate_hz, subtype=subtype)
            made.append(
                Stimulus(
                    id=f"{passage}/{system}", song=passage, passage=passage, system=system,
                    role="system", path=f"{passage}/{system}.wav",
                    sha256=sha256(path.read_bytes()).hexdigest(), sample_rate_hz=rate_hz,
                    start_s=0.0, duration_s=1.0, loudness_lufs=-23.0, gain_db=0.0,
                )
            )  # fmt: skip
    write_manifest(Manifest("rates", 1, "test", "2026-01-01T00:00:00Z", tuple(made)), folder)
    return folder


def test_a_page_without_sounds_fetches_those_of_the_next_one(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, pages=["instructions", "ratings"])
    page = begin(context.new_page(), address)
    page.get_by_role("button", name="Continue").wait_for()
    for _ in range(50):
        if page.evaluate(WAITING) == 3:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(WAITING) == 3


def test_a_letter_plays_and_leads_to_the_rating(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, options={"rate_only_playing": True})
    page = begin(context.new_page(), address)
    ready(page)
    for label in "BCA":
        page.keyboard.press(label.lower())
        slider = page.get_by_role("slider", name=f"Rating of {label}:")
        expect(slider).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(slider).to_have_attribute("aria-valuetext", "51, Fair")
    leave(page)


def test_a_grade_that_stands_at_the_end_of_the_scale_can_be_given_by_keyboard(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, interface="bs1116")
    page = begin(context.new_page(), address)
    ready(page)
    for label, key, said in (
        ("B", "End", "5.0, Imperceptible"),
        ("C", "Home", "1.0, Very annoying"),
    ):
        page.keyboard.press(label.lower())
        slider = page.get_by_role("slider", name=f"Rating of {label}:")
        expect(slider).to_be_focused()
        page.keyboard.press(key)
        expect(slider).to_have_attribute("aria-valuetext", said)
    leave(page)


@pytest.mark.parametrize(("interface", "step"), [("mushra", 10.0), ("bs1116", 1.0)])
def test_shift_steps_tenfold(
    add_study: Callable[..., str],
    sounds: Path,
    context: BrowserContext,
    address: str,
    interface: str,
    step: float,
) -> None:
    study(add_study, sounds, interface=interface)
    page = begin(context.new_page(), address)
    ready(page)
    slider = page.get_by_role("slider", name="Rating of").first

    def value() -> float:
        return float(slider.evaluate("slider => slider.value"))

    slider.press("Home")
    lowest = value()
    slider.press("Shift+ArrowUp")
    assert value() == pytest.approx(lowest + step)
    slider.press("ArrowUp")
    slider.press("Shift+ArrowDown")
    assert value() == pytest.approx(lowest + step / 10)
    expect(slider).not_to_have_class("unset")


def test_whoever_wants_less_motion_gets_less(
    add_study: Callable[..., str], sounds: Path, browser: Browser, address: str
) -> None:
    study(add_study, sounds)
    moved = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = begin(context.new_page(), address)
        ready(page)
        play(page, "A")
        moved[motion] = page.evaluate(
            """() => new Promise((done) => {
              let count = 0;
              const head = document.querySelector(".timeline-head");
              const watcher = new MutationObserver(() => { count += 1; });
              watcher.observe(head, { attributeFilter: ["style"] });
              setTimeout(() => done(count), 1500);
            })"""
        )
        context.close()
    assert 1 <= moved["reduce"] <= 3 < moved["no-preference"]


def test_a_page_in_arabic_runs_from_the_right_and_is_accessible(
    add_study: Callable[..., str], sounds: Path, browser: Browser, address: str
) -> None:
    study(add_study, sounds, languages=["en", "ar"], interface="ape")
    context = browser.new_context(locale="ar")
    page = context.new_page()
    page.goto(f"{address}/studies/test/")
    page.get_by_role("button", name="ابدأ").click()
    ready(page)
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert Axe().run(page).violations_count == 0
    page.locator("#next").click()
    expect(page.get_by_role("alert")).to_contain_text("لم يُشغَّل بعد: 1, 2, 3")
    marker = page.get_by_role("slider", name="المزيج 1")
    marker.press("End")
    expect(marker).to_have_attribute("aria-valuetext", "100، ممتاز")
    context.close()
