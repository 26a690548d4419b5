/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_priv.h - the inside of struct core, shared by node/.
 *
 * Everything here can be made again from the database: after a failed commit core_recover() does so.
 */
#ifndef HANSA_NODE_CORE_PRIV_H
#define HANSA_NODE_CORE_PRIV_H

#include <pthread.h>

#include "federation/disclose.h"
#include "federation/fingerprint.h"
#include "federation/identity.h"
#include "federation/invitation.h"
#include "federation/peer.h"
#include "node/audit.h"
#include "node/core.h"
#include "node/disk.h"
#include "node/journal.h"
#include "node/store/store.h"

/* A company's place on the trust list.
 *
 *   INVITED -> TRUSTED <-> SUSPENDED -> REMOVED      INTRODUCED -> INVITED (by invitation)      LIGHT -> REMOVED
 *
 * SELF        us; id 1
 * INTRODUCED  met only through a chain: descriptor pinned, good for that chain alone
 * INVITED     an invitation is on its way, or words are not compared yet
 * TRUSTED     admitted by the link
 * SUSPENDED   link cut, queue held
 * REMOVED     link cut, grants revoked both ways
 * LIGHT       has no node: no keys, a number that we made, reached by files (node/light.h) */
#define COMPANY_STATES(X)                                                                      \
    X(SELF, "self")                                                                            \
    X(INTRODUCED, "introduced")                                                                \
    X(INVITED, "invited")                                                                      \
    X(TRUSTED, "trusted")                                                                      \
    X(SUSPENDED, "suspended")                                                                  \
    X(REMOVED, "removed")                                                                      \
    X(LIGHT, "by file")
enum company_state {
#define X(name, text) COMPANY_##name,
    COMPANY_STATES(X)
#undef X
        COMPANY_STATE_COUNT_
};
const char *company_state_name(enum company_state state);

enum { COMPANY_US = 1, OWN_GRANT = 0 };

struct company {
    int64_t id;
    struct node_id node;
    enum company_state state;
    char *name;
    char country[3];
    uint64_t serial; /* of its newest descriptor; and the rest of it: */
    struct object_id descriptor;
    struct sign_key signing[DESCRIPTORS_MAX]; /* the newest first; then those before it */
    size_t signing_count;
    size_t signing_good; /* so many count for what comes now: the others are stolen */
    struct box_key transport_key;
    struct box_key sealing_key;
    uint64_t refused_below;
    /* Until there was a handshake with the newest transport key the one before is admitted and dialled too. */
    bool has_former_transport;
    struct box_key former_transport;
    unsigned changes; /* of its descriptor, in the day since */
    struct mono_ms changes_since;
    uint64_t told;         /* newest descriptor of ours that it has acknowledged */
    bool descriptor_waits; /* one is under way to it: its data stream stands still */
    char *endpoint;        /* the first, or NULL */
    int64_t introduced_by;
    bool consent_waived; /* in writing: what we send it needs no ground (P2) */
    struct peer *peer;   /* TRUSTED and SUSPENDED */
    bool control_waits;  /* without a link: false when certainly nothing is queued for it */
    bool held, heard;    /* quarantined; it has sent back what it knows (node/quarantine.h) */
    bool gives_back;     /* it was restored, and is told what it forgot (node/give_back.h) */
    bool owes_back;      /* and that has yet to begin; until when it does not */
    struct mono_ms gives_next;
    unsigned crowded; /* control objects taken while the disk is full that take nothing back */
    unsigned refused; /* objects of its refused while the disk is full */
    unsigned lent;    /* objects of its taken on the ballast's room since that was last whole */
    bool leaving;     /* removed, and told so until leave_at */
    bool is_lost;     /* removed and cut: what it was to carry is to go back (node/relay.h) */
    int64_t way; /* without a link: whose link it is reached by, as of the last look; 0: none */
    struct mono_ms leave_at;
    /* INVITED, on the accepting side: how we introduce ourselves */
    bool is_guest;
    uint8_t token[16];
    uint8_t guest_secret[32];
    struct node_id guest_node;
    struct mono_ms introduce_at;
    struct repair *repair; /* comparing what we gave it; NULL: no link yet (node/repair.h) */
};

/* Which side of a share we are on. */
enum share_role {
    ROLE_GIVEN,    /* we issued the leaf */
    ROLE_RECEIVED, /* we are its audience */
    ROLE_NOTED,    /* we own the records; others passed on */
};

