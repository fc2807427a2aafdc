#!/bin/sh
# The image's first program. What is secret may lie in a file that is mounted, one NAME=VALUE a line, as `docker run
# --env-file` reads it: then it stands neither on the Prefect server nor in what `docker inspect` shows.
set -eu

file=${SECRETS_FILE:-/run/secrets/evergreen.env}
if [ -d "$file" ]; then # Docker makes a folder where a volume's source is not there
	echo "$file: expected a file of NAME=VALUE lines, received a folder: make the file on the host, and remove the folder" >&2
	exit 1
fi
if [ -n "${SECRETS_FILE:-}" ] || [ -e "$file" ]; then
	while IFS= read -r line || [ -n "$line" ]; do
		case "$line" in
		'' | '#'*) ;;
		[A-Za-z_]*=*) export "$line" ;; # nothing in it is a shell's
		*)
			echo "$file: expected lines of NAME=VALUE, received another one, which is not shown" >&2
			exit 1
			;;
		esac
	done <"$file"
fi

exec "$@"
