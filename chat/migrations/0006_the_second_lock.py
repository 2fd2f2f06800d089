"""The database itself refuses what would lose a kept chat, or change what was said (EM-RET-Ba-i).

The first lock are the actions. This one holds for every statement of the role
that the program uses; who owns the tables can take triggers off, which no
database can prevent.
"""

from django.db import migrations

# Decimal digits of every script that Unicode had when this was written: each range is a zero and the nine after it.
ZEROS = (
    "0030 0660 06F0 07C0 0966 09E6 0A66 0AE6 0B66 0BE6 0C66 0CE6 0D66 0DE6 0E50 0ED0 0F20 1040 1090 17E0 1810 1946 "
    "19D0 1A80 1A90 1B50 1BB0 1C40 1C50 A620 A8D0 A900 A9D0 A9F0 AA50 ABF0 FF10 104A0 10D30 11066 110F0 11136 111D0 "
    "112F0 11450 114D0 11650 116C0 11730 118E0 11950 11C50 11D50 11DA0 11F50 16A60 16AC0 16B50 1D7CE 1D7D8 1D7E2 "
    "1D7EC 1D7F6 1E140 1E2F0 1E4F0 1E950 1FBF0"
)
OTHERS = "00B2-00B3 00B9-00B9 1369-1371 19DA-19DA 2070-2070 2074-2079 2080-2089 2460-2468 2474-247C 2488-2490 24EA-24EA 24F5-24FD 24FF-24FF 2776-277E 2780-2788 278A-2792 10A40-10A43 10E60-10E68 11052-1105A 1F100-1F10A"  # raised, lowered, circled
RANGES = [(zero, f"{int(zero, 16) + 9:X}") for zero in ZEROS.split()] + [tuple(pair.split("-")) for pair in OTHERS.split()]
DIGITS = "".join(f"{chr(int(first, 16))}-{chr(int(last, 16))}" for first, last in RANGES)

