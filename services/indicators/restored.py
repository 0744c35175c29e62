"""What indicators makes anew after a restore from a backup: the list of changes, whose old places nobody may go on from."""

from weft.records.changes import renew

__all__ = ["renew"]
