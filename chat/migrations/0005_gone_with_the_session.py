"""What holds words of a chat goes with its session, in the database itself; chats of before get their figures."""

from django.db import migrations

TABLES = ("chatevent", "staffevent", "seat", "connection", "retentionmark")
CASCADE = """
DO $$
DECLARE
    link record;
BEGIN
    FOR link IN
        SELECT conname, conrelid::regclass AS child FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'chat_chatsession'::regclass AND confdeltype <> 'c'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', link.child, link.conname);
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (session_id) REFERENCES chat_chatsession (id) '
            'ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED', link.child, link.conname);
    END LOOP;
    FOR link IN
        SELECT conname, conrelid::regclass AS child FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'chat_evaluation'::regclass
          AND conrelid = 'chat_evaluationdecision'::regclass AND confdeltype <> 'c'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', link.child, link.conname);
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (evaluation_id) REFERENCES chat_evaluation (id) '
            'ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED', link.child, link.conname);
    END LOOP;
END $$;
"""
WRAP_UP = """
UPDATE chat_chatsession SET wrapped_up_at = ended_at WHERE status = 'ended';
INSERT INTO chat_chatrecord (
    id, department_id, language_id, agent_id, outcome, topic_code, transfers, had_emergency, requested_at, ended_at,
    wait, first_response, first_response_offered, handle_time)
SELECT id, department_id, language_id, agent_id, outcome, '', 0, false, requested_at, ended_at,
    accepted_at - requested_at, first_answer_at - requested_at, first_answer_at - accepted_at, ended_at - accepted_at
FROM chat_chatsession WHERE status = 'ended' ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0004_what_is_kept")]
    operations = [
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
        migrations.RunSQL(WRAP_UP, migrations.RunSQL.noop),
    ]
