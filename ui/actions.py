"""Everything that the menus and keys can do, as one table; menus and the list of shortcuts are made from it.

The name of an action is that of the method that does it, of a part of the window ("selecting.invert") or of
the window. A new action is a line here and a method there. The user's keys are kept by the name, so it stays
when a method moves: `MOVED` says where to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ui.language import plain, tr


class Action(NamedTuple):
    name: str
    menu: str
    text: str  # with the & of menus
    keys: tuple[str, ...] = ()  # the first one is shown
    icon: str = ""
    checkable: bool = False

    @property
    def method(self) -> str:
        """Of the window, or of a part of it."""
        return MOVED.get(self.name, self.name)

    @property
    def plain(self) -> str:
        """The text as it is read."""
        return plain(tr(self.text))


MENUS = ("&File", "&Edit", "&Picture", "&Layer", "&Select", "&Results", "&Tools", "&View", "&Help")

ACTIONS: tuple[Action, ...] = (
    Action("new_picture", "&File", "&New...", ("Ctrl+N",), "file-plus"),
    Action("open_picture", "&File", "&Open...", ("Ctrl+O",), "folder-open"),
    Action("comfort.show_start", "&File", "S&tart page", ("Ctrl+Shift+Home",), "squares-four"),
    Action("", "&File", "recent"),  # the submenus are filled by the window
    Action("", "&File", "samples"),
    Action("", "&File", "-"),
    Action("save", "&File", "&Save", ("Ctrl+S",), "floppy-disk"),
    Action("save_as", "&File", "Save &as...", ("Ctrl+Shift+S",)),
    Action("filing.ask_export", "&File", "&Export...", ("Ctrl+Shift+E",), "export"),
    Action("", "&File", "-"),
    Action("comfort.close_picture", "&File", "&Close", ("Ctrl+W",), "x"),
    Action("close", "&File", "&Quit", ("Ctrl+Q",)),
    Action("undo", "&Edit", "&Undo", ("Ctrl+Z",), "arrow-counter-clockwise"),
    Action("redo", "&Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "arrow-clockwise"),
    Action("", "&Edit", "-"),
    Action("clipboard.cut", "&Edit", "Cu&t", ("Ctrl+X",), "scissors"),
    Action("clipboard.copy", "&Edit", "&Copy", ("Ctrl+C",), "copy"),
    Action("clipboard.copy_merged", "&Edit", "Copy what is s&een", ("Ctrl+Shift+C",)),
    Action("clipboard.paste", "&Edit", "&Paste as a layer", ("Ctrl+V",), "clipboard"),
    Action("clipboard.paste_as_new", "&Edit", "Paste as a &new picture", ("Ctrl+Shift+V",)),
    Action("clipboard.clear", "&Edit", "Clear", ("Delete",), "trash"),
    Action("", "&Edit", "-"),
    Action("make_it_real", "&Edit", "&Make it real", ("Ctrl+Return", "Shift+Return"), "magic-wand"),
    Action("climb", "&Edit", "Stren&gth ladder", ("Ctrl+Alt+Return",), "chart-bar"),
    Action("settle", "&Edit", "Settle t&he layer", ("Ctrl+Shift+Return",), "sparkle"),
    Action("toggle_live", "&Edit", "L&ive", ("Ctrl+L",), "lightning", checkable=True),
    Action("apply_result", "&Edit", "&Apply the result", ("Return",), "check"),
    Action("step_back", "&Edit", "Stop or &discard", ("Esc",), "stop"),
    Action("", "&Edit", "-"),
    Action("swap_colours", "&Edit", "&Swap colours", ("X",), "swap"),
    Action("default_colours", "&Edit", "Black and &white", ("D",)),
    Action("larger", "&Edit", "&Larger tool", ("]",)),
    Action("smaller", "&Edit", "Smaller t&ool", ("[",)),
    Action("save_brush", "&Edit", "Save the brush..."),
    Action("", "&Edit", "-"),
    Action("comfort.show_models", "&Edit", "Models...", (), "cube"),
    Action("comfort.show_engine", "&Edit", "Engine...", (), "cpu"),
    Action("remembering.show_preferences", "&Edit", "Pre&ferences...", ("Ctrl+Alt+,",), "gear-six"),
    Action("framing.ask_scale", "&Picture", "&Image size...", ("Ctrl+Alt+I",), "arrows-out"),
    Action("framing.ask_size", "&Picture", "Canvas &size...", ("Ctrl+Alt+C",), "frame-corners"),
    Action("", "&Picture", "-"),
    Action("framing.crop", "&Picture", "&Crop to the selection", (), "crop"),
    Action("framing.trim", "&Picture", "Tri&m what is transparent"),
    Action("", "&Picture", "-"),
    Action("framing.turn_left", "&Picture", "Quarter turn to the &left", (), "arrow-counter-clockwise"),
    Action("framing.turn_right", "&Picture", "Quarter turn to the &right", (), "arrow-clockwise"),
    Action("framing.turn_round", "&Picture", "&Half a turn"),
    Action("framing.flip_across", "&Picture", "&Flip left and right", (), "arrows-left-right"),
    Action("framing.flip_down", "&Picture", "Flip &top and bottom", (), "arrows-down-up"),
    Action("layering.add", "&Layer", "&New layer for strokes", ("Ctrl+Shift+N",), "plus"),
    Action("layering.add_group", "&Layer", "New g&roup", (), "folder-simple-plus"),
    Action("duplicate", "&Layer", "Dupli&cate", ("Ctrl+J",), "copy"),
    Action("layering.delete", "&Layer", "&Delete layer", ("Ctrl+Delete",), "trash"),
    Action("layering.rename", "&Layer", "Rena&me..."),
    Action("", "&Layer", "-"),
    Action("layering.group", "&Layer", "&Group layers", ("Ctrl+G",), "folder-simple"),
    Action("layering.ungroup", "&Layer", "&Ungroup", ("Ctrl+Shift+G",)),
    Action("layering.merge", "&Layer", "M&erge down", ("Ctrl+E",), "arrows-in-line-vertical"),
    Action("layering.flatten", "&Layer", "&Flatten all"),
    Action("", "&Layer", "-"),
    Action("layering.add_mask", "&Layer", "Add a mas&k", (), "circle-half"),
    Action("layering.edit_mask", "&Layer", "&Paint on the mask", (), "", checkable=True),
    Action("layering.invert_mask", "&Layer", "&Invert the mask"),
    Action("layering.apply_mask", "&Layer", "&Apply the mask"),
    Action("layering.delete_mask", "&Layer", "Delete t&he mask"),
    Action("", "&Layer", "-"),
    Action("layering.toggle_visible", "&Layer", "Sho&w or hide", ("Ctrl+,",), "eye"),
    Action("layering.solo", "&Layer", "Show al&one"),
    Action("layering.toggle_lock", "&Layer", "&Lock", ("Ctrl+/",), "lock-simple", checkable=True),
    Action("layering.toggle_alpha_lock", "&Layer", "Lock what is transparen&t", ("/",), "", checkable=True),
    Action("", "&Layer", "-"),
    Action("layering.to_picture", "&Layer", "Make it a picture", (), "image"),
    Action("layering.to_strokes", "&Layer", "Make it &strokes", (), "paint-brush"),
    Action("", "&Layer", "-"),
    Action("layering.up", "&Layer", "Mo&ve up", ("Ctrl+]", "Ctrl+PgUp"), "caret-up"),
    Action("layering.down", "&Layer", "Move down", ("Ctrl+[", "Ctrl+PgDown"), "caret-down"),
    Action("layering.above", "&Layer", "Go to the la&yer above", ("PgUp", "Alt+]")),
    Action("layering.below", "&Layer", "Go to the layer &below", ("PgDown", "Alt+[")),
    Action("selecting.all", "&Select", "&All", ("Ctrl+A",), "selection-all"),
    Action("selecting.none", "&Select", "&None", ("Ctrl+Shift+A", "Ctrl+D"), "selection-slash"),
    Action("selecting.reselect", "&Select", "&Reselect", ("Ctrl+Shift+D",)),
    Action("selecting.invert", "&Select", "&Invert", ("Ctrl+Shift+I",), "selection-inverse"),
    Action("", "&Select", "-"),
    Action("selecting.grow", "&Select", "&Grow...", ("Ctrl+Alt+G",), "selection-plus"),
    Action("selecting.shrink", "&Select", "&Shrink..."),
    Action("selecting.feather", "&Select", "&Feather...", ("Shift+F6",)),
    Action("selecting.border", "&Select", "&Border..."),
    Action("", "&Select", "-"),
    Action("selecting.colour_range", "&Select", "&Colour range...", (), "eyedropper"),
    Action("selecting.from_layer", "&Select", "What the &layer covers", (), "stack"),
    Action("", "&Select", "-"),
    Action("selecting.to_editable", "&Select", "Selection to &Editable"),
    Action("selecting.to_protected", "&Select", "Selection to &Protected"),
    Action("selecting.from_editable", "&Select", "Editable &to selection"),
    Action("selecting.from_protected", "&Select", "Pr&otected to selection"),
    Action("areas.clear", "&Select", "Clear all areas"),
    Action("areas.show_always", "&Select", "Show areas al&ways", checkable=True),
    Action("results.apply", "&Results", "&Apply as a layer", (), "check"),
    Action("results.apply_through_mask", "&Results", "Apply through a &mask", ("Alt+Return",), "selection"),
    Action("results.again", "&Results", "&Run again"),
    Action("results.again_with_new_seed", "&Results", "Run again with a &new seed", (), "arrows-clockwise"),
    Action("", "&Results", "-"),
    Action("next_variant", "&Results", "Ne&xt result", ("Right",)),
    Action("previous_variant", "&Results", "Pre&vious result", ("Left",)),
    Action("results.star", "&Results", "&Star", (), "star"),
    Action("results.delete", "&Results", "&Delete", (), "trash"),
    Action("results.delete_unstarred", "&Results", "Delete all without a s&tar"),
    Action("", "&Results", "-"),
    Action("results.save_recipe", "&Results", "Save the re&cipe..."),
    Action("results.run_recipe", "&Results", "Run a reci&pe on this picture..."),
    Action("zoom_in", "&View", "Zoom &in", ("Ctrl++", "Ctrl+="), "magnifying-glass-plus"),
    Action("zoom_out", "&View", "Zoom &out", ("Ctrl+-",), "magnifying-glass-minus"),
    Action("fit", "&View", "&Fit the window", ("Ctrl+0",), "corners-out"),
    Action("canvas.fit_width", "&View", "Fit the &width", ("Ctrl+2",)),
    Action("canvas.show_selection", "&View", "Fit the &selection", ("Ctrl+3",)),
    Action("actual_size", "&View", "&100 %", ("Ctrl+1",)),
    Action("", "&View", "-"),
    Action("canvas.turn_left", "&View", "Turn &left", ("4",), "arrow-counter-clockwise"),
    Action("canvas.turn_right", "&View", "Turn &right", ("6",), "arrow-clockwise"),
    Action("canvas.flip", "&View", "&Mirror", ("Shift+H",), "arrows-left-right"),
    Action("canvas.straighten", "&View", "S&traighten", ("5",)),
    Action("", "&View", "-"),
    Action("comparing.hold", "&View", "&Hold to see the original", ("\\",), "eye"),
    Action("comparing.split", "&View", "S&plit: original and now", ("C",), checkable=True),
    Action("comparing.difference", "&View", "&Difference", ("Shift+C",), checkable=True),
    Action("", "&View", "-"),
    Action("show_panels", "&View", "P&anels", ("Tab",), checkable=True),
    Action("show_navigator", "&View", "&Navigator", checkable=True),
    Action("show_history", "&View", "Histor&y", checkable=True),
    Action("next_part", "&View", "&Keyboard to the next part", ("F6",)),
    Action("show_full_screen", "&View", "F&ull screen", ("F11",), checkable=True),
    Action("comfort.show_manual", "&Help", "&Manual", ("F1",), "book-open"),
    Action("comfort.show_tour", "&Help", "&Tour"),
    Action(
        "comfort.search_commands", "&Help", "&Search commands", ("Ctrl+K", "Ctrl+Shift+P"), "magnifying-glass"
    ),
    Action("comfort.show_shortcuts", "&Help", "&Keyboard shortcuts", ("Ctrl+F1",), "keyboard"),
    Action("comfort.show_diagnostics", "&Help", "&Diagnostics"),
    Action("comfort.show_about", "&Help", "&About Driftpaint", (), "info"),
)
MOVED = {  # methods of other names, or of parts that their actions do not name
    "new_picture": "filing.ask_new",
    "open_picture": "filing.ask_open",
    "undo": "running.undo",
    "redo": "running.redo",
    "make_it_real": "running.make_it_real",
    "climb": "running.climb",
    "settle": "running.settle",
    "toggle_live": "running.toggle_live",
    "apply_result": "running.apply_result",
    "step_back": "running.step_back",
    "next_variant": "running.next_variant",
    "previous_variant": "running.previous_variant",
    "swap_colours": "session.swap_colours",
    "default_colours": "holding.default_colours",
    "larger": "holding.larger",
    "smaller": "holding.smaller",
    "save_brush": "holding.save_brush",
    "duplicate": "holding.duplicate",
    "zoom_in": "canvas.zoom_in",
    "zoom_out": "canvas.zoom_out",
    "fit": "canvas.fit",
    "actual_size": "canvas.actual_size",
}
BY_HAND = (  # what no action stands for
    ("Move the chosen end of a handle; with Shift by 10 pixels", "Arrow keys"),
    ("Draw round what a handle carries", "Alt"),
    ("Remove the chosen handle", "Delete"),
    ("Hold to pan", "Space"),
    ("Hold and drag to zoom", "Ctrl+Space"),
    ("Hold and drag to turn the view; with Ctrl in even steps", "R"),
    ("Zoom to the pointer", "Mouse wheel"),
    ("Turn the view", "Shift+Mouse wheel"),
)


def named(name: str) -> Action:
    return next(action for action in ACTIONS if action.name == name)


def in_menu(menu: str) -> Iterator[Action]:
    return (action for action in ACTIONS if action.menu == menu)
