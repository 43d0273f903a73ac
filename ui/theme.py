"""How the editor looks: neutral greys, so that colours are judged rightly, one accent, a grid of 8."""

from __future__ import annotations

from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

GRID = 8  # widget points; every gap is this, its half or its double
PANEL_WIDTH = 304  # of the column at the right

GROUND = "#191919"  # round the picture
PANEL = "#242424"
RAISED = "#303030"  # fields, tracks, plain buttons
HOVER = "#3b3b3b"
PRESSED = "#464646"
LINE = "#171717"  # between panels
EDGE = "#3a3a3a"  # round floating things
TEXT = "#dedede"
QUIET = "#a0a0a0"
FAINT = "#6e6e6e"
ACCENT = "#4a86c5"
ACCENT_HOVER = "#5b95d1"
ACCENT_DEEP = "#3d73ab"
ACCENT_DIM = "#2f4a66"  # the filled part of a slider
WARNING = "#d9a441"
LIVE = "#f0b35a"
ERROR = "#d8705f"


def dress(application: QApplication) -> None:
    """Give the whole application our colours, font and style sheet."""
    application.setStyle("fusion")  # the one style that looks alike everywhere and obeys the sheet
    application.setPalette(_palette())
    application.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    application.setStyleSheet(Template(_SHEET).substitute(_colours()))


def small(font: QFont) -> QFont:
    """The same font for captions."""
    smaller = QFont(font)
    if font.pointSizeF() > 0:
        smaller.setPointSizeF(font.pointSizeF() * 0.88)
    else:
        smaller.setPixelSize(max(9, round(font.pixelSize() * 0.88)))
    return smaller


def _colours() -> dict[str, str]:
    return {name: value for name, value in globals().items() if name.isupper() and isinstance(value, str)}


def _palette() -> QPalette:
    role, palette = QPalette.ColorRole, QPalette()
    for which, colour in (
        (role.Window, PANEL),
        (role.WindowText, TEXT),
        (role.Base, RAISED),
        (role.AlternateBase, PANEL),
        (role.Text, TEXT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, "#ffffff"),
        (role.Highlight, ACCENT_DEEP),
        (role.HighlightedText, "#ffffff"),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Link, ACCENT_HOVER),
        (role.Light, HOVER),
        (role.Midlight, HOVER),
        (role.Mid, EDGE),
        (role.Dark, LINE),
        (role.Shadow, "#000000"),
        (role.Accent, ACCENT),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(FAINT))
    return palette


