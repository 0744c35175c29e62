"""What keeps a backup from being made, believed or restored, with what to do about it."""


class Flaw(Exception):
    """`hint` says what to do next."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


ANOTHER = "Use another backup; this file is not as it was written."
