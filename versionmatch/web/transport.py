"""The player: both recordings' sound and the controls that switch between them at the corresponding place."""

from __future__ import annotations

from collections.abc import Mapping

from ..types import Match
from ..units import clock
from .markup import Markup, element, join
from .plot import badge
from .sound import Sound

KEYS = (
    ("space", "play, pause"),
    ("x", "switch between A and B at the corresponding place"),
    ("← →", "five seconds back, on"),
    ("1 … 9", "play that passage"),
    ("l", "loop the passage, A and B by turns"),
)


def transport(match: Match, heard: Mapping[str, Sound], silent: Mapping[str, str]) -> Markup:
    """The bar with its controls; without any sound, a sentence instead."""
    if not heard:
        reasons = [f"{side.upper()}: {reason}" for side, reason in sorted(silent.items()) if reason]
        text = "This page carries no sound. " + " ".join(reasons)
        return element("p", text.strip(), class_="no-sound")
    missing = [
        element("p", f"{side.upper()} has no sound here: {reason}.", class_="no-sound")
        for side, reason in sorted(silent.items())
    ]
    bar = element(
        "div",
        element(
            "div",
            element(
                "button",
                element("span", "▶", aria_hidden="true", class_="face"),
                element("span", "Play", class_="word"),
                type="button",
                id="play",
                aria_pressed="false",
            ),
            _listen(heard),
            _speed(),
            element("button", "↻ Loop", type="button", id="loop", aria_pressed="false", disabled=not match.passages),
            element(
                "label",
                element("span", "Volume "),
                element("input", type="range", id="volume", min="0", max="1", step="0.05", value="1"),
                class_="volume",
            ),
            class_="controls",
        ),
        element("div", [_position(match, side) for side in sorted(heard)], class_="positions"),
        element("div", element("span", "", id="where"), element("span", "", id="status", role="status"), class_="told"),
        class_="transport scripted",
        id="transport",
        role="region",
        aria_label="Player",
    )
    return join(missing, bar, _keys())


def _listen(heard: Mapping[str, Sound]) -> Markup:
    faces = {
        "a": join(badge("a"), element("span", "Listen to A", class_="visually-hidden")),
        "b": join(badge("b"), element("span", "Listen to B", class_="visually-hidden")),
    }
    buttons = [
        element(
            "button",
            face,
            type="button",
            data_listen=side,
            aria_pressed="true" if side == min(heard) else "false",
            disabled=side not in heard,
        )
        for side, face in faces.items()
    ]
    buttons.append(
        element(
            "button",
            join(badge("a"), "+", badge("b"), element("span", "Listen to both together", class_="visually-hidden")),
            type="button",
            data_listen="both",
            aria_pressed="false",
            disabled=len(heard) < 2,
        )
    )
    return element("div", buttons, class_="group", role="group", aria_label="Listen to")


def _speed() -> Markup:
    buttons = [
        element(
            "button",
            face,
            type="button",
            data_speed=value,
            aria_pressed="true" if value == "1" else "false",
        )
        for face, value in (("½×", "0.5"), ("¾×", "0.75"), ("1×", "1"))
    ]
    return element("div", buttons, class_="group", role="group", aria_label="Speed, pitch kept")


def _position(match: Match, side: str) -> Markup:
    recording = match.query if side == "a" else match.reference
    return element(
        "div",
        badge(side),
        element(
            "input",
            type="range",
            id=f"seek-{side}",
            min="0",
            max=recording.duration_s,
            step="0.1",
            value="0",
            aria_label=f"Position in {side.upper()}",
            data_side=side,
        ),
        element(
            "output",
            element("span", "0:00", id=f"time-{side}"),
            element("span", f" / {clock(round(recording.duration_s))}", class_="quiet"),
        ),
        class_="position",
    )


def _keys() -> Markup:
    rows = [join(element("dt", element("kbd", key)), element("dd", what)) for key, what in KEYS]
    return element(
        "details",
        element("summary", "Keys"),
        element("dl", rows, class_="keys"),
        element("label", element("input", type="checkbox", id="keys-on", checked=True), " use these keys"),
        element("p", "The louder recording is played softer, so that both are heard at one level.", class_="reading"),
        class_="scripted keys-help",
    )


def sounds(heard: Mapping[str, Sound]) -> Markup:
    """The sound itself, at the end of the page so that all else is shown first."""
    return join(
        [
            element(
                "audio",
                id=f"sound-{side}",
                src=sound.uri,
                preload="auto",
                controls=True,
                aria_label=f"Sound of {side.upper()}",
            )
            for side, sound in sorted(heard.items())
        ]
    )
