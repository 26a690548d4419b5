/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/sim.h - many nodes in one process, under a virtual clock.
 *
 * Nodes are real cores with real databases. Time, chance, links, signatures and the machine's deaths are
 * ours. A seed decides everything: which kinds of fault there are, when they strike, and what people do.
 *
 *   node.c     homes, requests, death and return              net.c    messages, links, and what they suffer
 *   model.c    who should hold what, as the promises say      watch.c  every message that leaves a node
 *   people.c   what people do, through services               sealed.c what goes by the sealed way, opened
 *   judge.c    does what nodes show match the model?          hostile.c  a partner that lies, after all else
 *   apart.c    does one bringer learn of another?             main.c     seeds, plants, the last line
 *   leases.c   owners' words, and what hangs on them            chains.c   links that narrow, positions used once
 *   receipts.c what holders say, against what is true         disks.c    what stands on whose disk
 *   memory.c   SQLite's memory                                restore.c  an older database comes back
 *   keys.c     companies' keys, and how they change           faults.c   what strikes nodes and links meanwhile
 *   notices.c  what somebody knows once it acknowledges
 *   full.c     a full disk
 *
 * 1. The model learns from answers of services and from messages seen on the wire, never from a node's inside.
 * 2. One thread; the same seed makes the same bytes (struct sim.trace).
 */
#ifndef HANSA_TESTS_SIM_H
#define HANSA_TESTS_SIM_H

#include <jansson.h>

#include "federation/envelope.h"
#include "node/core.h"
#include "schema/base/bytes.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum {
    NODES_MAX = 5,
    LINKS_MAX = 24,
    RECORDS_MAX = 160,
    SHARES_MAX = 96,
    LISTED_MAX = 4,
    VALUES_MAX = 4000,
    PLACES_MAX = 12,
    REVISION_SLOTS = 256,
    OPS_A_SEED = 100,
    SIM_BALLAST = 2 * MIB,
};
#define SIM_EPOCH_MS INT64_C(1800000000000) /* wall clock when virtual time is 0 */
#define SIM_MINUTE   INT64_C(60000)

/* clang-format off */
/*    name          what happens */
#define FAULTS(X)                                                                    \
    X(drop)         /* a message is lost */                                          \
    X(duplicate)    /* a message comes twice */                                      \
    X(reorder)      /* a message overtakes others */                                 \
    X(delay)        /* a message takes minutes or hours */                           \
    X(partition)    /* two nodes cannot reach each other */                          \
    X(one_way)      /* one of two cannot reach the other */                          \
    X(cut)          /* the link breaks and comes back: what was on it is lost */     \
    X(edge_restart) /* the edge process dies and returns */                          \
    X(crash_early)  /* core dies before it could commit */                           \
    X(crash_late)   /* core dies after its commit, before all of it is sent */       \
    X(pause)        /* a machine stands still for a while */                         \
    X(jump)         /* hours pass at once */                                         \
    X(keys_away)    /* the key process does not answer */                            \
    X(carrier_drops) /* a company loses what it carries for others, as by a restore */ \
    X(rows_lost)     /* a company loses rows that partners gave it, as by a bad disk */ \
    X(disk_full)     /* nothing that is written may make a home larger */

/* Interesting things that must happen now and then, or the simulator tests nothing. */
#define SOMETIMES(X)                                                                 \
    X(ops) X(refused) X(messages) X(resends) X(voids) X(gaps) X(offers) X(accepts) X(excepts)   \
    X(declines) X(passed_on) X(third_hand) X(stops) X(stops_above) X(ended) X(changes)          \
    X(removed) X(suspends) X(own_fields) X(widen_refused) X(foreign_refused) X(locked)          \
    X(revoked_late) X(forged) X(replayed) X(withdrawn) X(waived)                                \
    X(contributions) X(brought) X(looks_on) X(taken) X(over_quota) X(closed) X(feedbacks)       \
    X(arrivals) X(arrivals_told) X(carrier_lies) X(no_consent) X(other_ways)                                              \
    X(words) X(words_late) X(words_revoke)                                                      \
    X(sealed) X(sealed_records) X(receipts) X(sealed_gaps) X(sealed_resends) X(emptied) \
    X(links) X(revisions) X(said) X(purged) X(erased) X(grounds_gone) X(restored) X(partners_removed) \
    X(given_back) \
    X(rotated) X(sealed_anew) X(invited_again) X(stolen) X(stolen_refused) X(keys_older) \
    X(full_refused) X(full_taken_back)
