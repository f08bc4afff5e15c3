#!/bin/sh
# Runs once, in an empty PostgreSQL: the two roles of OPERATING.md, the database, and nothing for anybody else.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
  --set=owner="$(cat /run/secrets/owner_password)" --set=writer="$(cat /run/secrets/writer_password)" <<'SQL'
CREATE ROLE coilmark_owner LOGIN PASSWORD :'owner';
CREATE ROLE coilmark LOGIN PASSWORD :'writer';
CREATE DATABASE coilmark OWNER coilmark_owner ENCODING 'UTF8' TEMPLATE template0;
\connect coilmark
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO coilmark_owner;
SQL
