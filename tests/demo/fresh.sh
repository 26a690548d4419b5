#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/demo/fresh.sh - a newcomer's first hour, by machine: a bare Debian 12, a clean clone of what is
# committed, and the README's two commands. Called by ./dev fresh; needs root and a package mirror.
set -eu
here=$(pwd)
root=$here/build/fresh

say() { printf '== fresh: %s\n' "$*"; }

# The host's own Debian sources say which mirror can be reached from here.
mirror() {
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list; do
        if [ -f "$file" ] && grep -qE 'bookworm' "$file" && grep -qE 'debian\.org|/debian' "$file"; then
            printf '%s\n' "$file"
            return
        fi
    done
}

# Everything below runs in a mount and process name space of its own, so nothing stays mounted.
if [ "${1-}" != inside ]; then
    exec unshare --mount --pid --fork --propagation private sh "$0" inside
fi

rm -rf "$root"
mkdir -p "$root"
sources=$(mirror)
say "making a bare Debian 12 in build/fresh${sources:+ from $sources}"
if [ -n "$sources" ]; then
    mmdebstrap --quiet --variant=minbase bookworm "$root" "$sources"
else
    mmdebstrap --quiet --variant=minbase bookworm "$root"
fi
# Proxies and the like of the host, so that apt-get inside reaches what apt-get outside does.
for file in /etc/apt/apt.conf.d/*proxy*; do
    if [ -f "$file" ]; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi
done
[ ! -f /etc/resolv.conf ] || cp -L /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

say "cloning what is committed"
git clone --quiet --no-local --no-hardlinks "$here" "$root/hansa"

for line in './dev demo' './dev check --quick'; do
    say "$line"
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        chroot "$root" /bin/sh -c "cd /hansa && $line" </dev/null
done
umount -R "$root/dev" "$root/proc"
rm -rf "$root"
say 'both commands work in a bare Debian 12'
