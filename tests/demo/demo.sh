#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/demo/demo.sh - three companies share an event: Acme plans it, Brio passes it on, Cedar is asked; then their guests come.
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

nowhere() { # sentence pattern node: in no file of the node's home
    if grep -rqa -e "$2" "$WHERE/$3"; then failed "$1"; else held "$1"; fi
}

reply_to() { # invitation: what the guest's calendar program sends when she accepts
    tr -d '\r' <"$1" | sed -e ':all' -e 'N' -e '$!b all' -e 's/\n //g' |
        sed -n -e 's/^METHOD:.*/METHOD:REPLY/' -e 's/^ATTENDEE.*\(mailto:.*\)/ATTENDEE;PARTSTAT=ACCEPTED:\1/' \
            -e '/^\(BEGIN\|END\):V\(CALENDAR\|EVENT\)/p' -e '/^\(VERSION\|METHOD\|UID\|SEQUENCE\|DTSTAMP\|ATTENDEE\)/p'
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
step 'Each says on what ground these people may be shared; of Cedar, the file says it person by person.'
acme contact import "$FILES/acme-hubspot.csv" --consent contract 2>/dev/null | grep -E '^(Added|Preset)' | indent
brio contact import "$FILES/brio-outlook.csv" --consent legitimateInterest --consent-purpose 'event; follow-up' 2>/dev/null | grep -E '^(Added|Preset)' | indent
cedar --language en contact import "$FILES/cedar-crm.csv" 2>/dev/null | grep -E '^(Added|Preset)' | indent
expect "Anna Adler is in Acme's node" 'Adler' acme contact list --search Adler
expect "Élodie Étienne is in Brio's, accents and all" 'Étienne' brio contact list --search Étienne
expect "王小明 is in Cedar's" '王小明' cedar contact list

chapter '4. Acme plans a launch and picks guests'
event=$(new_id acme event add --name 'Spring launch' --startDate '2027-05-20 18:00 Europe/Berlin' \
    --place 'Hamburg, Kaispeicher' --capacity 120 --productNeed 'teams that outgrew their spreadsheet' \
    --budget '91,734.00 EUR' --organizerEmail events@acme.example)
acme guest add "$event" --all >/dev/null
expect 'the guest list has twelve people' '"total": *12' acme guest list "$event" --json

chapter '5. Acme looks through the lens, then shares with Brio: named fields, purposes, an end date, one step further'
step 'And it asks for guests: at most ten, with e-mail and phone, by 10 May.'
share_to_brio() {
    acme share "$1" "$event" --partner Brio --purpose event,follow-up --until 2027-12-31 --depth 1 --propose \
        --fields event.name,event.startDate,event.place,event.productNeed,attendee.event,attendee.name,attendee.organization,attendee.telephone \
        --want attendee.email,attendee.telephone,attendee.organization --quota 10 --closes 2027-05-10
}
share_to_brio lens 2>/dev/null | head -n 12 | indent
share_to_brio create >/dev/null
expect 'Brio has an offer in its tray' 'Spring launch' brio offer list
brio offer accept "$(brio offer list --json | text_of id)" >/dev/null
expect 'after accepting, Brio reads the event' 'Kaispeicher' brio event show "$event"
expect "and Acme's twelve guests" '"total": *12' brio guest list "$event" --json
never 'but no e-mail address' 'example.de' brio guest list "$event"
never 'and not the budget' '91' brio event show "$event"

chapter '6. Brio passes it on to Cedar, with less, for five guests; Acme hears of it first'
brio share create "$event" --partner Cedar --purpose event,follow-up --until 2027-10-31 --contribute --quota 5 \
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
one=$(new_id brio lead add --name 'Port brewery' --need 'a guest list for 900' --consentBasis legitimateInterest)
two=$(new_id brio lead add --name 'Lumiere workshops' --need 'a CRM by autumn' --consentBasis legitimateInterest)
three=$(new_id brio lead add --name 'Nordlicht Hotels' --need 'another look' --consentBasis legitimateInterest)
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

chapter '9. Brio brings guests of its own: it says whom by a rule, and sees first what would go'
segment=$(new_id brio segment add --name 'Lumière' --rule 'organization ~ lumiere')
brio guest add "$event" --segment "$segment" >/dev/null
brio guest contribute "$event" --purpose event,follow-up --preview | grep -E '^(Going|Lacking|Left out|Stay home):' | indent
never 'before that Acme sees none of them' Amélie acme guest list "$event"
brio guest contribute "$event" --purpose event,follow-up >/dev/null
expect "Amélie Arnaud is on Acme's list, brought by Brio" 'Amélie.*Brio' acme guest list "$event"
expect "and Brio holds Acme's signed word" 'taken' brio guest brought "$event"
never 'Cedar sees none of them' Amélie cedar guest list "$event"

chapter "10. Cedar finds customers for Acme's need by a rule in Chinese, and brings them sealed: Brio carries, and cannot read"
segment=$(new_id cedar segment add --name '经理' --rule '职位 ~ 经理 或 职位 ~ 总监')
cedar guest add "$event" --segment "$segment" >/dev/null
cedar --language en guest contribute "$event" --purpose event,follow-up --preview | grep -E '^(Going|Left out|Stay home):' | indent
expect 'one stays at home: nobody has asked her yet' '刘洋' cedar guest contribute "$event" --purpose event,follow-up --preview
cedar guest contribute "$event" --purpose event,follow-up >/dev/null
expect "Acme reads that they are Cedar's, through Brio, and that nobody has vouched for Cedar" '王小明.*Cedar via Brio, not verified' acme guest list "$event"
expect 'Brio can count them' '"rows": *3' brio guest carried "$event" --json
never 'and has no name of theirs' '王小明' brio guest list "$event"
nowhere "not in any file of its node" 'guest1@example.cn\|陈思思' brio
nowhere 'and she who stayed is in no file of Acme' '刘洋' acme

chapter '11. Brio brings one of them too: one person, one line, and neither hears of the other'
brio attendee add --event "$event" --name 'Wang Xiaoming' --email guest1@example.cn --organization 'Yunfan' \
    --consentBasis legitimateInterest >/dev/null
expect 'at Acme one line with two claims' 'Cedar via Brio, not verified; Brio' acme guest list "$event" --search 小明
never "Brio sees its own alone" Cedar brio guest list "$event"
never "Cedar sees its own alone" Xiaoming cedar guest list "$event"

chapter '12. What is missing is asked for; what is wrong is corrected by whoever knows better'
acme guest ask "$event" --company Brio --note 'For the badges' >/dev/null
expect 'Brio is asked for the phone that its guest lacks' 'Wang Xiaoming' brio ask list
brio attendee set "$(brio ask list --json | text_of record)" --telephone '+33 1 55 50 01 99' >/dev/null
expect 'the answer stands in the row' '"total": *0' acme guest missing "$event" --company Brio --json
expect 'and closes the ask' '"total": *0' brio ask list --json
anna=$(acme guest list "$event" --search Adler --json | text_of id)
brio proposal make "$anna" --telephone '+49 30 5550999' --comment 'She changed her number' >/dev/null
expect "Acme sees Brio's correction" 'Anna Adler' acme proposal list
never 'which changes nothing yet' '5550999' acme attendee show "$anna"
acme proposal accept "$(acme proposal list --json | text_of id)" >/dev/null
expect 'accepted, it is in the row, and Brio reads it there' '5550999' brio attendee show "$anna"

chapter '13. Each bringer invites its own guests; their answers and arrivals are on the one list'
brio guest invitations "$event" --from events@brio.example --out "$WHERE/invitations" >/dev/null 2>&1
expect "Acme sees that Brio's guests are invited" 'Amélie.*invited' acme guest list "$event"
reply_to "$WHERE/invitations"/Am*.ics >"$WHERE/reply.ics"
brio guest reply "$WHERE/reply.ics" >/dev/null
expect "Amélie's calendar says yes; Acme sees it" 'Amélie.*accepted' acme guest list "$event"
acme guest arrive "$event" Amélie --at '2027-05-20 20:10 Europe/Berlin' >/dev/null
acme guest arrive "$event" 王小明 --at '2027-05-20 20:15 Europe/Berlin' >/dev/null
expect 'Brio sees that Amélie came' '2027-05-20 18:10' brio guest list "$event" --search Amélie
expect 'Cedar sees that 王小明 came' '2027-05-20 18:15' cedar guest list "$event" --search 小明

chapter '14. Who came becomes a lead, dealt out to two sellers; the stage goes back to the bringer, nothing else'
acme lead make "$event" --when attended --sellers Sam,Sue --due 2027-06-01 >/dev/null
acme work list | indent
lead=$(acme work list --json | text_of id)
acme lead move "$lead" qualified --note 'wants a quote' >/dev/null
expect 'Brio hears the stage' 'qualified' brio activity list --json
never 'and not who sells, nor what was said' 'Sam\|quote' brio activity list --json
expect 'who brought whom first, by signed times: Acme says it' 'Amélie.*Brio' acme event attribution "$event"
expect 'and Brio can check it' 'Amélie.*Brio' brio event attribution "$event"

chapter 'The guest list, as Acme sees it'
acme guest list "$event" | indent
guest=$(acme guest list "$event" --search Adler --json | text_of id)
chapter 'And as Cedar sees it'
cedar guest list "$event" | indent
chapter "Why can Cedar see Anna Adler's name, and why not her organisation?"
acme explain Cedar "$guest" name --json | text_of sentence | indent
acme explain Cedar "$guest" organization --json | text_of sentence | indent
chapter 'Who holds what of her'
acme holders "$guest" | indent

printf '\n%s%d outcomes held, %d did not.%s\n' "$BOLD" "$HELD" "$FAILED" "$PLAIN"
[ "$FAILED" -eq 0 ]
