"""Settings whose text is in a file, so that no secret stands in an environment: `WEFT_DATABASE_URL_FILE=/run/secrets/…`."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic_settings import EnvSettingsSource

SUFFIX = "_FILE"
BYTES = 1 << 20


class Unreadable(Exception):
    """A variable names a file that cannot be taken."""

    def __init__(self, variable: str, why: str) -> None:
        super().__init__(f"{variable}: {why}")


class SecretFiles(EnvSettingsSource):
    """Reads what is in the file as the variable itself would be read. A line end at its end is no part of it."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        prefix = self.env_prefix.upper()
        found = {}
        for variable, place in sorted(os.environ.items()):
            if not (variable.startswith(prefix) and variable.endswith(SUFFIX)):
                continue
            plain = variable.removesuffix(SUFFIX)
            if plain.removeprefix(prefix).lower() not in self.settings_cls.model_fields:
                raise Unreadable(variable, "there is no such setting")
            if plain in os.environ:
                raise Unreadable(variable, f"{plain} is set too; unset one of them")
            found[plain.lower()] = _text(variable, place)
        return found


def _text(variable: str, place: str) -> str:
    try:
        with Path(place).open("rb") as file:
            data = file.read(BYTES + 1)
        if len(data) > BYTES:
            raise Unreadable(variable, f"{place} has over {BYTES} bytes")
        return data.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(variable, f"{place} cannot be read: {error}") from None