/* clang-format on */

enum count {
#define X(name) FAULT_##name,
    FAULTS(X)
#undef X
        FAULT_COUNT_,
    COUNT_FIRST_ = FAULT_COUNT_ - 1,
#define X(name) COUNT_##name,
    SOMETIMES(X)
#undef X
        COUNT_COUNT_
};

/* ---- the model ---- */

enum thing { EVENT, CONTACT, GUEST, LEAD, THING_COUNT_ };
enum { SLOTS = 7, SLOT_OWN = 6, ID_TEXT_LEN = 16 };

struct record {
    int owner;
    enum thing kind;
    int event;   /* GUEST: index of its event */
    int contact; /* GUEST: of the contact that it was made of; -1: none */
    char id[ID_TEXT_LEN + 1];
    bool gone, is_erased;
    bool is_off;          /* EVENT: called off */
    int values[SLOTS];    /* number of a canary, 0: none */
    unsigned ground;      /* bit per node: the person may be shared with it now */
    unsigned ground_ever; /* at some time */
};

/* A value that occurs nowhere else, and where it has ever stood. */
struct canary {
    struct {
        int record, slot;
    } places[PLACES_MAX];
    int place_count;
    unsigned told;   /* bit per company that it was ever said to, in a way it can read */
    unsigned titled; /* in the title of an offer that it made or got, which stays as evidence */
};

enum share_kind { SHARE_PLAIN, SHARE_CONTRIBUTION, SHARE_FEEDBACK };
enum fate { FATE_NONE, FATE_TAKEN, FATE_REFUSED };

struct share {
    enum share_kind kind;
    int cites; /* contribution: share that asked; feedback: the contribution; -1: not known */
    bool asks; /* for guests; then: */
    unsigned want;              /* bits of GUEST's slots */
    int quota;                  /* 0: no limit */
    bool chain_sees;            /* every company of the chain may see them */
    uint8_t fates[RECORDS_MAX]; /* contribution to an organiser: as its verdicts say */
    int giver, receiver, owner;
    int parent; /* share under which the giver got it; -1: its own records */
    char id[ID_TEXT_LEN + 1];
    struct object_id gid; /* once it was offered */
    bool is_offered;
    uint8_t said
        [2]; /* newest receipt of its receiver for all of it: to the owner, to another giver */
    uint32_t delete_days;
    int event; /* -1: listed records */
    int listed[LISTED_MAX], listed_count;
    unsigned slots[THING_COUNT_]; /* bit per slot */
    bool of_kind[THING_COUNT_];   /* some field of this kind is granted */
    int depth;
    int64_t until; /* wall */
    bool accepted, declined, stopped;
    int64_t accepted_at;      /* 0: by rule, or not */
    bool struck[RECORDS_MAX]; /* declined one by one */
    bool answer_known;        /* the giver acknowledged the answer */
    bool answer_copied;       /* ... and had done so when its database was copied */
    bool fall_known; /* the receiver acknowledged that it, or one above it, was taken back */
    bool noted;      /* the owner said that it heard of the passing on */
};

/* What an owner said of a share that it began (docs/protocol/heads.md). */
struct word {
    uint64_t number;
    struct digest hash;
    int64_t until[NODES_MAX]; /* wall: what was ever sent to this company */
};

/* ---- nodes and the net ---- */

