"""What is not a table: logs, keys in Valkey, files, and the browser."""

from __future__ import annotations

from contactcenter.operations.classification.kinds import Class, Place

POLICY, STAFF, PERSONAL = Class.POLICY, Class.STAFF, Class.PERSONAL

# The keys in Valkey, as shell patterns; a test looks for others.
CELERY_KEYS = ("townline", "sweeps", "unacked", "unacked_index", "unacked_mutex", "_kombu.binding*")

PLACES = (
    Place(
        "logs of web, worker and beat",
        "ids, states and kinds of errors; never a word of a person",
        POLICY,
        "as whoever collects standard error rotates it; below `./run` with each start",
        "no",
    ),
    Place(
        "`/metrics` and whoever reads it",
        "figures, without a name or an id of a chat",
        POLICY,
        "as it is kept there",
        "no",
    ),
    Place(
        "the city's Sentry, if it uses one",
        "kind and place of exceptions, without values, texts or requests",
        POLICY,
        "as the city set it there",
        "no",
    ),
    Place(
        "PostgreSQL's log",
        "errors without statement, parameter or row (`log_min_error_statement`, `log_error_verbosity`, "
        "`log_parameter_max_length_on_error`)",
        POLICY,
        "as the server rotates it",
        "no",
    ),
    Place(
        "PostgreSQL's write-ahead log and its archive",
        "every change of every table, so words of residents, too",
        PERSONAL,
        "the server recycles its own; an archive is the city's, and must be as short as the age of back-ups",
        "is one",
    ),
    Place(
        "Valkey: channels below `townline` (the channel layer)",
        "that something happened, by ids; nothing is stored",
        POLICY,
        "at once: published, not kept",
        "no",
    ),
    Place(
        f"Valkey: {', '.join(f'`{pattern}`' for pattern in CELERY_KEYS)} (Celery)",
        "which task is to run; arguments are ids or none",
        POLICY,
        "when the task has run; most expire in seconds",
        "no",
    ),
    Place(
        "cache",
        "answers of `availability`, the same for everybody, in the memory of each process",
        POLICY,
        "after 10 seconds",
        "no",
    ),
    Place("uploads (media)", "nothing: there are no uploads yet", PERSONAL, "nothing to empty", "no"),
    Place(
        "back-ups: `townline-…` in the folder that `backup` was given",
        "what the tables below say under back-up; of chats the marked ones only",
        PERSONAL,
        "at the greatest age of back-ups (EM-RET-A): beat and the next `backup` delete older ones; a copy that was "
        "carried elsewhere is the city's to delete, and `restore` refuses it once it is too old",
        "is one",
    ),
    Place(
        "`ledger.jsonl` beside the back-ups",
        "ids of purged chats, lifted marks and deleted persons, so that a restore does not bring them back",
        POLICY,
        "once no back-up is old enough to need it",
        "no",
    ),
    Place(
        "the resident's browser",
        "secret and place of the running chat (until the window closes) and the secret by which a browser is known "
        "again (14 days), in the widget's own origin",
        PERSONAL,
        "by the browser, or when the resident clears it",
        "no",
    ),
    Place(
        "the agent's browser",
        "transcripts of her running chats and her drafts, in memory",
        PERSONAL,
        "when the page closes; nothing is written to disk, and no page of staff may be cached",
        "no",
    ),
    Place(
        "e-mail that was sent",
        "notices to residents and staff",
        PERSONAL,
        "beyond the program: with the mail provider",
        "no",
    ),
)
