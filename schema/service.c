/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/service.h"

#include <string.h>

#include "schema/base/cleanup.h"

/* clang-format off */
#define REQ PARAM_REQUIRED
#define POS (PARAM_REQUIRED | PARAM_POSITIONAL)
#define NOUN (PARAM_REQUIRED | PARAM_TYPE_NOUN)
#define TERMS { "contribute", PARAM_BOOLEAN, 0, NULL }, { "want", PARAM_LIST, 0, "attendee.email,attendee.organization" }, \
    { "quota", PARAM_INTEGER, 0, "30" }, { "closes", PARAM_TEXT, 0, "2027-05-01" }, { "visible", PARAM_TEXT, 0, "chain" }
#define LISTING { "search", PARAM_TEXT, 0, "lovelace" }, { "limit", PARAM_INTEGER, 0, "50" }, { "cursor", PARAM_TEXT, 0, NULL }

#define FILE_FORM { "format", PARAM_TEXT, 0, "csv" }, { "bom", PARAM_BOOLEAN, 0, NULL }, { "delimiter", PARAM_TEXT, 0, ";" }, \
    { "preview", PARAM_BOOLEAN, 0, NULL }
#define FILTER { "segment", PARAM_TEXT, 0, "s2b7kd" }, { "where", PARAM_TEXT, 0, "country=DE" }

