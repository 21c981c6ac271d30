#!/usr/bin/env bash
# Sets up an empty data folder for MARIADB_ROOT_PASSWORD and runs the server in the foreground.
set -euo pipefail

: "${MARIADB_ROOT_PASSWORD:?set MARIADB_ROOT_PASSWORD}"
mkdir -p /run/mysqld
chown -R mysql:mysql /run/mysqld /var/lib/mysql
if [ ! -d /var/lib/mysql/mysql ]; then
  mariadb-install-db --user=mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  cat >/tmp/first.sql <<SQL
ALTER USER 'root'@'localhost' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
CREATE USER 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
  set -- "$@" --init-file=/tmp/first.sql
fi
exec "$@" --user=mysql --bind-address=0.0.0.0
