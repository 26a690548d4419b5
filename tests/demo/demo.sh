#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/demo/demo.sh - three companies share an event: Acme plans it, Brio passes it on, Cedar is asked.
#
# Real nodes on this machine, each with a home of its own, driven by the `hansa` command alone. What a step
# should have done is read at the other company's node; the exit status is 0 only if all of it held.
# Called by ./dev demo, which sets HANSA_BIN. --keep leaves the nodes running.
set -eu
BIN=${HANSA_BIN:?"run ./dev demo"}
FILES=$(cd "$(dirname "$0")/files" && pwd)
KEEP=
case ${1-} in
'') ;;
--keep) KEEP=1 ;;
*) echo 'demo takes nothing or --keep' >&2 && exit 64 ;;
esac
WHERE=$(mktemp -d "${TMPDIR:-/tmp}/hansa-demo-XXXXXX")
HELD=0
FAILED=0
unset HANSA_HOME HANSA_LANG
export LC_ALL=C.UTF-8

# ---- how it looks ----

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    BOLD=$(printf '\033[1m') PLAIN=$(printf '\033[0m')
else
    BOLD='' PLAIN=''
fi
chapter() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
step() { printf '  %s\n' "$*"; }
indent() { sed 's/^/      /'; }
held() { HELD=$((HELD + 1)) && printf '    ok  %s\n' "$*"; }
failed() { FAILED=$((FAILED + 1)) && printf '    NOT %s\n' "$*"; }

# ---- talking to the nodes ----

acme() { "$BIN/hansa" --home "$WHERE/acme" "$@"; }
brio() { "$BIN/hansa" --home "$WHERE/brio" "$@"; }
cedar() { "$BIN/hansa" --home "$WHERE/cedar" "$@"; }
# The first text called $1 in the JSON on standard input.
text_of() { tr -d '\n' | grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | sed 's/.*: *"\(.*\)"$/\1/'; }
new_id() { "$@" --json | text_of id; }

# Is the pattern in what the command prints? Looked at again for half a minute: news travel.
comes() { # pattern command...
    pattern=$1
    shift
    tries=0
    until "$@" 2>/dev/null | grep -q -e "$pattern"; do
        tries=$((tries + 1))
        [ "$tries" -lt 150 ] || return 1
        sleep 0.2
    done
}
expect() { # sentence pattern command...
    sentence=$1
    shift
    if comes "$@"; then held "$sentence"; else failed "$sentence"; fi
}
never() { # sentence pattern command...: what is there now, and not after waiting
    sentence=$1
    pattern=$2
    shift 2
    if "$@" 2>&1 | grep -q -e "$pattern"; then failed "$sentence"; else held "$sentence"; fi
}

finish() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$KEEP" ]; then
        printf '\nThe nodes are still running. Talk to them:\n'
        for name in acme brio cedar; do printf '    %s --home %s status\n' "$BIN/hansa" "$WHERE/$name"; done
        printf 'Stop them and clean up:\n'
        for name in acme brio cedar; do printf '    %s --home %s stop\n' "$BIN/hansa" "$WHERE/$name"; done
        printf '    rm -r %s\n' "$WHERE"
        exit "$status"
    fi
    for name in acme brio cedar; do "$BIN/hansa" --home "$WHERE/$name" stop >/dev/null 2>&1 || true; done
    if [ "$status" -eq 0 ]; then rm -rf "$WHERE"; else printf 'homes and logs are kept in %s\n' "$WHERE"; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The next TCP port that nobody uses, below those that the kernel hands out.
PORT=$((20000 + $$ % 10000))
next_port() {
    PORT=$((PORT + 1))
    while grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$PORT") " /proc/net/tcp; do PORT=$((PORT + 1)); done
}

start_node() { # home name country language
    next_port
    "$BIN/hansa" --home "$WHERE/$1" init --name "$2" --country "$3" --language "$4" --listen "127.0.0.1:$PORT" >/dev/null
    "$BIN/hansa" --home "$WHERE/$1" start >/dev/null
    step "$2 ($3) has a node: its own database, keys and address"
}

introduce() { # inviting guest: shell function and company name are the same word in two cases
    host=$1 guest=$2 Host=$3 Guest=$4
    "$host" partner invite --out "$WHERE/$host-$guest.invite" >/dev/null 2>&1
    "$guest" partner accept "$WHERE/$host-$guest.invite" >/dev/null
    comes "$Guest" "$host" partner list || failed "$Guest answers $Host's invitation"
    words=$("$host" partner show "$Guest" --json | text_of words)
    other=$("$guest" partner show "$Host" --json | text_of words)
    step "$Host invites $Guest. They read their words to each other on the phone: $words"
    if [ -n "$words" ] && [ "$words" = "$other" ]; then held "both see the same six words"; else failed "both see the same six words"; fi
    "$host" partner trust "$Guest" --words "$words" >/dev/null
    "$guest" partner trust "$Host" --words "$other" >/dev/null
    expect "$Guest is linked with $Host" up "$host" partner show "$Guest"
}

# ---- the story ----

chapter '1. Three companies, three nodes'
start_node acme Acme DE en
start_node brio Brio FR en
start_node cedar Cedar CN zh-Hans

