"""Studies of FLAC: half the bytes, one length a page, the same samples in the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext

from listening.flac import parse
from listening.study_file import StudyFileError
from stimuli.manifest import read_manifest, write_manifest
from tests.driving import begin, ready
from tests.listening.test_blindness import page_data, page_texts

RATE_HZ = 44_100
DECODED = """async (url) => {
  const bytes = await (await fetch(url)).arrayBuffer();
  const context = new OfflineAudioContext(2, 1, 44100);
  const sound = await context.decodeAudioData(bytes);
  return [0, 1].map((c) => Array.from(sound.getChannelData(c).subarray(0, 400)));
}"""


@pytest.fixture(params=["PCM_16", "PCM_24"])
def flac_folder(stimuli_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The usual stimuli as FLAC with tags, each compressible to another degree."""
    folder = tmp_path / "flac"
    found = read_manifest(stimuli_folder)
    stimuli = []
    for number, stimulus in enumerate(found.stimuli):
        samples, _ = soundfile.read(stimuli_folder / stimulus.path)
        path = folder / stimulus.path.replace(".wav", ".flac")
        path.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, request.param) as file:
            file.title = f"{stimulus.system} " * (1 + number)
            file.write(samples / 2**number)
        stimuli.append(replace(stimulus, path=str(path.relative_to(folder))))
    write_manifest(replace(found, stimuli=tuple(stimuli)), folder)
    return folder


def test_files_of_a_page_have_one_length_and_no_tags(
    client: FlaskClient, add_study: Callable[..., str], flac_folder: Path
) -> None:
    add_study(manifest=str(flac_folder), pages=["ratings"])
    page = page_data(page_texts(client, 1)[0])
    answers = [client.get(sound["url"]) for sound in (*page["stimuli"], page["reference"])]
    assert {answer.content_type for answer in answers} == {"audio/flac"}
    assert len({tuple(answer.headers) for answer in answers}) == 1
    assert len({len(answer.data) for answer in answers}) == 1
    for answer in answers:
        assert not any(word in answer.data for word in (b"target", b"mono", b"random", b"anchor"))
    heard = {soundfile.read(BytesIO(answer.data), dtype="int32")[0].tobytes() for answer in answers}
    kept = [
        soundfile.read(flac_folder / one.path, dtype="int32")[0].tobytes()
        for one in read_manifest(flac_folder).stimuli
    ]
    assert heard <= set(kept)
    assert len(heard) == len(answers)


def test_what_abx_compares_is_sent_as_wav(
    client: FlaskClient, add_study: Callable[..., str], flac_folder: Path
) -> None:
    """Its X is made anew, and no padding could be known to fit."""
    add_study(manifest=str(flac_folder), interface="abx", pages=["ratings"])
    urls = set(re.findall(r"/media/[\w-]{22}", json.dumps(page_data(page_texts(client, 1)[0]))))
    assert len(urls) >= 3
    answers = [client.get(url) for url in urls]
    assert {answer.content_type for answer in answers} == {"audio/wav"}
    assert len({len(answer.data) for answer in answers}) == 1


def test_decoded_samples_are_those_of_the_file(flac_folder: Path) -> None:
    path = flac_folder / read_manifest(flac_folder).stimuli[0].path
    sound = parse(path.read_bytes())
    wave, _ = soundfile.read(BytesIO(sound.decoded().to_bytes()), dtype="int32")
    np.testing.assert_array_equal(wave, soundfile.read(path, dtype="int32")[0])
    assert sound.decoded().bits == sound.bits


@pytest.mark.parametrize("length", [3, 20, 60, -40])
def test_damaged_files_are_named(
    add_study: Callable[..., str], flac_folder: Path, length: int
) -> None:
    path = flac_folder / read_manifest(flac_folder).stimuli[0].path
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises((ValueError, StudyFileError), match=path.name):
        add_study(manifest=str(flac_folder))


def test_the_open_reference_cannot_be_found_by_its_samples(
    add_study: Callable[..., str], flac_folder: Path
) -> None:
    found = {one.system: flac_folder / one.path for one in read_manifest(flac_folder).stimuli}
    samples, _ = soundfile.read(found["target_open"], dtype="int32")
    soundfile.write(
        found["target"], samples, RATE_HZ, subtype=soundfile.info(found["target_open"]).subtype,
        compression_level=0.0,
    )  # fmt: skip
    with pytest.raises(ValueError, match="is the open reference to the byte"):
        add_study(manifest=str(flac_folder))


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_plays_the_same_samples(
    add_study: Callable[..., str], flac_folder: Path, context: BrowserContext, address: str
) -> None:
    add_study(manifest=str(flac_folder), pages=["ratings"])
    page = begin(context.new_page(), address)
    ready(page)
    page.get_by_role("button", name="Play Mix A").click()
    url = page_data(page.content())["stimuli"][0]["url"]
    heard = np.array(page.evaluate(DECODED, url)).T
    kept = [
        soundfile.read(flac_folder / one.path)[0][:400]
        for one in read_manifest(flac_folder).stimuli
    ]
    # Less than half a step of 16 bits; Chromium takes 32767 for full scale.
    assert min(float(np.abs(heard - samples).max()) for samples in kept) < 2**-16