static const struct service table[] = {
    /* ---- the node ---- */
    { "node.status", "GET", "/api/v1/status", RIGHT_READ, true, REPLY_OBJECT, NULL, { { 0 } } },
    { "node.backup", "POST", "/api/v1/backup", RIGHT_ADMIN, false, REPLY_JOB, NULL, { { 0 } } },
    { "node.confirm", "POST", "/api/v1/confirm", RIGHT_ADMIN, false, REPLY_LIST, "name state quarantine shares id",
      { { "preview", PARAM_BOOLEAN, 0, NULL }, { "at-once", PARAM_BOOLEAN, 0, NULL }, { "partner", PARAM_TEXT, 0, "Brio" } } },
    { "lease.set", "POST", "/api/v1/lease", RIGHT_ADMIN, false, REPLY_OBJECT, NULL, { { "minutes", PARAM_INTEGER, REQ, "1440" } } },
    { "type.list", "GET", "/api/v1/types", RIGHT_READ, true, REPLY_LIST, "name label fields own", { LISTING } },
    { "type.show", "GET", "/api/v1/types/{type}", RIGHT_READ, true, REPLY_LIST, "name label kind privacy space number",
      { { "type", PARAM_TEXT, POS, "contact" } } },
    { "type.add", "POST", "/api/v1/types", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "name", PARAM_TEXT, POS, "seminar" }, { "label", PARAM_TEXT, 0, "Seminar" } } },
    { "field.add", "POST", "/api/v1/types/{type}/fields", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "type", PARAM_TEXT, POS, "contact" }, { "name", PARAM_TEXT, POS, "shoeSize" }, { "kind", PARAM_TEXT, 0, "text" },
        { "label", PARAM_TEXT, 0, "Shoe size" }, { "privacy", PARAM_TEXT, 0, "personal" } } },

    { "key.list", "GET", "/api/v1/keys", RIGHT_READ, true, REPLY_LIST, "key serial since former waits", { { 0 } } },
    { "key.partners", "GET", "/api/v1/keys/partners", RIGHT_READ, true, REPLY_LIST, "name state knows newest keys id", { { 0 } } },
    { "key.retire", "POST", "/api/v1/keys/retire", RIGHT_ADMIN, false, REPLY_OBJECT, NULL, { { 0 } } },

    /* ---- partners ---- */
    { "partner.invite", "POST", "/api/v1/partners/invitations", RIGHT_ADMIN, false, REPLY_FILE, NULL,
      { { "days", PARAM_INTEGER, 0, "7" } } },
    { "partner.accept", "POST", "/api/v1/partners/accept", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "invitation", PARAM_FILE, POS, "acme.invite" } } },
    { "partner.list", "GET", "/api/v1/partners", RIGHT_READ, true, REPLY_LIST, "name country state link words id", { LISTING } },
    { "partner.show", "GET", "/api/v1/partners/{partner}", RIGHT_READ, true, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Brio" } } },
    { "partner.trust", "POST", "/api/v1/partners/{partner}/trust", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Brio" }, { "words", PARAM_TEXT, 0, "six fingerprint words" } } },
    { "partner.confirm", "POST", "/api/v1/partners/{partner}/confirm", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Cedar" }, { "words", PARAM_TEXT, REQ, "six fingerprint words" } } },
    { "partner.waive", "POST", "/api/v1/partners/{partner}/waive", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Brio" }, { "note", PARAM_TEXT, 0, "contract of 2027-01-12, clause 4" }, { "end", PARAM_BOOLEAN, 0, NULL } } },
    { "partner.suspend", "POST", "/api/v1/partners/{partner}/suspend", RIGHT_ADMIN, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Brio" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "partner.remove", "POST", "/api/v1/partners/{partner}/remove", RIGHT_ADMIN, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "partner", PARAM_TEXT, POS, "Brio" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "partner.add-light", "POST", "/api/v1/partners/light", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "name", PARAM_TEXT, POS, "Lumen GmbH" }, { "email", PARAM_TEXT, REQ, "events@lumen.example" },
        { "contact", PARAM_TEXT, 0, "Ada Lumen" }, { "country", PARAM_TEXT, 0, "DE" }, { "language", PARAM_TEXT, 0, "en" } } },

    /* ---- records: every type is a noun of its own, `hansa contact add` ---- */
    { "record.add", "POST", "/api/v1/records/{type}", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "fields", PARAM_FIELDS, REQ, NULL } } },
    { "record.set", "PATCH", "/api/v1/records/{type}/{record}", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "record", PARAM_TEXT, POS, "k4fzq2" }, { "fields", PARAM_FIELDS, REQ, NULL } } },
    { "record.show", "GET", "/api/v1/records/{type}/{record}", RIGHT_READ, true, REPLY_OBJECT, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "record", PARAM_TEXT, POS, "k4fzq2" } } },
    { "record.list", "GET", "/api/v1/records/{type}", RIGHT_READ, true, REPLY_LIST, "id title owner via as_of",
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "event", PARAM_TEXT, 0, "k4fzq2" }, FILTER, LISTING } },
    { "record.remove", "POST", "/api/v1/records/{type}/{record}/remove", RIGHT_WRITE, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "record", PARAM_TEXT, POS, "k4fzq2" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "record.import", "POST", "/api/v1/records/{type}/import", RIGHT_WRITE, false, REPLY_JOB, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "file", PARAM_UPLOAD, POS, "contacts.csv" }, { "preset", PARAM_TEXT, 0, "hubspot" },
        { "mapping", PARAM_FILE, 0, "mapping.json" }, { "dry-run", PARAM_BOOLEAN, 0, NULL }, { "charset", PARAM_TEXT, 0, "gb18030" },
        { "delimiter", PARAM_TEXT, 0, ";" }, { "consent", PARAM_TEXT, 0, "legitimateInterest" },
        { "consent-purpose", PARAM_TEXT, 0, "event; follow-up" }, { "consent-recipients", PARAM_TEXT, 0, "Brio; Cedar" } } },
    { "record.export", "GET", "/api/v1/exports/{type}", RIGHT_READ, true, REPLY_FILE, NULL,
      { { "type", PARAM_TEXT, NOUN, "contact" }, { "event", PARAM_TEXT, 0, "k4fzq2" }, FILTER, FILE_FORM, LISTING } },
    { "job.list", "GET", "/api/v1/jobs", RIGHT_READ, true, REPLY_LIST, "id kind state done total", { LISTING } },
    { "job.show", "GET", "/api/v1/jobs/{job}", RIGHT_READ, true, REPLY_OBJECT, NULL, { { "job", PARAM_TEXT, POS, "1" } } },
    { "job.stop", "POST", "/api/v1/jobs/{job}/stop", RIGHT_WRITE, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL, { { "job", PARAM_TEXT, POS, "1" } } },
    { "job.resume", "POST", "/api/v1/jobs/{job}/resume", RIGHT_WRITE, false, REPLY_JOB, NULL, { { "job", PARAM_TEXT, POS, "1" } } },
    { "job.bad-rows", "GET", "/api/v1/jobs/{job}/bad-rows", RIGHT_READ, true, REPLY_FILE, NULL, { { "job", PARAM_TEXT, POS, "1" } } },

    /* ---- a person goes, and does not come back by herself ---- */
    { "contact.erase", "POST", "/api/v1/contacts/{contact}/erase", RIGHT_ADMIN, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "contact", PARAM_TEXT, POS, "k4fzq2" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "contact.mentions", "GET", "/api/v1/contacts/{contact}/mentions", RIGHT_READ, true, REPLY_LIST, "id type title names show",
      { { "contact", PARAM_TEXT, POS, "k4fzq2" }, { "limit", PARAM_INTEGER, 0, "50" } } },
    { "consent.withdraw", "POST", "/api/v1/contacts/{contact}/withdraw", RIGHT_WRITE, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "contact", PARAM_TEXT, POS, "k4fzq2" }, { "purpose", PARAM_LIST, 0, "event,follow-up" },
        { "recipients", PARAM_LIST, 0, "Acme" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "suppression.list", "GET", "/api/v1/suppressions", RIGHT_ADMIN, true, REPLY_LIST,
      "id at reason effect suppressed_values suppressed_records lifted", { LISTING } },
    { "suppression.check", "POST", "/api/v1/suppressions/check", RIGHT_ADMIN, true, REPLY_OBJECT, NULL,
      { { "value", PARAM_TEXT, POS, "ada@example.com" } } },
    { "suppression.lift", "POST", "/api/v1/suppressions/lift", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "value", PARAM_TEXT, POS, "ada@example.com" } } },

    /* ---- segments: `hansa segment add` and the like are those of records ---- */
    { "segment.list", "GET", "/api/v1/segments", RIGHT_READ, true, REPLY_LIST, "id title members owner via as_of", { LISTING } },
    { "segment.preview", "GET", "/api/v1/segments/preview", RIGHT_READ, true, REPLY_OBJECT, NULL,
      { { "rule", PARAM_TEXT, POS, "country=DE" }, { "type", PARAM_TEXT, 0, "contact" }, { "limit", PARAM_INTEGER, 0, "50" } } },
    { "segment.members", "GET", "/api/v1/segments/{segment}/members", RIGHT_READ, true, REPLY_LIST, "id title owner via as_of",
      { { "segment", PARAM_TEXT, POS, "s2b7kd" }, { "where", PARAM_TEXT, 0, "country=DE" }, LISTING } },
    { "segment.include", "POST", "/api/v1/segments/{segment}/include", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "segment", PARAM_TEXT, POS, "s2b7kd" }, { "records", PARAM_LIST, PARAM_POSITIONAL, "m3x7aa" }, { "search", PARAM_TEXT, 0, "berlin" },
        { "where", PARAM_TEXT, 0, "country=DE" }, { "from", PARAM_TEXT, 0, "s9q4ef" } } },
    { "segment.exclude", "POST", "/api/v1/segments/{segment}/exclude", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "segment", PARAM_TEXT, POS, "s2b7kd" }, { "records", PARAM_LIST, POS, "m3x7aa" } } },

    /* ---- guests ---- */
    { "guest.add", "POST", "/api/v1/events/{event}/guests", RIGHT_WRITE, false, REPLY_JOB, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "contacts", PARAM_LIST, PARAM_POSITIONAL, "m3x7aa" },
        { "search", PARAM_TEXT, 0, "berlin" }, FILTER, { "all", PARAM_BOOLEAN, 0, NULL } } },
    { "guest.list", "GET", "/api/v1/events/{event}/guests", RIGHT_READ, true, REPLY_LIST, "id name organization email status arrived brought_by as_of",
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "company", PARAM_TEXT, 0, "Brio" }, { "status", PARAM_TEXT, 0, "accepted" }, LISTING } },
    { "guest.export", "GET", "/api/v1/events/{event}/guests/export", RIGHT_READ, true, REPLY_FILE, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "company", PARAM_TEXT, 0, "Brio" }, { "status", PARAM_TEXT, 0, "accepted" }, FILE_FORM,
        LISTING } },
    { "guest.arrive", "POST", "/api/v1/events/{event}/guests/{guest}/arrival", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "guest", PARAM_TEXT, POS, "lovelace" }, { "at", PARAM_TEXT, 0, "2027-05-20 18:40" },
        { "undo", PARAM_BOOLEAN, 0, NULL } } },
    { "event.attribution", "GET", "/api/v1/events/{event}/attribution", RIGHT_READ, true, REPLY_LIST,
      "id name brought_first acknowledged claimed others", { { "event", PARAM_TEXT, POS, "k4fzq2" }, LISTING } },

    /* ---- leads: `hansa lead add` and the like are those of records ---- */
    { "lead.make", "POST", "/api/v1/events/{event}/leads", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "when", PARAM_TEXT, 0, "attended" }, { "per", PARAM_TEXT, 0, "person" },
        { "assign", PARAM_TEXT, 0, "round-robin" }, { "sellers", PARAM_LIST, REQ, "Sam,Sue:DE/AT" }, { "due", PARAM_TEXT, REQ, "2027-06-01" },
        { "purpose", PARAM_TEXT, 0, "follow-up" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "lead.undo", "POST", "/api/v1/lead-batches/{batch}/undo", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "batch", PARAM_TEXT, POS, "1" } } },
    { "lead.move", "POST", "/api/v1/leads/{lead}/stage", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "lead", PARAM_TEXT, POS, "k4fzq2" }, { "stage", PARAM_TEXT, POS, "qualified" }, { "note", PARAM_TEXT, 0, "Wants a quote" } } },
    { "work.list", "GET", "/api/v1/work", RIGHT_READ, true, REPLY_LIST, "id seller name telephone stage due overdue origin",
      { { "seller", PARAM_TEXT, 0, "Sue" }, { "limit", PARAM_INTEGER, 0, "50" }, { "cursor", PARAM_TEXT, 0, NULL } } },

    { "guest.contribute", "POST", "/api/v1/events/{event}/contribution", RIGHT_SHARE, false, REPLY_OBJECT, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "purpose", PARAM_LIST, 0, "event,follow-up" }, { "until", PARAM_TEXT, 0, "2027-12-31" },
        { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "guest.brought", "GET", "/api/v1/events/{event}/contribution", RIGHT_READ, true, REPLY_LIST, "id name company state reason acknowledged",
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, LISTING } },
    { "guest.carried", "GET", "/api/v1/events/{event}/carried", RIGHT_READ, true, REPLY_LIST, "company rows",
      { { "event", PARAM_TEXT, POS, "k4fzq2" } } },

    { "guest.invitation", "POST", "/api/v1/events/{event}/guests/{guest}/invitation", RIGHT_WRITE, false, REPLY_FILE, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "guest", PARAM_TEXT, POS, "m3x7aa" }, { "from", PARAM_TEXT, 0, "events@brio.example" } } },
    { "guest.invitations", "POST", "/api/v1/events/{event}/invitations", RIGHT_WRITE, false, REPLY_FILES, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "from", PARAM_TEXT, 0, "events@brio.example" }, { "preview", PARAM_BOOLEAN, 0, NULL },
        LISTING } },
    { "guest.reply", "POST", "/api/v1/guests/replies", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "file", PARAM_UPLOAD, POS, "reply.ics" } } },

    /* ---- sharing ---- */
    { "share.lens", "POST", "/api/v1/shares/lens", RIGHT_SHARE, false, REPLY_OBJECT, NULL,
      { { "records", PARAM_LIST, POS, "k4fzq2" }, { "partner", PARAM_TEXT, REQ, "Brio" }, { "fields", PARAM_LIST, REQ, "event.name,attendee.name" },
        { "purpose", PARAM_LIST, REQ, "event" }, { "until", PARAM_TEXT, REQ, "2027-06-30" }, { "depth", PARAM_INTEGER, 0, "1" },
        { "propose", PARAM_BOOLEAN, 0, NULL }, { "limit", PARAM_INTEGER, 0, "20" }, TERMS } },
    { "share.create", "POST", "/api/v1/shares", RIGHT_SHARE, false, REPLY_OBJECT, NULL,
      { { "records", PARAM_LIST, POS, "k4fzq2" }, { "partner", PARAM_TEXT, REQ, "Brio" }, { "fields", PARAM_LIST, REQ, "event.name,attendee.name" },
        { "purpose", PARAM_LIST, REQ, "event" }, { "until", PARAM_TEXT, REQ, "2027-06-30" }, { "depth", PARAM_INTEGER, 0, "1" },
        { "countries", PARAM_LIST, 0, "DE,FR" }, { "delete-days", PARAM_INTEGER, 0, "30" }, { "note", PARAM_TEXT, 0, "Please add yours by Friday" },
        { "propose", PARAM_BOOLEAN, 0, NULL }, TERMS } },
    { "share.list", "GET", "/api/v1/shares", RIGHT_READ, true, REPLY_LIST, "id title kind partner state records until waits", { LISTING } },
    { "share.show", "GET", "/api/v1/shares/{share}", RIGHT_READ, true, REPLY_OBJECT, NULL, { { "share", PARAM_TEXT, POS, "p7c2dd" } } },
    { "share.stop", "POST", "/api/v1/shares/{share}/stop", RIGHT_SHARE, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "share", PARAM_TEXT, POS, "p7c2dd" }, { "reason", PARAM_TEXT, 0, "The event is off" }, { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "share.to-file", "POST", "/api/v1/shares/{share}/files", RIGHT_SHARE, false, REPLY_FILES, NULL,
      { { "share", PARAM_TEXT, POS, "p7c2dd" }, { "contact", PARAM_TEXT, 0, "Eve, events@acme.example" },
        { "language", PARAM_TEXT, 0, "en" }, { "delimiter", PARAM_TEXT, 0, ";" } } },
    { "share.import-reply", "POST", "/api/v1/shares/{share}/replies", RIGHT_WRITE, false, REPLY_FILES, NULL,
      { { "share", PARAM_TEXT, POS, "p7c2dd" }, { "file", PARAM_UPLOAD, POS, "reply.csv" },
        { "preview", PARAM_BOOLEAN, 0, NULL }, { "replace", PARAM_BOOLEAN, 0, NULL } } },
    { "offer.list", "GET", "/api/v1/offers", RIGHT_READ, true, REPLY_LIST, "id title kind partner state records until", { LISTING } },
    { "offer.show", "GET", "/api/v1/offers/{offer}", RIGHT_READ, true, REPLY_OBJECT, NULL, { { "offer", PARAM_TEXT, POS, "p7c2dd" } } },
    { "offer.accept", "POST", "/api/v1/offers/{offer}/accept", RIGHT_SHARE, false, REPLY_OBJECT, NULL,
      { { "offer", PARAM_TEXT, POS, "p7c2dd" }, { "except", PARAM_LIST, 0, "m3x7aa" }, { "reason", PARAM_TEXT, 0, "Already a customer" } } },
    { "offer.decline", "POST", "/api/v1/offers/{offer}/decline", RIGHT_SHARE, SERVICE_TAKES_BACK, REPLY_OBJECT, NULL,
      { { "offer", PARAM_TEXT, POS, "p7c2dd" }, { "reason", PARAM_TEXT, REQ, "Not our market" } } },

    /* ---- receipts: what holders say of what they hold ---- */
    { "receipt.list", "GET", "/api/v1/receipts", RIGHT_READ, true, REPLY_LIST, "share title company state records reason at late",
      { { "share", PARAM_TEXT, 0, "p7c2dd" }, { "record", PARAM_TEXT, 0, "k4fzq2" }, { "company", PARAM_TEXT, 0, "Brio" },
        { "state", PARAM_TEXT, 0, "late" }, { "days", PARAM_INTEGER, 0, "2" }, { "given", PARAM_BOOLEAN, 0, NULL }, LISTING } },

    { "receipt.hold", "POST", "/api/v1/holds/{record}", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "record", PARAM_TEXT, POS, "k4fzq2" }, { "basis", PARAM_TEXT, 0, "Tax code, section 147" }, { "end", PARAM_BOOLEAN, 0, NULL } } },
    { "receipt.export", "GET", "/api/v1/shares/{share}/evidence", RIGHT_READ, true, REPLY_FILE, NULL,
      { { "share", PARAM_TEXT, POS, "p7c2dd" } } },

    /* ---- letters: what takes back or answers, as a file, when there is no way ---- */
    { "letter.list", "GET", "/api/v1/letters", RIGHT_READ, true, REPLY_LIST,
      "company withdrawals revocations receipts way via link what_to_do", { LISTING } },
    { "letter.export", "POST", "/api/v1/letters/for/{for}", RIGHT_ADMIN, SERVICE_TAKES_BACK, REPLY_FILE, NULL,
      { { "for", PARAM_TEXT, REQ, "Acme" } } },
    { "letter.import", "POST", "/api/v1/letters/taken", RIGHT_ADMIN, SERVICE_TAKES_BACK, REPLY_FILES, NULL,
      { { "file", PARAM_UPLOAD, POS, "letter-for-acme.txt" } } },

    /* ---- what is missing ---- */
    { "guest.missing", "GET", "/api/v1/events/{event}/missing", RIGHT_READ, true, REPLY_LIST, "id title company missing asked",
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "company", PARAM_TEXT, 0, "Brio" }, { "limit", PARAM_INTEGER, 0, "50" },
        { "cursor", PARAM_TEXT, 0, NULL } } },
    { "guest.ask", "POST", "/api/v1/events/{event}/missing/ask", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "event", PARAM_TEXT, POS, "k4fzq2" }, { "company", PARAM_TEXT, 0, "Brio" }, { "rows", PARAM_LIST, 0, "m3x7aa" },
        { "fields", PARAM_LIST, 0, "email,telephone" }, { "note", PARAM_TEXT, 0, "The badges go to print on Friday" },
        { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "ask.list", "GET", "/api/v1/asks", RIGHT_READ, true, REPLY_LIST, "id title partner missing note at state",
      { { "all", PARAM_BOOLEAN, 0, NULL }, LISTING } },
    { "ask.close", "POST", "/api/v1/asks/{ask}/close", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "ask", PARAM_TEXT, POS, "1" }, { "reason", PARAM_TEXT, REQ, "She gives no number" } } },

    /* ---- corrections ---- */
    { "proposal.make", "POST", "/api/v1/proposals", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "record", PARAM_TEXT, POS, "k4fzq2" }, { "fields", PARAM_FIELDS, REQ, NULL }, { "comment", PARAM_TEXT, 0, "She changed her number" },
        { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "proposal.list", "GET", "/api/v1/proposals", RIGHT_READ, true, REPLY_LIST, "id title partner direction state at stale reason",
      { { "all", PARAM_BOOLEAN, 0, NULL }, LISTING } },
    { "proposal.show", "GET", "/api/v1/proposals/{proposal}", RIGHT_READ, true, REPLY_OBJECT, NULL, { { "proposal", PARAM_TEXT, POS, "p7c2dd" } } },
    { "proposal.accept", "POST", "/api/v1/proposals/{proposal}/accept", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "proposal", PARAM_TEXT, POS, "p7c2dd" } } },
    { "proposal.decline", "POST", "/api/v1/proposals/{proposal}/decline", RIGHT_WRITE, false, REPLY_OBJECT, NULL,
      { { "proposal", PARAM_TEXT, POS, "p7c2dd" }, { "reason", PARAM_TEXT, REQ, "The number is right" } } },

    /* ---- answers ---- */
    { "explain", "GET", "/api/v1/explain", RIGHT_READ, true, REPLY_OBJECT, NULL,
      { { "company", PARAM_TEXT, POS, "Cedar" }, { "record", PARAM_TEXT, POS, "k4fzq2" }, { "field", PARAM_TEXT, PARAM_POSITIONAL, "email" } } },
    { "holders", "GET", "/api/v1/records/any/{record}/holders", RIGHT_READ, true, REPLY_LIST, "company via fields as_of state until",
      { { "record", PARAM_TEXT, POS, "k4fzq2" } } },
    { "data.where", "GET", "/api/v1/data/where/{record}", RIGHT_READ, true, REPLY_LIST, "id type title company via state since until purpose fields",
      { { "record", PARAM_TEXT, POS, "k4fzq2" } } },
    { "data.held", "GET", "/api/v1/data/held/{company}", RIGHT_ADMIN, true, REPLY_LIST, "id type title since erased state fields purpose",
      { { "company", PARAM_TEXT, POS, "Brio" }, { "from", PARAM_TEXT, 0, "2027-03-01" }, { "to", PARAM_TEXT, 0, "2027-03-31" },
        { "limit", PARAM_INTEGER, 0, "50" }, { "cursor", PARAM_TEXT, 0, NULL } } },
    { "data.register", "GET", "/api/v1/data/register", RIGHT_ADMIN, true, REPLY_LIST,
      "direction company country title purpose fields records since until delete_days state", { LISTING } },
    { "evidence.list", "GET", "/api/v1/evidence", RIGHT_READ, true, REPLY_LIST, "record type owner position state via at", { LISTING } },
    { "evidence.export", "GET", "/api/v1/evidence/{record}", RIGHT_READ, true, REPLY_FILE, NULL, { { "record", PARAM_TEXT, POS, "k4fzq2" } } },
    { "deadletter.list", "GET", "/api/v1/deadletters", RIGHT_READ, true, REPLY_LIST, "id at partner reason detail", { LISTING } },
    { "audit.list", "GET", "/api/v1/audit", RIGHT_ADMIN, true, REPLY_LIST, "number at actor action subject", { LISTING } },
    { "audit.accept", "POST", "/api/v1/audit/accept", RIGHT_ADMIN, false, REPLY_OBJECT, NULL, { { "preview", PARAM_BOOLEAN, 0, NULL } } },
    { "audit.verify", "GET", "/api/v1/audit/verify", RIGHT_ADMIN, true, REPLY_OBJECT, NULL, { { 0 } } },
};
/* clang-format on */

static const char *const rights[] = { "read", "write", "share", "admin" };

const char *
right_name(enum right right)
{
    return rights[right];
}

size_t
service_count(void)
{
    return COUNT_OF(table);
}

const struct service *
service_get(size_t index)
{
    assert(index < COUNT_OF(table));
    return &table[index];
}

const struct service *
service_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
