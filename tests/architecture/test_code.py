"""Rules of the code itself: sizes, prints, promises to do something later, addresses, names of tests."""

import ast
import re

from tests.architecture.sources import CODE, ROOT, files, python, tree, where

LINES = 300
WORDS = 3
"""Who, does, what: with fewer words nothing is said."""
LATER = re.compile(r"\b(TODO|FIXME)\b")
REGISTRIES = re.compile(
    r"https?://(?:[\w.-]*\.)?(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io)|(?<!no-emit-)index-url"
)
MACHINES = re.compile(r"(?<![\w.])/(?:work|home/\w+|Users/\w+|root)/")
WEAK_WORDS = ("manager", "helper", "helpers", "utils", "util", "misc", "common")
TEXTS = (".py", ".md", ".toml", ".lock", ".html", ".css", ".json")
THIS = ROOT / "tests" / "architecture"


def lines_like(pattern: re.Pattern[str], *suffixes: str) -> list[str]:
    return [
        f"{where(file, number)}: {line.strip()[:100]}"
        for suffix in suffixes
        for file in files(suffix)
        if not file.is_relative_to(THIS)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_a_file_over_three_hundred_lines_says_why_in_its_docstring() -> None:
    silent = []
    for file in python(*CODE, "tests"):
        length = len(file.read_text(encoding="utf-8").splitlines())
        if length > LINES and "Over 300 lines, " not in (ast.get_docstring(tree(file)) or ""):
            silent.append(f"{where(file, length)} is too long, or lacks 'Over 300 lines, so that …' in its docstring")
    assert silent == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        where(file, 1)
        for file in python("weft", "services", "gateway")
        if file.name != "__init__.py" and file.parent.name != "migrations" and not ast.get_docstring(tree(file))
    ]
    assert silent == []


def test_the_product_never_prints_past_its_console() -> None:
    found = [
        where(file, node.lineno)
        for file in python("weft", "services", "gateway")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_nothing_is_left_to_be_done_later_in_a_comment() -> None:
    assert lines_like(LATER, ".py", ".toml", ".html", ".css") == []


def test_no_address_of_a_package_registry_is_written_down() -> None:
    assert lines_like(REGISTRIES, *TEXTS) == []
    assert not REGISTRIES.search((ROOT / "Makefile").read_text())


def test_no_path_of_anybodys_machine_is_written_down() -> None:
    assert lines_like(MACHINES, *TEXTS) == []


def test_no_file_is_named_for_being_useful() -> None:
    assert [where(file, 0) for file in python(*CODE, "tests") if file.stem in WEAK_WORDS] == []


def test_the_name_of_every_test_is_a_sentence() -> None:
    short = [
        f"{where(file, node.lineno)} {node.name}"
        for file in python("tests")
        if file.name.startswith("test_")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name.removeprefix("test_").split("_")) < WORDS
    ]
    assert short == []


def test_no_test_sleeps_for_a_fixed_time() -> None:
    """A pause inside a loop that looks for something is a look; one outside of it is a guess."""
    guesses = []
    for file in python("tests"):
        looks = {
            id(call)
            for loop in ast.walk(tree(file))
            if isinstance(loop, ast.While | ast.For | ast.AsyncFor)
            for call in ast.walk(loop)
        }
        guesses += [
            where(file, call.lineno)
            for call in ast.walk(tree(file))
            if isinstance(call, ast.Call) and id(call) not in looks and _pauses(call)
        ]
    assert guesses == []


def _pauses(call: ast.Call) -> bool:
    named = ast.unparse(call.func) in {"time.sleep", "asyncio.sleep"}
    nothing = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
    return named and not nothing
