"""The line at the bottom: what can be done now, and where, how large, how near, and with which model."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QSize
from PySide6.QtWidgets import QLabel, QStatusBar

from engine.types import ModelFacts
from ui.language import tr
from ui.view_chips import ZoomField
from ui.widgets import Elided, restyle


class StatusLine:
    def __init__(self, bar: QStatusBar) -> None:
        self.hint = Elided()
        self.place, self.size, self.engine = QLabel(), QLabel(), QLabel()
        self.zoom = ZoomField()
        self.engine.setText(tr("Getting the model ready\N{HORIZONTAL ELLIPSIS}"))
        self.network = QLabel()
        self.network.setObjectName("badge")
        self.network.setMaximumWidth(240)
        for name, label in (
            (tr("Hint"), self.hint),
            (tr("Place of the pointer"), self.place),
            (tr("Size of the picture"), self.size),
            (tr("Model"), self.engine),
            (tr("Network"), self.network),
        ):
            label.setAccessibleName(name)
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.hint, 1)
        for part in (self.place, self.size, self.zoom, self.engine, self.network):
            bar.addPermanentWidget(part)
        self.show_network("")

    def show_hint(self, hint: str) -> None:
        self.hint.setText(hint)
        self.hint.setToolTip(hint)

    def show_picture(self, shown: bool) -> None:
        """What is told of a picture, while there is one to be seen."""
        for part in (self.place, self.size, self.zoom):
            part.setVisible(shown)

    def show_place(self, at: QPointF | None) -> None:
        self.place.setText("" if at is None else f"{math.floor(at.x())}, {math.floor(at.y())}")

    def show_size(self, size: QSize) -> None:
        self.size.setText(f"{size.width()} \N{MULTIPLICATION SIGN} {size.height()}")

    def show_zoom(self, zoom: float) -> None:
        self.zoom.show_zoom(zoom)

    def show_model(self, facts: ModelFacts) -> None:
        text = tr("{model} model on {device}")
        name = facts.name.removesuffix(".safetensors") if facts.family else tr(facts.name.capitalize())
        self.engine.setText(text.format(model=name, device=facts.device.upper()))
        told = tr("{kind}, loaded in {seconds} s")
        self.engine.setToolTip(told.format(kind=facts.dtype, seconds=f"{facts.load_seconds:.1f}"))

    def show_loading(self, name: str) -> None:
        self.engine.setText(tr("Loading {name}\N{HORIZONTAL ELLIPSIS}").format(name=name))
        self.engine.setToolTip(tr("The next edit is made with it as soon as it is ready"))

    def show_network(self, what: str) -> None:
        """What is being fetched, if anything is."""
        self.network.setText(tr("Online: {what}").format(what=what) if what else tr("Offline"))
        online = tr("The network is used to fetch {what}, in a process of its own; nothing else is sent")
        offline = tr(
            "Everything happens on this computer; the network is used only to fetch what you ask for"
        )
        self.network.setToolTip(online.format(what=what) if what else offline)
        self.network.setProperty("online", bool(what))
        restyle(self.network)

    def show_failure(self) -> None:
        self.engine.setText(tr("No model"))