struct sim;

enum key_kind { KEY_SIGNING, KEY_SEALING, KEY_TRANSPORT, KEY_KINDS_ };

/* What a company's root has signed last. */
struct company_keys_now {
    uint64_t serial;
    uint64_t since[KEY_KINDS_]; /* serial of the descriptor in which the key was new */
    uint64_t refused_below;
    int64_t changed_at;
    uint64_t stolen; /* signing key that a thief has; 0: none */
    struct object_id descriptor;
};

/* What its key process holds, by those serials. 0: none. */
struct held_keys {
    uint64_t signing, sealing, former_sealing;
};

struct node {
    struct sim *sim;
    int index;
    const char *name;
    struct node_id id;
    char home[256];
    int life; /* counts deaths */
    struct core *core;
    struct held_keys held;
    struct box_key transport; /* that the edge has */
    bool up, edge_up, has_lost;
    int64_t full_until, full_bytes; /* its disk is full; with so much in its home */
    int64_t round_at, restart_at, edge_at, paused_until, keys_at;
    struct link_peer links[LINKS_MAX];
    size_t link_count;
    struct sent *sent, **sent_end; /* of this round, not on the wire yet */
    int64_t last_at[NODES_MAX];    /* arrival of the last message to each */
    bool keeps_own_field[THING_COUNT_];
};

struct sent {
    struct sent *next;
    struct node_id to;
    size_t len;
    uint8_t data[];
};

/* Messages of the sealed way from one company to another, as first sent. */
struct sealed_lane {
    uint32_t incarnation;
    struct sealed_seen {
        struct digest box, inner;
        struct object_id way;
        uint64_t key;    /* of its receiver's */
        bool is_emptied; /* or sealed again for another way */
    } * seen;            /* by number - 1 */
    uint64_t count;
    uint64_t have; /* as the newest receipt says */
};

/* Numbered messages of one direction as seen on the wire, in the newest incarnation. */
struct lane_seen {
    uint32_t incarnation;
    struct digest *hashes; /* by number - 1 */
    uint8_t *kinds;
    uint64_t count;
    uint64_t have; /* what the receiver said last */
};

struct notice { /* what somebody will know once it acknowledges this number */
    struct notice *next;
    int from, to;
    bool is_sealed; /* seq is a number of the sealed way */
    uint64_t seq;
    uint8_t kind;
    int share;
};

/* An older database comes back (restore.c). */
struct restore {
    bool has_copy, has_begun, is_back, is_confirmed;
    int node;
    int shares; /* that there were when it was copied */
    unsigned
        held[RECORDS_MAX]; /* of its own: slots that partners hold when the copy is put back */
    uint64_t serial;       /* of its descriptor then */
    bool returned[NODES_MAX]; /* this one has sent it what it knows */
};

struct sim {
    uint64_t seed, random, trace;
    int step;
    int64_t now; /* virtual, milliseconds */
    int node_count;
    struct node nodes[NODES_MAX];
    struct company_keys_now keys[NODES_MAX];
    bool linked[NODES_MAX][NODES_MAX];
    int64_t blocked_until[NODES_MAX][NODES_MAX]; /* direction */
    bool suspended[NODES_MAX][NODES_MAX];        /* [by][whom] */
    bool has_suspended[NODES_MAX][NODES_MAX];    /* at some time */
    bool waived[NODES_MAX][NODES_MAX];           /* [by][for whom]: no ground is needed */
    bool has_waived[NODES_MAX][NODES_MAX];       /* at some time */
    bool faults[FAULT_COUNT_];
    bool muted[NODES_MAX][NODES_MAX]; /* a liar says no more of its own after its lies */
    bool has_muted;
    bool removed[NODES_MAX][NODES_MAX]; /* [by][whom] */
    struct restore restore;
    bool calm;     /* no new faults */
    bool is_apart; /* the story is apart.c's: no model */
    struct happening *happenings;
    uint64_t order;
    uint64_t counts[COUNT_COUNT_];
    char failure[512];
    bool verbose;

