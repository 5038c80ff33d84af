"""Run Django's management commands, with the embedded database when no other is named."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
    from annotate import command_line, embedded, runner

    try:
        runner.read_secrets()
        runner.pass_the_pooler_by()
        if embedded.needs_database(sys.argv[1:]):
            embedded.prepare_environment()
            if not os.environ.get("SECRET_KEY"):
                os.environ["SECRET_KEY"] = runner.secret_key(embedded.data_dir())
        runner.check_address()
        command_line.run(sys.argv)
    except (embedded.EmbeddedError, runner.RunnerError) as error:
        embedded.complain(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
