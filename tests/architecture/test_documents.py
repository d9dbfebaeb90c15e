"""Documents say what is true: commands and files they name exist."""

import re

from django.core.management import get_commands

from tests.architecture.test_files import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def test_every_command_a_document_runs_exists() -> None:
    named = {
        (document.name, command)
        for document in DOCUMENTS
        for command in re.findall(r"manage\.py ([a-z_]+)", document.read_text())
    }

    assert [pair for pair in named if pair[1] not in get_commands()] == []


def test_every_make_target_a_document_runs_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = {
        (document.name, target)
        for document in DOCUMENTS
        for target in re.findall(r"`make ([a-z]+)", document.read_text())
    }

    assert [pair for pair in named if pair[1] not in targets] == []


def test_every_path_a_document_names_exists() -> None:
    path = re.compile(r"`((?:common|exchanges|portfolio|trading|research|docs)/[\w/.-]+)`")
    named = {
        (document.name, name)
        for document in DOCUMENTS
        for name in path.findall(document.read_text())
    }

    assert [pair for pair in named if not (ROOT / pair[1]).exists()] == []