/* What became of a share.
 *
 *   WAITING -> OFFERED -> DELIVERED -> ACCEPTED -> STOPPED | ENDED | DECLINED
 *      |          |            +-----> DECLINED
 *      +-> REFUSED +-> STOPPED | ENDED               FILED -> STOPPED | ENDED
 *
 * WAITING    given, passed on: the owner has not noted it yet
 * REFUSED    the owner said no
 * OFFERED    given: on its way; received: in the tray
 * DELIVERED  given: the partner has it in its tray, records follow
 * ACCEPTED, DECLINED  the answer
 * STOPPED    revoked; ENDED: its time is over
 * FILED      given to a company without a node: nothing is sent, people carry files (node/light.h) */
#define SHARE_STATES(X)                                                                        \
    X(WAITING, "waiting")                                                                      \
    X(REFUSED, "refused")                                                                      \
    X(OFFERED, "offered")                                                                      \
    X(DELIVERED, "delivered")                                                                  \
    X(ACCEPTED, "accepted")                                                                    \
    X(DECLINED, "declined")                                                                    \
    X(STOPPED, "stopped")                                                                      \
    X(ENDED, "ended")                                                                          \
    X(FILED, "by file")
enum share_state {
#define X(name, text) SHARE_##name,
    SHARE_STATES(X)
#undef X
        SHARE_STATE_COUNT_
};
const char *share_state_name(enum share_state state);

/* A share that can still let something through, with its verified chain. */
struct live {
    int64_t share;
    int64_t leaf;        /* grants.id */
    int64_t parent_leaf; /* grants.id of the link before the leaf, 0 for a root */
    int64_t partner;
    enum share_role role;
    enum share_state state;
    enum offer_kind kind; /* 0 in a noted share of one that we did not give */
    struct wall_ms
        lease;         /* what we pass on: until when the owner's word is news (node/heads.h) */
    bool has_declined; /* rows in `declined` */
    bool has_due;      /* false: certainly no rows in `due` */
    struct verified_chain *chain;
    bool was_unequal;      /* received: the giver's sums were others when it last asked, */
    int64_t compared_ms;   /* ... which is noted since then */
    struct scope_set *set; /* sums of what stands under it, or NULL (node/scopes.h) */
};

struct
    waiter { /* a request that answers when the link has dropped what it held: service_wait */
    struct waiter *next;
    struct api_request *request;
    struct node_id node;
    uint64_t epoch; /* 0: waits for a drop */
    struct mono_ms until;
    bool fresh; /* of this round */
};

struct sending {
    struct sending *next;
    struct node_id to;
    struct bytes message;
};

/* What the link is told after the commit. */
enum link_order { LINK_ADMIT, LINK_DROP, LINK_EPOCH, LINK_RENEW };
struct ordering {
    struct ordering *next;
    enum link_order order;
    struct link_peer peer;
    uint64_t epoch;
};

/* A content key that we seal with, and one that was unwrapped for us (node/route*.c). */
struct sealing_key {
    int64_t company;
    struct box_key to; /* the company's sealing key that it is wrapped for */
    struct object_id grant;
    uint32_t epoch;
    struct content_key key;
    uint8_t wrapped[SEAL_KEY_SIZE];
};
struct opened_key {
    bool is_set;
    struct digest wrapped;
    struct content_key key;
};

/* What the start found when it compared the database with what stands outside it. */
enum audit_state {
    AUDIT_WELL,
    AUDIT_OLDER, /* the database is behind: restored from a copy (node/quarantine.c) */
    AUDIT_ALTERED, /* it says something else: edited. Nothing is changed any more, nothing sent or taken */
};

/* Where signing anew stands (node/keys_anew.c). Kept in `meta` by number: append only. */
enum keys_anew_stage {
    ANEW_QUEUE,
    ANEW_PARCELS,
    ANEW_GRANTS,
    ANEW_SHARES,
    ANEW_RUNS,
    ANEW_STAGE_COUNT_
};

