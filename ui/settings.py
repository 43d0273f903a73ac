"""What the editor remembers from one day to the next: one frozen value, kept as TOML."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

import tomlkit
from platformdirs import user_config_path
from tomlkit.exceptions import TOMLKitError

from engine.types import Form
from ui.language import LANGUAGES
from ui.theme import THEMES

log = logging.getLogger(__name__)
FORMS: tuple[str, ...] = get_args(Form)
PAGES = ("General", "Tools", "Engine", "Files", "Memory")  # of the preferences


def _setting(
    default: Any,
    label: str,
    help_text: str = "",
    span: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
    page: str = "",
    unit: str = "",
) -> Any:
    """`page` is that of the preferences; what has none is set where it is used, and only remembered."""
    about = {"label": label, "help": help_text, "range": span, "choices": choices, "page": page, "unit": unit}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Settings:
    """Each field says its label, its help, what it may be and where the preferences show it."""

    theme: str = _setting(
        "dark", "Theme", "Dark greys let colours be judged best", choices=THEMES, page="General"
    )
    language: str = _setting(
        "system", "Language", "When the program starts again", choices=LANGUAGES, page="General"
    )
    text_size: int = _setting(100, "Size of the text", "", (80, 160), page="General", unit=" %")
    interface_scale: int = _setting(
        100, "Size of everything", "When the program starts again", (75, 300), page="General", unit=" %"
    )
    reduced_motion: bool = _setting(
        False,
        "Less motion",
        "Nothing moves by itself: outlines and text cursors stand still, menus open at once",
        page="General",
    )
    start_page: bool = _setting(True, "Start page", "Shown when the program starts", page="General")
    tour_seen: bool = _setting(False, "The tour was seen")
    strength: int = _setting(
        50, "Strength", "How far the result may leave what was painted", (1, 100), page="Engine", unit=" %"
    )
    fill_strength: int = _setting(100, "Strength of filling", "", (1, 100))
    translate_strength: int = _setting(70, "Strength of translating", "", (1, 100))
    steps: int = _setting(25, "Steps", "Network calls for one variant", (1, 200), page="Engine")
    prompt: str = _setting("", "Words", "What the picture shall show, of the words that a model knows")
    negative_words: str = _setting("", "Words that lead away")
    free_prompt: str = _setting("", "Prompt", "For models that take any words")
    negative_prompt: str = _setting("", "Negative prompt")
    prompts: tuple[str, ...] = _setting((), "Words that were used last")
    model: str = _setting("starter", "Model", "A name of the engine, or a path")
    models: tuple[str, ...] = _setting((), "Files and folders of the user's models")
    model_folders: tuple[str, ...] = _setting((), "Folders of models that are watched")
    hidden_models: tuple[str, ...] = _setting((), "What is not listed of those")
    preview_decoders: tuple[str, ...] = _setting((), "What the user lets preview decoders show: family, path")
    model_options: str = _setting("{}", "Steps and guidance of each kind of model")
    loras: str = _setting("{}", "LoRAs in use, and their weights")
    variants: int = _setting(1, "Variants", "How many results to choose from", (1, 8), page="Engine")
    seed: int = _setting(0, "Seed", "The same seed gives the same result", (0, 2**31 - 1))
    seed_locked: bool = _setting(False, "Keep the seed", "Otherwise each run takes a new one")
    area: str = _setting("auto", "Area", "What may change", choices=("auto", "strokes", "whole"))
    grow: int = _setting(
        8, "Edge grow", "Pixels round the strokes that may change too", (0, 128), page="Engine", unit=" px"
    )
    feather: int = _setting(
        16, "Edge feather", "Pixels over which the change fades out", (0, 128), page="Engine", unit=" px"
    )
    drag_form: str = _setting("auto", "Form of drags", choices=FORMS, page="Engine")
    drag_strength: int = _setting(
        60, "Strength of drags", "How freely ground is invented", (1, 100), page="Engine", unit=" %"
    )
    drag_steps: int = _setting(
        10, "Steps of drags", "Steps from full strength to none", (2, 200), page="Engine"
    )
    handle_radius: int = _setting(
        32, "Radius of a handle", "Canvas pixels", (2, 2000), page="Tools", unit=" px"
    )
    tool_options: str = _setting("{}", "Options of the tools")
    selection_grow: int = _setting(8, "Selections grow by", "Canvas pixels", (1, 200))
    selection_feather: int = _setting(16, "Selections are feathered by", "Canvas pixels", (1, 200))
    selection_border: int = _setting(8, "Width of a selected border", "Canvas pixels", (1, 200))
    selection_tolerance: int = _setting(48, "Tolerance of a colour range", "", (1, 255))
    settle_strength: int = _setting(35, "Strength of settling", "How freely a layer is made again", (1, 100))
    settle_match: int = _setting(20, "Settling matches colours", "Per cent of the way", (0, 100))
    settle_keep: int = _setting(100, "Settling keeps the inside", "Per cent", (0, 100))
    settle_variants: int = _setting(3, "Variants of settling", "How many results to choose from", (1, 8))
    settle_grow: int = _setting(8, "Rim of settling", "Pixels round the layer that may change too", (0, 128))
    settle_feather: int = _setting(16, "Soft rim of settling", "Pixels over which it fades out", (0, 128))
    history_budget: int = _setting(
        1024,
        "Memory for undo",
        "Beside the picture itself; when it is full the oldest steps go",
        (64, 65536),
        page="Memory",
        unit=" MB",
    )
    idle_minutes: int = _setting(
        20,
        "Models are put away after",
        "When nobody has used them for so long; the next edit gets its own ready again",
        (1, 1440),
        page="Memory",
        unit=" min",
    )
    isolate_engine: bool = _setting(
        False,
        "Engine in a process of its own",
        "A crash of a driver, or for want of memory, leaves the picture standing; costs a little memory",
        page="Engine",
    )
    engine_pack: str = _setting("", "Engine pack", "Its kind, if one is used")
    pack_was_offered: bool = _setting(False, "An engine pack was offered")
    foreground: str = _setting("#70a0d2", "Foreground colour")
    background: str = _setting("#ffffff", "Background colour")
    recent_colours: tuple[str, ...] = _setting((), "Recent colours")
    recent_files: tuple[str, ...] = _setting((), "Recent files")
    export_kind: str = _setting(
        ".png", "Kind of exported pictures", choices=(".png", ".jpg", ".webp", ".tif", ".psd")
    )
    export_quality: int = _setting(92, "Quality of exported pictures", "Of JPEG and WebP", (1, 100))
    folder: str = _setting("", "Folder that was used last")
    new_width: int = _setting(512, "Width of a new picture", "", (1, 8192), page="Files", unit=" px")
    new_height: int = _setting(512, "Height of a new picture", "", (1, 8192), page="Files", unit=" px")
    recent_commands: tuple[str, ...] = _setting((), "Commands that were searched for last")
    panels: bool = _setting(True, "Show the panels")
    show_areas: bool = _setting(False, "Show areas always")
    results: bool = _setting(True, "Show the strip of results")
    folds: tuple[str, ...] = _setting((), "Panels that were folded or opened by hand")
    column_width: int = _setting(320, "Width of the panels", "", (0, 8192))
    layers_height: int = _setting(0, "Height of the layers", "0: as it comes", (0, 8192))
    geometry: str = _setting("", "Place and size of the window")


def settings_file() -> Path:
    return user_config_path("driftpaint", appauthor=False) / "settings.toml"


def load_settings(file: Path) -> Settings:
    """Read the file; what it lacks or has wrong takes its default, with one line in the log."""
    known: dict[str, Any] = {}
    bad = []
    for name, value in read_toml(file, "settings").unwrap().items():
        if name not in _ABOUT:
            continue  # another version's
        if _fits(_ABOUT[name], value):
            known[name] = tuple(value) if isinstance(value, list) else value
        else:
            bad.append(name)
    if bad:
        log.warning("Settings that make no sense were set back to their defaults: %s", ", ".join(bad))
    return Settings(**known)


def save_settings(file: Path, settings: Settings) -> None:
    """Write the file at one stroke, keeping comments and the keys of other versions. Raises OSError."""
    document = read_toml(file, "settings")
    for each in fields(settings):
        value = getattr(settings, each.name)
        document[each.name] = list(value) if isinstance(value, tuple) else value
    write_toml(file, document)


def read_toml(file: Path, what: str) -> tomlkit.TOMLDocument:
    """What the file says; nothing if there is none, or if it cannot be read, with a line in the log."""
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        log.warning("The %s in %s cannot be read, so the defaults are used: %s", what, file, error)
        return tomlkit.document()


def write_toml(file: Path, document: tomlkit.TOMLDocument) -> None:
    """Write the whole file or leave it as it was. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    number, partial = tempfile.mkstemp(prefix=file.name, dir=file.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(tomlkit.dumps(document))
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink()
        raise


_ABOUT: dict[str, Field[Any]] = {each.name: each for each in fields(Settings)}


def _fits(about: Field[Any], value: object) -> bool:
    if isinstance(about.default, tuple):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(about.default, bool) or isinstance(value, bool):
        return isinstance(about.default, bool) and isinstance(value, bool)
    if isinstance(about.default, int):
        low, high = about.metadata["range"]
        return isinstance(value, int) and low <= value <= high
    choices = about.metadata["choices"]
    return isinstance(value, str) and (not choices or value in choices)
