"""Keys of backups, as age has them: a recipient, to whom one is encrypted, and an identity, which opens it."""

from pathlib import Path
from typing import TypeAlias

from pyrage import IdentityError, RecipientError, x25519

from weft.backup import private
from weft.backup.flaws import Flaw

Recipient: TypeAlias = x25519.Recipient
Identity: TypeAlias = x25519.Identity

COMMENT = "#"


def recipient(text: str) -> Recipient:
    """Who may open a backup, as `age1…`.

    Raises:
        Flaw: it is none.
    """
    try:
        return Recipient.from_str(text)
    except RecipientError:
        raise Flaw(f"{text[:80]!r} is no age recipient", "Make a key with: weft backup key FILE") from None


def create(file: Path) -> str:
    """Make a key in a new file that only its owner can read, in the form of `age-keygen`; returns the recipient.

    Raises:
        Flaw: the file is there.
    """
    made = Identity.generate()
    public = str(made.to_public())
    try:
        with private.new(file) as out:
            out.write(f"# public key: {public}\n{made}\n".encode())
    except FileExistsError:
        raise Flaw(f"{file} is there already", "A key is never written over. Name another file.") from None
    return public


def identities(file: Path) -> list[Identity]:
    """The keys in a file, a line each.

    Raises:
        Flaw: there is none.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        found = [Identity.from_str(line) for line in lines if line and not line.startswith(COMMENT)]
    except (OSError, UnicodeDecodeError, IdentityError) as error:
        raise Flaw(f"{file} holds no key of age: {error}") from None
    if not found:
        raise Flaw(f"{file} holds no key of age")
    return found