_SHEET = """
* { outline: none; }
QMainWindow, QDialog { background: $PANEL; }
QMainWindow::separator { background: $LINE; width: 1px; height: 1px; }
QWidget { color: $TEXT; }
QWidget:disabled { color: $FAINT; }
QLabel[quiet="true"] { color: $QUIET; }
QLabel[title="true"] { font-weight: 600; }
QLabel[heading="true"] { font-size: 15pt; font-weight: 600; }
QToolTip { background: #383838; color: $TEXT; border: 1px solid #4a4a4a; padding: 4px 6px; }

QMenuBar { background: $PANEL; padding: 2px 4px; border-bottom: 1px solid $LINE; }
QMenuBar::item { padding: 5px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $HOVER; }
QMenu { background: #2b2b2b; border: 1px solid #3f3f3f; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 12px; border-radius: 4px; margin: 0 2px; }
QMenu::item:selected { background: $ACCENT_DEEP; color: white; }
QMenu::item:disabled { color: $FAINT; background: transparent; }
QMenu::separator { height: 1px; background: #3f3f3f; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; padding-left: 6px; }

QStatusBar { background: $PANEL; border-top: 1px solid $LINE; color: $QUIET; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $QUIET; padding: 0 6px; }
QSizeGrip { width: 0; height: 0; }

QPushButton { background: $RAISED; border: 1px solid transparent; border-radius: 5px;
    padding: 6px 14px; min-height: 16px; }
QPushButton:hover { background: $HOVER; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton:pressed { background: $PRESSED; }
QPushButton:focus { border-color: $ACCENT; }
QPushButton:disabled { background: #2a2a2a; color: $FAINT; }
QPushButton[primary="true"] { background: $ACCENT_DEEP; color: white; font-weight: 600; }
QPushButton[primary="true"]:hover { background: $ACCENT; }
QPushButton[primary="true"]:pressed { background: #35669a; }
QPushButton[primary="true"]:focus { border-color: #a9cbee; }
QPushButton[primary="true"]:disabled { background: #2c343d; color: #77818c; }
QPushButton[danger="true"] { background: #4a2f2b; color: #f0c4bc; font-weight: 600; }
QPushButton[danger="true"]:hover { background: #5c3a34; }
QPushButton[danger="true"]:focus { border-color: $ERROR; }
QPushButton[large="true"] { min-height: 26px; }
QPushButton[segment="true"] { border-radius: 0; padding: 5px 4px; background: $RAISED; color: $QUIET; }
QPushButton[segment="true"]:hover { background: $HOVER; }
QPushButton[segment="true"]:checked { background: $ACCENT_DIM; color: white; }
QPushButton[segment="true"]:focus { border-color: $ACCENT; }
QPushButton[segment="true"][edge="left"] { border-top-left-radius: 5px; border-bottom-left-radius: 5px; }
QPushButton[segment="true"][edge="right"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }

QPushButton[key="true"] { color: $QUIET; padding: 3px 8px; }
QPushButton[key="true"][own="true"] { color: $TEXT; font-weight: 600; }
QPushButton[key="true"]:checked { border-color: $ACCENT; color: $TEXT; }

QPushButton[live="true"]:checked { background: #4a3d26; border-color: #7a6234; color: #f6d9a4; }
QPushButton[live="true"]:checked:hover { background: #574830; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: $HOVER; }
QToolButton:pressed { background: $PRESSED; }
QToolButton:checked { background: $ACCENT_DIM; }
QToolButton:focus { border-color: $ACCENT; }
QToolButton::menu-indicator { image: none; }
QToolButton[fold="true"] { color: $QUIET; padding: 4px 2px; text-align: left; }
QToolButton[fold="true"]:hover, QToolButton[fold="true"]:checked { background: transparent; }
QToolButton[fold="true"]:hover { color: $TEXT; }

QLineEdit { background: $RAISED; border: 1px solid transparent; border-radius: 4px;
    padding: 4px 6px; min-height: 16px; selection-background-color: $ACCENT_DEEP; }
QLineEdit:hover { background: #353535; }
QLineEdit:focus { border-color: $ACCENT; }

QCheckBox { spacing: 8px; }
#handles::item { padding: 4px 4px; border-radius: 4px; }
#handles::item:selected { background: $ACCENT_DIM; color: white; }
#handles::item:hover:!selected { background: #2a2a2a; }
QLabel[warns="true"] { color: $WARNING; }

QScrollArea, QAbstractScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: #484848; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: #5c5c5c; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QListView { background: #1e1e1e; border: 1px solid transparent; border-radius: 5px; padding: 2px; }
QListView:focus { border-color: #34506d; }
QTreeView { background: #1e1e1e; border: 1px solid transparent; border-radius: 5px; }
QTreeView::item, QFileDialog QListView::item { padding: 3px; }
QTreeView::item:selected, QFileDialog QListView::item:selected { background: $ACCENT_DIM; }
QHeaderView { background: #1e1e1e; }
QHeaderView::section { background: #1e1e1e; color: $QUIET; border: none; padding: 5px 6px; }
QSplitter::handle { background: transparent; width: 6px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QComboBox { background: $RAISED; border: 1px solid transparent; border-radius: 4px;
    padding: 4px 8px; min-height: 16px; }
QComboBox:hover { background: #353535; }
QComboBox:focus { border-color: $ACCENT; }
QComboBox::drop-down { border: none; width: 16px; }
QComboBox QAbstractItemView { background: #2b2b2b; border: 1px solid #3f3f3f;
    selection-background-color: $ACCENT_DEEP; }

#commands { background: #2b2b2b; border: 1px solid #4a4a4a; }
#commands QLineEdit { padding: 7px 10px; }
#commands QListView { background: transparent; padding: 0; }
#offered { background: #2b2b2b; border: 1px solid #3f3f3f; border-radius: 0; padding: 0; }
#offered::item { padding: 5px 8px; border-radius: 4px; }
#offered::item:hover { background: $HOVER; }
#offered::item:selected { background: $ACCENT_DEEP; color: white; }
#strip { background: $PANEL; border-bottom: 1px solid $LINE; }
#toolbar { background: $PANEL; border-right: 1px solid $LINE; }
#column { background: $PANEL; border-left: 1px solid $LINE; }
#section { border-bottom: 1px solid $LINE; }
#floating { background: #2b2b2b; border: 1px solid #414141; border-radius: 10px; }
#message { background: #2b2b2b; border: 1px solid #414141; border-radius: 8px; }
#message[kind="error"] { border-color: #7c4a40; background: #33282a; }
QStatusBar #badge { background: $RAISED; border-radius: 8px; padding: 1px 8px; margin: 0 8px 0 4px; }
"""
