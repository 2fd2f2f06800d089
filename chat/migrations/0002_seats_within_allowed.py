"""The backstop of the seats: PostgreSQL itself recounts, under the agent's lock, and refuses one too many."""

from django.db import migrations

CREATE = """
CREATE FUNCTION chat_seat_within_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed integer;
    held integer;
BEGIN
    SELECT seats INTO allowed FROM agents_agent WHERE id = NEW.agent_id FOR NO KEY UPDATE;
    SELECT count(*) INTO held FROM chat_seat WHERE agent_id = NEW.agent_id;
    IF held > allowed THEN
        RAISE EXCEPTION 'chat_seat_within_allowed: % of % seats', held, allowed USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER chat_seat_within_allowed AFTER INSERT OR UPDATE OF agent_id ON chat_seat
    FOR EACH ROW EXECUTE FUNCTION chat_seat_within_allowed();
"""
DROP = """
DROP TRIGGER chat_seat_within_allowed ON chat_seat;
DROP FUNCTION chat_seat_within_allowed();
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial"), ("agents", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
