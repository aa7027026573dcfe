#!/bin/sh
# Makes the certificates that the tests of TLS use, with openssl. Those that are to be good hold from 2000 to 2199, so that no test depends
# on today's date; the keys of the authorities are thrown away. Run it in this folder, and commit what it makes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
good='-startdate 20000101000000Z -enddate 21991231235959Z'

key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }

cat > "$work/openssl.cnf" <<EOF
[ca]
default_ca = own
[own]
dir = $work
database = $work/index.txt
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[client]
basicConstraints = CA:false
extendedKeyUsage = clientAuth
EOF
: > "$work/index.txt"
openssl rand -hex 8 > "$work/serial"

# authority NAME SUBJECT
authority() {
  key "$work/$1.key"
  openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" -subj "$2" -out "$work/$1.csr"
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/openssl.cnf" -selfsign -keyfile "$work/$1.key" -in "$work/$1.csr" -extensions authority $good -out "$1.pem"
}

# certificate NAME AUTHORITY KIND SUBJECT KEY DATES
certificate() {
  openssl req -new -config "$work/openssl.cnf" -key "$5" -subj "$4" -out "$work/$1.csr"
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/openssl.cnf" -cert "$2.pem" -keyfile "$work/$2.key" -in "$work/$1.csr" -extensions "$3" $6 -out "$1.pem"
}

authority authority '/CN=Authority of the tests'
authority stranger '/CN=Authority that nobody trusts'
key server.key
key client.key
certificate server authority server '/CN=server' server.key "$good"
certificate server-renewed authority server '/CN=server, renewed' server.key "$good"
certificate client authority client '/C=DE/O=Millrace/OU=people/CN=alice' client.key "$good"
certificate client-expired authority client '/CN=alice' client.key '-startdate 20000101000000Z -enddate 20010101000000Z'
certificate client-stranger stranger client '/CN=alice' client.key "$good"
certificate client-no-client authority server '/CN=alice' client.key "$good"
rm stranger.pem
