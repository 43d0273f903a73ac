"""What a recipe was made with and does not hold itself, its model and the files beside it: where they are,
and whether they are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from engine.recipe import Beside, Recipe
from engine.weights import NAMED, digest_of, file_digest


class Changed(NamedTuple):
    """A file that a recipe was made with, and that is not as it was."""

    name: str
    path: str  # where it was
    is_gone: bool  # or there is another one of that name


def with_files(recipe: Recipe, *folders: Path) -> tuple[Recipe, list[Changed]]:
    """The recipe with its files where they are now, in their old places or in those folders, and what is not
    as it was. What is gone is left out.
    """
    changed: list[Changed] = []

    def found(files: tuple[Beside, ...]) -> Iterator[Beside]:
        for old in files:
            name = file_name(old.path)
            places = [path for path in (Path(old.path), *(each / name for each in folders)) if path.is_file()]
            same = [path for path in places if file_digest(str(path)) == old.digest]
            if not places or (old.digest and not same):
                changed.append(Changed(name, old.path, is_gone=not places))
            if places:
                yield replace(old, path=str((same or places)[0]))

    loras, embeddings = (tuple(found(each)) for each in (recipe.loras, recipe.embeddings))
    return replace(recipe, loras=loras, embeddings=embeddings), changed


def with_model(recipe: Recipe, others: Mapping[str, str]) -> tuple[Recipe, list[Changed]]:
    """The recipe with its model where it is now, in its old place or among others, by the names of their
    files; and whether that is not as it was.
    """
    if not recipe.weights:
        return recipe, []
    name = file_name(recipe.model)
    path = NAMED.get(recipe.model) or Path(recipe.model)
    if not path.exists() and name in others:
        recipe, path = replace(recipe, model=others[name]), Path(others[name])
    if weights_of(recipe.model) == recipe.weights:
        return recipe, []
    return recipe, [Changed(name, recipe.model, is_gone=not path.exists())]


def weights_of(model: str) -> str:
    """A digest of what an edit is made with; nothing where there is none."""
    path = NAMED.get(model) or Path(model)
    return digest_of(path) if path.exists() else ""


def file_name(path: str) -> str:
    """Of a path from whatever system."""
    return PureWindowsPath(path).name  # which knows both kinds of slashes