FORWARD = f"""
CREATE FUNCTION chat_is_masking(before text, after text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT char_length(before) = char_length(after) AND NOT EXISTS (
        SELECT FROM string_to_table(before, NULL) WITH ORDINALITY AS old(letter, place)
        JOIN string_to_table(after, NULL) WITH ORDINALITY AS new(letter, place) USING (place)
        WHERE old.letter <> new.letter AND NOT (new.letter = '•' AND old.letter ~ '[{DIGITS}]')
    )
$$;

CREATE FUNCTION chat_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', lower(TG_OP), TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
END $$;

-- Sessions: one that is kept is not deleted, not blanked, and let go by a decision or its date alone.
CREATE FUNCTION chat_session_stays_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_evaluated boolean := EXISTS (
        SELECT FROM chat_retentionmark m WHERE m.session_id = OLD.id AND m.lifted_at IS NULL
            AND NOT EXISTS (SELECT FROM chat_evaluationdecision d WHERE d.evaluation_id = m.evaluation_id)
    );
    is_over boolean := OLD.keep_until IS NOT NULL AND OLD.keep_until <= now() AND NOT is_evaluated;
BEGIN
    IF (NEW.id, NEW.customer_name, NEW.customer_email, NEW.customer_phone, NEW.topic, NEW.requested_at)
        IS DISTINCT FROM
        (OLD.id, OLD.customer_name, OLD.customer_email, OLD.customer_phone, OLD.topic, OLD.requested_at) THEN
        RAISE EXCEPTION 'update of chat_chatsession is refused: what a kept chat says of its resident stays'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT NEW.retained AND NOT is_over AND (
        OLD.keep_until IS NOT NULL
        OR NOT EXISTS (SELECT FROM chat_retentionmark m WHERE m.session_id = OLD.id)
        OR EXISTS (SELECT FROM chat_retentionmark m WHERE m.session_id = OLD.id AND m.lifted_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'update of chat_chatsession is refused: a mark ends by a decision, or on its date'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.retained AND NOT is_over
        AND coalesce(NEW.keep_until, 'infinity') < coalesce(OLD.keep_until, 'infinity')
        AND (
            OLD.keep_until IS NOT NULL
            OR NOT EXISTS (SELECT FROM chat_retentionmark m WHERE m.session_id = OLD.id)
            OR is_evaluated
        ) THEN
        RAISE EXCEPTION 'update of chat_chatsession is refused: keep_until is never shortened'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_session_stays_kept BEFORE UPDATE ON chat_chatsession
    FOR EACH ROW WHEN (OLD.retained) EXECUTE FUNCTION chat_session_stays_kept();
CREATE TRIGGER chat_session_is_not_deleted BEFORE DELETE ON chat_chatsession
    FOR EACH ROW WHEN (OLD.retained) EXECUTE FUNCTION chat_refuse('the chat is kept');

-- Events: digits may be masked, and nothing else ever changes.
CREATE FUNCTION chat_event_is_only_masked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same chat_chatevent := NEW;
BEGIN
    same.text := OLD.text;
    same.is_changed := OLD.is_changed;
    same.redacted_at := OLD.redacted_at;
    IF OLD.kind = 'redacted' AND NEW.data ? 'text' THEN
        same.data := jsonb_set(NEW.data, '{{text}}', OLD.data -> 'text');
    END IF;
    IF same IS DISTINCT FROM OLD OR NEW.redacted_at IS NULL OR (OLD.is_changed AND NOT NEW.is_changed)
        OR NOT chat_is_masking(OLD.text, NEW.text)
        OR NOT chat_is_masking(coalesce(OLD.data ->> 'text', ''), coalesce(NEW.data ->> 'text', '')) THEN
        RAISE EXCEPTION 'update of chat_chatevent is refused: digits of a text may be masked, nothing else changes'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_event_is_only_masked BEFORE UPDATE ON chat_chatevent
    FOR EACH ROW EXECUTE FUNCTION chat_event_is_only_masked();
CREATE TRIGGER chat_staff_event_is_final BEFORE UPDATE ON chat_staffevent
    FOR EACH ROW EXECUTE FUNCTION chat_refuse('what staff noted is never changed');

-- What hangs on a session goes with it (then the depth is 1 or more), and by itself only while nothing keeps it.
CREATE FUNCTION chat_goes_with_its_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chat_chatsession s WHERE s.id = OLD.session_id AND s.retained) THEN
        RAISE EXCEPTION 'delete of % is refused: the chat is kept', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER chat_event_goes_with_its_session BEFORE DELETE ON chat_chatevent
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION chat_goes_with_its_session();
CREATE TRIGGER chat_staff_event_goes_with_its_session BEFORE DELETE ON chat_staffevent
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION chat_goes_with_its_session();

-- Marks, evaluations, decisions.
CREATE FUNCTION chat_mark_ends_by_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same chat_retentionmark := NEW;
BEGIN
    same.lifted_at := OLD.lifted_at;
    same.decision_id := OLD.decision_id;
    IF same IS DISTINCT FROM OLD OR OLD.lifted_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM chat_evaluationdecision d WHERE d.id = NEW.decision_id AND d.evaluation_id = OLD.evaluation_id
    ) THEN
        RAISE EXCEPTION 'update of chat_retentionmark is refused: a mark ends by the decision on its evaluation'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_mark_ends_by_decision BEFORE UPDATE ON chat_retentionmark
    FOR EACH ROW EXECUTE FUNCTION chat_mark_ends_by_decision();
CREATE TRIGGER chat_mark_goes_with_its_session BEFORE DELETE ON chat_retentionmark
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION chat_refuse('a mark goes with its chat');

CREATE FUNCTION chat_evaluation_is_decided() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same chat_evaluation := NEW;
BEGIN
    same.closed_at := OLD.closed_at;
    same.returning_key := OLD.returning_key;
    IF same IS DISTINCT FROM OLD OR OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR NOT EXISTS (
        SELECT FROM chat_evaluationdecision d WHERE d.evaluation_id = OLD.id
    ) THEN
        RAISE EXCEPTION 'update of chat_evaluation is refused: it is closed once, by its decision'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_evaluation_is_decided BEFORE UPDATE ON chat_evaluation
    FOR EACH ROW EXECUTE FUNCTION chat_evaluation_is_decided();
CREATE TRIGGER chat_evaluation_is_not_deleted BEFORE DELETE ON chat_evaluation
    FOR EACH ROW WHEN (OLD.closed_at IS NULL) EXECUTE FUNCTION chat_refuse('the evaluation is open');
CREATE TRIGGER chat_decision_is_final BEFORE UPDATE ON chat_evaluationdecision
    FOR EACH ROW EXECUTE FUNCTION chat_refuse('a decision is never changed');
CREATE TRIGGER chat_decision_is_not_deleted BEFORE DELETE ON chat_evaluationdecision
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION chat_refuse('a decision goes with its evaluation');
"""
KEPT_TABLES = (
    "chatsession", "chatevent", "staffevent", "retentionmark", "evaluation", "evaluationdecision", "ledgerentry",
)  # fmt: skip
NO_TRUNCATE = "\n".join(
    f"CREATE TRIGGER chat_{table}_is_not_truncated BEFORE TRUNCATE ON chat_{table} "
    "EXECUTE FUNCTION chat_refuse('rows go one by one, so that each is asked for');"
    for table in KEPT_TABLES
)
BACKWARD = """
DROP FUNCTION chat_refuse() CASCADE;
DROP FUNCTION chat_session_stays_kept() CASCADE;
DROP FUNCTION chat_event_is_only_masked() CASCADE;
DROP FUNCTION chat_goes_with_its_session() CASCADE;
DROP FUNCTION chat_mark_ends_by_decision() CASCADE;
DROP FUNCTION chat_evaluation_is_decided() CASCADE;
DROP FUNCTION chat_is_masking(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_gone_with_the_session")]
    operations = [migrations.RunSQL(FORWARD + NO_TRUNCATE, BACKWARD)]
