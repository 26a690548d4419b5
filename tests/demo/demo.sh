#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/demo/demo.sh - three companies share an event: Acme plans it, Brio passes it on, Cedar is asked; their guests come; then it is taken back.
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
erased() { # sentence pattern node: the same, soon
    tries=0
    while grep -rqa -e "$2" "$WHERE/$3" && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.2
    done
    nowhere "$@"
}
leaves() { # sentence pattern command...: what is there goes
    sentence=$1
    pattern=$2
    shift 2
    tries=0
    while "$@" 2>&1 | grep -q -e "$pattern" && [ "$tries" -lt 150 ]; do
        tries=$((tries + 1))
        sleep 0.2
    done
    never "$sentence" "$pattern" "$@"
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

# ---- taken back ----

chapter "15. One of Cedar's guests takes back her consent"
echo 'a passphrase that Cedar keeps elsewhere' >"$WHERE/passphrase"
cedar --language en backup "$WHERE/cedar.backup" --passphrase-file "$WHERE/passphrase" >/dev/null 2>&1
step 'Cedar saved its node last night, into one encrypted file.'
expect 'a file that Acme exports says whose she is, and until when' '李静.*,no,Cedar,Brio,.*"event; follow-up",20' acme guest export "$event"
guest=$(cedar contact list --search 李静 --json | text_of id)
cedar --language en consent withdraw "$guest" --preview | grep -E '^(Companies|Values)' | indent
cedar consent withdraw "$guest" --yes >/dev/null
leaves "she leaves Acme's list" '李静' acme guest list "$event"
never 'no file that is exported from now on has her' '李静' acme guest export "$event"
erased 'no file of Acme has a byte of her' '李静\|guest2@example.cn' acme
expect 'the bytes that Brio carried are gone: one row less' '"rows": *2' brio guest carried "$event" --json
expect "Cedar holds Acme's signed receipt" 'purged *1 *WITHDRAWN' cedar --language en receipt list
cedar --language en contact import "$FILES/cedar-crm.csv" >/dev/null 2>&1
cedar guest contribute "$event" --purpose event,follow-up >/dev/null
never "last month's file, imported again, does not bring her back" '李静' acme guest list "$event"
expect 'an admin sees why, by a key and no name' 'WITHDRAWN' cedar suppression check guest2@example.cn

chapter "16. Cedar's database is lost; it goes back to last night's backup, when she had not withdrawn"
cedar stop >/dev/null
rm -f "$WHERE"/cedar/hansa.db*
"$BIN/hansa" --home "$WHERE/cedar" restore "$WHERE/cedar.backup" --passphrase-file "$WHERE/passphrase" >/dev/null 2>&1
cedar start >/dev/null
expect 'the node starts in quarantine: it can be read, and sends nothing' 'quarantine' cedar --language en status
expect 'Brio tells it what it knows' 'repaired' cedar node confirm --preview --json
expect 'an admin looks at the trust list and confirms it' 'lifted' cedar node confirm --yes --json
step 'Everything that waited goes out now.'
expect 'the list still knows her' 'WITHDRAWN' cedar suppression check guest2@example.cn
never 'she is not back at Acme' '李静' acme guest list "$event"
expect "and Cedar's other guests are" '陈思思' acme guest list "$event"

chapter '17. A share ends while Cedar is off, and nobody can tell it'
breakfast=$(new_id brio event add --name 'Press breakfast' --place 'Paris, Rue Oberkampf')
end=$(($(date -u +%s) + 12))
brio share create "$breakfast" --partner Cedar --purpose event --fields event.name,event.place \
    --until "$(date -u -d "@$end" '+%Y-%m-%d %H:%M:%S')" >/dev/null
comes 'Press breakfast' cedar offer list || failed 'Cedar is offered the breakfast'
cedar offer accept "$(cedar offer list --json | tr -d '\n' | sed 's/.*{"id":"\([^"]*\)","title":"Press breakfast".*/\1/')" >/dev/null
expect 'Cedar reads it' 'Oberkampf' cedar event list --search breakfast --json
cedar stop >/dev/null
brio stop >/dev/null
while [ "$(date -u +%s)" -le "$end" ]; do sleep 0.2; done
cedar start >/dev/null
never 'started after its end, Cedar shows none of it, with Brio away' 'breakfast' cedar event list --json
erased 'and has erased it' 'Oberkampf' cedar
brio start >/dev/null

chapter '18. Dune Ltd has no node: it gets files and sends a table back'
acme partner add-light 'Dune Ltd' --email post@dune.example --contact 'Dee Dune' --country GB >/dev/null
share=$(new_id acme share create "$event" --partner 'Dune Ltd' --purpose event,follow-up --until 2027-07-31 --quota 5 \
    --fields event.name,event.startDate,event.place --want attendee.email,attendee.organization)
acme share to-file "$share" --contact 'Eve, events@acme.example' --out "$WHERE/dune" 2>/dev/null
(cd "$WHERE/dune" && printf '%s\n' *) | indent
{
    head -n 1 "$WHERE/dune/reply.csv"
    printf ',Dora Dune,dora@dune.example,Dune Ltd,Consent,"event, follow-up",Acme,2026-11-01\r\n'
    printf ',Nick Nod,nick@dune.example,Dune Ltd,Not known yet,,,\r\n'
} >"$WHERE/reply.csv"
acme share import-reply "$share" "$WHERE/reply.csv" --out "$WHERE/dune-problems" 2>/dev/null | grep -E '^(Added|Bad rows):' | indent
expect "its guest is on the list, marked as Dune's word" 'Dora.*Dune Ltd, by file, not signed' acme guest list "$event"
expect 'a guest without a ground comes back in a file, with the reason' 'Nick Nod.*ground' cat "$WHERE/dune-problems/bad-rows.csv"

chapter "19. A data protection officer asks Acme: where is Bernd Brandt's data?"
bernd=$(acme contact list --search Brandt --json | text_of id)
acme data where "$bernd" | cut -c 1-150 | indent
expect 'with Brio and, through it, with Cedar' 'Cedar *Brio' acme data where "$bernd"
expect 'the register of what is shared is made of the same facts' 'Dune Ltd *GB' acme data register

chapter '20. He asks to be forgotten: one act'
acme contact erase "$bernd" --preview | grep -E '^(Companies|  )' | indent
expect 'before, it says who has him: Brio, and Cedar through it' 'Brio.*Cedar\|Cedar.*Brio' acme contact erase "$bernd" --preview
acme contact erase "$bernd" --yes >/dev/null
never 'he is no contact' Brandt acme contact list
erased 'no file of Acme has a byte of him' 'Brandt\|bernd.brandt' acme
erased 'none of Brio' 'Bernd Brandt' brio
erased 'and none of Cedar' 'Bernd Brandt' cedar
acme contact import "$FILES/acme-hubspot.csv" --consent contract >/dev/null 2>&1
never 'the file that he came from does not bring him back' Brandt acme contact list

chapter '21. Acme changes all its keys while Brio is away'
brio stop >/dev/null
acme key rotate >/dev/null
expect 'Acme goes on with the new ones, and sees who does not know them' 'Brio .*old' acme key partners
brio start >/dev/null
expect 'back again, Brio learns of it from Acme, by the root key that it knows' 'Brio .*new' acme key partners
acme event set "$event" --place 'Hamburg, Speicherstadt' >/dev/null
expect 'and what is signed with the new key goes all the way' 'Speicherstadt' cedar event show "$event"

chapter '22. Brio does not answer any more, and another guest of Cedar takes back her consent: a sealed letter does it'
brio stop >/dev/null
cedar consent withdraw "$(cedar contact list --search 陈思思 --json | text_of id)" --yes >/dev/null
expect 'Cedar sees what waits for Acme, and what to do' 'letter export --for Acme' cedar --language en letter list --json
cedar letter export --for Acme --out "$WHERE/cedar-acme.letter" >/dev/null 2>&1
step 'The file goes by mail, closed for Acme alone.'
never 'it says no name' '陈思思\|guest5' cat "$WHERE/cedar-acme.letter"
acme letter import "$WHERE/cedar-acme.letter" --out "$WHERE/answer" >/dev/null 2>&1
leaves "she leaves Acme's list" '陈思思' acme guest list "$event"
for answer in "$WHERE/answer"/*; do cedar letter import "$answer" --out "$WHERE/none" >/dev/null 2>&1; done
expect "and Acme's answer, taken at Cedar, is its signed receipt" '"total": *0' cedar letter list --json
brio start >/dev/null
comes up acme partner show Brio || failed 'Brio is back'

chapter '23. Acme takes back what it shared with Brio, and with that what Brio passed on'
share=$(acme share list --json | tr -d '\n' | sed 's/.*{"id":"\([^"]*\)","title":"Spring launch","partner":"Brio","role":"given","state":"[a-z]*","kind":"event".*/\1/')
acme share stop "$share" --preview | grep -E '^Taken from' | indent
cedar stop >/dev/null
acme share stop "$share" --reason 'We go on without an agency' --yes >/dev/null
leaves 'Brio has no event any more' 'Spring launch' brio event list
expect 'Cedar is away: Acme sees who has not answered' 'Cedar *none\|Cedar *applied\|Cedar *received' acme receipt list
cedar start >/dev/null
leaves 'back again, Cedar has none either' 'Spring launch' cedar event list
expect "Brio's receipt" 'Brio *purged' acme receipt list
expect "Cedar's own receipt, through Brio" 'Cedar *purged' acme receipt list
expect 'what is theirs stays theirs: Brio' 'Amélie' brio attendee list
expect 'and Cedar' '陈思思' cedar attendee list
acme receipt export "$share" --out "$WHERE/evidence.json" >/dev/null 2>&1
step 'The evidence of it, checked by a program that needs no node:'
if "$BIN/hansa-verify" "$WHERE/evidence.json" >"$WHERE/verified"; then held 'every signature verifies'; else failed 'every signature verifies'; fi
grep -E 'signed' "$WHERE/verified" | sed 's/ (grant.*//' | indent
for name in acme brio cedar; do expect "$name: the audit holds together" '"ok": *true' "$name" audit verify --json; done

printf '\n%s%d outcomes held, %d did not.%s\n' "$BOLD" "$HELD" "$FAILED" "$PLAIN"
[ "$FAILED" -eq 0 ]
