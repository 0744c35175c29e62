"""Why a file is not of a type, or not safe; `weft.blobs.types` turns it into a problem."""


class Flaw(Exception):
    """Said to who sends the file, after "this is no …: "."""
