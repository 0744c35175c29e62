"""The sizes that every implementation keeps to."""

CHANGES_PER_COMMIT = 1_000
BODY_BYTES = 512 * 1024
BODIES_PER_COMMIT_BYTES = 4 * 1024 * 1024
"""A commit closes at this size; one body may pass it, so a commit never holds more than this and one body."""
PAYLOAD_BYTES = BODIES_PER_COMMIT_BYTES + BODY_BYTES + CHANGES_PER_COMMIT * 24
WINDOW_BYTES = 8 * 1024 * 1024
STATEMENT_BYTES = 1024 * 1024
MESSAGE_BYTES = 768 * 1024
"""A frame over this goes by HTTP; the broker only announces it."""
ENTRIES_PER_SEGMENT = 1_000
"""A segment also closes at `BODIES_PER_COMMIT_BYTES`, as a commit does: it is served as one frame."""
SEGMENTS_PER_MANIFEST = 15_000
"""As many hashes as fit a statement."""
SALT_BYTES = 16
