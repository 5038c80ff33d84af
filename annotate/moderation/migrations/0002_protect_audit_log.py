"""The audit log can be added to and read, nothing else, by whoever asks."""

from django.db import migrations

PROTECT = """
    CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit log is append only: % is refused.', TG_OP
              USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER audit_log_keeps_its_lines
           BEFORE UPDATE OR DELETE ON moderation_auditentry
           FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
    CREATE TRIGGER audit_log_is_not_emptied
           BEFORE TRUNCATE ON moderation_auditentry
           FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
"""
UNPROTECT = """
    DROP TRIGGER audit_log_keeps_its_lines ON moderation_auditentry;
    DROP TRIGGER audit_log_is_not_emptied ON moderation_auditentry;
    DROP FUNCTION audit_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0001_create_moderation")]
    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
