"""The console as a torch module: normalised parameters in, a mix or settings out.

    console = DifferentiableConsole(44_100, strip=("gain", "eq", "compressor", "pan", "send"),
                                    bus=("reverb",))
    strips = torch.sigmoid(raw)                  # (batch, tracks, console.strip_size), 0..1
    bus = torch.sigmoid(raw_bus)                 # (batch, console.bus_size), 0..1
    mix = console(tracks, strips, bus)           # (batch, 2, frames), differentiable in all three
    settings = console.settings(names, strips[0], bus[0])   # what mixers.console.render takes
    strips, bus = console.parameters_of(settings)            # and back, for one song

`tracks` are `(batch, tracks, channels, frames)`. Where a song has stereo tracks, give its mono
tracks twice as two equal channels: it comes to the same. Silent tracks add nothing, so songs of
unequal numbers of tracks are padded with them. Parts are chosen per console and keep the order of
`mixers.controls.STRIP` and `BUS`; a part that is left out does nothing. `console.units(strips)`
names every value in its unit, for explanations and for losses on parameters.

Polarity is what its sign says; its gradient is that of the value before rounding. Which track a
compressor follows is no number but a place: `console.keys_of(settings)` and the argument `keys`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import torch
from torch import Tensor, nn

from mixers import functional
from mixers.controls import BUS, STRIP, BusPart, Control, StripPart
from mixers.conversion import (
    BUTTERWORTH_Q,
    DOING_NOTHING,
    EQ,
    bus_settings,
    bus_values,
    strip_settings,
    strip_values,
)
from mixers.settings import EqKind, PanLaw, Settings

Values = Mapping[str, Tensor]


class DifferentiableConsole(nn.Module):
    """A console with a fixed choice of parts, over any number of tracks.

    Attributes:
        sample_rate_hz: of all sounds.
        strip, bus: the parts that are there, in signal order.
        strip_controls, bus_controls: what each parameter stands for, in order.
        pan_law: for all tracks.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        strip: Sequence[StripPart] = ("gain", "pan"),
        bus: Sequence[BusPart] = (),
        pan_law: PanLaw = "constant_power",
    ) -> None:
        super().__init__()
        _check_parts(strip, get_args(StripPart), "strip")
        _check_parts(bus, get_args(BusPart), "bus")
        if "send" in strip and "reverb" not in bus:
            raise ValueError("the strips have a send, but the bus has no reverb")
        self.sample_rate_hz = sample_rate_hz
        self.strip = tuple(part for part in STRIP if part in strip)
        self.bus = tuple(part for part in BUS if part in bus)
        self.strip_controls = tuple(c for part in self.strip for c in STRIP[part])
        self.bus_controls = tuple(c for part in self.bus for c in BUS[part])
        self.pan_law = pan_law

    @property
    def strip_size(self) -> int:
        """Parameters per track."""
        return len(self.strip_controls)

    @property
    def bus_size(self) -> int:
        """Parameters of the bus."""
        return len(self.bus_controls)

    def units(self, strips: Tensor) -> dict[str, Tensor]:
        """Parameters of strips, `(..., strip_size)`, by name and in their units, `(...)`."""
        return _units(self.strip_controls, strips)

    def bus_units(self, bus: Tensor) -> dict[str, Tensor]:
        """Parameters of the bus, `(..., bus_size)`, by name and in their units, `(...)`."""
        return _units(self.bus_controls, bus)

    def forward(
        self, tracks: Tensor, strips: Tensor, bus: Tensor | None = None, keys: Tensor | None = None
    ) -> Tensor:
        """Mix.

        Args:
            tracks: `(batch, tracks, channels, frames)`.
            strips: `(batch, tracks, strip_size)`, 0..1.
            bus: `(batch, bus_size)`, 0..1; None where the bus has no parts.
            keys: `(batch, tracks)`, the place of the track that each compressor follows after
                that track's EQ; None has each follow its own.

        Returns:
            The mix, `(batch, 2, frames)`.

        Raises:
            ValueError: there are more or fewer parameters than the console has.
        """
        values = self.units(strips)
        panned = self._strips(tracks, values, keys)
        mix = panned.sum(dim=-3)
        on_bus = self.bus_units(strips.new_zeros(len(strips), 0) if bus is None else bus)
        if "send" in self.strip:
            sent = functional.gain(panned, values["send_db"]).sum(dim=-3)
            mix = mix + functional.reverberate(sent, self._room(on_bus))
        if "fader" in self.bus:
            mix = functional.gain(mix, on_bus["fader_db"])
        if "limiter" in self.bus:
            mix = functional.limit(mix, on_bus["ceiling_dbtp"], self.sample_rate_hz)
        return mix

    def settings(
        self,
        names: Sequence[str],
        strips: Tensor,
        bus: Tensor | None = None,
        keys: Tensor | None = None,
    ) -> Settings:
        """What one song's parameters say, as settings.

        Args:
            names: of the tracks.
            strips: `(tracks, strip_size)`, 0..1.
            bus: `(bus_size,)`, 0..1; None where the bus has no parts.
            keys: `(tracks,)`, as in `forward`.
        """
        places = range(len(names)) if keys is None else keys.tolist()
        sidechains = [names[key] if key != n else None for n, key in enumerate(places)]
        on_bus: dict[str, float] = {}
        if bus is not None:
            on_bus = _settings_values(self.bus_controls, bus[None])[0]
        rows = _settings_values(self.strip_controls, strips)
        return Settings(
            tracks=tuple(
                strip_settings(*strip) for strip in zip(names, rows, sidechains, strict=True)
            ),
            bus=bus_settings(on_bus),
            pan_law=self.pan_law,
        )

    def parameters_of(self, settings: Settings) -> tuple[Tensor, Tensor]:
        """The parameters that come nearest to settings.

        What settings leave out is set to where it does least: no gain, ratio 1, a high-pass at
        10 Hz, send and wet at -96 dB, a limiter at 0 dBTP. Peaks take the slots in their order.
        Side chains are not among the parameters: see `keys_of`.

        Returns:
            `(tracks, strip_size)` and `(bus_size,)`, 0..1, float32.

        Raises:
            ValueError: this console has not the parts, filters or range that they need.
        """
        if settings.pan_law != self.pan_law:
            raise ValueError(f"the settings pan by {settings.pan_law}, the console {self.pan_law}")
        strips = [
            _normalised(self.strip_controls, strip_values(strip), f"track {strip.track!r}")
            for strip in settings.tracks
        ]
        bus = _normalised(self.bus_controls, bus_values(settings.bus), "bus")
        return torch.tensor(strips), torch.tensor(bus)

    @staticmethod
    def keys_of(settings: Settings) -> Tensor:
        """The place of the track that each compressor follows, `(tracks,)`."""
        places = {strip.track: n for n, strip in enumerate(settings.tracks)}
        followed = [
            (strip.compressor and strip.compressor.sidechain) or strip.track
            for strip in settings.tracks
        ]
        return torch.tensor([places[name] for name in followed])

    def _strips(self, tracks: Tensor, values: Values, keys: Tensor | None) -> Tensor:
        """Every track after its strip, `(batch, tracks, 2, frames)`."""
        sound, rate_hz = tracks, self.sample_rate_hz
        if "gain" in self.strip:
            sound = functional.gain(sound, values["gain_db"])
        if "polarity" in self.strip:
            sound = functional.polarity(sound, _sign(values["polarity"]))
        if "high_pass" in self.strip or "eq" in self.strip:
            sound = functional.equalise(sound, self._sections(values))
        if "compressor" in self.strip:
            sound = functional.compress(
                sound,
                values["threshold_db"],
                values["ratio"],
                values["attack_ms"],
                values["release_ms"],
                values["knee_db"],
                values["makeup_db"],
                rate_hz,
                None if keys is None else _picked(sound, keys),
            )
        if "reverb" in self.strip:
            sound = sound + functional.reverberate(sound, self._room(values))
        pan = values["pan"] if "pan" in self.strip else torch.zeros_like(tracks[..., 0, 0])
        return functional.pan(sound, pan, self.pan_law)

    def _sections(self, values: Values) -> Tensor:
        bands = []
        if "high_pass" in self.strip:
            frequency_hz = values["high_pass_frequency_hz"]
            bands.append(self._section("high_pass", frequency_hz, torch.zeros_like(frequency_hz)))
        if "eq" in self.strip:
            bands += [
                self._section(
                    kind,
                    values[f"{name}_frequency_hz"],
                    values[f"{name}_gain_db"],
                    values.get(f"{name}_q"),
                )
                for name, kind in EQ
            ]
        return torch.stack(bands, dim=-2)

    def _section(
        self, kind: EqKind, frequency_hz: Tensor, gain_db: Tensor, q: Tensor | None = None
    ) -> Tensor:
        q = torch.full_like(gain_db, BUTTERWORTH_Q) if q is None else q
        return functional.section(kind, frequency_hz, gain_db, q, self.sample_rate_hz)

    def _room(self, values: Values) -> Tensor:
        return functional.room(
            values["reverb_decay_s"],
            values["reverb_predelay_ms"],
            values["reverb_brightness"],
            values["reverb_wet_db"],
            self.sample_rate_hz,
        )


