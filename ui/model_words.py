"""What a listed model is, in words."""

from __future__ import annotations

import os
from pathlib import Path

from engine.checkpoints import NAMES, Checkpoint
from ui.apply import DOT
from ui.language import marked, told, tr
from ui.models import UNUSED, Entry

PREDICTIONS = {
    "eps": marked("the noise (epsilon)"),
    "v": marked("the velocity (v)"),
    "x0": marked("the picture (x0)"),
    "flow": marked("the flow"),
}
TASKS = {
    "inpainting": marked("filling parts of a picture"),
    "instructions": marked("instructions"),
    "depth": marked("pictures with a map of depth"),
    "upscaling": marked("upscaling"),
    "something else": marked("something else"),
}
SHOWN = {"sd1": marked("Stable Diffusion 1 and 2"), UNUSED: marked("Nothing")}  # by preview decoders


def in_short(entry: Entry) -> list[str]:
    """For a line of the list."""
    checkpoint = entry.checkpoint
    if entry.path is None:
        return [tr("comes with Driftpaint")]
    if checkpoint is None or entry.refusal:
        return [refusal_of(entry)]
    words = [_family(checkpoint)]
    words += [tr("few steps")] if checkpoint.fast else []
    words += [tr(TASKS.get(checkpoint.task, checkpoint.task))] if checkpoint.task else []
    return [each for each in (*words, size(checkpoint.bytes)) if each]


def decoder_in_short(entry: Entry, shown: str) -> list[str]:
    """The same of a preview decoder, by the family whose pictures it shows."""
    told = tr("say what it shows") if not shown else tr("not used") if shown == UNUSED else shown_words(shown)
    return [told, size(entry.checkpoint.bytes if entry.checkpoint is not None else 0)]


def shown_words(family: str) -> str:
    """What a preview decoder shows."""
    return tr(SHOWN.get(family) or NAMES[family])


def refusal_of(entry: Entry) -> str:
    """Why it cannot be used, without its folder, which stands beside it."""
    return told(entry.refusal.replace(str(entry.path), entry.path.name) if entry.path else entry.refusal)


def facts_of(entry: Entry) -> dict[str, str]:
    checkpoint = entry.checkpoint
    if entry.path is None:
        return {
            "Kind": tr("The model that comes with Driftpaint"),
            "Made for": tr("landscapes, in few seconds"),
        }
    place = place_words(entry.path)
    if checkpoint is None:
        return {"Place": place}
    kinds = {
        "model": "",
        "lora": tr("LoRA"),
        "textual inversion": tr("Textual inversion: its name becomes a word"),
        "small autoencoder": tr("Preview decoder"),
    }
    is_decoder = checkpoint.kind == "small autoencoder"
    kind = kinds.get(checkpoint.kind, tr(checkpoint.kind))
    family = "" if is_decoder else _family(checkpoint)
    family = family[:1].upper() + family[1:]
    purposes = [tr(TASKS.get(checkpoint.task, checkpoint.task))] if checkpoint.task else []
    few = tr("few steps, without guidance") if checkpoint.guidance == 1 else tr("few steps")
    purposes += [few] if checkpoint.fast else []
    purposes += [tr("finer previews while a picture forms; results stay the same")] if is_decoder else []
    predicts = tr(PREDICTIONS[checkpoint.prediction]) if checkpoint.prediction else ""
    if predicts and not checkpoint.sure:
        predicts = tr("{what}, as far as the file tells").format(what=predicts)
    numbers = tr("{count} million numbers").format(count=f"{max(checkpoint.parameters / 1e6, 0.1):,.1f}")
    return {
        "Kind": f" {DOT} ".join(each for each in (kind, family) if each),
        "Made for": ", ".join(purposes),
        "Predicts": predicts,
        "Precision": checkpoint.precision,
        "Size": f"{size(checkpoint.bytes)} {DOT} {numbers}" if checkpoint.bytes else "",
        "Place": place,
    }


def place_words(path: Path) -> str:
    """As it is written where a user is at home."""
    home = Path.home()
    is_short = os.name == "posix" and path.is_relative_to(home)
    return str("~" / path.relative_to(home)) if is_short else str(path)


def _family(checkpoint: Checkpoint) -> str:
    return tr(NAMES[checkpoint.family]) if checkpoint.family else ""


def size(count: int) -> str:
    """Of bytes, in plain words."""
    if not count:
        return ""
    if count < 1e6:
        return tr("{size} kB").format(size=max(1, round(count / 1e3)))
    if count < 1e9:
        return tr("{size} MB").format(size=round(count / 1e6))
    return tr("{size} GB").format(size=f"{count / 1e9:.1f}")
