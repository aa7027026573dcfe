#!/usr/bin/env bash
# What `npm run test:clients` needs and npm does not have: kcat, and librdkafka with its binding for Python. Debian's packages.
set -euo pipefail
if command -v kcat >/dev/null && /usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo 'npm run test:clients needs kcat and python3-confluent-kafka, which only root can install, with apt-get'
  exit 1
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends kcat python3-confluent-kafka