    struct record records[RECORDS_MAX];
    int record_count;
    struct share shares[SHARES_MAX];
    int share_count;
    struct word words[SHARES_MAX]; /* by share */
    struct canary canaries[VALUES_MAX];
    int canary_count;

    struct lane_seen lanes[NODES_MAX][NODES_MAX][2];
    struct sealed_lane sealed[NODES_MAX][NODES_MAX];
    struct kept_body *carried; /* newest first */
    struct
        dropped { /* numbers of links under which a carrier said one sealed message, or another */
        struct dropped *next;
        int from, to;
        uint64_t seq;
        struct bytes instead; /* of `carried`; len 0: what it should */
    } * dropped;
    struct notice *notices;
    struct said *said; /* receipts, by whoever gave them */
    struct seen_revision *revisions[REVISION_SLOTS];
    uint64_t session[NODES_MAX][NODES_MAX]; /* as [of] said it to [toward] */
    struct kept_body *kept;                 /* Records bodies for hostile.c */
    const char *base;                       /* folder for homes */
};

/* The first failure is kept and ends the seed. */
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool
sim_failed(const struct sim *sim)
{
    return sim->failure[0] != '\0';
}
uint64_t sim_random(struct sim *sim, uint64_t below); /* 0 <= x < below */
bool sim_chance(struct sim *sim, unsigned percent);
void sim_trace(struct sim *sim, struct bytes data);

/* ---- memory.c ---- */
bool memory_init(void); /* first of all */

/* ---- node.c ---- */
MUST_CHECK enum status nodes_template(const char *base); /* once: homes to copy from */
void nodes_clean(const char *base);
void nodes_sweep(const char *base); /* homes that a seed which ended in an assert left behind */
void node_random_from(uint64_t *stream);  /* libsodium's randomness too; NULL: the system's */
int node_lose_carried(struct node *node); /* of a node that is down: how many */
int node_lose_rows(struct node *node);    /* the same */
void node_init(struct sim *sim, int index);
void node_start(struct node *node);
enum status node_open(struct node *node, struct diag *diag); /* its core alone */
void node_kill(struct node *node); /* kill -9: the home stays as it is on disk at this moment */
void node_keep_database(struct node *node);
/* Of a node that is down. is_said: by `hansa restore`, which leaves a mark. */
void node_put_back(struct node *node, bool is_said, bool with_keys);
void node_fini(struct node *node);
void node_round(struct node *node);
void node_flush(struct node *node, size_t most); /* on the wire, watched; the rest is lost */
struct wall_ms node_wall(const struct node *node);
/* A service; takes args. The reply is the caller's, NULL when status is not OK. Its messages wait for node_flush(). */
json_t *node_ask(struct node *node, const char *service, json_t *args, enum status *status);

/* ---- net.c ---- */
void net_send(struct node *from, const struct sent *message);
void net_inject(struct sim *sim, int from, int to,
                struct bytes message); /* hostile: at once, whole */
void net_link_up(struct node *node, const struct link_peer *peer);
bool net_knows(struct sim *sim, int at, int of); /* the key of that edge */
void net_edge_dies(struct node *node);           /* and comes back */
void net_dropped(struct node *node, const struct node_id *peer);
void net_epoch(struct node *node, const struct node_id *peer, uint64_t epoch);
void net_strike(struct sim *sim); /* a fault, perhaps */
void net_calm(struct sim *sim);   /* all is well from now on */
void net_run(struct sim *sim, int64_t until);
void net_fini(struct sim *sim);
int node_index_of(const struct sim *sim, const struct node_id *id); /* -1: not a company */

