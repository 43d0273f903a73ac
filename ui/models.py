"""The models that the user has: those that were added and those in folders that are watched, each told from
its header alone. Nothing of it loads a model, and nothing ever deletes a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QMimeData, QObject, QTimer, Signal, Slot

from engine.checkpoints import Checkpoint, is_whole, told
from engine.types import EngineError
from ui.language import tr
from ui.settings import Settings
from ui.work import Work

STARTER = "starter"
ENDINGS = (".safetensors", ".ckpt", ".pt", ".pth")
DEPTH = 2  # folders below one that is watched
QUIET = 300  # milliseconds without a change, after which folders are looked at
ADDITIONS = ("lora", "textual inversion", "small autoencoder")  # kinds that go with a model
UNUSED = "-"  # in the place of a family: of a preview decoder that shows nothing


@dataclass(frozen=True)
class Entry:
    """What is listed: a model, what goes with one, or what cannot be used, and why."""

    path: Path | None  # None: the starter model
    checkpoint: Checkpoint | None = None
    refusal: str = ""  # why no picture can be made with it
    watched: bool = False  # it is there because its folder is watched

    @property
    def model(self) -> str:
        """What the engine knows it by."""
        return STARTER if self.path is None else str(self.path)

    @property
    def name(self) -> str:
        if self.path is None:
            return tr("Starter")
        if self.checkpoint is not None and self.kind in ("lora", "small autoencoder"):
            return self.checkpoint.name
        return self.path.stem if self.path.suffix.lower() in ENDINGS else self.path.name

    @property
    def kind(self) -> str:
        """ "model", one of ADDITIONS, or nothing if it cannot be used."""
        if self.path is None:
            return "model"
        if self.checkpoint is not None and self.checkpoint.kind in ADDITIONS:
            return self.checkpoint.kind
        return "" if self.refusal else "model"


class Library(QObject):
    """Keeps the list, and keeps it true."""

    changed = Signal()
    edited = Signal()  # by the user: what is listed, watched or shown by what
    added = Signal(object)  # the Entry of what the user has just pointed at
    refused = Signal(str)  # why that cannot be used
    told = Signal(str)  # a sentence

    def __init__(self, settings: Settings, work: Work) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = (Entry(None),)
        self.files, self.folders = settings.models, settings.model_folders
        self._hidden = settings.hidden_models
        chosen = (each.partition(" ") for each in settings.preview_decoders)
        self._shown = {path: family for family, _, path in chosen}  # what the user said, by paths
        self._work = work
        self._known: dict[tuple[str, int, int], Entry] = {}  # by place, size and time
        self._watcher: QFileSystemWatcher | None = None  # made when there is something to watch
        self._job: asyncio.Task[None] | None = None
        self._again = False
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(QUIET)
        self._clock.timeout.connect(self.look)

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def named(self, name: str) -> Entry | None:
        """The model that the engine knows by that name, or whose file or folder has it."""
        models = self.of_kind("model")
        return next((each for each in models if each.model == name), None) or next(
            (each for each in models if each.path is not None and each.path.name == name), None
        )

    def decoder_for(self, family: str) -> str:
        """What shows pictures of that family while they form, where the user has such a thing."""
        family = "sd1" if family == "sd2" else family  # which have the same autoencoder
        decoders = self.of_kind("small autoencoder")
        return next((each.model for each in decoders if family and self.shown_by(each) == family), "")

    def decoder_of(self, model: str) -> str:
        """The same for a model that the engine knows by that name."""
        entry = self.named(model)
        known = None if entry is None else entry.checkpoint
        return "" if known is None else self.decoder_for(known.family)

    def shown_by(self, decoder: Entry) -> str:
        """The family whose pictures it shows: as the user said, or as its name says; none, or UNUSED."""
        assert decoder.checkpoint is not None
        return self._shown.get(decoder.model, decoder.checkpoint.family)

    def show_by(self, decoder: Entry, family: str) -> None:
        self._shown[decoder.model] = family
        self.changed.emit()
        self.edited.emit()

    @Slot()
    def look(self) -> None:
        """See what is there now, beside the event loop."""
        if self._job is not None:
            self._again = True
        elif self.files or self.folders or len(self.entries) > 1:
            self._job = self._work.begin(self._look())
            self._job.add_done_callback(self._looked)

    def add(self, paths: Iterable[str | Path]) -> None:
        """What the user points at: a model is listed, a folder of models is watched from now on."""
        for path in paths:
            self._work.begin(self._added(Path(path).absolute()))

    def remove(self, entry: Entry) -> None:
        """From the list; the file stays where it is."""
        if entry.path is not None:
            self.files = tuple(file for file in self.files if file != str(entry.path))
            if entry.watched:
                self._hidden = (*self._hidden, str(entry.path))
            self.entries = tuple(each for each in self.entries if each is not entry)
            self.changed.emit()
            self.edited.emit()
            self.look()

    def unwatch(self, folder: str) -> None:
        self.folders = tuple(each for each in self.folders if each != folder)
        self._hidden = tuple(each for each in self._hidden if not Path(each).is_relative_to(folder))
        self.changed.emit()
        self.edited.emit()
        self.look()

    def remembered_in(self, settings: Settings) -> Settings:
        shown = tuple(f"{family} {path}" for path, family in self._shown.items())
        return replace(
            settings,
            models=self.files,
            model_folders=self.folders,
            hidden_models=self._hidden,
            preview_decoders=shown,
        )

    async def ended(self) -> None:
        """Nothing is looked at any more."""
        self._clock.stop()
        if self._job is not None:
            job = self._job
            job.cancel()
            await asyncio.wait([job])

    async def _added(self, path: Path) -> None:
        try:
            await self._add(path)
        except EngineError as error:
            self.refused.emit(str(error))
            raise

    async def _add(self, path: Path) -> None:
        """Raises EngineError with a sentence for what is no model and nothing that goes with one."""
        if await asyncio.to_thread(_is_plain_folder, path):
            if not await asyncio.to_thread(lambda: any(found_in(path))):
                sentence = tr("{path} holds no models; choose a folder of .safetensors files or of models.")
                raise EngineError(sentence.format(path=path))
            self.folders = (*(each for each in self.folders if each != str(path)), str(path))
            self.edited.emit()
            self.told.emit(tr("{path} is watched: what is put there is listed.").format(path=path))
            self.look()
            return
        checkpoint = await asyncio.to_thread(told, path)
        if checkpoint.kind not in ("model", "network", *ADDITIONS):
            raise EngineError(checkpoint.refusal)
        entry = _entry_of(checkpoint, watched=False)
        self._hidden = tuple(each for each in self._hidden if each != str(path))
        if not any(path.is_relative_to(folder) for folder in self.folders):
            self.files = (*(each for each in self.files if each != str(path)), str(path))
        others = (each for each in self.entries if each.path != path)
        self.entries = _sorted([*others, entry])
        self.changed.emit()
        self.edited.emit()
        self.look()
        if entry.kind:
            self.added.emit(entry)
        if entry.kind in ADDITIONS:
            sentences = {
                "lora": tr("{name} is a LoRA; it is listed below the words, for models that it fits."),
                "textual inversion": tr(
                    "{name} is a textual inversion; its name is a word now, for models that it fits."
                ),
                "small autoencoder": tr(
                    "{name} is a preview decoder; the dialog of models says whose pictures it shows."
                ),
            }
            self.told.emit(sentences[entry.kind].format(name=entry.name))
        elif not entry.kind:
            raise EngineError(entry.refusal)

    async def _look(self) -> None:
        seen = await asyncio.to_thread(entries, self.files, self.folders, self._hidden, self._known)
        if self._watch(await asyncio.to_thread(places, seen, self.folders)):
            self._clock.start()  # what changed before it was watched
        if seen != self.entries:
            self.entries = seen
            self.changed.emit()

    def _looked(self, job: asyncio.Task[None]) -> None:
        self._job = None
        if self._again:
            self._again = False
            self._clock.start()

    @Slot(str)
    def _stirred(self, place: str) -> None:
        """Look once it is quiet: a file that is copied changes many times."""
        self._clock.start()

    def _watch(self, places: set[str]) -> bool:
        """Whether there are new ones among the places."""
        if self._watcher is None:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(self._stirred)
            self._watcher.fileChanged.connect(self._stirred)
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := watched - places:
            self._watcher.removePaths(sorted(gone))
        if new := places - watched:
            self._watcher.addPaths(sorted(new))
        return bool(new)


def entries(
    files: Sequence[str],
    folders: Sequence[str],
    hidden: Sequence[str],
    known: dict[tuple[str, int, int], Entry],
) -> tuple[Entry, ...]:
    """All that is listed; `known` spares what has not changed since it was told."""
    listed = {Path(file): False for file in files}
    for folder in folders:
        for path in found_in(Path(folder)):
            if str(path) not in hidden:
                listed.setdefault(path, True)
    return _sorted([Entry(None), *(_entry(path, watched, known) for path, watched in listed.items())])


def places(seen: Sequence[Entry], folders: Sequence[str]) -> set[str]:
    """What would tell of a change: folders, and files, which may still be growing."""
    paths = [entry.path for entry in seen if entry.path is not None]
    places = {*paths, *(path.parent for path in paths), *map(Path, folders)}
    places |= {inner for folder in folders for inner in _folders_in(Path(folder), DEPTH)}
    for entry in seen:
        if entry.path is not None and entry.path.is_dir() and entry.refusal:
            places |= {*entry.path.rglob("*")}  # some parts of it may not be there yet
    return {str(place) for place in places if place.exists()}


def found_in(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Models, and what might be one, in a folder and in those below it."""
    with suppress(OSError):  # one that may not be read holds nothing for us
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if is_whole(path):
                    yield path
                elif depth:
                    yield from found_in(path, depth - 1)
            elif path.suffix.lower() in ENDINGS:
                yield path


