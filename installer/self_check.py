"""`python3 main.py --self-check`: does this very installation work? Each part is tried for real, in a folder
of its own; nothing of the user's is read or written.
"""

from __future__ import annotations

import dis
import importlib
import json
import pkgutil
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import CodeType

import numpy as np
from numpy.typing import NDArray

STEPS = 6
COARSE = 16  # pixels: what is larger than this belongs to the strokes, what is smaller to the model
NEAR = 0.8  # correlation of an edit with its strokes, coarsely; measured 0.95
FINER = 1.5  # times the detail of the strokes; measured 3.5


class Wrong(Exception):
    """A part works, but not as it should."""


def run(ours: str) -> int:
    """A line for each part; 0 if all of them work."""
    frozen = "frozen" if getattr(sys, "frozen", False) else "from source"
    print(f"Driftpaint {ours}, {frozen}, Python {platform.python_version()}, {platform.platform()}")
    with tempfile.TemporaryDirectory(prefix="driftpaint-self-check-") as folder:
        works = [_tried(name, check, Path(folder)) for name, check in CHECKS.items()]
    print("Everything works." if all(works) else f"{works.count(False)} of {len(works)} parts do not work.")
    return 0 if all(works) else 1


def _tried(name: str, check: Callable[[Path], str], folder: Path) -> bool:
    started = time.perf_counter()
    try:
        found = check(folder)
    except Exception as error:  # noqa: BLE001  whatever it is, it is what was asked for
        print(f"WRONG  {name}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok     {name}: {found} ({time.perf_counter() - started:.1f} s)", flush=True)
    return True


def libraries(folder: Path) -> str:
    """What the engine stands on; torch comes before Qt, which on Windows it must."""
    import torch

    import engine
    import ui
    from engine.models import KINDS

    ours = set(KINDS.values())
    for package in (engine, ui):
        ours |= {module.name for module in pkgutil.iter_modules(package.__path__, package.__name__ + ".")}
    theirs = {each for name in ours for each in imports(_code(name))}
    for name in ours:
        importlib.import_module(name)
    for name, member in theirs:
        _import(name, member)
    names = ("diffusers", "transformers", "numpy", "pillow")
    others = ", ".join(f"{name} {version(name)}" for name in names)
    return f"torch {torch.__version__}, {others}, {len(ours)} modules of our own, {len(theirs)} imports"


def imports(code: CodeType) -> Iterator[tuple[str, str]]:
    """The modules that code imports and what of each, also where it imports late, but for Python's own."""
    steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    for members, step in pairwise(steps):
        if step.opname == "IMPORT_NAME" and step.argval.partition(".")[0] not in sys.stdlib_module_names:
            yield from ((step.argval, member) for member in members.argval or [""])
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from imports(inner)


def _code(module: str) -> CodeType:
    spec = find_spec(module)
    if spec is None:
        raise Wrong(f"{module} is missing")
    code: CodeType = spec.loader.get_code(module)  # type: ignore[union-attr]  # every kind of loader that we meet has it
    return code


def _import(name: str, member: str) -> None:
    module = importlib.import_module(name)
    if member and not hasattr(module, member):
        importlib.import_module(f"{name}.{member}")


def edit(folder: Path) -> str:
    """The starter model makes a bundled stroke painting real: the same layout, with detail of its own."""
    from engine import headless
    from engine.pictures import flat, open_picture

    out = folder / "picture.png"
    code = headless.main(["sdedit", str(headless.SAMPLE), "-o", str(out), "--steps", str(STEPS)])
    if code:
        raise Wrong(f"the command line ended with code {code}")
    strokes, made = (flat(open_picture(path).rgba).astype(np.float32) for path in (headless.SAMPLE, out))
    if strokes.shape != made.shape:
        raise Wrong(f"the picture has shape {made.shape}, its strokes {strokes.shape}")
    near = float(np.corrcoef(_coarse(strokes).ravel(), _coarse(made).ravel())[0, 1])
    finer = _detail(made) / _detail(strokes)
    if not (near > NEAR and finer > FINER):
        raise Wrong(f"the picture is not what the strokes ask for: likeness {near:.2f}, detail {finer:.1f}")
    return f"likeness to the strokes {near:.2f}, detail times {finer:.1f}"


