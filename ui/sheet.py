"""The style sheet; $NAMES are the colours of `ui.theme`."""

SHEET = """
* { outline: none; }
QMainWindow, QDialog { background: $PANEL; }
QMainWindow::separator { background: $LINE; width: 1px; height: 1px; }
QWidget { color: $TEXT; }
QWidget:disabled { color: $FAINT; }
QLabel[quiet="true"] { color: $QUIET; }
QLabel[small="true"], QToolButton[small="true"] { font-size: $SMALL; }
QLabel[title="true"] { font-weight: 600; }
QLabel[heading="true"] { font-size: ${HEADING}pt; font-weight: 600; }
QToolTip { background: $TIP; color: $TEXT; border: 1px solid $FLOAT_EDGE; padding: 4px 6px; }

QMenuBar { background: $PANEL; padding: 2px 4px; border-bottom: 1px solid $LINE; }
QMenuBar::item { padding: 5px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $HOVER; }
QMenu { background: $FLOAT; border: 1px solid $FLOAT_EDGE; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 12px; border-radius: 4px; margin: 0 2px; }
QMenu::item:selected { background: $ACCENT_DEEP; color: $ON_ACCENT; }
QMenu::item:disabled { color: $FAINT; background: transparent; }
QMenu::separator { height: 1px; background: $FLOAT_EDGE; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; padding-left: 6px; }

QStatusBar { background: $PANEL; border-top: 1px solid $LINE; color: $QUIET; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $QUIET; padding: 0 6px; }
QSizeGrip { width: 0; height: 0; }

QPushButton { background: $RAISED; border: 1px solid transparent; border-radius: 5px;
    padding: 6px 14px; min-height: ${LETTERS}px; }
QPushButton:hover { background: $HOVER; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton:pressed { background: $PRESSED; }
QPushButton:focus { border-color: $ACCENT; }
QPushButton:disabled { background: $OFF; color: $FAINT; }
QPushButton[primary="true"] { background: $ACCENT_DEEP; color: $ON_ACCENT; font-weight: 600; }
QPushButton[primary="true"]:hover { background: $ACCENT_DEEP_HOVER; }
QPushButton[primary="true"]:pressed { background: $ACCENT_PRESSED; }
QPushButton[primary="true"]:focus { border-color: $ACCENT_RING; }
QPushButton[primary="true"]:disabled { background: $ACCENT_OFF; color: $ON_ACCENT_OFF; }
QPushButton[danger="true"] { background: $DANGER; color: $ON_DANGER; font-weight: 600; }
QPushButton[danger="true"]:hover { background: $DANGER_HOVER; }
QPushButton[danger="true"]:focus { border-color: $ERROR; }
QPushButton[large="true"] { min-height: 26px; }
QPushButton[segment="true"] { border-radius: 0; padding: 5px 4px; background: $RAISED; color: $QUIET; }
QPushButton[segment="true"]:hover { background: $HOVER; }
QPushButton[segment="true"]:checked { background: $ACCENT_DIM; color: $ON_DIM; }
QPushButton[segment="true"]:focus { border-color: $ACCENT; }
QPushButton[segment="true"][edge="left"] { border-top-left-radius: 5px; border-bottom-left-radius: 5px; }
QPushButton[segment="true"][edge="right"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }

QPushButton[key="true"] { color: $QUIET; padding: 3px 8px; }
QPushButton[key="true"][own="true"] { color: $TEXT; font-weight: 600; }
QPushButton[key="true"]:checked { border-color: $ACCENT; color: $TEXT; }

QPushButton[live="true"]:checked { background: $LIVE_GROUND; border-color: $LIVE_EDGE; color: $ON_LIVE; }
QPushButton[live="true"]:checked:hover { background: $LIVE_HOVER; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: $HOVER; }
QToolButton:pressed { background: $PRESSED; }
QToolButton:checked { background: $ACCENT_DIM; color: $ON_DIM; }
QToolButton:focus { border-color: $ACCENT; }
QToolButton::menu-indicator { image: none; }
QToolButton[fold="true"] { color: $QUIET; padding: 4px 2px; text-align: left; }
QToolButton[fold="true"]:hover, QToolButton[fold="true"]:checked { background: transparent; }
QToolButton[fold="true"]:checked { color: $QUIET; }
QToolButton[fold="true"]:hover { color: $TEXT; }

QLineEdit { background: $RAISED; border: 1px solid transparent; border-radius: 4px;
    padding: 4px 6px; min-height: ${LETTERS}px; selection-background-color: $ACCENT_DEEP;
    placeholder-text-color: $QUIET; }
QLineEdit:hover { background: $FIELD_HOVER; }
QLineEdit:focus { border-color: $ACCENT; }

QCheckBox { spacing: 8px; }
#handles::item, #history::item { padding: 4px 4px; border-radius: 4px; }
#handles::item:selected, #history::item:selected { background: $ACCENT_DIM; color: $ON_DIM; }
#handles::item:hover:!selected, #history::item:hover:!selected { background: $WELL_HOVER; }
QLabel[warns="true"] { color: $WARNING; }

QScrollArea, QAbstractScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $SCROLL; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $SCROLL_HOVER; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QListView { background: $WELL; border: 1px solid transparent; border-radius: 5px; padding: 2px; }
QListView:focus { border-color: $WELL_FOCUS; }
QTreeView { background: $WELL; border: 1px solid transparent; border-radius: 5px; }
QTreeView::item, QFileDialog QListView::item { padding: 3px; }
QTreeView::item:selected, QFileDialog QListView::item:selected { background: $ACCENT_DIM; }
QHeaderView { background: $WELL; }
QHeaderView::section { background: $WELL; color: $QUIET; border: none; padding: 5px 6px; }
QSplitter::handle { background: transparent; width: 6px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QComboBox { background: $RAISED; border: 1px solid transparent; border-radius: 4px;
    padding: 4px 8px; min-height: ${LETTERS}px; }
QComboBox:hover { background: $FIELD_HOVER; }
QComboBox:focus { border-color: $ACCENT; }
QComboBox::drop-down { border: none; width: 16px; }
QComboBoxPrivateContainer { background: $FLOAT; border: 1px solid $FLOAT_EDGE; }
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus { background: $FLOAT; border: none;
    border-radius: 0; outline: none; }
QComboBox QAbstractItemView::item { padding: 4px 6px; }
QComboBox QAbstractItemView::item:selected { background: $ACCENT_DIM; color: $ON_DIM; }

#prompt { background: $RAISED; border: 1px solid transparent; border-radius: 4px; padding: 0 2px;
    selection-background-color: $ACCENT_DEEP; placeholder-text-color: $QUIET; }
#prompt:hover { background: $FIELD_HOVER; }
#prompt:focus { border-color: $ACCENT; }
#commands { background: $FLOAT; border: 1px solid $FLOAT_EDGE; }
#commands QLineEdit { padding: 7px 10px; }
#commands QListView { background: transparent; padding: 0; }
#offered { background: $FLOAT; border: 1px solid $FLOAT_EDGE; border-radius: 0; padding: 0; }
#offered::item { padding: 5px 8px; border-radius: 4px; }
#offered::item:hover { background: $HOVER; }
#offered::item:selected { background: $ACCENT_DEEP; color: $ON_ACCENT; }
#pages::item { padding: 6px 8px; border-radius: 4px; }
#pages::item:selected { background: $ACCENT_DIM; color: $ON_DIM; }
#pages::item:hover:!selected { background: $WELL_HOVER; }
#strip { background: $PANEL; border-bottom: 1px solid $LINE; }
#results { background: $PANEL; border-top: 1px solid $LINE; }
#toolbar { background: $PANEL; border-right: 1px solid $LINE; }
#column { background: $PANEL; border-left: 1px solid $LINE; }
#section { border-bottom: 1px solid $LINE; }
#section[stays="true"] { border-top: 1px solid $LINE; border-bottom: none; }
#flyout { background: $FLOAT; border: 1px solid $FLOAT_EDGE; }
#floating { background: $FLOAT; border: 1px solid $FLOAT_EDGE; border-radius: 10px; }
#message { background: $FLOAT; border: 1px solid $FLOAT_EDGE; border-radius: 8px; }
#message[kind="error"] { border-color: $ERROR_EDGE; background: $ERROR_GROUND; }
#engine { border: 1px solid $FLOAT_EDGE; border-radius: 6px; }
#engine[used="true"] { border-color: $ACCENT; }
QStatusBar #badge { background: $RAISED; border-radius: 8px; padding: 1px 8px; margin: 0 8px 0 4px; }
QStatusBar #badge[online="true"] { background: $LIVE_GROUND; color: $ON_LIVE; }
"""
