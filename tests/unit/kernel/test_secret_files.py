"""Settings that come from files: what is in a file counts as if it stood in the variable; a wrong one is never passed over."""

from pathlib import Path

import pytest

from weft.secret_files import Unreadable
from weft.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "node.toml").write_text(
        'node = "ece"\ndatabase_url = "sqlite:///from-the-file-{service}.db"\nport = 1\n'
    )
    return tmp_path


def given(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, text: str | bytes) -> None:
    file = folder / name.lower()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setenv(f"WEFT_{name}_FILE", str(file))


def test_a_setting_is_read_from_the_file_that_its_variable_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "DATABASE_URL", "postgresql+psycopg://weft:a%20b@db/weft_{service}\n")
    assert Settings.read(folder).database("sync") == "postgresql+psycopg://weft:a%20b@db/weft_sync"


def test_only_the_line_end_at_its_end_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "TITLE", " ECE,\nGeneva \r\n")
    assert Settings.read(folder).title == " ECE,\nGeneva "


def test_numbers_lists_and_tables_are_read_as_from_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "PORT", "8411\n")
    given(monkeypatch, folder, "CORS_ORIGINS", '["https://app.example"]')
    given(monkeypatch, folder, "OIDC_ROLES", '{"staff": "editor"}')
    settings = Settings.read(folder)
    assert (settings.port, settings.cors_origins, settings.oidc_roles) == (
        8411,
        ("https://app.example",),
        {"staff": "editor"},
    )


def test_what_is_given_in_code_comes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "PORT", "8411")
    assert Settings.read(folder, port=8412).port == 8412


def test_a_variable_and_a_file_at_once_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "PORT", "8411")
    monkeypatch.setenv("WEFT_PORT", "8412")
    with pytest.raises(Unreadable, match="WEFT_PORT is set too"):
        Settings.read(folder)


def test_a_file_for_no_setting_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "DATABASE_URI", "postgresql+psycopg://db")
    with pytest.raises(Unreadable, match="no such setting"):
        Settings.read(folder)


def test_a_file_that_is_missing_too_large_or_no_text_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TITLE_FILE", str(folder / "nothing"))
    with pytest.raises(Unreadable, match="cannot be read"):
        Settings.read(folder)
    for data in (b"x" * (1 << 20) + b"x", b"\xff\xfe"):
        given(monkeypatch, folder, "TITLE", data)
        with pytest.raises(Unreadable):
            Settings.read(folder)


def test_what_is_refused_is_said_without_what_is_in_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, folder, "TITLE", b"\xff geheim")
    with pytest.raises(Unreadable) as caught:
        Settings.read(folder)
    assert "geheim" not in str(caught.value)
