"""How the editor looks: neutral greys, so that colours are judged rightly, one accent, a grid of 8.

A colour is asked for by its name, `theme.TEXT`, when it is painted: it is that of the theme that is worn.
"""

from __future__ import annotations

from string import Template

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from ui.sheet import SHEET

GRID = 8  # widget points; every gap is this, its half or its double
PANEL_WIDTH = 320  # of the column at the right, at least
THEMES = ("dark", "light", "system")
COLOURS = {  # in the dark theme, in the light one; no colour has two names
    "GROUND": ("#191919", "#bdbdbd"),  # round the picture
    "PANEL": ("#242424", "#f0f0f0"),
    "RAISED": ("#303030", "#e1e1e1"),  # fields, tracks, plain buttons
    "FIELD_HOVER": ("#353535", "#dadada"),
    "HOVER": ("#3b3b3b", "#d5d5d5"),
    "PRESSED": ("#464646", "#c6c6c6"),
    "OFF": ("#2a2a2a", "#e9e9e9"),  # buttons that cannot be pressed now
    "LINE": ("#171717", "#cfcfcf"),  # between panels
    "EDGE": ("#3a3a3a", "#bfbfbf"),  # round floating things
    "FLOAT": ("#2b2b2b", "#fafafa"),  # menus and what lies over the picture
    "FLOAT_EDGE": ("#434343", "#b3b3b3"),
    "TIP": ("#383838", "#fdfdfd"),
    "WELL": ("#1e1e1e", "#fcfcfc"),  # lists
    "WELL_HOVER": ("#292929", "#ebebeb"),
    "WELL_FOCUS": ("#34506d", "#8fb4da"),
    "TRACK": ("#444444", "#c8c8c8"),
    "KNOB": ("#8a8a8a", "#7a7a7a"),
    "SCROLL": ("#484848", "#b0b0b0"),
    "SCROLL_HOVER": ("#5c5c5c", "#949494"),
    "TEXT": ("#dedede", "#1f1f1f"),
    "QUIET": ("#acacac", "#505050"),
    "FAINT": ("#6e6e6e", "#9b9b9b"),  # what cannot be used now
    "ACCENT": ("#4a86c5", "#2f6fb0"),
    "ACCENT_HOVER": ("#6ba3dc", "#245c96"),  # links
    "ACCENT_DEEP": ("#3d73ab", "#356ca5"),  # below white text
    "ACCENT_DEEP_HOVER": ("#4079b3", "#3f77b1"),
    "ACCENT_PRESSED": ("#35669a", "#2c5e93"),
    "ACCENT_RING": ("#a9cbee", "#123c68"),
    "ACCENT_DIM": ("#2a415a", "#b9d4ef"),  # the filled part of a slider, what is chosen
    "ACCENT_OFF": ("#2c343d", "#cfd9e4"),
    "SLIDER_OFF": ("#2c3136", "#dde2e8"),
    "ON_ACCENT": ("#ffffff", "#ffffff"),
    "ON_DIM": ("#fefefe", "#0f2740"),
    "ON_ACCENT_OFF": ("#77818c", "#6d7782"),
    "WARNING": ("#d9a441", "#805300"),
    "ERROR": ("#e07d6d", "#a83624"),
    "ERROR_GROUND": ("#33282a", "#fbeae7"),
    "ERROR_EDGE": ("#7c4a40", "#d9a196"),
    "DANGER": ("#4a2f2b", "#f3d3cd"),
    "DANGER_HOVER": ("#5c3a34", "#ecc3bb"),
    "ON_DANGER": ("#f0c4bc", "#7a2317"),
    "LIVE": ("#f0b35a", "#855000"),
    "LIVE_GROUND": ("#4a3d26", "#f7e3bd"),
    "LIVE_HOVER": ("#574830", "#f2d9a8"),
    "LIVE_EDGE": ("#7a6234", "#cfa763"),
    "ON_LIVE": ("#f6d9a4", "#5b3a00"),
}