def checkpoint(folder: Path) -> str:
    """A Stable Diffusion model of a user's, in small and of random weights: loaded, told words, and run."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from PIL import Image
    from transformers import CLIPTextConfig, CLIPTextModel
    from transformers.utils import logging

    from engine import headless
    from engine.pictures import open_picture

    logging.disable_progress_bar()
    strokes, model, out = folder / "strokes.png", folder / "model", folder / "random.png"
    Image.new("RGB", (96, 64), "teal").save(strokes)
    widths = (32, 64)
    UNet2DConditionModel(
        sample_size=32,
        block_out_channels=widths,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
    ).save_pretrained(model / "unet")
    AutoencoderKL(
        block_out_channels=widths,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    ).save_pretrained(model / "vae")
    words = CLIPTextConfig(hidden_size=32, intermediate_size=64, num_attention_heads=1, num_hidden_layers=1)
    CLIPTextModel(words).save_pretrained(model / "text_encoder")
    (model / "scheduler").mkdir()
    (model / "scheduler" / "scheduler_config.json").write_text("{}", encoding="utf-8")
    index = json.dumps({"_class_name": "StableDiffusionPipeline"})
    (model / "model_index.json").write_text(index, encoding="utf-8")
    asked = ["sdedit", str(strokes), "-o", str(out), "--model", str(model)]
    code = headless.main([*asked, "--prompt", "a lake", "--steps", "2"])
    if code:
        raise Wrong(f"the command line ended with code {code}")
    height, width = open_picture(out).rgba.shape[:2]
    return f"a picture of {width} x {height} pixels"


def child(folder: Path) -> str:
    """The engine starts in a process of its own, and answers."""
    from engine.child import Child, own_command

    engine = Child("cpu", own_command())
    try:
        facts = engine.facts("starter")
    finally:
        engine.close()
    return f"model {facts.name} in a process of its own"


def project(folder: Path) -> str:
    """What is saved as a project comes back, pixel by pixel."""
    from ui import openraster, openraster_writing
    from ui.document import layer_from, new_document, read

    rgba = np.random.default_rng(0).integers(0, 256, (90, 70, 4), np.uint8)
    document = new_document(160, 120, (200, 210, 220, 255))
    document = document.with_layer(layer_from(rgba, "Strokes", "strokes", 30, 20))
    path = folder / "project.ora"
    with path.open("wb") as file:
        openraster_writing.write(file, document)
    with path.open("rb") as file:
        opened = openraster.read(file)
    if opened.notes or (read(opened.document, document.rect) != read(document, document.rect)).any():
        raise Wrong(f"the project is not what was saved {opened.notes}")
    return f"{len(document.layers)} layers, {path.stat().st_size} bytes"


def languages(folder: Path) -> str:
    """Texts, Qt's own texts and the manual, in every language."""
    from PySide6.QtCore import QLibraryInfo, QTranslator

    from ui import language, manual

    texts = len(language.catalogue("de"))
    chapters = len(manual.chapters("en"))
    for name in language.LANGUAGES[1:]:
        theirs = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if name != "en" and not QTranslator().load(f"qtbase_{name}", theirs):
            raise Wrong(f"Qt's own texts are missing in {name}")
        if name != "en" and len(language.catalogue(name)) != texts:
            raise Wrong(f"texts are missing in {name}")
        there = [path for path in manual.chapters(name) if path.read_text(encoding="utf-8").startswith("# ")]
        if not chapters or len(there) != chapters:
            raise Wrong(f"of {chapters} chapters of the manual {len(there)} are there in {name}")
    return f"{', '.join(language.LANGUAGES[1:])}: {texts} texts, {chapters} chapters of the manual"


def window(folder: Path) -> str:
    """The editor, painted, with the starter model ready in the engine behind it."""
    from PySide6.QtCore import qVersion
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from engine.worker import Engine
    from ui import theme
    from ui.document import new_document
    from ui.icons import application_icon
    from ui.pixels import rgba_of
    from ui.session import Session
    from ui.settings import Settings
    from ui.window import Window

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    theme.dress(application)
    with QEventLoop(application) as loop:
        session = Session(new_document(160, 120, (255, 255, 255, 255)))
        engine, ready = Engine(), loop.create_future()
        engine.ready.connect(lambda facts: ready.set_result(facts.name))
        engine.failed.connect(lambda sentence: ready.set_exception(Wrong(sentence)))
        it = Window(session, engine, Settings(), folder / "settings.toml")
        it.resize(1280, 800)
        it.show()
        engine.start()
        model = loop.run_until_complete(ready)
        colours = len(np.unique(rgba_of(it.grab().toImage()).reshape(-1, 4), axis=0))
        loop.run_until_complete(it.shut_down())
    if colours < 100 or application_icon().isNull():
        raise Wrong(f"the window is painted in {colours} colours only")
    return f"Qt {qVersion()} on {application.platformName()}, {colours} colours, model {model}"


def _coarse(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of squares."""
    height, width = (side // COARSE for side in picture.shape[:2])
    squares = picture[: height * COARSE, : width * COARSE].reshape(height, COARSE, width, COARSE, 3)
    means: NDArray[np.float32] = squares.mean((1, 3))
    return means


def _detail(picture: NDArray[np.float32]) -> float:
    """How much pixels differ from the next."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


CHECKS: dict[str, Callable[[Path], str]] = {
    "libraries": libraries,
    "edit": edit,
    "checkpoint": checkpoint,
    "child": child,
    "project": project,
    "languages": languages,
    "window": window,
}