struct core {
    struct core_env env;
    char *home;
    char *db_path;
    struct store *store;
    struct dictionary *_Atomic dictionary; /* the newest of: */
    struct dictionary **dictionaries;
    size_t dictionary_count;
    struct node_id me;
    char own_space[64];
    char region[3]; /* our country, for phones */
    uint32_t incarnation;
    uint8_t match_key[32];
    uint8_t suppression_key[32]; /* node/suppression.h */
    struct digest profile;
    struct peer_ops peer_ops;

    struct company **companies;
    size_t company_count;
    struct live *lives;
    size_t live_count;
    uint64_t lives_version;  /* counts every change of the list, and of sums in it */
    uint64_t keys_version;   /* counts every change of what companies' descriptors say */
    _Atomic int64_t ends_at; /* when the next of them is over, or earlier; readers ask too */

    struct arena *round; /* what this round made; gone at its end */
    bool round_failed;
    enum status round_status;
    struct sending *sendings, **sendings_end;
    struct ordering *orders, **orders_end;
    struct api_request **requests;
    size_t request_count;
    struct api_request **answers; /* of this round */
    size_t answer_count;
    struct waiter *waiters;
    uint64_t epoch;
    _Atomic uint64_t strangers;

    int64_t audit_number;
    struct digest audit_hash;
    enum audit_state audit_state;
    bool
        audit_accepts; /* an admin accepted that it is altered: with the commit it begins anew */
    struct buffer audit_tail; /* hashes not yet in HOME/audit.hashes */
    int64_t audit_written;    /* how many are */
    int audit_fd;
    int64_t audit_signed; /* number of the newest signed head */
    struct mono_ms audit_signed_at;
    struct journal *journal;
    struct disk *disk;
    bool
        unconfirmed; /* restored, and no admin has confirmed the trust list: node/quarantine.h */

    bool has_former_sealing, has_former_transport; /* beside our keys (node/keys.h) */
    bool signs_anew;  /* what was signed with stolen keys (node/keys_anew.c), from: */
    bool signs_later; /* ... and the key does not answer now: no reason to turn without rest */
    enum keys_anew_stage signs_anew_stage;
    int64_t signs_anew_at;
    bool are_keys_older; /* a partner knows newer ones: this process ends after the round */

    struct mono_ms sweep_at;
    struct job *job;    /* the one in hand (node/job.c) */
    bool job_waits;     /* a job has more to do */
    bool due_waits;     /* of what is due only rows that may not go were seen yet */
    int64_t job_failed; /* its piece was undone with the round; 0: none */
    enum status job_status;
    struct diag job_diag;
    char *spent_path; /* the file of a job that ended in this round; NULL: none */
    struct sealing_key *content_keys;
    size_t content_key_count;
    struct opened_key *opened_keys;
    size_t opened_next;
    bool receipts_wait; /* something came sealed, its receipt is not signed yet */
    int64_t
        receipt_last; /* company.id: receipts of this turn up to it are said, or have no way */
    bool receipts_unsaid;      /* what is to be said of what we hold (node/receipt.h) */
    bool revocations_unsaid;   /* what we took back is to be said (node/revocation.h) */
    bool persons_wait;         /* guest rows whose keys are due (node/person.h) */
    bool verdicts_wait;        /* rows are judged, their bringers not told yet */
    bool heads_wait;           /* words on our own roots are due (node/heads.h) */
    bool letting_waits;        /* rows of shares that are over (node/letting_go.h) */
    struct mono_ms letting_at; /* not before: the piece before was not committed */
    bool has_erased;           /* values went: the log must be emptied */
    bool must_forget;          /* ... and was: core_forget() */
    struct mono_ms forget_at;
    char consent_day[11];   /* the last whose consents were looked at (node/consent_day.h) */
    int64_t consent_after;  /* ... and how far in it */
    bool withdrawals_wait;  /* rows whose ground is gone, not said yet (node/withdrawal.h) */
    bool has_withdrawn;     /* false: certainly nothing was taken back from us */
    bool suppression_waits; /* entries that are not in the file yet */
    size_t pump_first;
    size_t pumped;      /* messages handed over in this round */
    bool scopes_wait;   /* sums are being made (node/scopes.h) */
    size_t scopes_read; /* rows read for them in this round */

