"""The database itself refuses to change or delete what was adopted (decision 5)."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION policies_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of % is never changed or deleted; write a new one', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policies_ruleversion_final BEFORE UPDATE OR DELETE ON policies_ruleversion
    FOR EACH ROW EXECUTE FUNCTION policies_version_is_final();
CREATE TRIGGER policies_calendarversion_final BEFORE UPDATE OR DELETE ON policies_calendarversion
    FOR EACH ROW EXECUTE FUNCTION policies_version_is_final();
"""
BACKWARD = """
DROP TRIGGER policies_calendarversion_final ON policies_calendarversion;
DROP TRIGGER policies_ruleversion_final ON policies_ruleversion;
DROP FUNCTION policies_version_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