chapter '2. Who knows whom: Acme and Brio, Brio and Cedar'
introduce acme brio Acme Brio
introduce brio cedar Brio Cedar
never 'Acme and Cedar do not know each other' Cedar acme partner list

chapter '3. Each brings its own customers, from the file it already has'
step 'Acme: a HubSpot export (UTF-8). Brio: an Outlook export (UTF-16, tabs). Cedar: a Chinese list (GB18030).'
acme contact import "$FILES/acme-hubspot.csv" 2>/dev/null | grep -E '^(Added|Preset)' | indent
brio contact import "$FILES/brio-outlook.csv" 2>/dev/null | grep -E '^(Added|Preset)' | indent
cedar --language en contact import "$FILES/cedar-crm.csv" 2>/dev/null | grep -E '^(Added|Preset)' | indent
expect "Anna Adler is in Acme's node" 'Adler' acme contact list --search Adler
expect "Élodie Étienne is in Brio's, accents and all" 'Étienne' brio contact list --search Étienne
expect "王小明 is in Cedar's" '王小明' cedar contact list

chapter '4. Acme plans a launch and picks guests'
event=$(new_id acme event add --name 'Spring launch' --startDate '2027-05-20 18:00 Europe/Berlin' \
    --place 'Hamburg, Kaispeicher' --capacity 120 --productNeed 'teams that outgrew their spreadsheet' \
    --budget '91,734.00 EUR')
acme guest add "$event" --all >/dev/null
expect 'the guest list has twelve people' '"total": *12' acme guest list "$event" --json

chapter '5. Acme looks through the lens, then shares with Brio: named fields, one purpose, an end date, one step further'
share_to_brio() {
    acme share "$1" "$event" --partner Brio --purpose event --until 2027-12-31 --depth 1 \
        --fields event.name,event.startDate,event.place,event.productNeed,attendee.event,attendee.name,attendee.organization
}
share_to_brio lens 2>/dev/null | head -n 12 | indent
share_to_brio create >/dev/null
expect 'Brio has an offer in its tray' 'Spring launch' brio offer list
brio offer accept "$(brio offer list --json | text_of id)" >/dev/null
expect 'after accepting, Brio reads the event' 'Kaispeicher' brio event show "$event"
expect "and Acme's twelve guests" '"total": *12' brio guest list "$event" --json
never 'but no e-mail address' 'example.de' brio guest list "$event"
never 'and not the budget' '91' brio event show "$event"

chapter '6. Brio passes it on to Cedar, with less; Acme hears of it first'
brio share create "$event" --partner Cedar --purpose event --until 2027-10-31 \
    --fields event.name,event.startDate,event.place,attendee.event,attendee.name >/dev/null
expect 'Cedar has an offer' 'Spring launch' cedar offer list
expect 'and Acme knows that Cedar was told, through Brio' 'Cedar' acme holders "$event"
cedar offer accept "$(cedar offer list --json | text_of id)" >/dev/null
expect 'Cedar reads the event' 'Kaispeicher' cedar event show "$event"
never "but not what Acme told Brio alone" 'spreadsheet' cedar event show "$event"
acme event set "$event" --place 'Hamburg, Elbphilharmonie' >/dev/null
step 'Acme moves the event to another hall.'
expect 'Brio sees the new place' 'Elbphilharmonie' brio event show "$event"
expect 'Cedar sees the new place' 'Elbphilharmonie' cedar event show "$event"

chapter '7. Leads without an event: Brio offers three, Acme takes two'
one=$(new_id brio lead add --name 'Port brewery' --need 'a guest list for 900')
two=$(new_id brio lead add --name 'Lumiere workshops' --need 'a CRM by autumn')
three=$(new_id brio lead add --name 'Nordlicht Hotels' --need 'another look')
share=$(new_id brio share create "$one" "$two" "$three" --partner Acme --purpose follow-up --until 2027-12-31 \
    --fields lead.name,lead.need)
expect 'Acme has the offer' 'Brio' acme offer list
acme offer accept "$(acme offer list --json | text_of id)" --except "$three" --reason 'Already a customer' >/dev/null
expect 'Acme has two of them' 'Port brewery' acme lead list
never 'and not the third' 'Nordlicht' acme lead list
expect 'Brio reads why' 'Already a customer' brio share show "$share"

chapter '8. Cedar is away while the start changes three times'
cedar stop >/dev/null
for hour in 17 19 20; do acme event set "$event" --startDate "2027-05-20 $hour:00 Europe/Berlin" >/dev/null; done
cedar start >/dev/null
expect 'back again, Cedar has the newest' '20:00' cedar event show "$event"
expect 'once' '"total": *1,' cedar event list --json

guest=$(acme guest list "$event" --search Adler --json | text_of id)
chapter 'The guest list, as Cedar sees it'
cedar guest list "$event" | indent
chapter "Why can Cedar see Anna Adler's name, and why not her organisation?"
acme explain Cedar "$guest" name | indent
acme explain Cedar "$guest" organization --json | text_of sentence | indent
chapter 'Who holds what of her'
acme holders "$guest" | indent

printf '\n%s%d outcomes held, %d did not.%s\n' "$BOLD" "$HELD" "$FAILED" "$PLAIN"
[ "$FAILED" -eq 0 ]