    pthread_mutex_t view_lock; /* guards links, for readers */
    struct link_view *links;
    size_t link_count;
    struct store *reader_pool[8];
    size_t reader_count;
    uint64_t forgotten; /* counts core_forget(): readers from before are not kept */
    struct export_run { /* between two parts of a file (node/service_export.c) */
        uint8_t id[ID_SIZE];
        uint8_t hash[384]; /* struct digest_state */
        int64_t after, rows, partner_rows, left_out, total;
        uint64_t used; /* 0: free */
    } exports[EXPORTS_MAX];
    uint64_t exports_used;
};

struct link_view {
    int64_t company;
    enum peer_state state;
    int64_t way; /* company.way */
    bool clock_off, frozen, behind;
    int64_t clock_offset_ms;
};

static inline struct wall_ms
core_wall(const struct core *core)
{
    return core->env.wall(core->env.self);
}

static inline struct mono_ms
core_mono(const struct core *core)
{
    return core->env.mono(core->env.self);
}

/* ---- core.c ---- */
/* Opens this round's transaction if need be. */
MUST_CHECK enum status core_need_txn(struct core *core);
void core_send_later(struct core *core, const struct node_id *to, struct bytes message);
void core_order(struct core *core, enum link_order order, const struct link_peer *peer,
                uint64_t epoch);
/* What waits for the journal; what fails is tried again. */
enum status core_write_journal(struct core *core, bool durable);
/* Everything that memory holds, from the database. */
MUST_CHECK enum status core_load(struct core *core, struct diag *diag);
MUST_CHECK enum status core_load_dictionary(struct core *core, struct diag *diag);

/* For one object or request: keep or undo all that it changed, in the database and in memory. One may stand in another. */
struct core_mark {
    int64_t audit_number;
    struct digest audit_hash;
    size_t journal_waiting;
    size_t company_count;
    uint64_t lives_version;
    uint64_t keys_version;
    struct dictionary *dictionary;
    struct sending **sendings_end;
    struct ordering **orders_end;
};
MUST_CHECK enum status core_mark_set(struct core *core, struct core_mark *mark);
void core_mark_keep(struct core *core);
void core_mark_undo(struct core *core, const struct core_mark *mark);

/* ---- companies.c ---- */
void companies_cut(struct core *core, size_t count); /* forgets the newest */
/* Descriptors in memory as the database has them, after something was undone. */
MUST_CHECK enum status companies_describe(struct core *core);
/* Only this one. */
MUST_CHECK enum status company_describe(struct core *core, struct company *company);
MUST_CHECK enum status companies_load(struct core *core);
void companies_free(struct core *core);
struct company *company_find(struct core *core, const struct node_id *node);
struct company *company_by_id(struct core *core, int64_t id); /* NULL when none */
/* Under which keys something may come that we have not seen; and under which stands what we took. */
struct key_directory company_keys_of(struct core *core);
struct key_directory company_keys_kept(struct core *core);
/* A verified descriptor we have not seen, or a newer one. state only for a company that is new. */
MUST_CHECK enum status company_learn(struct core *core, const struct signed_object *object,
                                     enum company_state state, int64_t introduced_by,
                                     struct company **out);
MUST_CHECK enum status company_set_state(struct core *core, struct company *company,
                                         enum company_state state);
/* One without a node: by name, under a number that nobody has a key for. */
MUST_CHECK enum status company_add_light(struct core *core, const char *name,
                                         const char *country, struct company **out);
void company_admit(struct core *core, const struct company *company);
void company_publish(struct core *core); /* link states for readers */
struct mono_ms companies_tick(struct core *core);
MUST_CHECK enum status companies_on_introduce(struct core *core, const struct node_id *guest,
                                              struct bytes body);
/* Signed bytes as they came; in the arena. */
MUST_CHECK enum status company_descriptor(struct core *core, const struct node_id *node,
                                          struct arena *arena, struct signed_object *out);

/* ---- grants.c ---- */
struct grant_row {
    int64_t id;
    struct object_id gid;
    int64_t issuer, audience, owner; /* company.id */
    const struct grant *grant;
};
/* A grant as it was given, also one that has fallen; in the arena. */
MUST_CHECK enum status grant_row_get(struct core *core, int64_t id, struct arena *arena,
                                     struct grant_row *out);
MUST_CHECK enum status grant_find(struct core *core, const struct object_id *gid, int64_t *id);
/* Chain of a leaf as stored, root first; in the arena. */
MUST_CHECK enum status grant_links(struct store *st, int64_t leaf, struct arena *arena,
                                   struct signed_object **out, size_t *count);