/* ---- model.c ---- */
extern const char *const kind_names[THING_COUNT_];
extern const char *const slot_names[THING_COUNT_][SLOTS];
int model_canary(struct sim *sim, int record, int slot); /* a new value for this place */
void model_place(struct sim *sim, int canary, int record, int slot);
const char *canary_text(int canary, enum thing kind, int slot, char out[static 64]);
int canary_next(struct bytes data, size_t *at); /* next canary in raw bytes from *at; 0: none */
bool share_matches(const struct sim *sim, const struct share *s, int record);
bool share_is_below(const struct sim *sim, int share, int above); /* itself included */
/* May `from` send this field of this record to `to` now, for all it knows? */
bool model_may_send(const struct sim *sim, int from, int to, int record, int slot);
bool share_may_go(const struct sim *sim, const struct share *s); /* for all the giver knows */
/* When everything has arrived: bits of slots that `holder` sees; -1: nothing of this record. */
int model_sees(const struct sim *sim, int holder, int record);
/* Does something older than the newest perhaps still stand there, because the newest may not go for want of a ground? */
bool model_may_be_old(const struct sim *sim, int holder, int record);
bool share_flows(const struct sim *sim, const struct share *s);
bool share_has_ground(const struct sim *sim, const struct share *s, int record);
int share_find(const struct sim *sim, const char *id);
bool share_is_in_chain(const struct sim *sim, int share, int node); /* owner or receiver */
void share_name(const struct object_id *gid, char out[static ID_TEXT_LEN + 1]);
int share_find_gid(const struct sim *sim, const struct object_id *gid);

/* Does its receiver decide about each row? */
bool share_is_judged(const struct sim *sim, const struct share *s);
/* Is there an open chain of both, with others between? */
bool model_has_way(const struct sim *sim, int from, int to);

/* Whoever looks on got the event under a share below the one that asked: does one of these stand? */
bool share_is_on_list(const struct sim *sim, const struct share *s);
/* Does it stand only in records of this company that it erased? */
bool canary_is_erased(const struct sim *sim, int owner, int canary);

/* ---- watch.c ---- */
void watch_send(struct sim *sim, int from, int to, struct bytes message);
void watch_fini(struct sim *sim);
/* A message that `to` can read: content, without numbers. is_new: not said before under this number. */
void watch_content(struct sim *sim, int from, int to, const struct envelope *env, bool is_new);
/* Everything up to this number is known to `by`, who had it from `toward`. */
void watch_known(struct sim *sim, int by, int toward, bool is_sealed, uint64_t have);
/* ---- notices.c ---- */
void notice_add(struct sim *sim, int from, int to, const struct envelope *env, int share);
void notice_void(struct sim *sim, int from, int to, const struct envelope *env);
void notice_fini(struct sim *sim);
/* ---- chains.c ---- */
void chains_watch(struct sim *sim, int from, const struct bundle *bundle);
void chains_watch_records(struct sim *sim, int from, const struct share *s,
                          const struct records *records);
void chains_fini(struct sim *sim);
/* ---- receipts.c ---- */
bool share_is_over(const struct sim *sim, int share); /* nothing of it may be kept */
void receipts_watch(struct sim *sim, int from, const struct envelope *env);
void receipts_judge(struct sim *sim);
void receipts_fini(struct sim *sim);
/* ---- leases.c ---- */
void leases_watch(struct sim *sim, int from, int to, const struct envelope *env, bool is_new);
/* Has whoever passes this on a word of the owner that is news? */
void leases_may_pass_on(struct sim *sim, int from, int to, int share);
/* ---- sealed.c ---- */
void sealed_watch(struct sim *sim, int from, int to, const struct envelope *env);
void sealed_watch_receipt(struct sim *sim, int from, const struct envelope *env);
bool sealed_is_quiet(struct sim *sim, bool say);
/* carrier_drops: another sealed message in place of one that is carried; the link counts it, and one is lost. */
struct bytes sealed_drop(struct sim *sim, int from, int to, struct bytes raw,
                         struct arena *arena);