def _check_parts(parts: Sequence[str], allowed: tuple[str, ...], where: str) -> None:
    unknown = [part for part in parts if part not in allowed]
    if unknown:
        raise ValueError(f"{where} has no part {', '.join(unknown)}; there are {allowed}")


def _units(controls: tuple[Control, ...], normalised: Tensor) -> dict[str, Tensor]:
    if normalised.shape[-1] != len(controls):
        raise ValueError(
            f"{normalised.shape[-1]} parameters, the console has {len(controls)}: "
            f"{', '.join(control.name for control in controls)}"
        )
    columns = normalised.unbind(-1)
    return {c.name: c.to_unit(column) for c, column in zip(controls, columns, strict=True)}


def _picked(sound: Tensor, keys: Tensor) -> Tensor:
    """The tracks at the places that keys, `(batch, tracks)`, name."""
    songs = torch.arange(len(sound), device=sound.device)[:, None]
    return sound[songs, keys.to(sound.device)]


def _sign(value: Tensor) -> Tensor:
    """1 or -1, with the gradient of the value (straight through)."""
    sign = torch.where(value < 0, -1.0, 1.0).to(value)
    return value + (sign - value).detach()


def _settings_values(controls: tuple[Control, ...], normalised: Tensor) -> list[dict[str, float]]:
    """Rows of parameters, `(rows, size)`, in their units; rounding does not leave the ranges."""
    columns = {
        control.name: control.to_unit(column).clamp(control.low, control.high).tolist()
        for control, column in zip(controls, normalised.detach().double().unbind(-1), strict=True)
    }
    return [{k: v[i] for k, v in columns.items()} for i in range(len(normalised))]


def _normalised(
    controls: tuple[Control, ...], values: Mapping[str, float], where: str
) -> list[float]:
    known = {control.name for control in controls}
    missing = [k for k, v in values.items() if k not in known and DOING_NOTHING.get(k) != v]
    if missing:
        raise ValueError(f"{where}: the console has no {', '.join(missing)}")
    try:
        return [c.to_normalised(values.get(c.name, c.neutral)) for c in controls]
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