/* Keeps verified links; *leaf is grants.id of the last. */
MUST_CHECK enum status grants_keep(struct core *core, const struct signed_object *links,
                                   const struct verified_chain *chain, int64_t *leaf);
/* At start: of a database from before it was kept what a grant answers. */
MUST_CHECK enum status grants_read_cites(struct core *core);
/* Under keys that count for what is new. */
MUST_CHECK enum status chain_check(struct core *core, const struct signed_object *links,
                                   size_t count, struct verified_chain **out,
                                   struct chain_fault *fault);
/* Has one of `may`, or we ourselves, taken it back? */
bool grant_is_revoked(const struct core *core, struct store *st, const struct object_id *grant,
                      const struct node_id *may, size_t count);
/* The stored chain of this leaf, as of its own beginning. STATUS_NOT_FOUND: it was taken back. */
MUST_CHECK enum status chain_load(struct core *core, int64_t leaf, struct verified_chain **out);

/* ---- lives.c ---- */
MUST_CHECK enum status lives_load(struct core *core);
void lives_free(struct core *core);
struct share_row {
    int64_t leaf;
    enum share_role role;
    int64_t partner;
    enum share_state state;
    enum offer_kind kind;
    const char *title, *note;
    int64_t count;
    struct bytes offer;
    struct object_id oid;
};
/* Adds the row and the live; takes the chain. */
MUST_CHECK enum status share_add(struct core *core, const struct share_row *row,
                                 struct verified_chain **chain, struct live **out);
/* Moves along SHARE_STATES; asserts on a step that is none. A final state takes the live away: the pointer
 * is gone then. */
MUST_CHECK enum status share_move(struct core *core, struct live *live, enum share_state to,
                                  const char *reason);
struct live *live_by_leaf(struct core *core, int64_t leaf, enum share_role role);
struct live *live_by_share(struct core *core, int64_t share);
struct live *live_by_gid(struct core *core, const struct object_id *gid, enum share_role role);
/* Has our side of this partnership waived the ground for sharing personal data? */
bool live_waives_consent(struct core *core, const struct live *live);
bool live_is_declined(struct core *core, const struct live *live,
                      const struct record_id *record);
/* Did its offer never have a number? Then its partner never heard of it. */
MUST_CHECK enum status live_is_unsent(struct core *core, const struct live *live, bool *out);
/* Its partner does not want it: companies above, who noted it, need not think that it stands. */
MUST_CHECK enum status live_decline(struct core *core, struct live *live, const char *reason);
/* We do not want it, or not any more: what we passed on and answered under it is taken back, and our copies are erased. */
MUST_CHECK enum status live_give_back(struct core *core, struct live *live, const char *reason);
/* Everything under a grant falls: marks it revoked by its author, stops shares, erases what is held, tells those we
 * passed on to. */
MUST_CHECK enum status grant_fall(struct core *core, const struct object_id *gid,
                                  const struct node_id *author, struct bytes object,
                                  enum share_state how, const char *reason);
/* Is something over, and not swept yet? Any thread. */
bool lives_are_due(const struct core *core);
/* Ends what is over by now. */
MUST_CHECK enum status lives_sweep(struct core *core);

/* ---- records.c ---- */
struct mint {
    int64_t record; /* 0: a new one */
    struct key type;
    struct field *fields; /* ascending; all of them, not only what changed */
    size_t field_count;
    bool tombstone;
    const uint8_t *nonce; /* of a new one that was ours before; NULL: random */
    struct record_id id;  /* filled in */
};
/* Signs, stores, projects and queues for partners; actor for the audit. All of one type or not. */
MUST_CHECK enum status records_mint(struct core *core, struct mint *items, size_t count,
                                    const char *actor, const char *action);
/* Our own record whose identifying field has this value. STATUS_NOT_FOUND. */
MUST_CHECK enum status record_match(struct core *core, const struct type *type,
                                    const struct type_field *field, struct bytes value,
                                    int64_t *out);
/* One believed revision under a received share; run from records_keep_run(). STATUS_REPLAY: nothing new in it.
 * STATUS_EQUIVOCATION with *fault: the record is frozen. */
MUST_CHECK enum status record_take(struct core *core, const struct live *live,
                                   const struct received *item, int64_t run,
                                   const char **fault);
