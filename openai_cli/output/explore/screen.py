"""The explorer's screen, on Textual."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Input, Static, Tree
from textual.widgets.tree import TreeNode

from openai_cli.output.explore import own_screen
from openai_cli.output.explore.outline import (
    Path,
    children,
    gjson_path,
    item_label,
    label,
    matches,
    value_at,
)
from openai_cli.output.gjson import get
from openai_cli.output.json_layout import escape_controls, indented, load, string_value


@dataclass(frozen=True)
class TreeItem:
    """One answer, or one event of a stream or item of a list."""

    text: str
    value: Any


@dataclass(frozen=True)
class TreePosition:
    """Position of a tree node: item index and path. `item` is None for the root of several items.

    If `rest` is set, the node stands for the children at that path from index `rest` on.
    """

    item: int | None
    path: Path = ()
    rest: int = 0


_PAGE = 500
"""Children of a list or object that are added to the tree at a time."""
_UNFOLDED = 2000
"""Nodes after which one keypress stops unfolding."""


class Explorer(App[str]):
    """JSON tree that may grow while it is shown; returns the text the user chose to print."""

    CSS = """
    Tree, #raw { height: 1fr; }
    #search, #raw { display: none; }
    #search.shown, #raw.shown { display: block; }
    Tree.hidden { display: none; }
    #status { height: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "Quit"),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("space", "toggle_node", "Fold", show=False),
        Binding("slash", "search", "Search"),
        Binding("n", "step(1)", "Next"),
        Binding("N", "step(-1)", "Previous", show=False),
        Binding("e", "unfold", "Unfold"),
        Binding("c", "fold", "Fold"),
        Binding("y", "copy_path", "Copy path"),
        Binding("p", "print_value", "Print"),
        Binding("r", "toggle_raw", "Raw"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, items: Iterable[str], *, growing: bool) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self.finished = not growing
        self.interrupted = False
        self._source = items
        self._growing = growing
        self._items: list[TreeItem] = []
        self._found: list[TreePosition] = []
        self._needle = ""
        self._match: tuple[TreePosition, str] | None = None
        self.reader = threading.Thread(target=self._read, name="explore", daemon=True)

    def compose(self) -> ComposeResult:
        """The tree, the raw view, the search line and the status line."""
        tree: Tree[TreePosition] = Tree("…", data=TreePosition(None))
        tree.show_root = True
        yield tree
        with VerticalScroll(id="raw"):
            yield Static(id="rawtext", markup=False)
        yield Input(placeholder="search keys and values", id="search")
        yield Static("", id="status", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Start the thread that reads the items."""
        self._tree.focus()
        self.reader.start()

    @property
    def _tree(self) -> Tree[TreePosition]:
        return self.query_one(Tree)

    def _read(self) -> None:
        """Reads the items in a thread, so that a slow answer does not block the screen."""
        try:
            for text in self._source:
                self._call_screen(self.add_item, text)
        except Exception as error:  # raised by `explore`, in the caller's thread
            self.failure = error
        self._call_screen(self.end)

    def _call_screen(self, method: Any, *args: Any) -> None:
        if self.is_running:
            try:
                self.call_from_thread(method, *args)
            except RuntimeError:
                return  # the screen was closed; reading continues

    def add_item(self, text: str) -> None:
        """Show one more item."""
        item = TreeItem(text, load(text))
        self._items.append(item)
        index = len(self._items) - 1
        root = self._tree.root
        if not self._growing:
            root.data = TreePosition(index)
            root.set_label(Text(label(None, item.value)))
            self._fill(root)
        else:
            root.set_label(Text(f"{len(self._items)} items"))
            title = Text(item_label(index, item.value))
            root.add(title, data=TreePosition(index), allow_expand=bool(children(item.value)))
        root.expand()
        self._show_status()

    def end(self) -> None:
        """Note that all items have arrived."""
        self.finished = True
        self._show_status()

    def _fill(self, node: TreeNode[TreePosition]) -> None:
        """Add the node's first children; called when it is opened, so large answers load lazily."""
        if not node.children:
            self._grow(node, _PAGE)

    def _grow(self, node: TreeNode[TreePosition], least: int) -> None:
        """Show at least `least` children of the node, if it has them, in whole pages."""
        position = node.data
        if position is None or position.item is None or position.rest:
            return
        parts = children(value_at(self._items[position.item].value, position.path))
        shown = len(node.children)
        if shown and (last := node.children[-1]).data and last.data.rest:
            shown = last.data.rest
        end = min(len(parts), -(-least // _PAGE) * _PAGE)
        if end <= shown:
            return
        if shown:
            node.children[-1].remove()
        for step, child in parts[shown:end]:
            inner = TreePosition(position.item, (*position.path, step))
            node.add(Text(label(step, child)), data=inner, allow_expand=bool(children(child)))
        if end < len(parts):
            node.add_leaf(
                f"… {len(parts) - end} more", TreePosition(position.item, position.path, end)
            )

    def on_tree_node_selected(self, event: Tree.NodeSelected[TreePosition]) -> None:
        """Enter was pressed: on a `… more` node, add the next page."""
        position, parent = event.node.data, event.node.parent
        if position is not None and position.rest and parent is not None:
            self._grow(parent, position.rest + _PAGE)
            self.call_after_refresh(self._tree.move_cursor, parent.children[position.rest])

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[TreePosition]) -> None:
        """A node was opened."""
        self._fill(event.node)

    def on_tree_node_highlighted(self, _event: Tree.NodeHighlighted[TreePosition]) -> None:
        """The cursor moved."""
        self._show_status()

    def _position(self) -> TreePosition:
        node = self._tree.cursor_node
        position = node.data if node is not None else None
        return position or TreePosition(None)

    def _show_status(self, note: str = "") -> None:
        position = self._position()
        state = "" if self.finished else "  receiving…"
        if self.failure is not None:
            state = f"  incomplete: {self.failure}"
        if self._match is not None and self._match[0] == position:
            note = note or self._match[1]
        text = note or gjson_path(position.path) + state
        self.query_one("#status", Static).update(text)

    def action_leave(self) -> None:
        """Close the search, or the explorer."""
        search = self.query_one("#search", Input)
        if search.has_class("shown"):
            search.remove_class("shown")
            self._tree.focus()
        else:
            self.exit("")

    def action_interrupt(self) -> None:
        """Close the explorer; `explore` then raises KeyboardInterrupt."""
        self.interrupted = True
        self.exit("")

    def action_toggle_node(self) -> None:
        """Fold or unfold the node under the cursor."""
        node = self._tree.cursor_node
        if node is not None:
            node.toggle()

    def action_unfold(self) -> None:
        """Open the node under the cursor; if it is open, its children."""
        node = self._tree.cursor_node
        if node is None:
            return
        if not node.is_expanded:
            self._open(node)
            return
        unfolded = 0
        for child in node.children:
            self._open(child)
            unfolded += len(child.children)
            if unfolded > _UNFOLDED:
                self._show_status("not everything is unfolded: press e again for more")
                return

    def _open(self, node: TreeNode[TreePosition]) -> None:
        self._fill(node)
        if node.children:
            node.expand()

    def action_fold(self) -> None:
        """Close the node under the cursor, or its parent if it is closed."""
        node = self._tree.cursor_node
        if node is None:
            return
        target = node if node.is_expanded and node.children else node.parent
        if target is not None:
            target.collapse()
            self._tree.move_cursor(target)

    def action_search(self) -> None:
        """Show the search line."""
        search = self.query_one("#search", Input)
        search.value = ""
        search.add_class("shown")
        search.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the first match."""
        event.input.remove_class("shown")
        self._tree.focus()
        self._needle = event.value
        self.action_step(1, from_start=True)

    def action_step(self, by: int, *, from_start: bool = False) -> None:
        """Go `by` matches on: 1 for the next, -1 for the previous one."""
        if not self._needle:
            self._show_status("no search yet: type /")
            return
        self._found = [
            TreePosition(index, path)
            for index, item in enumerate(self._items)
            for path in matches(item.value, self._needle)
        ]
        if not self._found:
            self._show_status(f"no match for {self._needle!r}")
            return
        here = self._position()
        known = here in self._found and not from_start
        at = self._found.index(here) if known else -1 if by > 0 else 0
        number = (at + by) % len(self._found)
        position = self._found[number]
        self._match = position, f"{number + 1} of {len(self._found)}  {gjson_path(position.path)}"
        self._go(position)

    def _go(self, position: TreePosition) -> None:
        node = self._tree.root
        if self._growing and position.item is not None:
            node = node.children[position.item]
        value = self._items[position.item or 0].value
        for step in position.path:
            self._open(node)
            number = step if isinstance(step, int) else list(value).index(step)
            self._grow(node, number + 1)
            node, value = node.children[number], value[step]
        # The lines of freshly opened nodes exist only after the next refresh.
        self.call_after_refresh(self._tree.move_cursor, node)
        self.call_after_refresh(self._tree.scroll_to_node, node)

    def action_copy_path(self) -> None:
        """Copy the path under the cursor, in the syntax of `--transform`, to the clipboard."""
        path = gjson_path(self._position().path)
        self.copy_to_clipboard(path)
        self._show_status(f"copied: {path}")

    def _selected_text(self) -> str:
        """The source text of the JSON value under the cursor."""
        position = self._position()
        if position.item is None:
            return "[" + ",".join(item.text for item in self._items) + "]"
        text = self._items[position.item].text
        return get(text, gjson_path(position.path)).raw if position.path else text

    def action_print_value(self) -> None:
        """Leave and print the value under the cursor, a string without quotes."""
        text = self._selected_text()
        bare = string_value(text)
        self.exit((bare if bare is not None else indented(text)) + "\n")

    def action_toggle_raw(self) -> None:
        """Show the value under the cursor as JSON text, or the tree again."""
        raw = self.query_one("#raw", VerticalScroll)
        if raw.has_class("shown"):
            raw.remove_class("shown")
            self._tree.remove_class("hidden")
            self._tree.focus()
            return
        shown = escape_controls(indented(self._selected_text()))
        self.query_one("#rawtext", Static).update(shown)
        raw.add_class("shown")
        self._tree.add_class("hidden")
        raw.focus()


def explore(items: Iterable[str], *, growing: bool, keep_reading: bool) -> str:
    """Show JSON texts in the explorer; returns the text the user chose to print, else "".

    A growing answer is read while it is shown. With `keep_reading` it is read to its end before
    this returns, even if the user leaves early. Raises what reading `items` raised, and
    KeyboardInterrupt after Ctrl-C.
    """
    app = Explorer(items, growing=growing)
    with own_screen():
        chosen = app.run()
    if app.interrupted:
        raise KeyboardInterrupt
    if keep_reading or app.finished:
        app.reader.join()
    if app.failure is not None:
        raise app.failure
    return chosen or ""