def dropped_models(mime: QMimeData) -> list[Path]:
    """What is dropped, if all of it might be models."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    models = [path for path in paths if path.is_dir() or path.suffix.lower() in ENDINGS]
    return models if len(models) == len(mime.urls()) else []


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not is_whole(path)


def _entry(path: Path, watched: bool, known: dict[tuple[str, int, int], Entry]) -> Entry:
    try:
        stat = path.stat()
    except OSError:
        sentence = tr("{path} is not there any more; put it back, or remove it from the list.")
        return Entry(path, None, sentence.format(path=path), watched)
    key = str(path), stat.st_size, stat.st_mtime_ns
    if path.is_file() and key in known:
        return replace(known[key], watched=watched)
    try:
        entry = _entry_of(told(path), watched)
    except EngineError as error:
        entry = Entry(path, None, str(error), watched)
    known[key] = entry
    return entry


def _entry_of(checkpoint: Checkpoint, watched: bool) -> Entry:
    refusal = "" if checkpoint.kind in ADDITIONS else checkpoint.refusal
    return Entry(checkpoint.path, checkpoint, refusal, watched)


def _folders_in(folder: Path, depth: int) -> Iterator[Path]:
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.name.startswith("."):
                yield path
                if depth > 1:
                    yield from _folders_in(path, depth - 1)


def _sorted(listed: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(listed, key=lambda entry: (entry.path is not None, entry.name.casefold())))