void sealed_fini(struct sim *sim);
struct kept_body {
    struct kept_body *next;
    int from, to;
    size_t len;
    uint8_t data[];
};

/* ---- people.c ---- */
bool people_meet(struct sim *sim); /* invitations, words, trust */
void people_act(struct sim *sim);
void people_settle(struct sim *sim); /* suspended partners are trusted again */

/* ---- judge.c ---- */
bool judge_views(struct sim *sim, bool say);   /* views as the model says */
bool judge_settled(struct sim *sim, bool say); /* queues empty and views as the model says */
bool judge_quiet(struct sim *sim, int at, int partner, bool say); /* one queue is empty */
void judge_sound(struct sim *sim, int at);                        /* audit and database */
void judge_end(struct sim *sim); /* audit, dead letters, nothing frozen */
void judge_share(struct sim *sim, const struct share *s); /* its giver knows how it stands */
void judge_glance(struct sim *sim); /* at any time: own records are as acknowledged */
/* Canaries that a node shows in this record; -1: it shows no such record. */
int judge_view(struct sim *sim, int holder, int record, int out[static SLOTS]);
int judge_dead(struct sim *sim, int at, const char *code); /* dead letters with this code */

json_t *judge_look(struct node *node, const char *service, json_t *args, enum status *status);

/* ---- judge_contributions.c ---- */
/* Every contribution has an answer, every row a verdict. */
bool judge_contributions(struct sim *sim, bool say);
/* What the bringer shows of its rows is what the organiser said. */
void judge_brought(struct sim *sim, const struct share *s);

/* ---- disks.c ---- */
/* In no file of a company's home stands what nobody told it, or what had to be erased. */
void disks_judge(struct sim *sim, int at);

/* ---- restore.c ---- */
void restore_keep(struct sim *sim);
void restore_act(struct sim *sim);
/* The share is offered: perhaps one that was stopped, and the restored node does not know it any more. */
void restore_offers(const struct sim *sim, int from, struct share *s);
/* An object of its own comes back to the restored node. */
bool restore_is_return(const struct sim *sim, int to, const struct node_id *author);
void restore_watch(struct sim *sim, int from, int to, const struct envelope *env);

/* ---- full.c ---- */
void full_watch(struct sim *sim); /* from now on these are the homes */
void full_begin(struct node *node, int64_t ms);
bool full_has_ballast(const struct node *node); /* whole: what was lent is there again */
bool full_is(const struct node *node);
bool full_may_show(const struct node *node); /* it was, and has perhaps not looked since */
/* ---- keys.c ---- */
struct node_id keys_node_id(int index);
struct bytes keys_first(struct node *node,
                        struct arena *arena); /* those of the home that is copied */
struct bytes keys_birth(struct node *node, struct arena *arena); /* descriptor of a new home */
void keys_start(struct node *node);      /* the key process, before core */
void keys_edge_start(struct node *node); /* the edge */
struct signature keys_sign(int index, uint64_t serial, enum sign_type type, struct bytes body);
bool keys_unwrap(int index, uint64_t serial, const uint8_t key[static SEAL_KEY_SIZE],
                 struct content_key *out);
/* By any key that the company ever had: the serial of that one; 0: by none. */
uint64_t keys_open(const struct sim *sim, int index, const uint8_t key[static SEAL_KEY_SIZE],
                   struct content_key *out);
/* When all is at rest, somebody's keys are stolen. */
void keys_act(struct sim *sim);
/* Older ones are back: the node ends, and gets new ones. */
void keys_are_older(struct node *node);
bool keys_are_settled(struct sim *sim, bool say);
void keys_judge(struct sim *sim);

/* ---- apart.c ---- */
enum apart { APART_FAILED, APART_SAME, APART_DIFFERS };
enum apart apart_compare(const char *base, uint64_t seed);
void apart_hear(struct sim *sim, int from, int to, const struct envelope *env);

/* ---- hostile.c ---- */
void hostile_act(struct sim *sim);

#endif
