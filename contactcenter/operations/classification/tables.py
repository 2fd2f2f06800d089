"""Every table, every column of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contactcenter.operations.classification.kinds import Class, InBackup, Table, Way

POLICY, STAFF, PERSONAL = Class.POLICY, Class.STAFF, Class.PERSONAL

# How texts go ---------------------------------------------------------------
KEPT_POLICY = Way("stays: what the city adopted and set must be there to explain what was done")
KEPT_STAFF = Way("stays: staff records of the city, under the city's own schedule")
KEPT_FIGURES = Way("stays: figures and ids, without a word of anybody")
OWN_NOTES = Way("stays: what the program notes about itself")
OVERWRITTEN = Way("one row, written over every few seconds")
PURGE = Way("daily purge", ("chat.actions.purge",))
WITH_CHAT = Way("with its chat", with_row_of="chat_chatsession")
EVALUATION = Way("daily purge, with the last chat that it holds", ("chat.actions.purge",))
WITH_EVALUATION = Way("with its evaluation", with_row_of="chat_evaluation")
CLOSED = Way("when the socket closes, and with its chat", ("chat.actions.close_connection",), "chat_chatsession")
OLD_MAIL = Way(
    "days after it was sent or given up (`MAIL_KEEP_DAYS`)", ("contactcenter.notices.actions.delete_old_mail",)
)
OLD_TASKS = Way(
    "days after the last task about it was done (`TASK_KEEP_DAYS`)", ("contactcenter.cases.actions.forget_old_tasks",)
)
LOG_OUT = Way("at the log-out, and when it has run out", ("agents.actions.delete_dead_sessions",))
TRIES = Way("after a day, and when the right password follows", ("agents.actions.forget_old_tries",))
LINKS = Way("a day after it was used or has run out", ("agents.actions.delete_dead_links",))
LEDGER = Way("once no back-up is old enough to need it", ("contactcenter.operations.copies.ledger.sync_ledger",))
NEVER = Way("never written: the program counts tries to log in itself")
BY_MIGRATIONS = Way("stays: written by migrations")

HISTORY = ("history_type", "history_change_reason")


def history(name: str, holds: str, goes: Way, columns: Mapping[Class, tuple[str, ...]]) -> Table:
    """Return a history table: who changed what when, with the same texts as the table that it follows."""
    return Table(name, f"earlier states: {holds}", goes, {**columns, POLICY: (*columns.get(POLICY, ()), *HISTORY)})


AGENTS = (
    Table(
        "agents_agent",
        "who takes chats, with how many at once",
        KEPT_STAFF,
        {STAFF: ("presence", "restricted_why")},
    ),
    history("agents_historicalagent", "who takes chats", KEPT_STAFF, {STAFF: ("restricted_why",)}),
    Table("agents_earlierrecord", "figures of chats that an agent held before there was this program", KEPT_STAFF),
    history("agents_historicalearlierrecord", "figures of such chats", KEPT_STAFF, {}),
    Table(
        "agents_ladderstanding",
        "where each agent stands on the ladder, with figures of their chats",
        KEPT_STAFF,
        {STAFF: ("binding",)},
    ),
    Table(
        "agents_ladderstep",
        "each change of how many chats somebody may hold: figures, rule and reason",
        KEPT_STAFF,
        {STAFF: ("binding", "figures", "why"), POLICY: ("kind", "rule")},
    ),
    Table("agents_agent_languages", "who speaks what", KEPT_STAFF, {STAFF: ("language_id",)}),
    Table("agents_historicalagent_languages", "earlier states: who speaks what", KEPT_STAFF, {STAFF: ("language_id",)}),
    Table("agents_channelassignment", "who takes which channel", KEPT_STAFF, {STAFF: ("why",), POLICY: ("channel",)}),
    history(
        "agents_historicalchannelassignment",
        "who takes which channel",
        KEPT_STAFF,
        {STAFF: ("why",), POLICY: ("channel",)},
    ),
    Table("agents_certificate", "certificates of agents", KEPT_STAFF, {STAFF: ("withdrawn_why",)}),
    history("agents_historicalcertificate", "certificates of agents", KEPT_STAFF, {STAFF: ("withdrawn_why",)}),
    Table("agents_evidence", "what proves that a certificate's demand is met", KEPT_STAFF, {STAFF: ("text",)}),
    Table(
        "agents_certificatekind",
        "which certificates the city asks for",
        KEPT_POLICY,
        {POLICY: ("code", "name", "rule", "channel", "level", "approver_role", "language_id")},
    ),
    history(
        "agents_historicalcertificatekind",
        "which certificates the city asks for",
        KEPT_POLICY,
        {POLICY: ("code", "name", "rule", "channel", "level", "approver_role", "language_id")},
    ),
    Table("agents_requirement", "what a certificate demands", KEPT_POLICY, {POLICY: ("text",)}),
    history("agents_historicalrequirement", "what a certificate demands", KEPT_POLICY, {POLICY: ("text",)}),
    Table(
        "agents_department",
        "departments, and how they are reached",
        KEPT_POLICY,
        {POLICY: ("code", "name", "phone", "email", "page", "hours_text")},
    ),
    history(
        "agents_historicaldepartment",
        "departments",
        KEPT_POLICY,
        {POLICY: ("code", "name", "phone", "email", "page", "hours_text")},
    ),
    Table(
        "agents_departmentname",
        "what residents call a department, by language",
        KEPT_POLICY,
        {POLICY: ("name", "language_id")},
    ),
    history("agents_historicaldepartmentname", "such names", KEPT_POLICY, {POLICY: ("name", "language_id")}),
    Table(
        "agents_outsidebody",
        "bodies outside of the city to whom people are referred",
        KEPT_POLICY,
        {POLICY: ("code", "name", "responsible_for", "phone", "email", "page")},
    ),
    history(
        "agents_historicaloutsidebody",
        "outside bodies",
        KEPT_POLICY,
        {POLICY: ("code", "name", "responsible_for", "phone", "email", "page")},
    ),
    Table("agents_outsidebody_departments", "whose agents are offered which outside body", KEPT_POLICY),
    Table("agents_historicaloutsidebody_departments", "earlier states: the same", KEPT_POLICY),
    Table(
        "agents_outsidebody_languages",
        "in which languages an outside body answers",
        KEPT_POLICY,
        {POLICY: ("language_id",)},
    ),
    Table(
        "agents_historicaloutsidebody_languages", "earlier states: the same", KEPT_POLICY, {POLICY: ("language_id",)}
    ),
    Table("agents_departmenthours", "which calendar holds where", KEPT_POLICY, {POLICY: ("channel",)}),
    history("agents_historicaldepartmenthours", "which calendar holds where", KEPT_POLICY, {POLICY: ("channel",)}),
    Table("agents_language", "languages in which the city answers", KEPT_POLICY, {POLICY: ("code", "name")}),
    history("agents_historicallanguage", "languages", KEPT_POLICY, {POLICY: ("code", "name")}),
    Table(
        "agents_backupplan",
        "the way round a channel that is out of order",
        KEPT_POLICY,
        {POLICY: ("channel", "phone", "page")},
    ),
    history("agents_historicalbackupplan", "such ways", KEPT_POLICY, {POLICY: ("channel", "phone", "page")}),
    Table("agents_backuptext", "what residents then read", KEPT_POLICY, {POLICY: ("text", "language_id")}),
    history("agents_historicalbackuptext", "such texts", KEPT_POLICY, {POLICY: ("text", "language_id")}),
    Table("agents_backupperson", "who sees to the back-up, in which role", KEPT_STAFF, {STAFF: ("role",)}),
    history("agents_historicalbackupperson", "such roles", KEPT_STAFF, {STAFF: ("role",)}),
    Table("agents_backupturn", "when a back-up mode was turned on or off, and why", KEPT_STAFF, {STAFF: ("why",)}),
    Table("agents_drill", "when the back-up was tried out, and with what result", KEPT_STAFF, {STAFF: ("result",)}),
    Table("agents_drill_participants", "who took part in a drill", KEPT_STAFF),
    Table("agents_incident", "from when to when a notice was shown, and to whose residents", KEPT_POLICY),
    Table(
        "agents_incidenttext",
        "what such a notice said to everybody",
        KEPT_POLICY,
        {POLICY: ("text", "language_id")},
    ),
    Table("agents_membership", "who serves which department", KEPT_STAFF),
    history("agents_historicalmembership", "who serves which department", KEPT_STAFF, {}),
    Table("agents_presenceinterval", "when an agent was online", KEPT_STAFF, {STAFF: ("state",)}),
    Table("agents_rolegrant", "roles of people", KEPT_STAFF, {STAFF: ("role",)}),
    history("agents_historicalrolegrant", "roles of people", KEPT_STAFF, {STAFF: ("role",)}),
    Table(
        "agents_user",
        "people of the staff, and how they log in; of the password a hash",
        KEPT_STAFF,
        {STAFF: ("username", "first_name", "last_name", "display_name", "email", "work_phone", "password")},
    ),
    history(
        "agents_historicaluser",
        "people of the staff",
        KEPT_STAFF,
        {STAFF: ("username", "first_name", "last_name", "display_name", "email", "work_phone")},
    ),
    Table("agents_login", "when somebody was logged in", KEPT_STAFF, {STAFF: ("session_key",)}, InBackup.NONE),
    Table(
        "agents_logintry",
        "failed tries to log in: keyed hashes of user name and address",
        TRIES,
        {STAFF: ("username_key", "address_key")},
        InBackup.NONE,
    ),
    Table(
        "agents_onetimelink",
        "links for a first or new password: a hash of each",
        LINKS,
        {STAFF: ("purpose", "digest")},
        InBackup.NONE,
    ),
    Table("agents_recoverycode", "codes that replace the second factor once: hashes", KEPT_STAFF, {STAFF: ("key",)}),
    Table("otp_totp_totpdevice", "second factors: name and key", KEPT_STAFF, {STAFF: ("name", "key")}),
)

RETAINED = "session_id IN (SELECT id FROM chat_chatsession WHERE retained)"
EVALUATED = f"IN (SELECT evaluation_id FROM chat_retentionmark WHERE {RETAINED})"

CHAT = (
    Table(
        "chat_chatsession",
        "chats: name and contact of the resident, topic, keyed hashes by which a browser or an address is known again",
        PURGE,
        {
            PERSONAL: (
                "customer_name",
                "customer_email",
                "customer_phone",
                "topic",
                "rating_comment",
                "note",
                "token_digest",
                "request_key",
                "returning_key",
                "address_key",
            ),
            POLICY: ("status", "outcome", "language_id", "emergency", "topic_code", "unmatched"),
        },
        InBackup.MARKED,
        "retained",
    ),
    Table(
        "chat_chatevent",
        "what was said in a chat",
        WITH_CHAT,
        {PERSONAL: ("name", "text", "data"), POLICY: ("kind", "side", "rule")},
        InBackup.MARKED,
        RETAINED,
    ),
    Table(
        "chat_staffevent",
        "what staff alone see of a chat: notes, flags, marks",
        WITH_CHAT,
        {PERSONAL: ("text", "data"), POLICY: ("kind", "rule")},
        InBackup.MARKED,
        RETAINED,
    ),
    Table(
        "chat_stoppedtext",
        "texts of agents that wait for their release, until they are sent or refused; then a keyed hash of each alone",
        WITH_CHAT,
        {PERSONAL: ("text", "text_key")},
        InBackup.MARKED,
        RETAINED,
    ),
    Table(
        "chat_transfer",
        "who passed a chat on to whom, with the agent's summary of it",
        WITH_CHAT,
        {PERSONAL: ("summary", "again", "declined_why"), POLICY: ("reason", "ending", "to_language_id")},
        InBackup.MARKED,
        RETAINED,
    ),
    Table(
        "chat_offer",
        "to whom a chat was offered, and what became of it",
        WITH_CHAT,
        {STAFF: ("declined_why",), POLICY: ("kind", "why", "ending")},
        InBackup.MARKED,
        RETAINED,
    ),
    Table("chat_seat", "which agent holds a chat that runs", WITH_CHAT, in_backup=InBackup.MARKED, marked=RETAINED),
    Table(
        "chat_evaluation",
        "whether a resident is to be banned is being looked at; a keyed hash by which their browser is known again",
        EVALUATION,
        {PERSONAL: ("returning_key",)},
        InBackup.MARKED,
        f"id {EVALUATED}",
    ),
    Table(
        "chat_evaluationdecision",
        "how such an evaluation ended, and why",
        WITH_EVALUATION,
        {PERSONAL: ("reason",), POLICY: ("ending",)},
        InBackup.MARKED,
        f"evaluation_id {EVALUATED}",
    ),
    Table(
        "chat_retentionmark",
        "why a chat is kept, with a note",
        WITH_CHAT,
        {PERSONAL: ("note",), POLICY: ("reason",)},
        InBackup.MARKED,
        RETAINED,
    ),
    Table(
        "chat_chatrecord",
        "figures of a chat, which stay when its words are gone: waits, outcome, rating, department, agent",
        KEPT_FIGURES,
        {POLICY: ("outcome", "topic_code", "language_id")},
    ),
    Table("chat_purgerun", "what each purge found and deleted, as counts", OWN_NOTES, {POLICY: ("cause", "refusal")}),
    Table("chat_reading", "who of the staff opened which ended transcript when", KEPT_STAFF, {STAFF: ("place",)}),
    Table(
        "chat_ledgerentry",
        "what is gone for good, by its id alone",
        LEDGER,
        {POLICY: ("kind", "subject")},
        InBackup.NONE,
    ),
    Table(
        "chat_connection",
        "open sockets, with a keyed hash of the address",
        CLOSED,
        {PERSONAL: ("address_key",)},
        InBackup.NONE,
    ),
    Table("chat_pulse", "when the web was last heard", OVERWRITTEN, {POLICY: ("name",)}, InBackup.NONE),
    Table(
        "chat_wording",
        "what the program says by itself, as the city words it",
        KEPT_POLICY,
        {POLICY: ("kind", "text", "language_id")},
    ),
    history("chat_historicalwording", "wordings", KEPT_POLICY, {POLICY: ("kind", "text", "language_id")}),
)

OPEN_TASKS = "SELECT {} FROM cases_task WHERE done_at IS NULL"

CASES = (
    Table(
        "cases_customer",
        "who asked to be called back or written to: name, and how they are reached",
        OLD_TASKS,
        {PERSONAL: ("name", "email", "phone"), POLICY: ("language_id",)},
        InBackup.MARKED,
        f"id IN ({OPEN_TASKS.format('customer_id')})",
    ),
    Table(
        "cases_contact",
        "that a resident and the city were in touch, when and what for",
        KEPT_FIGURES,
        {POLICY: ("channel", "direction", "purpose")},
        InBackup.MARKED,
        f"id IN ({OPEN_TASKS.format('contact_id')})",
    ),
    Table(
        "cases_task",
        "what is to be done for a resident, in their words, and what became of it; in back-ups while it is open",
        OLD_TASKS,
        {
            PERSONAL: ("text", "result_note", "source_key"),
            POLICY: ("kind", "rule", "result", "topic_code", "language_id"),
        },
        InBackup.MARKED,
        "done_at IS NULL",
    ),
    Table("cases_topic", "by which contacts are sorted afterwards", KEPT_POLICY, {POLICY: ("code", "name")}),
    history("cases_historicaltopic", "topics", KEPT_POLICY, {POLICY: ("code", "name")}),
)

SCRIPT_TEXTS = {STAFF: ("name", "text"), POLICY: ("language_id",)}
SEQUENCE_TEXTS = {POLICY: ("key", "name", "language_id", "rule", "outcome")}
NODE_TEXTS = {POLICY: ("code", "label", "kind", "text", "page", "topic")}

KNOWLEDGE = (
    Table("knowledge_script", "texts that agents insert: the city's, and an agent's own", KEPT_STAFF, SCRIPT_TEXTS),
    history("knowledge_historicalscript", "texts that agents insert", KEPT_STAFF, SCRIPT_TEXTS),
    Table("knowledge_sequence", "scripts that belong one after the other", KEPT_POLICY, SEQUENCE_TEXTS),
    history("knowledge_historicalsequence", "sequences of scripts", KEPT_POLICY, SEQUENCE_TEXTS),
    Table("knowledge_step", "which script stands where in a sequence", KEPT_POLICY),
    history("knowledge_historicalstep", "which script stands where in a sequence", KEPT_POLICY, {}),
    Table("knowledge_menu", "self-service menus", KEPT_POLICY, {POLICY: ("language_id",)}),
    history("knowledge_historicalmenu", "self-service menus", KEPT_POLICY, {POLICY: ("language_id",)}),
    Table("knowledge_node", "rows of self-service menus", KEPT_POLICY, NODE_TEXTS),
    history("knowledge_historicalnode", "rows of self-service menus", KEPT_POLICY, NODE_TEXTS),
)

NOTICES = (
    Table(
        "notices_mail",
        "the outbox: to whom, and what; a text with a one-time link is emptied as soon as it is sent or given up",
        OLD_MAIL,
        {PERSONAL: ("to", "subject", "body"), POLICY: ("message_id", "failed_code")},
        InBackup.NONE,
    ),
    Table(
        "notices_demomail",
        "what the demo shows instead of sending; empty anywhere else",
        OLD_MAIL,
        {PERSONAL: ("to", "subject", "body"), POLICY: ("message_id",)},
        InBackup.NONE,
    ),
)

POLICIES = (
    Table(
        "policies_document",
        "what the council adopted",
        KEPT_POLICY,
        {POLICY: ("code", "title", "body", "citation")},
    ),
    history("policies_historicaldocument", "documents", KEPT_POLICY, {POLICY: ("code", "title", "body", "citation")}),
    Table(
        "policies_ruleversion",
        "rules with their values, from when on, and why",
        KEPT_POLICY,
        {POLICY: ("rule", "values", "clause", "reason", "document_id")},
    ),
    Table("policies_businesscalendar", "names of calendars", KEPT_POLICY, {POLICY: ("code", "name")}),
    history("policies_historicalbusinesscalendar", "names of calendars", KEPT_POLICY, {POLICY: ("code", "name")}),
    Table(
        "policies_calendarversion",
        "opening hours and holidays, and why they changed",
        KEPT_POLICY,
        {POLICY: ("definition", "clause", "reason", "document_id")},
    ),
    Table(
        "policies_screeningword",
        "phrases by which an emergency is noticed",
        KEPT_POLICY,
        {POLICY: ("language", "kind", "phrase")},
    ),
    history("policies_historicalscreeningword", "phrases", KEPT_POLICY, {POLICY: ("language", "kind", "phrase")}),
    Table(
        "policies_profanityword",
        "words that agents do not write, and names that hold such words",
        KEPT_POLICY,
        {POLICY: ("language", "kind", "phrase")},
    ),
    history("policies_historicalprofanityword", "words", KEPT_POLICY, {POLICY: ("language", "kind", "phrase")}),
    Table("policies_linkdomain", "sites to which agents' links are live", KEPT_POLICY, {POLICY: ("domain",)}),
    history("policies_historicallinkdomain", "sites for links", KEPT_POLICY, {POLICY: ("domain",)}),
    Table(
        "policies_tally",
        "how many chats kept a rule, counted before they went; ids of those that did not",
        KEPT_FIGURES,
        {POLICY: ("rule", "broken")},
    ),
)

INSTALLATION = (
    Table(
        "operations_heartbeat", "when worker and beat were last heard", OVERWRITTEN, {POLICY: ("name",)}, InBackup.NONE
    ),
    Table("operations_backuprun", "back-ups that were made", OWN_NOTES, {POLICY: ("folder", "name")}),
    Table("operations_backupfolder", "where the ledger is kept", OWN_NOTES, {POLICY: ("path", "trouble")}),
    Table("operations_restorerun", "back-ups that were put back", OWN_NOTES, {POLICY: ("name",)}),
    Table(
        "django_admin_log",
        "what administrators changed, by the names of the rows",
        KEPT_STAFF,
        {STAFF: ("object_id", "object_repr", "change_message")},
    ),
    Table(
        "django_session", "browser sessions of staff", LOG_OUT, {STAFF: ("session_key", "session_data")}, InBackup.NONE
    ),
    Table("django_content_type", "names of the tables", BY_MIGRATIONS, {POLICY: ("app_label", "model")}),
    Table(
        "django_migrations",
        "which migrations ran; the manifest of a back-up names them",
        BY_MIGRATIONS,
        {POLICY: ("app", "name")},
        InBackup.NONE,
    ),
    Table(
        "auth_permission",
        "names of what Django could permit; roles decide instead",
        BY_MIGRATIONS,
        {POLICY: ("name", "codename")},
    ),
    Table("auth_group", "not used: roles decide instead", KEPT_POLICY, {POLICY: ("name",)}),
    Table("auth_group_permissions", "not used: roles decide instead", KEPT_POLICY),
    *(
        Table(
            f"axes_{name}",
            "nothing",
            NEVER,
            {STAFF: ("user_agent", "ip_address", "username", "http_accept", "path_info", *more)},
            InBackup.NONE,
        )
        for name, more in (
            ("accessattempt", ("get_data", "post_data")),
            ("accessfailurelog", ()),
            ("accesslog", ("session_hash",)),
        )
    ),
    Table("axes_accessattemptexpiration", "nothing", NEVER, in_backup=InBackup.NONE),
)

TABLES = (*AGENTS, *CHAT, *CASES, *KNOWLEDGE, *NOTICES, *POLICIES, *INSTALLATION)


def table_called(name: str, tables: Iterable[Table] = TABLES) -> Table | None:
    """Return the table of this name; None for one that is not the program's."""
    return next((table for table in tables if table.name == name), None)
