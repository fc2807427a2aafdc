"""Draw what stands in for rockpaperscissors.zip: fists, flat hands and two fingers before a green screen, 300x200."""

import zipfile
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("paper", "rock", "scissors")
_SKIN = (205, 160, 125)


def write(path: Path, each: int) -> None:
    """Write a zip with ``each`` pictures of every class below ``rockpaperscissors/``."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as zipped:
        for label in CLASSES:
            for number in range(each):
                image = cv2.cvtColor(picture(label, rng), cv2.COLOR_RGB2BGR)
                data = cv2.imencode(".png", image)[1].tobytes()
                zipped.writestr(f"rockpaperscissors/{label}/{number:04d}.png", data)


def picture(label: str, rng: np.random.Generator) -> np.ndarray:
    """Return one picture, (200, 300, 3) uint8 RGB: a palm on an arm, with the fingers of its class."""
    canvas = np.full((200, 300, 3), (40, 160, 70), np.uint8)
    skin = tuple(int(value) for value in np.array(_SKIN) + rng.integers(-30, 31))
    palm = np.array([rng.integers(110, 170), rng.integers(80, 120)])
    size = int(rng.integers(28, 38))
    cv2.line(canvas, (0, int(palm[1])), tuple(map(int, palm)), skin, size)
    cv2.circle(canvas, tuple(map(int, palm)), size, skin, -1)
    spread = {"rock": (), "scissors": (-0.35, 0.35), "paper": (-0.7, -0.35, 0.0, 0.35, 0.7)}[label]
    for angle in np.array(spread) + rng.uniform(-0.15, 0.15):
        tip = palm + (size + rng.integers(45, 70)) * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(canvas, tuple(map(int, palm)), tuple(map(int, tip)), skin, 14, cv2.LINE_AA)
    noise = rng.normal(0, 6, canvas.shape)
    return np.asarray((canvas + noise).clip(0, 255).astype(np.uint8))