/* The values of a record of ours destroyed without a word to anybody: only node/erase.c knows when that is right. */
MUST_CHECK enum status records_forget_own(struct core *core, int64_t record);
/* All of ours whose identifying field has this value, at most max. */
MUST_CHECK enum status records_matching(struct core *core, const struct type *type,
                                        const struct field *field, int64_t *out, size_t max,
                                        size_t *count);
MUST_CHECK enum status records_keep_run(struct core *core, const struct run_leaves *run,
                                        size_t refs, int64_t *out);
/* One of the run's items was not kept after all. */
MUST_CHECK enum status records_run_spare(struct core *core, int64_t run);
/* The offer was accepted: what waited is applied. */
MUST_CHECK enum status records_apply(struct core *core, const struct live *live);
/* One record is not held under this leaf any more. */
MUST_CHECK enum status records_forget(struct core *core, int64_t leaf,
                                      const struct record_id *id);
/* The same, if what is held of it is not newer than this. */
enum forgotten { FORGOT_NOTHING, FORGOT_NEWER, FORGOT_KEPT /* by law, hidden */, FORGOT_GONE };
MUST_CHECK enum status records_forget_upto(struct core *core, int64_t leaf, int64_t record,
                                           struct position upto, enum forgotten *out);
/* The next records held under a leaf after *after, at most LET_GO_PIECE: erased, or (hide) kept and neither shown nor
 * passed on. STATUS_NOT_FOUND: no more. Only node/letting_go.c. */
MUST_CHECK enum status records_piece_go(struct core *core, int64_t leaf, bool hide,
                                        int64_t *after);
/* A stored copy as a disclosure with its facts and run; in the arena. *run: the run of the call before, taken
 * again when it is the same; NULL at first. STATUS_NOT_FOUND. */
struct copy_row {
    int64_t record;
    struct position position;
    struct disclosure full;
    struct record_facts facts;
    const struct run_leaves *run;
    uint32_t leaf;
    struct wall_ms at;
    bool tombstone;
};
/* Every stored record that the live covers, after the first decision; fn may stop with any status but OK. left (or NULL:
 * any number): how many may still be looked at, counted down; STATUS_STOPPED when there are more. */
typedef enum status covered_fn(void *self, struct live *live, const struct copy_row *row);
MUST_CHECK enum status records_each_covered(struct core *core, struct live *live, size_t *left,
                                            covered_fn *fn, void *self);
/* The same, and those that stay home for lack of consent alone: *decision says which (STOP_NONE or STOP_CONSENT). */
typedef enum status selected_fn(void *self, struct live *live, const struct copy_row *row,
                                const struct decision *decision);
MUST_CHECK enum status records_each_selected(struct core *core, struct live *live,
                                             selected_fn *fn, void *self);
/* Marks them as due. */
MUST_CHECK enum status records_queue_share(struct core *core, struct live *live);
/* Marks as due what until now stayed home for lack of consent, of every share given to this partner. */
MUST_CHECK enum status records_queue_left_out(struct core *core, int64_t partner);
MUST_CHECK enum status copy_get(struct core *core, int64_t record, int64_t grant,
                                struct arena *arena, const struct run_leaves **run,
                                struct copy_row *out);
/* What a record is now, from every copy that may be shown (pending: also those not accepted yet). */
struct record_now {
    int64_t record;
    struct record_id id;
    int64_t owner; /* company.id */
    struct key type;
    struct position position;
    struct wall_ms at;
    struct wall_ms claimed; /* the owner's word for when it made this revision; signed */
    int64_t grant;          /* of the newest copy; OWN_GRANT: ours */
    bool is_partial;
    bool tombstone;
    struct field *fields;
    size_t field_count;
};
MUST_CHECK enum status record_now(struct store *st, int64_t record, bool pending,
                                  struct arena *arena, struct record_now **out);
/* Its value of the type's field of this name; empty when it has none. */
struct bytes record_now_value(const struct record_now *now, const struct type *type,
                              const char *name);

/* ---- exchange.c ---- */
void exchange_ops(struct core *core, struct peer_ops *ops);
MUST_CHECK enum status exchange_next(void *self, struct peer *peer, enum stream stream,
                                     uint64_t seq, struct arena *arena, struct peer_frame *out);
MUST_CHECK enum status exchange_again(void *self, struct peer *peer, enum stream stream,
                                      uint64_t seq, struct arena *arena,
                                      struct peer_frame *out);