def __getattr__(name: str) -> str:
    """The colour of that name in the theme that is worn."""
    if name not in COLOURS:
        raise AttributeError(name)
    return COLOURS[name][is_light()]


def is_light() -> bool:
    application = QCoreApplication.instance()
    return application is not None and application.property("theme") == "light"


def worn(colour: str) -> str:
    """What a colour of either theme is in the one that is worn; any other colour stays itself."""
    pair = _PAIRS.get(colour)
    return colour if pair is None else pair[is_light()]


def dress(application: QApplication, theme: str = "dark", text_size: int = 100) -> None:
    """Give the whole application a theme, a size of its text in per cent, and the style sheet."""
    if theme == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        theme = "light" if scheme == Qt.ColorScheme.Light else "dark"
    application.setProperty("theme", theme)
    application.setStyle("fusion")  # the one style that looks alike everywhere and obeys the sheet
    application.setPalette(_palette())
    application.setPalette(_of_boxes(), "QCheckBox")  # type: ignore[arg-type]  # the stub asks for bytes
    font = scaled(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), text_size / 100)
    application.setFont(font)
    colours = {name: pair[is_light()] for name, pair in COLOURS.items()}
    tiny = small(font)
    size = f"{tiny.pointSizeF()}pt" if tiny.pointSizeF() > 0 else f"{tiny.pixelSize()}px"
    sheet = Template(SHEET).substitute(
        colours,
        HEADING=f"{15 * text_size / 100:.1f}",
        SMALL=size,
        LETTERS=max(16, QFontMetrics(font).height()),
    )
    application.setStyleSheet(sheet)


def still(on: bool) -> None:
    """Whether what Qt moves by itself stands still: text cursors do not blink, menus and lists are there at
    once.
    """
    QApplication.setEffectEnabled(Qt.UIEffect.UI_General, not on)
    QGuiApplication.styleHints().setCursorFlashTime(0 if on else -1)  # -1: as the desktop has it


def small(font: QFont) -> QFont:
    """The same font for captions."""
    return scaled(font, 0.88)


def scaled(font: QFont, share: float) -> QFont:
    other = QFont(font)
    if font.pointSizeF() > 0:
        other.setPointSizeF(font.pointSizeF() * share)
    else:
        other.setPixelSize(max(9, round(font.pixelSize() * share)))
    return other


def _palette() -> QPalette:
    role, palette = QPalette.ColorRole, QPalette()
    for which, name in (
        (role.Window, "PANEL"),
        (role.WindowText, "TEXT"),
        (role.Base, "RAISED"),
        (role.AlternateBase, "PANEL"),
        (role.Text, "TEXT"),
        (role.Button, "RAISED"),
        (role.ButtonText, "TEXT"),
        (role.BrightText, "ON_ACCENT"),
        (role.Highlight, "ACCENT_DEEP"),
        (role.HighlightedText, "ON_ACCENT"),
        (role.ToolTipBase, "TIP"),
        (role.ToolTipText, "TEXT"),
        (role.PlaceholderText, "QUIET"),
        (role.Link, "ACCENT_HOVER"),
        (role.Light, "HOVER"),
        (role.Midlight, "HOVER"),
        (role.Mid, "EDGE"),
        (role.Dark, "LINE"),
        (role.Shadow, "LINE"),
        (role.Accent, "ACCENT"),
    ):
        palette.setColor(which, QColor(COLOURS[name][is_light()]))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(COLOURS["FAINT"][is_light()]))
    return palette


def _of_boxes() -> QPalette:
    """Fusion draws the frame of a box to tick in a darker shade of its window: so that it is seen on ours."""
    palette = _palette()
    palette.setColor(QPalette.ColorRole.Window, QColor(COLOURS["KNOB"][is_light()]).lighter(140))
    return palette


_PAIRS = {colour: pair for pair in COLOURS.values() for colour in pair}
