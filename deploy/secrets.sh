#!/bin/sh
# Makes the secrets of a composed node, once: deploy/secrets.sh [NAME]
#
# With NAME, the address of the node, also a certificate that is good for a trial and that nobody trusts by itself. Without,
# put your own into deploy/secrets/tls_certificate (with the chain) and tls_key.
set -eu
umask 077
folder="$(dirname "$0")/secrets"
if [ -e "$folder/database_url" ]; then
    echo "$folder holds secrets already; nothing was changed" >&2
    exit 1
fi
mkdir -p "$folder"

password="$(openssl rand -hex 32)"
printf '%s' "$password" >"$folder/database_password"
if [ $# -gt 0 ]; then
    case "$1" in *[!0-9.]*) kind=DNS ;; *) kind=IP ;; esac
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$1" \
        -addext "subjectAltName=$kind:$1" -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2>/dev/null
fi
# Containers run as users of their own, so the files are for all; the folder is for its owner alone.
printf 'postgresql+psycopg://weft:%s@postgres:5432/weft_{service}' "$password" >"$folder/database_url"
chmod 0444 "$folder"/*
echo "$folder: $(ls -x "$folder")"