MUST_CHECK enum status exchange_acked(void *self, struct peer *peer, enum stream stream,
                                      uint64_t upto);
void dead_letter(struct core *core, int64_t company, const struct envelope *env,
                 enum status status, const char *detail);
MUST_CHECK enum status control_queue(struct core *core, int64_t company, enum message_kind kind,
                                     struct bytes body, int64_t share);
/* STATUS_BUSY: so many objects wait for it already. */
MUST_CHECK enum status exchange_room(struct core *core, int64_t company, int64_t most);
/* ---- exchange_control.c ---- */
MUST_CHECK enum status exchange_take_control(struct core *core, struct peer *peer,
                                             const struct envelope *env, const char **detail);
MUST_CHECK enum status exchange_take_void(struct core *core, struct peer *peer,
                                          const struct envelope *env, const char **detail);
MUST_CHECK enum status offer_send(struct core *core, const struct live *live);
/* Once more, in the place of what waits of it. */
MUST_CHECK enum status offer_send_again(struct core *core, const struct live *live);
/* The same offer with the descriptors of now: it may have waited, and what is signed under them comes after it. */
MUST_CHECK enum status offer_refresh(struct core *core, const struct live *live,
                                     struct arena *arena, struct bytes *body);
/* Our answer to an offer, signed and queued: accepted, reason and declined are the caller's. */
MUST_CHECK enum status answer_send(struct core *core, const char *actor,
                                   const struct live *live, struct answer *answer);
MUST_CHECK enum status core_sign(struct core *core, enum sign_type type, struct bytes body,
                                 struct signed_object *out);

/* ---- audit.c ---- */
MUST_CHECK enum status audit_load(struct core *core, struct diag *diag);
MUST_CHECK enum status audit_add(struct core *core, const char *actor, const char *action,
                                 struct bytes subject, struct bytes detail);
/* Back to this entry: later ones of this round are undone. */
void audit_undo(struct core *core, int64_t number, const struct digest *hash);
/* After a commit: the new entries' hashes, outside the database. What fails goes with the next ones. */
enum status audit_write(struct core *core);
/* Adds the entry "audit.accepted" about this finding, signed; after the commit audit_write() makes the hashes outside anew,
 * and the node writes again. */
MUST_CHECK enum status audit_accept(struct core *core, const char *actor,
                                    const struct audit_finding *finding);
/* Signs the newest entry when it is time. Returns when it wants to run again. */
struct mono_ms audit_sign(struct core *core);

/* ---- audit_check.c ---- */
/* Walks the whole chain on a reader, whose snapshot is taken anew. */
MUST_CHECK enum status audit_verify(struct store *st, const struct core *core,
                                    struct audit_finding *finding);
const char *actor_partner(struct core *core,
                          const struct node_id *node); /* in the round arena */

/* ---- service.c ---- */
struct call {
    struct core *core;
    struct store *store; /* the writer, or a reader's snapshot */
    const struct dictionary *dictionary;
    json_t *args;
    struct api_request *request;
    struct arena *arena;
    struct diag *diag;
    struct wall_ms now;
    enum language language;
    const char *actor;
    bool waits;    /* answered later: service_wait */
    json_t *reply; /* owned by the call until it is taken */
};
typedef enum status service_fn(struct call *call);
service_fn *service_handler(const char *name);
size_t service_handler_count(void);
/* A row per service has a handler: checked by a test. */
void service_run(struct call *call, struct api_request *request);
/* Answer this request only when the link has done all that it was told up to this epoch (0: has cut node), or is a new
 * process, or after 5 s: the reply says which. The link does what it is told in order. */
void service_wait(struct call *call, const struct node_id *node, uint64_t epoch);

/* ---- job.c ---- */
enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_STOPPED };
MUST_CHECK enum status jobs_step(struct core *core); /* a piece of the oldest running job */
MUST_CHECK enum status jobs_load(struct core *core);
void job_close(struct core *core);
/* The round is over: the file of a job that ended in it goes, when the end was committed. */
void jobs_settle(struct core *core, bool is_committed);
MUST_CHECK enum status jobs_sweep(struct core *core); /* at start: files that a crash left */
/* Closes it if it is the one in hand. */
void jobs_forget(struct core *core, int64_t id);

#endif
