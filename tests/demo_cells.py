"""The demos of a lesson, and the cells they need: read from the code, so that a browser runs no more."""

import ast
import symtable

from nbformat import v4
from notebook_rules import code_cells


def only_demos(notebook) -> tuple:
    """Return a copy that holds the demos and the cells they need, without outputs, and their places.

    A cell is needed if it binds or changes a name that a kept cell below it uses and no kept cell
    between them binds. All cells run in another test.
    """
    sources = [cell.source for cell in code_cells(notebook)]
    modules = set().union(*map(imported, sources))
    kept, wanted = [], set()
    for source in reversed(sources):
        bound, used = names(source)
        if "Demo" in called(source) or (bound | changed(source) - modules) & wanted:
            wanted = (wanted - bound) | used
            kept.insert(0, source)
    cells = [v4.new_code_cell(source) for source in kept]
    copy = v4.new_notebook(cells=cells, metadata=notebook.metadata)
    return copy, [i for i, source in enumerate(kept) if "Demo" in called(source)]


def parts(source: str, *kinds) -> list:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]


def called(source: str) -> set:
    """Return the names of the functions that a cell calls."""
    return {call.func.id for call in parts(source, ast.Call) if isinstance(call.func, ast.Name)}


def imported(source: str) -> set:
    return {(alias.asname or alias.name).split(".")[0] for alias in parts(source, ast.alias)}


def changed(source: str) -> set:
    """Return what a cell may change: x.y = 1, x[0] = 1, x.add(1)."""
    places = [e for e in parts(source, ast.Attribute, ast.Subscript) if not isinstance(e.ctx, ast.Load)]
    calls = [e.value.func for e in parts(source, ast.Expr) if isinstance(e.value, ast.Call)]
    places += [function for function in calls if isinstance(function, ast.Attribute)]
    return {node.id for place in places for node in ast.walk(place) if isinstance(node, ast.Name)}


def names(source: str) -> tuple:
    """Return the global names that a cell binds, and those it uses."""
    top = symtable.symtable(source, "cell", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used, scopes = set(), [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        free = (s for s in scope.get_symbols() if scope is top or s.is_global())
        used |= {s.get_name() for s in free if s.is_referenced()}
    return bound, used
