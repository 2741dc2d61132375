#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12: exactly these packages, and nothing that is there
# already. Says nothing unless it has something to do or fails. Needs root.
set -euo pipefail

packages=(
  # building
  g++ cmake ninja-build ccache pkg-config clang-19 bpftool libc6-dev
  libbpf-dev libelf-dev zlib1g-dev libboost1.81-dev libboost-json1.81-dev libyaml-cpp-dev libcli11-dev libfmt-dev
  libssl-dev libnghttp2-dev libnftables-dev libpcre2-dev
  # checking and testing
  clang-format-19 clang-tidy-19 libclang-rt-19-dev libgtest-dev libgmock-dev python3 python3-pytest python3-pytest-xdist
  # the lab
  iproute2 iputils-ping nftables ethtool tcpdump nginx-light vsftpd keepalived curl jq procps
  openssl mariadb-server-core mariadb-client-core galera-4 postgresql redis-server slapd dovecot-imapd dovecot-pop3d dnsmasq-base
  freeradius python3-aiosmtpd keepalived ldirectord
)

# shellcheck disable=SC2016  # the ${...} are dpkg-query's
states=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
installed=$(sed -n 's/^installed //p' <<<"$states")
mapfile -t missing < <(printf '%s\n' "${packages[@]}" | grep -vxF -e "$installed" || true)
((${#missing[@]})) || exit 0

if ((EUID != 0)); then
  echo "setup.sh: these packages are missing: ${missing[*]}: run this as root, or install them" >&2
  exit 1
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
own_policy=
cleanup() {
  [[ -z $own_policy ]] || rm -f "$policy"
  rm -f "$log"
}
trap cleanup EXIT

# Packages start their services when they are installed (nginx does); nothing here needs them running.
if [[ ! -e $policy ]]; then
  own_policy=1
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

quietly() {
  if ! DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    echo "setup.sh: '$*' failed (see above)" >&2
    exit 1
  fi
}

echo "Installing ${#missing[@]} packages: ${missing[*]}"
quietly apt-get -o Acquire::Retries=3 update
quietly apt-get -o Acquire::Retries=3 install --yes --no-install-recommends "${missing[@]}"
