"""The migrations make the very tables that the models describe."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app import create_app
from app.db import Base, db
from app.settings import Settings


def test_the_migrations_make_what_the_models_describe(tmp_path: Path) -> None:
    app = create_app(Settings(instance_dir=tmp_path, heartbeat=False))
    with app.app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert [str(d) for d in differences] == []
        flask_migrate.downgrade(revision="0001")
        flask_migrate.upgrade()
        db.engine.dispose()
