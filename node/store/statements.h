/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/statements.h - all SQL of fixed text, one row per statement, prepared at start: a typo stops
 * the node then, not a customer's request. Generated SQL is in node/store/project.c.
 */
#ifndef HANSA_NODE_STATEMENTS_H
#define HANSA_NODE_STATEMENTS_H

/* clang-format off */
#define SHARE_COLUMNS \
    "s.id, s.leaf, s.role, s.partner, s.state, s.kind, s.title, s.note, s.count, s.oid, s.reason," \
    " s.at_ms, s.changed_ms, g.gid, g.ends_ms, p.name, g.parent, g.root, coalesce(h.expires_ms, 0), o.name"
#define SHARE_TABLES \
    " FROM share s JOIN grants g ON g.id = s.leaf JOIN company p ON p.id = s.partner JOIN company o ON o.id = g.owner" \
    " LEFT JOIN head h ON h.root = g.root "

/* Entries of a scope (node/scopes.h): what is held under a grant, and what was delivered under it. Without saying that the
 * grant is above 0, the index of copies by grant is not used. */
#define SCOPE_HELD_WHERE \
    " AND r.frozen = 0 AND NOT (e.applied = 0 AND EXISTS (SELECT 1 FROM hold h WHERE h.record = e.record))"
#define SCOPE_HELD_COLUMNS "SELECT e.record, r.rid, e.incarnation, e.number, 0 FROM "
#define SCOPE_GIVEN_COLUMNS "SELECT e.record, r.rid, e.incarnation, e.number, e.missed FROM "
/* Neither erased there nor removed: what was acknowledged has values. */
#define DELIVERY_STANDS \
    "d.purged_ms = 0 AND NOT EXISTS (SELECT 1 FROM copy t WHERE t.record = d.record AND t.incarnation = d.incarnation" \
    " AND t.number = d.number AND removed(t.revision))"
#define SCOPE_DIGITS "substr(r.rid, 1, 6) BETWEEN ?2 AND ?3"
#define COMPANY_COLUMNS \
    "id, node, name, country, serial, descriptor, state, introduced_by, token, guest_secret, guest_node, waiver_ms, told, linked"

/* The furthest of one holder, grant and set of records, rather the one for us. */
#define RECEIPT_BEST \
    "NOT EXISTS (SELECT 1 FROM receipt b WHERE b.grant_id = r.grant_id AND b.holder = r.holder AND b.rset = r.rset AND" \
    " (b.state = 3, b.state, b.audience = 1, b.id) > (r.state = 3, r.state, r.audience = 1, r.id))"
#define RECEIPT_FILTER \
    "(?2 = '' OR instr(fold(s.title || ' ' || p.name), fold(?2)) > 0) AND (?3 = 0 OR s.id = ?3) AND (?4 = 0 OR p.id = ?4)"

/* What takes back, and what its signature may need: our new descriptor. */
#define CONTROL_IS_FIRST(t) \
    "(" t ".kind IN (20, 29) OR (" t ".kind = 22 AND " t ".share BETWEEN -4611686018427387903 AND -1))"

/* A company, and those that we know through it and are no partners of ours. */
#define BROUGHT                                                                                                        \
    "WITH RECURSIVE brought (id) AS (SELECT ?1 UNION SELECT c.id FROM company c JOIN brought b"                        \
    " ON c.introduced_by = b.id WHERE c.state = 1) "

#define STORE_STATEMENTS(X) \
    X(META_GET, "SELECT value FROM meta WHERE key = ?1") \
    X(META_PUT, "INSERT INTO meta (key, value) VALUES (?1, ?2)" \
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value") \
    /* ---- companies ---- */ \
    X(COMPANY_ALL, "SELECT " COMPANY_COLUMNS " FROM company ORDER BY id") \
    X(COMPANY_ONE, "SELECT " COMPANY_COLUMNS " FROM company WHERE id = ?1") \
    X(COMPANY_ADD, "INSERT INTO company (node, name, country, serial, descriptor, state, introduced_by, since_ms)" \
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
    X(COMPANY_DESCRIBE, "UPDATE company SET name = ?2, country = ?3, serial = ?4, descriptor = ?5 WHERE id = ?1") \
    /* A company's descriptor is replaced: the one before is kept. */ \
    X(DESCRIPTOR_KEEP, "INSERT INTO descriptor (company, serial, object) SELECT id, serial, descriptor FROM company" \
                       " WHERE id = ?1 ON CONFLICT DO NOTHING") \
    X(DESCRIPTOR_ADD, "INSERT INTO descriptor (company, serial, object) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING") \
    X(DESCRIPTOR_NEWER, "SELECT count(*) FROM descriptor WHERE company = ?1 AND serial > ?2") \
    X(DESCRIPTOR_TRIM, "DELETE FROM descriptor WHERE company = ?1 AND serial NOT IN (SELECT serial FROM descriptor" \
                       " WHERE company = ?1 ORDER BY serial DESC LIMIT ?2)") \
    X(DESCRIPTOR_GET, "SELECT object FROM descriptor WHERE company = ?1 AND serial = ?2") \
    X(DESCRIPTOR_FORMER, "SELECT serial, object FROM descriptor WHERE company = ?1 ORDER BY serial DESC") \
    X(DESCRIPTOR_FIRST, "SELECT id FROM control WHERE company = ?1 AND kind = 22 AND share = ?2 ORDER BY id LIMIT 1") \
    X(DESCRIPTOR_WAITS, "SELECT EXISTS (SELECT 1 FROM control WHERE company = ?1 AND kind = 22 AND share < 0)" \
                        " OR EXISTS (SELECT 1 FROM frame WHERE company = ?1 AND kind = 22 AND share < 0)") \
    X(KEY_WAITS, "SELECT count(*) FROM company WHERE state IN (1, 3, 4) AND told < ?1") \
    X(KEY_PARTNERS, "SELECT c.id, c.node, c.name, c.state, c.told, u.serial FROM company c JOIN company u ON u.id = 1" \
                    " WHERE c.state IN (1, 3, 4) ORDER BY c.id") \
    X(KEY_UNTOLD, "SELECT count(*) FROM company WHERE state IN (1, 3, 4) AND told < ?1") \
    X(INVITATION_OPEN, "SELECT count(*) FROM invitation WHERE ends_ms > ?1") \
    X(DESCRIPTOR_FAULT, "INSERT INTO descriptor_fault (company, source, at_ms, object, serial, known)" \
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING") \
    X(DESCRIPTOR_FAULT_OPEN, "SELECT count(*) FROM descriptor_fault f JOIN company c ON c.id = f.company" \
                             " WHERE c.state IN (1, 2, 3) AND f.known >= c.serial") \
    X(DESCRIPTOR_FAULT_EXPORT, "SELECT 0, d.object, d.serial FROM (SELECT id AS company, serial, descriptor AS object" \
                               " FROM company UNION ALL SELECT company, serial, object FROM descriptor) d" \
                               " JOIN descriptor_fault f ON f.company = d.company WHERE d.company = ?1 UNION ALL" \
                               " SELECT 1, object, 0 FROM descriptor_fault WHERE company = ?1 ORDER BY 1, 3 DESC") \
    X(COMPANY_TOLD, "UPDATE company SET told = max(told, ?2) WHERE id = ?1") \
    X(COMPANY_LINKED, "UPDATE company SET linked = ?2 WHERE id = ?1") \
    X(COMPANY_STATE, "UPDATE company SET state = ?2, since_ms = ?3 WHERE id = ?1") \
    X(COMPANY_WAIVE, "UPDATE company SET waiver_note = ?2, waiver_ms = ?3 WHERE id = ?1") \
    X(COMPANY_WAIVER, "SELECT waiver_ms, waiver_note FROM company WHERE id = ?1 AND waiver_ms IS NOT NULL") \
    X(COMPANY_GUEST, "UPDATE company SET token = ?2, guest_secret = ?3, guest_node = ?4 WHERE id = ?1") \
    X(COMPANY_GUEST_OVER, "UPDATE company SET token = NULL, guest_secret = NULL, guest_node = NULL WHERE id = ?1") \
    X(COMPANY_NAMED, "SELECT id FROM company WHERE fold(name) = fold(?1) AND id > 1") \
    X(COMPANY_LIST, "SELECT c.id, c.node, c.name, c.country, c.state, c.introduced_by, c.since_ms, i.name" \
                    " FROM company c LEFT JOIN company i ON i.id = c.introduced_by" \
                    " WHERE c.id > ?1 AND c.id > 1 AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0)" \
                    " ORDER BY c.id LIMIT ?3") \
    X(COMPANY_GET, "SELECT c.id, c.node, c.name, c.country, c.state, c.introduced_by, c.since_ms, i.name," \
                   " c.descriptor FROM company c LEFT JOIN company i ON i.id = c.introduced_by WHERE c.id = ?1") \
    X(COMPANY_CONFIRM, "UPDATE company SET confirmed_ms = ?2 WHERE id = ?1") \
    X(COMPANY_CONFIRMED, "SELECT confirmed_ms FROM company WHERE id = ?1") \
    X(COMPANY_BY_NODE, "SELECT id FROM company WHERE node >= ?1 AND node <= ?2 LIMIT 2") \
    X(COMPANY_NODE_NAME, "SELECT name, id, state FROM company WHERE node = ?1") \
    X(COMPANY_COUNT, "SELECT count(*) FROM company WHERE state = ?1") \
    X(LIGHT_ADD, "INSERT INTO light_company (company, email, person, language) VALUES (?1, ?2, ?3, ?4)") \
    X(LIGHT_GET, "SELECT email, person, language FROM light_company WHERE company = ?1") \
    X(LIGHT_FORGET, "UPDATE light_company SET email = '', person = '' WHERE company = ?1") \
    X(INVITATION_ADD, "INSERT INTO invitation (token, guest_node, guest_key, ends_ms) VALUES (?1, ?2, ?3, ?4)") \
    X(INVITATION_ALL, "SELECT guest_node, guest_key, ends_ms FROM invitation") \
    X(INVITATION_GET, "SELECT ends_ms FROM invitation WHERE token = ?1 AND guest_node = ?2") \
    X(INVITATION_DROP, "DELETE FROM invitation WHERE guest_node = ?1") \
    X(INVITATION_CLEAR, "DELETE FROM invitation") \
    X(INVITATION_ENDED, "SELECT guest_node FROM invitation WHERE ends_ms <= ?1") \
    /* ---- records ---- */ \
    X(RTYPE_FIND, "SELECT id FROM rtype WHERE space = ?1 AND number = ?2") \
    X(RTYPE_ADD, "INSERT INTO rtype (id, space, number) VALUES ((SELECT max(999, max(id)) + 1 FROM rtype), ?1, ?2)") \
    X(RECORD_FIND, "SELECT id, owner, frozen, type, parent_rid FROM record" \
                   " WHERE substr(rid, 1, 6) = substr(?1, 1, 6) AND rid = ?1") \
    X(RECORD_GET, "SELECT r.rid, r.owner, r.type, r.parent_rid, t.space, t.number, r.frozen" \
                  " FROM record r JOIN rtype t ON t.id = r.type WHERE r.id = ?1") \
    X(RECORD_PREFIX, "SELECT id FROM record WHERE substr(rid, 1, 6) BETWEEN substr(?1, 1, 6) AND substr(?2, 1, 6)" \
                     " AND rid BETWEEN ?1 AND ?2 LIMIT 2") \
    X(RECORD_ADD, "INSERT INTO record (rid, owner, type, parent_rid) VALUES (?1, ?2, ?3, ?4)") \
    X(RECORD_PARENT, "UPDATE record SET parent_rid = ?2 WHERE id = ?1") \
    X(RECORD_FREEZE, "UPDATE record SET frozen = 1 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM copy c" \
                     " WHERE c.record = ?1 AND (c.incarnation, c.number) > (?2, ?3))") \
    X(RECORD_OWNER, "SELECT owner FROM record WHERE id = ?1") \
    X(RECORD_THAW, "UPDATE record SET frozen = 0 WHERE id = ?1") \
    /* ---- two contents with one position ---- */ \
    X(EQUIVOCATION_FIND, "SELECT id FROM equivocation WHERE record = ?1 AND incarnation = ?2 AND number = ?3") \
    X(EQUIVOCATION_COUNT, "SELECT count(*) FROM equivocation WHERE owner = ?1") \
    X(EQUIVOCATION_ADD, "INSERT INTO equivocation (record, owner, source, incarnation, number, proof, at_ms)" \
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
    /* Proofs under keys that their owner calls stolen stay, and prove nothing. */ \
    X(EQUIVOCATION_OF, "SELECT id, proof FROM equivocation WHERE owner = ?1 AND stolen = 0 AND id > ?2 ORDER BY id LIMIT 1") \
    X(EQUIVOCATION_STOLEN, "UPDATE equivocation SET stolen = 1 WHERE id = ?1") \
    X(RECORD_THAW_OWNER, "UPDATE record SET frozen = 0 WHERE owner = ?1 AND frozen = 1 AND NOT EXISTS (SELECT 1" \
                         " FROM equivocation e WHERE e.record = record.id AND e.stolen = 0)") \
    X(EQUIVOCATION_LAST, "SELECT incarnation, number FROM equivocation WHERE record = ?1 AND stolen = 0 UNION ALL" \
                         " SELECT incarnation, number FROM copy WHERE record = ?1 ORDER BY incarnation DESC, number DESC LIMIT 1") \
    /* Its owner, who gave it to us, and to whom it went; but ?2. 5: removed, 6: without a node. */ \
    X(EQUIVOCATION_WHOM, "SELECT c.id FROM company c WHERE c.id > ?3 AND c.id <> ?2 AND c.state NOT IN (5, 6) AND" \
                         " (c.id = (SELECT owner FROM record WHERE id = ?1) OR EXISTS (SELECT 1 FROM delivery d" \
                         " WHERE d.record = ?1 AND d.company = c.id) OR EXISTS (SELECT 1 FROM copy p JOIN share s" \
                         " ON s.leaf = p.grant_id AND s.role = 1 WHERE p.record = ?1 AND s.partner = c.id))" \
                         " ORDER BY c.id LIMIT 1") \
    /* And descriptors that could not stand beside those we keep, behind them all, one of a company. */ \
    X(EQUIVOCATION_LIST, "SELECT e.id, r.rid, t.space, t.number, o.name, s.name, e.incarnation, e.number, e.at_ms," \
                         " iif(e.stolen, 2, EXISTS (SELECT 1 FROM copy c WHERE c.record = e.record AND (c.incarnation, c.number) >" \
                         " (e.incarnation, e.number))) FROM equivocation e JOIN record r ON r.id = e.record" \
                         " JOIN rtype t ON t.id = r.type JOIN company o ON o.id = e.owner JOIN company s ON s.id = e.source" \
                         " WHERE e.id > ?1 AND (?2 = '' OR instr(fold(o.name), fold(?2)) > 0) UNION ALL" \
                         " SELECT f.company + 4611686018427387904, o.node, '', 0, o.name, s.name, 0, f.serial, f.at_ms, 3" \
                         " FROM descriptor_fault f JOIN company o ON o.id = f.company JOIN company s ON s.id = f.source" \
                         " WHERE f.company + 4611686018427387904 > ?1 AND (?2 = '' OR instr(fold(o.name), fold(?2)) > 0)" \
                         " ORDER BY 1 LIMIT ?3") \
    X(EQUIVOCATION_OPEN, "SELECT count(*) FROM equivocation e WHERE (e.owner = 1) = ?1 AND e.stolen = 0 AND NOT EXISTS (SELECT 1 FROM copy c" \
                         " WHERE c.record = e.record AND (c.incarnation, c.number) > (e.incarnation, e.number))") \
    X(EQUIVOCATION_EXPORT, "SELECT 0 AS part, d.object, d.serial AS k FROM record r JOIN (SELECT id AS company, serial," \
                           " descriptor AS object FROM company UNION ALL SELECT company, serial, object FROM descriptor) d" \
                           " ON d.company = r.owner WHERE r.id = ?1 AND d.object <> x'' AND EXISTS (SELECT 1" \
                           " FROM equivocation e WHERE e.record = ?1) UNION ALL SELECT 1, proof, -id FROM equivocation" \
                           " WHERE record = ?1 ORDER BY 1, 3 DESC") \
    X(RECORD_OF_PARENT, "SELECT id FROM record WHERE parent_rid = ?1 AND id > ?2 AND owner = ?3 ORDER BY id") \
    X(RUN_ADD, "INSERT INTO run (size, first, signature, leaves, path, refs) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
    X(RUN_GET, "SELECT size, first, signature, leaves, path FROM run WHERE id = ?1") \
    X(RUN_FROM, "SELECT id, 0, x'' FROM run WHERE id > ?1 AND id > ?2 ORDER BY id LIMIT ?3") \
    X(RUN_SIGNED, "UPDATE run SET signature = ?2 WHERE id = ?1") \
    X(RUN_UNREF, "UPDATE run SET refs = refs - 1 WHERE id = ?1") \
    X(RUN_DROP, "DELETE FROM run WHERE id = ?1 AND refs <= 0") \
    X(COPY_GET, "SELECT incarnation, number, revision, secret, fields, withheld, leaf, at_ms, run FROM copy" \
                " WHERE record = ?1 AND grant_id = ?2" \
                " AND NOT (applied = 0 AND record IN (SELECT record FROM hold))") \
    X(COPY_POSITION, "SELECT run, incarnation, number, revision, fields FROM copy WHERE record = ?1 AND grant_id = ?2") \
    X(COPY_ADD, "INSERT INTO copy (record, grant_id, applied, incarnation, number, revision, secret, fields," \
                " withheld, run, leaf, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)") \
    X(COPY_REPLACE, "UPDATE copy SET applied = ?3, incarnation = ?4, number = ?5, revision = ?6, secret = ?7," \
                    " fields = ?8, withheld = ?9, run = ?10, leaf = ?11, at_ms = ?12" \
                    " WHERE record = ?1 AND grant_id = ?2") \
    X(COPY_APPLIED, "SELECT incarnation, number, revision, fields, at_ms, grant_id, secret IS NULL FROM copy" \
                    " WHERE record = ?1 AND applied = 1 ORDER BY incarnation DESC, number DESC, grant_id") \
    X(COPY_ANY, "SELECT incarnation, number, revision, fields, at_ms, grant_id, secret IS NULL FROM copy" \
                " WHERE record = ?1 ORDER BY incarnation DESC, number DESC, grant_id") \
    X(COPY_OTHERS, "SELECT incarnation, number, revision, grant_id, run FROM copy WHERE record = ?1 AND grant_id <> ?2") \
    X(COPY_BY_GRANT, "SELECT record FROM copy WHERE grant_id = ?1 AND record > ?2 ORDER BY record LIMIT ?3") \
    X(COPY_GRANT_COUNT, "SELECT count(*) FROM copy WHERE grant_id = ?1") \
    /* Without those that are removed: of these no value is left. */ \
    X(COPY_VALUES_COUNT, "SELECT count(*) FROM copy WHERE grant_id = ?1 AND NOT removed(revision)") \
    X(LETTING_ADD, "INSERT INTO letting_go (leaf, how, reason, held, after) VALUES (?1, ?2, ?3, ?4, 0)" \
                   " ON CONFLICT (leaf) DO UPDATE SET how = ?2, reason = ?3, after = 0 WHERE how <> ?2") \
    X(LETTING_NEXT, "SELECT leaf, how, reason, held, after FROM letting_go ORDER BY leaf LIMIT 1") \
    X(LETTING_AFTER, "UPDATE letting_go SET after = ?2 WHERE leaf = ?1") \
    X(LETTING_DROP, "DELETE FROM letting_go WHERE leaf = ?1") \
    X(COPY_APPLY, "UPDATE copy SET applied = ?2 WHERE grant_id = ?1 AND applied <> ?2") \
    X(COPY_BELOW, "SELECT grant_id, run, incarnation, number FROM copy WHERE record = ?1 AND grant_id <> ?2 AND grant_id > 0 AND" \
                  " (incarnation < ?3 OR (incarnation = ?3 AND number < ?4)) LIMIT 1") \
    X(COPY_DROP, "DELETE FROM copy WHERE record = ?1 AND grant_id = ?2") \
    X(MATCH_ADD, "INSERT INTO match (key, record) VALUES (?1, ?2) ON CONFLICT DO NOTHING") \
    X(MATCH_FIND, "SELECT record FROM match WHERE key = ?1 ORDER BY record LIMIT 1") \
    X(MATCH_DROP, "DELETE FROM match WHERE key = ?1 AND record = ?2") \
    /* ---- suppression: who must not come back ---- */ \
    X(SUPPRESSION_ANY, "SELECT 1 FROM suppression LIMIT 1") \
    X(SUPPRESSION_ADD, "INSERT INTO suppression (act, key, weak, reason, purposes, recipients, at_ms, lifted_ms, filed," \
                       " record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING") \
    X(SUPPRESSION_FIND, "SELECT act, weak, reason, purposes, recipients, at_ms FROM suppression" \
                        " WHERE key = ?1 AND lifted_ms = 0 ORDER BY at_ms, id") \
    X(SUPPRESSION_UNFILED, "SELECT act, key, weak, reason, purposes, recipients, at_ms, lifted_ms, record FROM suppression" \
                           " WHERE filed = 0 ORDER BY id") \
    X(SUPPRESSION_FILED, "UPDATE suppression SET filed = 1 WHERE filed = 0") \
    X(SUPPRESSION_FORGOTTEN, "UPDATE suppression SET filed = 0") \
    X(SUPPRESSION_LIFTED, "SELECT lifted_ms FROM suppression WHERE act = ?1 AND key = ?2") \
    X(SUPPRESSION_AGREES, "UPDATE suppression SET filed = (lifted_ms <= ?3), lifted_ms = max(lifted_ms, ?3)" \
                          " WHERE act = ?1 AND key = ?2") \
    X(SUPPRESSION_LIFT, "UPDATE suppression SET lifted_ms = ?2, filed = 0 WHERE act = ?1 AND lifted_ms = 0") \
    X(SUPPRESSION_LIST, "SELECT max(id) AS k, act, reason, purposes, recipients, at_ms, lifted_ms, sum(record = 0)," \
                        " sum(record)" \
                        " FROM suppression WHERE ?2 = '' OR instr(reason, upper(?2)) > 0 GROUP BY act HAVING k > ?1" \
                        " ORDER BY k LIMIT ?3") \
    X(SUPPRESSION_OF_ACT, "SELECT act FROM suppression WHERE hex(act) LIKE upper(?1) || '%' AND lifted_ms = 0" \
                          " GROUP BY act LIMIT 2") \
    /* ---- withdrawals ---- */ \
    X(COPY_AT, "SELECT incarnation, number FROM copy WHERE grant_id = ?1 AND record = ?2") \
    X(WITHDRAWAL_GET, "SELECT incarnation, number FROM withdrawal WHERE leaf = ?1 AND record = ?2") \
    X(WITHDRAWAL_PUT, "INSERT INTO withdrawal (leaf, record, incarnation, number, reason, at_ms, told)" \
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation," \
                      " number = excluded.number, reason = excluded.reason, at_ms = excluded.at_ms, told = 0") \
    X(WITHDRAWAL_NEXT, "SELECT leaf FROM withdrawal WHERE told = 0 LIMIT 1") \
    X(WITHDRAWAL_UNTOLD, "SELECT w.record, r.rid, w.incarnation, w.number, w.reason FROM withdrawal w" \
                         " JOIN record r ON r.id = w.record WHERE w.told = 0 AND w.leaf = ?1 AND w.reason = (SELECT reason" \
                         " FROM withdrawal WHERE told = 0 AND leaf = ?1 LIMIT 1) ORDER BY w.record LIMIT ?2") \
    X(WITHDRAWAL_RETURN, "UPDATE withdrawal SET told = 0 WHERE leaf IN (SELECT leaf FROM share WHERE partner = ?1 AND role = 0" \
                         " AND state IN (3, 4))") \
    X(WITHDRAWAL_TOLD, "UPDATE withdrawal SET told = 1 WHERE leaf = ?1 AND record = ?2") \
    X(WITHDRAWAL_STANDS, "SELECT DISTINCT w.record FROM withdrawal w JOIN share s ON s.leaf = w.leaf" \
                         " JOIN record r ON r.id = w.record AND r.owner = 1 JOIN copy c ON c.record = w.record" \
                         " AND c.grant_id = 0 WHERE s.partner = ?1 AND w.record > ?2" \
                         " AND (c.incarnation, c.number) <= (w.incarnation, w.number) ORDER BY w.record LIMIT ?3") \
    X(WITHDRAWN_PUT, "INSERT INTO withdrawn (rid, gid, incarnation, number, reason, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
                     " ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation, number = excluded.number," \
                     " reason = excluded.reason, at_ms = excluded.at_ms") \
    X(WITHDRAWN_EARLY, "UPDATE withdrawn SET source = ?3 WHERE rid = ?1 AND gid = ?2") \
    X(WITHDRAWN_EARLY_OVER, "SELECT 1 FROM withdrawn WHERE source = ?1 AND source > 0 LIMIT 1 OFFSET ?2") \
    X(WITHDRAWN_EARLY_KNOWN, "UPDATE withdrawn SET source = 0 WHERE source = ?1 AND source > 0 AND EXISTS (SELECT 1 FROM record r" \
                             " WHERE substr(r.rid, 1, 6) = substr(withdrawn.rid, 1, 6) AND r.rid = withdrawn.rid)") \
    X(WITHDRAWN_EARLY_TRIM, "DELETE FROM withdrawn WHERE (rid, gid) IN (SELECT rid, gid FROM withdrawn WHERE source = ?1 AND source > 0" \
                            " ORDER BY at_ms DESC, rid LIMIT -1 OFFSET ?2)") \
    X(WITHDRAWN_UPTO, "SELECT 1 FROM withdrawn WHERE rid = ?1 AND gid = ?2 AND" \
                      " (incarnation > ?3 OR (incarnation = ?3 AND number >= ?4))") \
    X(WITHDRAWN_OF, "SELECT gid, incarnation, number FROM withdrawn WHERE rid = ?1") \
    X(WITHDRAWN_ANY, "SELECT 1 FROM withdrawn LIMIT 1") \
    X(DELIVERY_OF, "SELECT max(incarnation), number FROM delivery WHERE grant_id = ?1 AND record = ?2" \
                   " AND purged_ms = 0 GROUP BY record") \
    X(DELIVERY_PURGED, "UPDATE delivery SET purged_ms = ?4, missed = 2 WHERE company = ?1 AND grant_id = ?2 AND record =" \
                       " (SELECT id FROM record WHERE substr(rid, 1, 6) = substr(?3, 1, 6) AND rid = ?3) AND purged_ms = 0" \
                       " AND EXISTS (SELECT 1 FROM withdrawal w" \
                       " WHERE w.leaf = delivery.grant_id AND w.record = delivery.record AND w.told = 1 AND" \
                       " (w.incarnation > delivery.incarnation OR (w.incarnation = delivery.incarnation AND" \
                       " w.number >= delivery.number)))") \
    X(FRAME_ITEMS, "SELECT items FROM frame WHERE grant_id = ?1 AND items IS NOT NULL") \
    X(PARCEL_ITEMS, "SELECT items FROM parcel WHERE leaf = ?1 AND leaf > 0") \
    X(HANDLE_OF, "SELECT h.handle FROM handle h JOIN grants g ON g.id = h.leaf JOIN record r ON r.id = h.record" \
                 " WHERE g.gid = ?1 AND substr(r.rid, 1, 6) = substr(?2, 1, 6) AND r.rid = ?2") \
    X(VERDICT_STANDS, "SELECT 1 FROM verdict WHERE share = ?1 AND rid = ?2 AND gone = 0 AND reason = ''") \
    X(VERDICT_REFUSES, "SELECT 1 FROM verdict WHERE share = ?1 AND rid = ?2 AND (gone = 1 OR reason <> '')") \
    X(VERDICT_GONE, "UPDATE verdict SET gone = 1 WHERE share = ?1 AND rid = ?2") \
    X(CONTRIBUTION_LESS, "UPDATE contribution SET taken = max(taken - 1, 0) WHERE share = ?1") \
    X(ASK_ROW_LAPSE, "UPDATE ask SET state = ?3, changed_ms = ?4, note = '' WHERE leaf = ?1 AND record = ?2 AND state = 0") \
    X(COPY_LEFT, "SELECT 1 FROM copy WHERE record = ?1 LIMIT 1") \
    X(DUE_RID_DROP, "DELETE FROM due WHERE leaf = ?1 AND record = (SELECT id FROM record" \
                    " WHERE substr(rid, 1, 6) = substr(?2, 1, 6) AND rid = ?2)") \
    X(MATCH_ALL, "SELECT record FROM match WHERE key = ?1 ORDER BY record") \
    X(MEMBER_GONE, "DELETE FROM segment_member WHERE record = ?1") \
    X(ICAL_REPLY_DROP, "DELETE FROM ical_reply WHERE record = ?1") \
    X(JOB_OVER, "SELECT id, path, args, result FROM job WHERE state <> 0 AND id > ?1 ORDER BY id LIMIT 1") \
    X(JOB_SPENT, "SELECT id, path FROM job WHERE state IN (1, 2) AND path <> ''") \
    X(JOB_SCRUB, "UPDATE job SET args = ?2, result = ?3 WHERE id = ?1") \
    /* ---- segments ---- */ \
    X(MEMBER_PUT, "INSERT INTO segment_member (segment, record, included) VALUES (?1, ?2, ?3)" \
                  " ON CONFLICT DO UPDATE SET included = excluded.included") \
    X(MEMBER_DROP, "DELETE FROM segment_member WHERE segment = ?1 AND record = ?2") \
    X(MEMBER_FORGET, "DELETE FROM segment_member WHERE segment = ?1") \
    /* ---- persons: rows of one event that speak of one human being ---- */ \
    X(PERSON_GET, "SELECT person, keys, claimed_ms, since_ms FROM person WHERE record = ?1") \
    X(PERSON_ADD, "INSERT INTO person (record, person, keys, claimed_ms, since_ms) VALUES (?1, ?1, ?2, ?3, ?4)") \
    X(PERSON_EVENT_GET, "SELECT owner FROM person_event WHERE event = ?1") \
    X(PERSON_EVENT_ADD, "INSERT INTO person_event (event, owner) VALUES (?1, ?2)") \
    X(PERSON_EVENT_SEVERAL, "UPDATE person_event SET owner = 0 WHERE event = ?1") \
    X(PERSON_DUE_EVENT, "INSERT INTO person_due (record) SELECT p.record FROM record r JOIN person p ON p.record = r.id" \
                        " WHERE r.parent_rid = ?1 ON CONFLICT DO NOTHING") \
    X(PERSON_DUE_ADD, "INSERT INTO person_due (record) VALUES (?1) ON CONFLICT DO NOTHING") \
    X(PERSON_DUE_NEXT, "SELECT record FROM person_due ORDER BY record LIMIT ?1") \
    X(PERSON_DUE_DROP, "DELETE FROM person_due WHERE record = ?1") \
    X(PERSON_NOTE, "INSERT INTO person (record, person, keys, claimed_ms, since_ms) VALUES (?1, ?1, x'', ?2, ?3)" \
                   " ON CONFLICT DO NOTHING") \
    X(PERSON_KEYS, "UPDATE person SET keys = ?2 WHERE record = ?1") \
    X(PERSON_SET, "UPDATE person SET person = ?2 WHERE record = ?1") \
    X(PERSON_MOVE, "UPDATE person SET person = ?2 WHERE person = ?1") \
    X(PERSON_DROP, "DELETE FROM person WHERE record = ?1") \
    X(PERSON_SIZE, "SELECT count(*) FROM person WHERE person = ?1") \
    X(PERSON_ROWS, "SELECT record, keys FROM person WHERE person = ?1 ORDER BY record") \
    X(PERSON_CLAIMS, "SELECT p.record, p.claimed_ms, p.since_ms FROM person p JOIN record r ON r.id = p.record" \
                     " WHERE p.person = ?1 ORDER BY r.owner <> 1, p.since_ms, p.record") \
    X(CLAIM_CONTRIBUTION, "SELECT g.gid FROM copy c JOIN grants g ON g.id = c.grant_id JOIN share s ON s.leaf = g.id" \
                          " WHERE c.record = ?1 AND c.applied = 1 AND s.role = 1 AND s.kind = 3" \
                          " ORDER BY c.incarnation DESC, c.number DESC, c.grant_id LIMIT 1") \
    X(CLAIM_WORD, "SELECT v.claimed_ms, v.first_ms, v.object FROM verdict v WHERE v.rid = ?1 AND v.first_ms > 0" \
                  " ORDER BY v.first_ms LIMIT 1") \
    X(CLAIM_END, "SELECT s.state, o.name FROM share s JOIN grants g ON g.id = s.leaf JOIN company o ON o.id = g.owner" \
                 " WHERE s.role = 1 AND g.owner = ?1 AND s.state IN (6, 7) ORDER BY s.changed_ms DESC LIMIT 1") \
    X(LEAD_BATCH_ADD, "INSERT INTO lead_batch (event, at_ms) VALUES (?1, ?2)") \
    X(LEAD_MADE_ADD, "INSERT INTO lead_made (batch, lead, task, incarnation) VALUES (?1, ?2, ?3, ?4)") \
    X(LEAD_MADE_LIST, "SELECT lead, task, incarnation FROM lead_made WHERE batch = ?1 ORDER BY lead") \
    X(LEAD_MADE_DROP, "DELETE FROM lead_made WHERE batch = ?1 AND lead = ?2") \
    X(PERSON_SEEN_BY, "SELECT count(DISTINCT d.company) FROM person p JOIN delivery d ON d.record = p.record AND d.purged_ms = 0" \
                      " JOIN share s ON s.leaf = d.grant_id AND s.role = 0 AND s.state IN (2, 3, 4)" \
                      " WHERE p.person = ?1") \
    X(PERSON_KEY_ADD, "INSERT INTO person_key (key, record, weak) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING") \
    X(PERSON_KEY_DROP, "DELETE FROM person_key WHERE key = ?1 AND record = ?2") \
    X(PERSON_NEAR, "SELECT DISTINCT p.person FROM (SELECT record FROM person_key WHERE key = ?1 AND record <> ?2" \
                   " AND (weak = 0 OR ?3 = 0) ORDER BY record LIMIT ?4) k JOIN person p ON p.record = k.record" \
                   " ORDER BY p.person") \
    /* ---- grants and shares ---- */ \
    X(GRANT_ADD, "INSERT INTO grants (gid, object, parent, issuer, audience, owner, ends_ms, root) VALUES" \
                 " (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce((SELECT iif(root = 0, id, root) FROM grants WHERE id = ?3), 0))" \
                 " ON CONFLICT DO NOTHING") \
    X(GRANT_FIND, "SELECT id FROM grants WHERE gid = ?1") \
    X(GRANT_GET, "SELECT gid, object, parent, issuer, audience, owner, ends_ms, key FROM grants WHERE id = ?1") \
    X(GRANT_CITES, "UPDATE grants SET cites = ?2 WHERE id = ?1 AND cites IS NULL") \
    /* Contributions (3) and what comes back of them (4), of a database from before this was kept. */ \
    X(GRANT_CITES_UNREAD, "SELECT g.id, g.object FROM share s JOIN grants g ON g.id = s.leaf WHERE s.kind IN (3, 4)" \
                          " AND g.cites IS NULL") \
    /* What runs and answers a grant; ?2: and what is over and still kept out of sight. */ \
    X(GRANT_CITING, "SELECT g.gid FROM grants g JOIN share s ON s.leaf = g.id WHERE g.cites = ?1 AND (s.state IN (0, 2, 3, 4, 8)" \
                    " OR (?2 = 1 AND s.state = 7 AND EXISTS (SELECT 1 FROM copy c WHERE c.grant_id = g.id AND c.grant_id > 0)))") \
    X(GRANT_ANEW, "UPDATE grants SET object = ?2, key = ?3 WHERE id = ?1") \
    X(GRANT_KEY, "UPDATE grants SET key = ?2 WHERE id = ?1 AND key IS NULL") \
    X(GRANT_BELOW, "WITH RECURSIVE below (id) AS (SELECT id FROM grants WHERE gid = ?1 UNION" \
                   " SELECT g.id FROM grants g JOIN below b ON g.parent = b.id)" \
                   " SELECT s.id, s.leaf, s.role, s.state, s.partner, s.title, g.gid FROM share s JOIN below b ON s.leaf = b.id" \
                   " JOIN grants g ON g.id = s.leaf") \
    /* ---- heads ---- */ \
    X(HEAD_GET, "SELECT number, object, source, expires_ms FROM head WHERE root = ?1") \
    X(HEAD_UNTIL, "SELECT h.expires_ms FROM grants g JOIN head h ON h.root = g.root WHERE g.id = ?1") \
    X(HEAD_PUT, "INSERT INTO head (root, number, object, source, expires_ms, renew_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
                " ON CONFLICT DO UPDATE SET number = excluded.number, object = excluded.object," \
                " source = excluded.source, expires_ms = excluded.expires_ms, renew_ms = excluded.renew_ms") \
    X(HEAD_WANT, "INSERT INTO head (root, number, object, source, expires_ms, renew_ms) VALUES (?1, 0, x'', 1, 0, 0)" \
                 " ON CONFLICT DO UPDATE SET renew_ms = 0") \
    X(HEAD_WANT_ALL, "UPDATE head SET renew_ms = 1 WHERE source = 1 AND renew_ms < 9223372036854775807") \
    X(HEAD_RENEW, "UPDATE head SET renew_ms = ?2 WHERE root = ?1") \
    X(HEAD_DUE, "SELECT root, number, renew_ms FROM head WHERE source = 1 AND renew_ms <= ?1 ORDER BY renew_ms LIMIT 1") \
    /* Without saying that the root is above 0, the index of grants by root is not used. */ \
    X(HEAD_NEEDED, "SELECT 1 FROM grants g JOIN share s ON s.leaf = g.id WHERE g.root = ?1 AND g.root > 0 AND s.role = 2 AND s.state = 4" \
                   " LIMIT 1") \
    X(HEAD_OWN_ROOT, "SELECT r.id FROM grants g JOIN grants r ON r.id = g.root WHERE g.id = ?1 AND r.owner = 1") \
    X(HEAD_REVOKED, "SELECT g.gid FROM grants g JOIN share s ON s.leaf = g.id WHERE g.root = ?1 AND g.root > 0 AND s.role = 2" \
                    " AND s.state = 6 AND g.ends_ms > ?2 AND NOT EXISTS (SELECT 1 FROM share p WHERE p.leaf = g.parent" \
                    " AND p.role = 2 AND p.state = 6) ORDER BY g.gid LIMIT ?3") \
    X(HEAD_ROOM, "SELECT count(*) FROM grants r JOIN grants g ON g.root = r.id JOIN share s ON s.leaf = g.id" \
                 " WHERE r.gid = ?1 AND g.root > 0 AND s.role = 2 AND s.state IN (4, 6) AND g.ends_ms > ?2") \
    X(HEAD_FALLS, "SELECT g.id FROM grants g WHERE g.gid = ?1 AND g.root = ?2 AND NOT EXISTS (SELECT 1 FROM revoked r" \
                  " WHERE r.gid = ?1 AND r.author = ?3)") \
    X(HEAD_FAULT, "INSERT INTO head_fault (root, company, at_ms, kept, refused) VALUES (?1, ?2, ?3, ?4, ?5)" \
                  " ON CONFLICT DO NOTHING") \
    X(REVOKED_ADD, "INSERT INTO revoked (gid, author, object, at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING") \
    X(REVOKED_EARLY, "UPDATE revoked SET source = ?3 WHERE gid = ?1 AND author = ?2") \
    /* Of those that came before their grants the newest stay; whose grant came since counts no more. */ \
    X(REVOKED_EARLY_OVER, "SELECT 1 FROM revoked WHERE source = ?1 AND source > 0 LIMIT 1 OFFSET ?2") \
    X(REVOKED_EARLY_KNOWN, "UPDATE revoked SET source = 0 WHERE source = ?1 AND source > 0 AND EXISTS (SELECT 1 FROM grants g" \
                           " WHERE g.gid = revoked.gid)") \
    X(REVOKED_EARLY_TRIM, "DELETE FROM revoked WHERE (gid, author) IN (SELECT gid, author FROM revoked WHERE source = ?1 AND source > 0" \
                          " ORDER BY at_ms DESC, gid LIMIT -1 OFFSET ?2)") \
    /* ---- what one partner can make us keep ---- */ \
    X(BUDGET_INTRODUCED, BROUGHT "SELECT count(*) - 1 FROM brought") \
    X(BUDGET_OFFERS, BROUGHT "SELECT count(*) FROM share WHERE partner IN brought AND role = 1 AND state IN (2, 4)") \
    X(BUDGET_CARRY, BROUGHT "SELECT count(*) FROM carry WHERE author IN brought") \
    X(BUDGET_REFUSED, BROUGHT "SELECT count(*) FROM share s JOIN verdict v INDEXED BY verdict_refused ON v.share = s.id AND v.reason <> ''" \
                              " WHERE s.partner IN brought AND s.role = 1 AND s.state IN (2, 4)") \
    X(BUDGET_CARRIED, BROUGHT "SELECT count(*) FROM carried WHERE author IN brought") \
    X(BUDGET_NOTED, BROUGHT "SELECT count(*) FROM share s JOIN grants g ON g.id = s.leaf JOIN grants p ON p.id = g.parent" \
                    " LEFT JOIN grants q ON q.id = p.parent LEFT JOIN grants r ON r.id = q.parent" \
                    " WHERE s.role = 2 AND s.state = 4 AND ((p.issuer = 1 AND p.audience IN brought)" \
                    " OR (q.issuer = 1 AND q.audience IN brought) OR (r.issuer = 1 AND r.audience IN brought))") \
    X(REVOKED_RETURN, "WITH RECURSIVE up (id) AS (SELECT leaf FROM share WHERE partner = ?2 UNION SELECT g.parent" \
                      " FROM grants g JOIN up ON g.id = up.id WHERE g.parent > 0)" \
                      " SELECT r.object FROM revoked r WHERE length(r.object) > 0 AND (r.author = ?1 OR" \
                      " EXISTS (SELECT 1 FROM grants g JOIN up ON up.id = g.id WHERE g.gid = r.gid))") \
    /* What we hold of an owner is due back to it: 2 is an offer that nobody answered, 4 an accepted one. */ \
    X(GIVING_BACK_ALL, "SELECT company FROM giving_back") \
    X(GIVING_BACK_ADD, "INSERT INTO giving_back (company) VALUES (?1) ON CONFLICT DO NOTHING") \
    X(GIVING_BACK_DROP, "DELETE FROM giving_back WHERE company = ?1") \
    X(GIVING_BACK_DUE, "INSERT INTO due (leaf, record) SELECT c.grant_id, c.record FROM share s JOIN grants g ON g.id = s.leaf" \
                       " AND g.owner = ?1 JOIN copy c ON c.grant_id = s.leaf AND c.grant_id > 0 JOIN record r ON r.id = c.record" \
                       " AND r.frozen = 0 WHERE s.role = 1 AND s.state IN (2, 4) ON CONFLICT DO NOTHING") \
    X(GIVING_BACK_FORGET, "DELETE FROM due WHERE leaf IN (SELECT s.leaf FROM share s JOIN grants g ON g.id = s.leaf" \
                          " AND g.owner = ?1 WHERE s.role = 1 AND s.state IN (2, 4))") \
    X(GIVING_BACK_LEFT, "SELECT 1 FROM frame WHERE company = ?1 AND kind = 34 UNION ALL SELECT 1 FROM due d JOIN share s" \
                        " ON s.leaf = d.leaf AND s.role = 1 AND s.state IN (2, 4) JOIN grants g ON g.id = s.leaf AND g.owner = ?1" \
                        " UNION ALL SELECT 1 FROM withdrawal w JOIN share s ON s.leaf = w.leaf WHERE w.told = 0 AND s.partner = ?1" \
                        " LIMIT 1") \
    X(READOPTED_GET, "SELECT life, incarnation, number, made, seen FROM readopted WHERE record = ?1") \
    X(READOPTED_PUT, "INSERT INTO readopted (record, life, incarnation, number, made, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
                     " ON CONFLICT DO UPDATE SET life = excluded.life, incarnation = excluded.incarnation," \
                     " number = excluded.number, made = excluded.made, seen = excluded.seen") \
    X(READOPTED_COUNT, "SELECT count(*) FROM readopted WHERE life = ?1") \
    /* What goes back to a restored partner, of shares that are not over: our answers, and our verdicts on its rows. */ \
    X(ANSWER_RETURN, "SELECT s.answer FROM share s JOIN grants g ON g.id = s.leaf WHERE s.partner = ?1 AND s.role = 1" \
                     " AND s.answer IS NOT NULL AND s.state IN (4, 5) AND g.ends_ms > ?2 ORDER BY s.id") \
    X(VERDICT_RETURN, "SELECT o.object FROM share s JOIN verdict v ON v.share = s.id JOIN verdict_object o ON o.id = v.object" \
                      " WHERE s.partner = ?1 AND s.role = 1 AND s.state = 4 GROUP BY o.id ORDER BY max(v.at_ms)") \
    X(REVOKED_BY, "SELECT 1 FROM revoked WHERE gid = ?1 AND author = ?2") \
    X(REVOKED_FIND, "SELECT 1 FROM revoked WHERE gid = ?1 LIMIT 1") \
    X(SHARE_ADD, "INSERT INTO share (leaf, role, partner, state, kind, title, note, count, offer, oid, reason," \
                 " at_ms, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, ?11)") \
    X(SHARE_TITLE, "SELECT s.title FROM share s JOIN grants g ON g.id = s.leaf WHERE g.gid = ?1") \
    X(SHARE_STATE, "UPDATE share SET state = ?2, reason = ?3, changed_ms = ?4 WHERE id = ?1") \
    X(SHARE_LIVE, "SELECT s.id, s.leaf, s.role, s.partner, s.state, g.parent," \
                  " EXISTS (SELECT 1 FROM declined d WHERE d.share = s.id), s.kind, coalesce(h.expires_ms, 0)" \
                  " FROM share s JOIN grants g ON g.id = s.leaf LEFT JOIN head h ON h.root = g.root WHERE s.state IN (0, 2, 3, 4, 8) ORDER BY s.id") \
    X(SHARE_GET, "SELECT " SHARE_COLUMNS SHARE_TABLES "WHERE s.id = ?1") \
    X(SHARE_OFFER, "SELECT offer, kind, title, note, count FROM share WHERE id = ?1") \
    X(SHARE_ANSWERED, "UPDATE share SET answer = ?2 WHERE id = ?1") \
    X(SHARE_ANSWER, "SELECT answer FROM share WHERE id = ?1 AND answer IS NOT NULL AND state IN (4, 5)") \
    X(SHARE_BY_OID, "SELECT id FROM share WHERE oid = ?1") \
    X(SHARE_PREFIX, "SELECT s.id FROM share s JOIN grants g ON g.id = s.leaf WHERE g.gid >= ?1 AND g.gid <= ?2 LIMIT 2") \
    X(SHARE_LIST, "SELECT " SHARE_COLUMNS SHARE_TABLES \
                  "WHERE s.id > ?1 AND s.role <> 1 AND (?2 = '' OR instr(fold(s.title || ' ' || p.name), fold(?2)) > 0)" \
                  " ORDER BY s.id LIMIT ?3") \
    X(OFFER_LIST, "SELECT " SHARE_COLUMNS SHARE_TABLES \
                  "WHERE s.id > ?1 AND s.role = 1 AND (?2 = '' OR instr(fold(s.title || ' ' || p.name), fold(?2)) > 0)" \
                  " ORDER BY s.id LIMIT ?3") \
    X(SHARE_HELD_ENDED, "SELECT s.leaf, g.object, g.ends_ms, s.role FROM share s JOIN grants g ON g.id = s.leaf" \
                        " WHERE (s.role = 1 OR s.partner IN (SELECT l.company FROM light_company l)) AND s.state = 7" \
                        " AND EXISTS (SELECT 1 FROM copy c WHERE c.grant_id = s.leaf" \
                        " AND c.record NOT IN (SELECT record FROM hold))") \
    X(SHARE_ALL, "SELECT " SHARE_COLUMNS SHARE_TABLES "ORDER BY s.id") \
    X(DECLINED_ADD, "INSERT INTO declined (share, rid, reason) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING") \
    X(DECLINED_FIND, "SELECT reason FROM declined WHERE share = ?1 AND rid = ?2") \
    X(DECLINED_LIST, "SELECT rid, reason FROM declined WHERE share = ?1 ORDER BY rid") \
    /* ---- receipts ---- */ \
    X(GRANT_TOWARDS, "SELECT id FROM grants WHERE audience IN (?1, ?2) ORDER BY id DESC LIMIT 64") \
    X(RECEIPT_STATE, "SELECT state, at_ms FROM receipt WHERE grant_id = ?1 AND holder = ?2 AND audience = ?3 AND rset = ?4") \
    X(RECEIPT_PUT, "INSERT INTO receipt (grant_id, holder, audience, rset, state, records, count, reason, basis, at_ms," \
                   " came_ms, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET" \
                   " state = excluded.state, count = excluded.count, reason = excluded.reason, basis = excluded.basis," \
                   " at_ms = excluded.at_ms, came_ms = excluded.came_ms, object = excluded.object") \
    X(RECEIPT_PUT_OWN, "INSERT INTO receipt (grant_id, holder, audience, rset, state, records, count, reason, basis, at_ms," \
                       " came_ms, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, nullif(?12, x''))" \
                       " ON CONFLICT DO UPDATE SET state = excluded.state, count = excluded.count," \
                       " reason = excluded.reason, basis = excluded.basis, at_ms = excluded.at_ms," \
                       " came_ms = excluded.came_ms, object = NULL") \
    X(RECEIPT_TRIM, "DELETE FROM receipt WHERE holder = ?1 AND audience = ?2 AND rset <> x'' AND id <= (SELECT id FROM" \
                    " receipt WHERE holder = ?1 AND audience = ?2 AND rset <> x'' ORDER BY id DESC LIMIT 1 OFFSET ?3)") \
    X(RECEIPT_COUNT, "SELECT count(*) FROM receipt WHERE holder = ?1 AND audience = ?2 AND rset <> x''") \
    X(RECEIPT_UNSAID, "SELECT id, grant_id, audience, state, records, count, reason, basis, at_ms FROM receipt" \
                      " WHERE object IS NULL AND id > ?1 ORDER BY id LIMIT 1") \
    X(RECEIPT_LIST, \
      "SELECT s.id AS k, g.gid, s.title, p.name, s.state, s.changed_ms, g.ends_ms, g.object, r.state, r.records, r.count," \
      " r.reason, r.basis, r.at_ms, r.came_ms, s.role = 2 OR r.id IS NOT NULL OR EXISTS (SELECT 1 FROM delivery d" \
      " WHERE d.grant_id = s.leaf AND d.purged_ms = 0), CASE WHEN r.audience > 1 THEN a.name END" \
      " FROM share s JOIN grants g ON g.id = s.leaf JOIN company p ON p.id = s.partner" \
      " LEFT JOIN receipt r ON r.grant_id = s.leaf AND r.holder = s.partner AND r.rset = x'' AND " RECEIPT_BEST \
      " LEFT JOIN company a ON a.id = r.audience" \
      " WHERE k > ?1 AND s.role <> 1 AND s.state NOT IN (0, 1) AND " RECEIPT_FILTER \
      " AND (?5 = x'' OR EXISTS (WITH RECURSIVE up (id) AS (SELECT s.leaf UNION SELECT u.parent FROM grants u JOIN up" \
      " ON u.id = up.id WHERE u.parent > 0) SELECT 1 FROM up JOIN delivery d ON d.grant_id = up.id JOIN record e" \
      " ON e.id = d.record WHERE e.rid = ?5 AND d.purged_ms = 0))" \
      " UNION ALL SELECT 1000000000000 + r.id AS k, g.gid, s.title, p.name, s.state, s.changed_ms, g.ends_ms, g.object," \
      " r.state, r.records, r.count, r.reason, r.basis, r.at_ms, r.came_ms, 1, CASE WHEN r.audience > 1 THEN a.name END" \
      " FROM receipt r JOIN share s ON s.leaf = r.grant_id AND s.role <> 1 JOIN grants g ON g.id = s.leaf" \
      " JOIN company p ON p.id = r.holder JOIN company a ON a.id = r.audience" \
      " WHERE k > ?1 AND r.rset <> x'' AND r.holder > 1 AND " RECEIPT_BEST " AND " RECEIPT_FILTER \
      " AND (?5 = x'' OR instr(r.records, ?5) > 0) ORDER BY 1") \
    X(RECEIPT_LIST_GIVEN, \
      "SELECT r.id AS k, g.gid, s.title, p.name, s.state, s.changed_ms, g.ends_ms, g.object, r.state, r.records, r.count," \
      " r.reason, r.basis, r.at_ms, r.came_ms, 1, NULL FROM receipt r JOIN share s ON s.leaf = r.grant_id AND s.role = 1" \
      " JOIN grants g ON g.id = s.leaf JOIN company p ON p.id = r.audience" \
      " WHERE k > ?1 AND r.holder = 1 AND " RECEIPT_FILTER " AND (?5 = x'' OR instr(r.records, ?5) > 0) ORDER BY k") \
    X(EVIDENCE, "WITH RECURSIVE up (id) AS (VALUES (?1) UNION SELECT g.parent FROM grants g JOIN up ON g.id = up.id" \
                " WHERE g.parent > 0), below (id) AS (VALUES (?1) UNION SELECT g.id FROM grants g JOIN below b" \
                " ON g.parent = b.id), every (id) AS (SELECT id FROM up UNION SELECT id FROM below)" \
                " SELECT 0 AS part, c.id AS k, d.object, d.serial FROM company c JOIN (SELECT id AS company, serial, descriptor" \
                " AS object FROM company UNION ALL SELECT company, serial, object FROM descriptor) d ON d.company = c.id" \
                " WHERE d.object <> x'' AND EXISTS (SELECT 1 FROM grants g JOIN every e" \
                " ON e.id = g.id WHERE c.id IN (g.issuer, g.audience, g.owner))" \
                " UNION ALL SELECT 1, g.id, g.object, 0 FROM grants g JOIN every e ON e.id = g.id" \
                " UNION ALL SELECT 2, g.id, v.object, 0 FROM revoked v JOIN grants g ON g.gid = v.gid JOIN every e" \
                " ON e.id = g.id WHERE v.object <> x''" \
                " UNION ALL SELECT 3, r.id, r.object, 0 FROM receipt r JOIN every e ON e.id = r.grant_id" \
                " WHERE r.object IS NOT NULL ORDER BY 1, 2, 4 DESC") \
    /* What was handed over under leaf ?1, or is the offer of share ?2 (16), and is not acknowledged. */ \
    X(ON_THE_WIRE, "SELECT at_ms, items FROM frame WHERE grant_id = ?1 OR (kind = 16 AND share = ?2) UNION ALL" \
                   " SELECT sent_ms, items FROM parcel WHERE leaf = ?1 AND leaf > 0 AND body IS NOT NULL") \
    X(DELIVERY_UNDER, "SELECT count(*) FROM delivery d WHERE d.grant_id = ?1 AND d.company = ?2 AND " DELIVERY_STANDS) \
    X(HOLD_UNDER, "SELECT count(*), coalesce(min(h.basis), '') FROM copy c JOIN hold h ON h.record = c.record" \
                  " WHERE c.grant_id = ?1 AND c.grant_id > 0") \
    X(RECEIPT_HELD, "SELECT p.name, r.count, r.basis FROM receipt r JOIN company p ON p.id = r.holder" \
                    " WHERE r.grant_id = ?1 AND r.state = 4 AND r.holder > 1 AND " RECEIPT_BEST) \
    X(REVOKED_SIGNED, "UPDATE revoked SET object = ?3 WHERE gid = ?1 AND author = ?2 AND object = x''") \
    X(REVOCATION_NOTE, "INSERT INTO revocation_unsaid (grant_id, company, reason, at_ms) VALUES (?1, ?2, ?3, ?4)") \
    X(REVOCATION_NEXT, "SELECT id, grant_id, company, reason, at_ms FROM revocation_unsaid ORDER BY id LIMIT 1") \
    X(REVOCATION_SAID, "DELETE FROM revocation_unsaid WHERE id = ?1") \
    X(HOLD_GET, "SELECT basis FROM hold WHERE record = ?1") \
    X(HOLD_PUT, "INSERT INTO hold (record, basis, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET basis = excluded.basis") \
    X(HOLD_DROP, "DELETE FROM hold WHERE record = ?1") \
    X(HOLD_BASIS, "SELECT h.basis FROM hold h JOIN copy c ON c.record = h.record JOIN record r ON r.id = h.record" \
                  " WHERE c.grant_id = ?1 AND (?2 = x'' OR r.rid = ?2) ORDER BY h.record LIMIT 1") \
    X(HOLD_KEPT, "SELECT c.grant_id, s.state FROM copy c JOIN share s ON s.leaf = c.grant_id AND s.role = 1" \
                 " WHERE c.record = ?1 AND (s.state > 4 OR (s.state = 4 AND c.applied = 0)) LIMIT 1") \
    X(COPY_HIDE, "UPDATE copy SET applied = 0 WHERE record = ?1 AND grant_id = ?2") \
    X(COPY_IS_THERE, "SELECT 1 FROM copy c JOIN record r ON r.id = c.record WHERE r.rid = ?1 AND c.grant_id = ?2") \
    X(RECEIPT_SIGNED, "UPDATE receipt SET object = ?2 WHERE id = ?1") \
    /* What takes back or answers (20, 28, 29) and waits for a company: queued, handed over, sealed. */ \
    X(WAITING_BACK, "SELECT 0, id, kind, body FROM control WHERE company = ?1 AND kind IN (20, 28, 29) UNION ALL" \
                    " SELECT 1, seq, kind, body FROM frame WHERE company = ?1 AND stream = 1 AND kind IN (20, 28, 29) UNION ALL" \
                    " SELECT 2, number, kind, inner FROM parcel WHERE company = ?1 AND kind IN (20, 29) ORDER BY 1, 2 LIMIT ?2") \
    X(WAITING_LIST, "SELECT c.id, c.name, c.state, sum(w.kind = 20), sum(w.kind = 28), sum(w.kind = 29) FROM" \
                    " (SELECT company, kind FROM control WHERE kind IN (20, 28, 29) UNION ALL SELECT company, kind FROM frame" \
                    " WHERE stream = 1 AND kind IN (20, 28, 29) UNION ALL SELECT company, kind FROM parcel WHERE kind IN (20, 29)) w" \
                    " JOIN company c ON c.id = w.company WHERE c.id > ?1 AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0)" \
                    " GROUP BY c.id ORDER BY c.id LIMIT ?3") \
    X(RECEIPT_REFUSED, "SELECT id FROM receipt WHERE grant_id = ?1 AND holder = 1 AND rset = ?2 AND state = 4 LIMIT 1") \
    X(RECEIPT_OURS, "SELECT object FROM receipt WHERE holder = 1 AND audience = ?1 AND object IS NOT NULL ORDER BY id DESC") \
    X(HELD_OF, "SELECT count(DISTINCT c.record) FROM copy c JOIN record r ON r.id = c.record WHERE r.owner = ?1" \
               " AND c.grant_id > 0") \
    X(HELD_BY, "SELECT count(DISTINCT d.record) FROM delivery d JOIN share s ON s.leaf = d.grant_id WHERE d.company = ?1" \
               " AND s.state <= 4 AND d.purged_ms = 0") \
    X(WAITING_COUNT, "SELECT (SELECT count(*) FROM control WHERE company = ?1 AND kind IN (20, 28, 29)) +" \
                     " (SELECT count(*) FROM parcel WHERE company = ?1 AND kind IN (20, 29))") \
    X(FRAME_LOSE, "DELETE FROM frame WHERE company = ?1 AND stream = 1 AND seq = ?2") \
    X(CONTROL_KIND_COUNT, "SELECT count(*) FROM control WHERE company = ?1 AND kind = ?2") \
    /* ---- contributions ---- */ \
    X(CONTRIBUTION_ADD, "INSERT INTO contribution (share, cited, event, taken) VALUES (?1, ?2, ?3, 0)") \
    X(CONTRIBUTION_GET, "SELECT cited, event, taken FROM contribution WHERE share = ?1") \
    X(CONTRIBUTION_TAKEN, "UPDATE contribution SET taken = ?2 WHERE share = ?1") \
    X(VERDICT_GET, "SELECT reason, gone, claimed_ms, first_ms, at_ms, object FROM verdict WHERE share = ?1 AND rid = ?2") \
    X(VERDICT_PUT, "INSERT INTO verdict (share, rid, incarnation, number, reason, gone, claimed_ms, first_ms, at_ms," \
                   " told, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO UPDATE SET" \
                   " incarnation = excluded.incarnation, number = excluded.number, reason = excluded.reason," \
                   " gone = excluded.gone, claimed_ms = excluded.claimed_ms, first_ms = excluded.first_ms," \
                   " at_ms = excluded.at_ms, told = excluded.told, object = excluded.object") \
    X(VERDICT_NEXT, "SELECT share FROM verdict WHERE told = 0 LIMIT 1") \
    X(VERDICT_UNTOLD, "SELECT rid, incarnation, number, reason FROM verdict WHERE told = 0 AND share = ?1" \
                      " ORDER BY rid LIMIT ?2") \
    X(VERDICT_TOLD, "UPDATE verdict SET told = 1, object = ?4, first_ms = CASE WHEN first_ms = 0 AND reason = ''" \
                    " THEN ?3 ELSE first_ms END, at_ms = ?3 WHERE share = ?1 AND rid = ?2") \
    X(VERDICT_AGAIN, "UPDATE verdict SET told = 0 WHERE share = ?1 AND rid = ?2 AND incarnation = ?3 AND number = ?4") \
    X(VERDICT_REFUSED, "SELECT rid FROM verdict WHERE share = ?1 AND reason <> ''") \
    X(VERDICT_OF_ROW, "SELECT v.reason, v.first_ms, v.at_ms, s.state, s.reason, p.name, s.id, v.object FROM share s" \
                      " JOIN contribution c ON c.share = s.id JOIN company p ON p.id = s.partner" \
                      " LEFT JOIN verdict v ON v.share = s.id AND v.rid = ?1" \
                      " JOIN record e ON e.rid = c.event AND e.owner = s.partner" \
                      " WHERE c.event = ?2 AND s.role = 0 ORDER BY s.state IN (0, 2, 3, 4) DESC, s.id DESC") \
    X(VERDICT_OBJECT_DROP, "DELETE FROM verdict_object WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM verdict" \
                           " WHERE object = ?1)") \
    X(VERDICT_OBJECT_ADD, "INSERT INTO verdict_object (id, object) VALUES (?1, ?2) ON CONFLICT DO NOTHING") \
    X(SHARE_LEAF, "SELECT s.partner, s.leaf, g.gid, g.object FROM share s JOIN grants g ON g.id = s.leaf" \
                  " WHERE s.id = ?1") \
    /* ---- the sealed way ---- */ \
    X(ROUTE_GET, "SELECT epoch, next, acked, have_incarnation, have, seen, owed, way, receipt_ms FROM route" \
                 " WHERE company = ?1") \
    X(ROUTE_HEARD, "SELECT receipt_ms FROM route WHERE company = ?1 AND receipt_ms > 0") \
    X(ROUTE_PUT, "INSERT INTO route (company, epoch, incarnation, next, acked, have_incarnation, have, seen, owed, way," \
                 " receipt_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO UPDATE SET" \
                 " epoch = excluded.epoch, incarnation = excluded.incarnation, next = excluded.next," \
                 " acked = excluded.acked, have_incarnation = excluded.have_incarnation, have = excluded.have," \
                 " seen = excluded.seen, owed = excluded.owed, way = excluded.way, receipt_ms = excluded.receipt_ms") \
    X(ROUTE_PAST, "SELECT company FROM route WHERE incarnation <> ?1 LIMIT 1") \
    X(ROUTE_ANEW, "UPDATE route SET incarnation = ?2, epoch = 0, next = 1, acked = 0 WHERE company = ?1") \
    X(ROUTE_OWED, "SELECT company FROM route WHERE owed = 1 AND company > ?1 ORDER BY company LIMIT 1") \
    X(PARCEL_ADD, "INSERT INTO parcel (company, number, kind, leaf, items, share, way, inner, body, sent_ms, tries)" \
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)") \
    X(PARCEL_GET, "SELECT kind, leaf, items, share, way, inner, body FROM parcel" \
                  " WHERE company = ?1 AND number = ?2 AND (tries = 0 OR sent_ms <= ?3)") \
    X(PARCEL_ALL, "SELECT kind, leaf, items, share, inner FROM parcel WHERE company = ?1 ORDER BY number DESC") \
    X(PARCEL_MAY_GO, "SELECT kind, leaf, items FROM parcel WHERE company = ?1 AND number = ?2 AND body = ?3") \
    X(PARCEL_UPTO, "SELECT number, kind, leaf, items, share FROM parcel WHERE company = ?1 AND number <= ?2" \
                   " ORDER BY number") \
    X(PARCEL_DROP, "DELETE FROM parcel WHERE company = ?1 AND number <= ?2") \
    X(PARCEL_FORGET, "UPDATE parcel SET body = NULL, kind = 0, items = x'', inner = x'' WHERE (leaf = ?1 AND leaf > 0) OR" \
                     " (kind = 16 AND share IN (SELECT id FROM share WHERE leaf = ?1))") /* 16: its offer */ \
    X(PARCEL_SENT, "UPDATE parcel SET way = ?3, body = ?4 WHERE company = ?1 AND number = ?2") \
    /* What was signed with stolen keys: (id, kind, body). */ \
    X(CONTROL_OWN, "SELECT id, kind, body FROM control WHERE id > ?1 AND kind <> ?2 ORDER BY id LIMIT ?3") \
    X(CONTROL_SIGNED, "UPDATE control SET body = ?2 WHERE id = ?1") \
    X(PARCEL_OWN, "SELECT number, kind, inner FROM parcel WHERE company = ?1 AND number > ?2 AND inner <> x''" \
                  " ORDER BY number LIMIT ?3") \
    X(PARCEL_SIGNED, "UPDATE parcel SET inner = ?3 WHERE number = ?1 AND company = ?2") \
    X(FRAME_UNSIGNED, "UPDATE frame SET body = NULL WHERE kind = 21") \
    X(GRANT_OWN, "SELECT id, 0, object FROM grants WHERE id > ?1 AND issuer = 1 AND ends_ms > ?2 ORDER BY id LIMIT ?3") \
    X(SHARE_OWN, "SELECT id, kind, offer FROM share WHERE id > ?1 AND role = ?2 AND state IN (0, 2, 3, 4)" \
                 " ORDER BY id LIMIT ?3") \
    X(SHARE_SIGNED, "UPDATE share SET offer = ?2 WHERE id = ?1") \
    X(PARCEL_ASTRAY_ALL, "UPDATE parcel SET way = zeroblob(32)") \
    X(PARCEL_ASTRAY, "UPDATE parcel SET way = zeroblob(32) WHERE company = ?1") \
    X(PARCEL_EMPTY, "UPDATE parcel SET kind = 0, leaf = 0, items = x'', inner = x''" \
                    " WHERE company = ?1 AND number = ?2") \
    X(PARCEL_TRIED, "UPDATE parcel SET sent_ms = ?3, tries = tries + 1 WHERE company = ?1 AND number = ?2") \
    X(PARCEL_OLDEST, "SELECT sent_ms, tries FROM parcel WHERE company = ?1 ORDER BY number LIMIT 1") \
    X(CARRY_ADD, "INSERT INTO carry (company, author, number, audience, body) VALUES (?1, ?2, ?3, ?4, ?5)") \
    X(CARRY_NEXT, "SELECT id, author, audience, number, body FROM carry WHERE company = ?1 ORDER BY id LIMIT 1") \
    X(CARRY_LOSE, "DELETE FROM carry WHERE company = ?1 OR author = ?1 OR audience = ?1") \
    X(CARRY_DROP, "DELETE FROM carry WHERE id = ?1") \
    X(CARRY_FIND, "SELECT 1 FROM carry WHERE author = 1 AND audience = ?1 AND number = ?2") \
    X(CARRY_UNDO, "DELETE FROM carry WHERE author = 1 AND audience = ?1 AND number BETWEEN ?2 AND ?3") \
    X(CARRY_FORGET, "DELETE FROM carry WHERE author = 1 AND NOT EXISTS (SELECT 1 FROM parcel p WHERE" \
                    " p.company = carry.audience AND p.number = carry.number AND p.body IS NOT NULL)") \
    X(CARRIED_ADD, "INSERT INTO carried (way, author, handle) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING") \
    X(CARRIED_DROP, "DELETE FROM carried WHERE way = ?1 AND author = ?2 AND handle = ?3") \
    X(CARRIED_COUNTS, "SELECT c.author, count(*), p.name FROM carried c JOIN company p ON p.id = c.author" \
                      " WHERE c.way = ?1 GROUP BY c.author") \
    X(SHARE_LEAVES, "SELECT g.gid, g.object FROM share s JOIN grants g ON g.id = s.leaf WHERE s.role <> 1 AND s.kind = 1") \
    X(HANDLE_GET, "SELECT handle FROM handle WHERE leaf = ?1 AND record = ?2") \
    X(HANDLE_ADD, "INSERT INTO handle (leaf, record, handle) VALUES (?1, ?2, ?3)") \
    X(FRAME_SEALED, "INSERT INTO frame (company, stream, seq, kind, body, grant_id, items, share, hash, at_ms)" \
                    " VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, NULL, ?7, ?8)") \
    /* ---- delivery ---- */ \
    X(OUT_GET, "SELECT next, acked FROM outstream WHERE company = ?1 AND stream = ?2") \
    X(OUT_PUT, "INSERT INTO outstream (company, stream, next, acked) VALUES (?1, ?2, ?3, ?4)" \
               " ON CONFLICT (company, stream) DO UPDATE SET next = excluded.next, acked = excluded.acked") \
    X(OUT_ANEW, "UPDATE outstream SET next = 1, acked = 0") \
    X(OUT_NEXT, "UPDATE outstream SET next = ?3 WHERE company = ?1 AND stream = ?2") \
    X(OUT_ACKED, "UPDATE outstream SET acked = ?3 WHERE company = ?1 AND stream = ?2") \
    X(IN_GET, "SELECT incarnation, have, frozen FROM instream WHERE company = ?1 AND stream = ?2") \
    X(IN_PUT, "INSERT INTO instream (company, stream, incarnation, have, frozen) VALUES (?1, ?2, ?3, ?4, ?5)" \
              " ON CONFLICT (company, stream) DO UPDATE SET incarnation = excluded.incarnation," \
              " have = excluded.have, frozen = excluded.frozen") \
    X(INBOX_ADD, "INSERT INTO inbox (company, stream, seq, hash) VALUES (?1, ?2, ?3, ?4)" \
                 " ON CONFLICT DO UPDATE SET hash = excluded.hash") \
    X(INBOX_GET, "SELECT hash FROM inbox WHERE company = ?1 AND stream = ?2 AND seq = ?3") \
    X(INBOX_TRIM, "DELETE FROM inbox WHERE company = ?1 AND stream = ?2 AND seq <= ?3") \
    X(CONTROL_ADD, "INSERT INTO control (company, kind, body, share) VALUES (?1, ?2, ?3, ?4)") \
    /* 1: it had a number before: the partner may know it. */ \
    X(CONTROL_FIRST, "INSERT INTO control (id, company, kind, body, share, again)" \
                     " VALUES (coalesce((SELECT min(id) FROM control), 1) - 1, ?1, ?2, ?3, ?4, 1)") \
    X(CONTROL_AGAIN_ALL, "UPDATE control SET again = 1") \
    X(CONTROL_AGAIN_OFFER, "UPDATE control SET again = 1 WHERE company = ?1 AND share = ?2 AND kind = 16") \
    X(CONTROL_UNSENT_OFFER, "SELECT 1 FROM control WHERE company = ?1 AND share = ?2 AND kind = 16 AND again = 0") \
    /* An offer that passes on (16), and the head stapled to it (30), wait while the owner's word is not news; those of a share */ \
    /* that is over are taken at once, to be dropped. */ \
    X(CONTROL_NEXT, "SELECT id, kind, body, share FROM (SELECT * FROM (SELECT 0 AS k, c.* FROM control c INDEXED BY control_first" \
                    " WHERE c.company = ?1 AND c.kind IN (20, 22, 29) AND " CONTROL_IS_FIRST("c") " ORDER BY c.id LIMIT 1)" \
                    " UNION ALL SELECT * FROM (SELECT 1 AS k, c.* FROM control c WHERE c.company = ?1 AND NOT (c.kind IN (16, 30)" \
                    " AND EXISTS (SELECT 1 FROM share s JOIN grants g ON g.id = s.leaf LEFT JOIN head h ON h.root = g.root" \
                    " WHERE s.id = c.share AND s.state IN (0, 2, 3, 4) AND g.root > 0 AND coalesce(h.expires_ms, 0) <= ?2)) ORDER BY c.id LIMIT 1))" \
                    " ORDER BY k LIMIT 1") \
    X(CONTROL_OVER, "SELECT 1 FROM control WHERE company = ?1 LIMIT 1 OFFSET ?2") \
    X(CONTROL_DROP_RECEIPT, "DELETE FROM control WHERE company = ?1 AND share = ?2 AND kind = 27") \
    X(CONTROL_TAKES_BACK, "SELECT 1 FROM control INDEXED BY control_first WHERE company = ?1 AND kind IN (20, 22, 29)" \
                          " AND kind <> 22 LIMIT 1") \
    X(CONTROL_ONE, "SELECT id, kind, body, share FROM control WHERE id = ?1") \
    X(CONTROL_NEWEST, "DELETE FROM control WHERE company = ?1 AND share = ?2 AND id NOT IN (SELECT id FROM control" \
                      " WHERE company = ?1 AND share = ?2 ORDER BY id DESC LIMIT ?3)") \
    X(CONTROL_DROP, "DELETE FROM control WHERE id = ?1") \
    X(CONTROL_DROP_SHARE, "DELETE FROM control WHERE company = ?1 AND share = ?2") \
    X(CONTROL_DROP_HEAD, "DELETE FROM control WHERE company = ?1 AND share = ?2 AND kind = 30") \
    X(CONTROL_DROP_OFFER, "DELETE FROM control WHERE company = ?1 AND share = ?2 AND kind = 16") \
    X(CONTROL_COUNT, "SELECT count(*) FROM control WHERE company = ?1") \
    X(DUE_ADD, "INSERT INTO due (leaf, record) VALUES (?1, ?2) ON CONFLICT DO NOTHING") \
    X(DUE_NEXT, "SELECT record FROM due WHERE leaf = ?1 ORDER BY record LIMIT ?2") \
    X(DUE_DROP, "DELETE FROM due WHERE leaf = ?1 AND record = ?2") \
    X(DUE_COUNT, "SELECT count(*) FROM due d JOIN share s ON s.leaf = d.leaf WHERE s.partner = ?1 AND s.role = 0") \
    X(DUE_GONE, "DELETE FROM due WHERE record = ?1") \
    X(DUE_FORGET, "DELETE FROM due WHERE leaf = ?1") \
    X(FRAME_ADD, "INSERT INTO frame (company, stream, seq, kind, body, grant_id, items, share, hash, at_ms)" \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)" \
                 " ON CONFLICT DO UPDATE SET kind = excluded.kind, body = excluded.body, grant_id = NULL," \
                 " items = NULL, share = excluded.share, hash = excluded.hash") \
    X(FRAME_GET, "SELECT kind, body, grant_id, items, share, hash FROM frame" \
                 " WHERE company = ?1 AND stream = ?2 AND seq = ?3") \
    X(FRAME_ALL, "SELECT company, kind, body, grant_id, items, share FROM frame" \
                 " WHERE kind <> 21 AND kind <> 33 ORDER BY company, stream, seq DESC") \
    X(FRAME_CLEAR, "DELETE FROM frame") \
    /* What takes back waits behind this frame, which does not, with a number or without. */ \
    X(FRAME_OVERTAKEN, "SELECT 1 FROM frame f WHERE f.company = ?1 AND f.stream = 1 AND f.seq = ?2 AND f.kind <> 21" \
                       " AND NOT " CONTROL_IS_FIRST("f") " AND (EXISTS (SELECT 1 FROM control WHERE company = ?1" \
                       " AND kind IN (20, 22, 29) AND kind <> 22) OR EXISTS (SELECT 1 FROM frame WHERE company = ?1 AND stream = 1" \
                       " AND seq > ?2 AND kind IN (20, 29)))") \
    /* From this number on, before what waits, in their order; a Void will stand for each. */ \
    X(FRAME_BACK, "INSERT INTO control (id, company, kind, body, share, again) SELECT (SELECT coalesce(min(id), 1) FROM" \
                  " control) - row_number() OVER (ORDER BY seq DESC), company, kind, body, share, 1 FROM frame" \
                  " WHERE company = ?1 AND stream = 1 AND seq >= ?2 AND kind <> 21") \
    /* Of several heads of a share only the newest: an older one after it would be a word taken back. */ \
    X(CONTROL_HEADS_OLD, "DELETE FROM control AS c WHERE c.company = ?1 AND c.kind = 30 AND EXISTS (SELECT 1 FROM control n" \
                         " WHERE n.company = ?1 AND n.share = c.share AND n.kind = 30 AND n.id > c.id)") \
    X(FRAME_EMPTY, "UPDATE frame SET kind = 21, body = NULL, share = 0 WHERE company = ?1 AND stream = 1" \
                   " AND seq >= ?2 AND kind <> 21") \
    X(FRAME_AFTER, "SELECT coalesce(min(f.seq), o.next) FROM outstream o LEFT JOIN frame f ON f.company = o.company" \
                   " AND f.stream = o.stream AND f.seq > ?3 WHERE o.company = ?1 AND o.stream = ?2") \
    X(FRAME_UPTO, "SELECT seq, kind, grant_id, items, share FROM frame" \
                  " WHERE company = ?1 AND stream = ?2 AND seq <= ?3 ORDER BY seq") \
    X(FRAME_DROP, "DELETE FROM frame WHERE company = ?1 AND stream = ?2 AND seq <= ?3") \
    X(FRAME_COUNT, "SELECT count(*) FROM frame WHERE company = ?1") \
    X(DELIVERY_PUT, "INSERT INTO delivery (record, company, grant_id, incarnation, number, at_ms, first_ms)" \
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET" \
                    " incarnation = excluded.incarnation, number = excluded.number, at_ms = excluded.at_ms," \
                    " missed = iif(incarnation = excluded.incarnation AND number = excluded.number, min(missed, 1), 0)" \
                    " RETURNING purged_ms") \
    X(DELIVERY_AGAIN, "UPDATE delivery SET purged_ms = 0 WHERE record = ?1 AND company = ?2 AND grant_id = ?3") \
    X(DELIVERY_MISSED, "UPDATE delivery SET missed = ?3 WHERE grant_id = ?1 AND record = ?2") \
    X(DELIVERY_THERE, "UPDATE delivery SET missed = 0 WHERE grant_id = ?1 AND missed = 1") \
    X(DELIVERY_AT, "SELECT incarnation, number, missed FROM delivery WHERE grant_id = ?1 AND record = ?2") \
    X(SCOPE_HELD_NEXT, SCOPE_HELD_COLUMNS "copy e JOIN record r ON r.id = e.record WHERE e.grant_id = ?1" \
                       " AND e.grant_id > 0 AND e.record > ?2" SCOPE_HELD_WHERE " ORDER BY e.record LIMIT ?3") \
    X(SCOPE_HELD_SCAN, SCOPE_HELD_COLUMNS "copy e CROSS JOIN record r ON r.id = e.record WHERE e.grant_id = ?1" \
                       " AND e.grant_id > 0" SCOPE_HELD_WHERE " AND +" SCOPE_DIGITS) \
    X(SCOPE_HELD_NEAR, SCOPE_HELD_COLUMNS "record r CROSS JOIN copy e ON e.record = r.id AND e.grant_id = ?1" \
                       " WHERE " SCOPE_DIGITS SCOPE_HELD_WHERE) \
    X(SCOPE_GIVEN_NEXT, SCOPE_GIVEN_COLUMNS "delivery e JOIN record r ON r.id = e.record WHERE e.grant_id = ?1" \
                        " AND e.record > ?2 AND e.missed < 2 ORDER BY e.record LIMIT ?3") \
    X(SCOPE_GIVEN_SCAN, SCOPE_GIVEN_COLUMNS "delivery e CROSS JOIN record r ON r.id = e.record WHERE e.grant_id = ?1" \
                        " AND e.missed < 2 AND +" SCOPE_DIGITS) \
    X(SCOPE_GIVEN_NEAR, SCOPE_GIVEN_COLUMNS "record r CROSS JOIN delivery e ON e.record = r.id AND e.grant_id = ?1" \
                        " WHERE " SCOPE_DIGITS " AND e.missed < 2") \
    X(RECORD_LAST, "SELECT coalesce(max(id), 0) FROM record") \
    X(COMPARED_PUT, "INSERT INTO compared (leaf, at_ms, same, mended_ms, again, back, odd) VALUES" \
                    " (?1, ?2, ?3, iif(?4 + ?5 > 0, ?2, 0), ?4, ?5, ?6) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms," \
                    " same = excluded.same, mended_ms = max(mended_ms, excluded.mended_ms), again = again + excluded.again," \
                    " back = back + excluded.back, odd = excluded.odd") \
    X(COMPARED_GET, "SELECT at_ms, same, mended_ms, again, back, odd FROM compared WHERE leaf = ?1") \
    X(DELIVERY_LIST, "SELECT d.company, d.grant_id, d.incarnation, d.number, d.at_ms, c.name, c.node" \
                     " FROM delivery d JOIN company c ON c.id = d.company WHERE d.record = ?1 AND d.purged_ms = 0" \
                     " ORDER BY d.at_ms") \
    /* Every company that acknowledged the record ?1 (of id ?3), and those that may have it from them by a link that we \
     * noted; ?2: of this company alone. When it said that it erased it, or NULL. */ \
    X(DATA_HOLDERS, "WITH RECURSIVE held AS (SELECT * FROM delivery WHERE record = ?1)," \
                    " down (base, id) AS (SELECT grant_id, grant_id FROM held UNION" \
                    " SELECT d.base, g.id FROM down d JOIN grants g ON g.parent = d.id)" \
                    " SELECT s.role, s.state, s.changed_ms, c.name, c.country, i.name, g.object, g.ends_ms," \
                    " max(h.first_ms, CASE WHEN s.role = 2 THEN s.at_ms ELSE 0 END), h.at_ms, h.incarnation, h.number," \
                    " (SELECT max(r.at_ms) FROM receipt r WHERE r.grant_id = g.id AND r.holder = s.partner AND r.state = 3" \
                    " AND (r.rset = x'' OR ((g.id <> h.grant_id OR h.purged_ms > 0) AND instr(r.records, ?3) > 0)))" \
                    " FROM held h JOIN down d ON d.base = h.grant_id JOIN grants g ON g.id = d.id" \
                    " JOIN share s ON s.leaf = g.id AND s.role <> 1 JOIN company c ON c.id = s.partner" \
                    " JOIN company i ON i.id = g.issuer WHERE ?2 = 0 OR s.partner = ?2 ORDER BY 9, s.id") \
    /* Records that company ?1 had, or may have had, between ?2 and ?3, after the key ?4. */ \
    X(DATA_HELD, "WITH RECURSIVE up (leaf, id) AS (SELECT leaf, leaf FROM share WHERE partner = ?1 AND role <> 1 UNION ALL" \
                 " SELECT u.leaf, g.parent FROM up u JOIN grants g ON g.id = u.id WHERE g.parent > 0)" \
                 " SELECT d.record FROM delivery d JOIN up u ON u.id = d.grant_id JOIN share s ON s.leaf = u.leaf" \
                 " WHERE d.record > ?4 AND max(d.first_ms, CASE WHEN s.role = 2 THEN s.at_ms ELSE 0 END) <= ?3" \
                 " AND coalesce((SELECT max(r.at_ms) FROM receipt r WHERE r.grant_id = u.leaf AND r.holder = ?1 AND r.state = 3" \
                 " AND r.rset = x''), ?2) >= ?2 AND (d.grant_id <> u.leaf OR d.purged_ms = 0 OR" \
                 " d.purged_ms >= ?2) GROUP BY d.record ORDER BY d.record LIMIT ?5") \
    X(DATA_REGISTER, "SELECT s.id, s.role, s.state, c.name, c.country, i.name, s.title, s.at_ms, g.ends_ms, g.object," \
                     " CASE s.role WHEN 0 THEN (SELECT count(*) FROM delivery d WHERE d.company = s.partner" \
                     " AND d.grant_id = s.leaf AND " DELIVERY_STANDS ") WHEN 1 THEN" \
                     " (SELECT count(*) FROM copy p WHERE p.grant_id = s.leaf AND NOT removed(p.revision))" \
                     " END FROM share s JOIN grants g ON g.id = s.leaf JOIN company c ON c.id = s.partner" \
                     " JOIN company i ON i.id = g.issuer WHERE s.id > ?1 AND (?2 = '' OR instr(fold(c.name || ' ' || s.title)," \
                     " fold(?2)) > 0) ORDER BY s.id LIMIT ?3") \
    X(DEAD_ADD, "INSERT INTO deadletter (at_ms, company, kind, status, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
    X(DEAD_TRIM, "DELETE FROM deadletter WHERE company = ?1 AND id <= (SELECT id FROM deadletter" \
                 " WHERE company = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000)") \
    X(DEAD_LIST, "SELECT d.id, d.at_ms, d.company, d.kind, d.status, d.detail, d.hash, c.name FROM deadletter d" \
                 " JOIN company c ON c.id = d.company WHERE d.id > ?1 AND (?2 = '' OR instr(fold(c.name || ' ' ||" \
                 " d.status), fold(?2)) > 0) ORDER BY d.id LIMIT ?3") \
    X(DEAD_COUNT, "SELECT count(*) FROM deadletter") \
    /* ---- proposals ---- */ \
    X(PROPOSAL_ADD, "INSERT INTO proposal (pid, sent, company, leaf, record, seen, state, fields, note, reason, at_ms," \
                    " changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, '', ?9, ?9)") \
    X(PROPOSAL_GET, "SELECT pid, sent, company, leaf, record, seen, state, fields, note, reason, at_ms, changed_ms" \
                    " FROM proposal WHERE id = ?1") \
    X(PROPOSAL_FIND, "SELECT id FROM proposal WHERE pid = ?1") \
    X(PROPOSAL_PREFIX, "SELECT id FROM proposal WHERE pid >= ?1 AND pid <= ?2 LIMIT 2") \
    X(PROPOSAL_OPEN_COUNT, "SELECT count(*) FROM proposal WHERE company = ?1 AND sent = ?2 AND state = 0") \
    X(PROPOSAL_OPEN_SAME, "SELECT id FROM proposal WHERE company = ?1 AND sent = ?2 AND record = ?3 AND state = 0" \
                          " AND id > ?4 ORDER BY id LIMIT 1") \
    X(PROPOSAL_OPEN_LEAF, "SELECT id FROM proposal WHERE leaf = ?1 AND state = 0 LIMIT 1") \
    X(PROPOSAL_OPEN_RECORD, "SELECT id FROM proposal WHERE record = ?1 AND state = 0 LIMIT 1") \
    X(PROPOSAL_FIELDS, "UPDATE proposal SET fields = ?2 WHERE id = ?1") \
    X(PROPOSAL_CLOSE, "UPDATE proposal SET state = ?2, reason = ?3, changed_ms = ?4, fields = NULL, note = ''" \
                      " WHERE id = ?1") \
    X(PROPOSAL_TRIM, "DELETE FROM proposal WHERE id IN (SELECT o.id FROM proposal o JOIN proposal p ON p.id = ?1" \
                     " WHERE o.company = p.company AND o.sent = p.sent AND o.state <> 0" \
                     " ORDER BY o.id DESC LIMIT -1 OFFSET ?2)") \
    X(PROPOSAL_LIST, "SELECT p.id + (p.state <> 0) * 1000000000000 AS k, p.id, c.name FROM proposal p" \
                     " JOIN company c ON c.id = p.company WHERE k > ?1 AND p.state = 0" \
                     " AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0) ORDER BY k LIMIT ?3") \
    X(PROPOSAL_LIST_ALL, "SELECT p.id + (p.state <> 0) * 1000000000000 AS k, p.id, c.name FROM proposal p" \
                         " JOIN company c ON c.id = p.company WHERE k > ?1" \
                         " AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0) ORDER BY k LIMIT ?3") \
    /* ---- asks ---- */ \
    X(ASK_PUT, "INSERT INTO ask (sent, company, leaf, record, fields, note, state, reason, at_ms, changed_ms)" \
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8, ?8) ON CONFLICT (leaf, record) DO UPDATE SET" \
               " fields = excluded.fields, note = excluded.note, state = excluded.state, reason = ''," \
               " at_ms = excluded.at_ms, changed_ms = excluded.changed_ms") \
    X(ASK_GET, "SELECT sent, company, leaf, record, fields, note, state, reason, at_ms, changed_ms FROM ask" \
               " WHERE id = ?1") \
    X(ASK_OF_ROW, "SELECT id FROM ask WHERE record = ?1 AND state = 0 AND sent = 0 AND id > ?2 ORDER BY id LIMIT 1") \
    X(ASK_SENT, "SELECT at_ms FROM ask WHERE leaf = ?1 AND record = ?2 AND sent = 1 AND state = 0") \
    X(ASK_CLOSE, "UPDATE ask SET state = ?2, reason = ?3, changed_ms = ?4, note = '' WHERE id = ?1") \
    X(ASK_LAPSE, "UPDATE ask SET state = ?2, changed_ms = ?3, note = '' WHERE leaf = ?1 AND state = 0") \
    X(ASK_LIST, "SELECT a.id + (a.state <> 0) * 1000000000000 AS k, a.id FROM ask a JOIN company c ON c.id = a.company" \
                " WHERE k > ?1 AND a.sent = 0 AND a.state = 0" \
                " AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0) ORDER BY k LIMIT ?3") \
    X(ASK_LIST_ALL, "SELECT a.id + (a.state <> 0) * 1000000000000 AS k, a.id FROM ask a JOIN company c" \
                    " ON c.id = a.company WHERE k > ?1 AND a.sent = 0" \
                    " AND (?2 = '' OR instr(fold(c.name), fold(?2)) > 0) ORDER BY k LIMIT ?3") \
    X(BROUGHT_ROWS, "SELECT c.record, s.leaf, s.partner, x.cited, r.rid, c.fields, g.gid FROM contribution x" \
                    " JOIN share s ON s.id = x.share JOIN grants g ON g.id = s.leaf" \
                    " JOIN copy c ON c.grant_id = s.leaf JOIN record r ON r.id = c.record" \
                    " JOIN verdict v ON v.share = s.id AND v.rid = r.rid AND v.gone = 0 AND v.reason = ''" \
                    " WHERE x.event = ?1 AND s.role = 1 AND s.state = 4 AND c.applied = 1 AND c.record > ?2" \
                    " ORDER BY c.record") \
    /* ---- quarantine ---- */ \
    X(QUARANTINE_ALL, "INSERT INTO quarantine (company, heard) SELECT id, 0 FROM company WHERE state IN (3, 4)" \
                      " ON CONFLICT (company) DO UPDATE SET heard = 0") \
    X(QUARANTINE_LIST, "SELECT company, heard FROM quarantine") \
    X(QUARANTINE_HEARD, "UPDATE quarantine SET heard = 1 WHERE company = ?1") \
    X(QUARANTINE_DROP, "DELETE FROM quarantine WHERE company = ?1") \
    X(COMPANY_KEEP_REMOVED, "UPDATE company SET state = 5, since_ms = ?2, token = NULL, guest_secret = NULL," \
                            " guest_node = NULL WHERE node = ?1 AND state <> 5") \
    X(COMPANY_KEEP_SUSPENDED, "UPDATE company SET state = 4, since_ms = ?2 WHERE node = ?1 AND state = 3") \
    /* ---- audit ---- */ \
    X(AUDIT_ADD, "INSERT INTO audit (number, at_ms, actor, action, subject, detail, hash)" \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
    X(AUDIT_COUNT, "SELECT count(*) FROM (SELECT 1 FROM audit LIMIT 1)") \
    X(AUDIT_LAST, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1") \
    X(AUDIT_GET, "SELECT hash FROM audit WHERE number = ?1") \
    X(AUDIT_AFTER, "SELECT hash FROM audit WHERE number > ?1 ORDER BY number") \
    X(AUDIT_WALK, "SELECT number, at_ms, actor, action, subject, detail, hash FROM audit ORDER BY number") \
    X(AUDIT_LIST, "SELECT number, at_ms, actor, action, subject FROM audit WHERE (?1 = 0 OR number < ?1) AND" \
                  " (?2 = '' OR instr(actor || ' ' || action, ?2) > 0) ORDER BY number DESC LIMIT ?3") \
    /* ---- calendar answers ---- */ \
    X(ICAL_REPLY_GET, "SELECT sequence, stamp_ms FROM ical_reply WHERE record = ?1") \
    X(ICAL_REPLY_PUT, "INSERT INTO ical_reply (record, sequence, stamp_ms) VALUES (?1, ?2, ?3)" \
                      " ON CONFLICT DO UPDATE SET sequence = excluded.sequence, stamp_ms = excluded.stamp_ms") \
    /* ---- jobs ---- */ \
    X(JOB_ADD, "INSERT INTO job (kind, state, args, path, position, total, result, at_ms)" \
               " VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)") \
    X(JOB_GET, "SELECT id, kind, state, args, path, position, total, result, at_ms FROM job WHERE id = ?1") \
    X(JOB_NEXT, "SELECT id FROM job WHERE state = 0 ORDER BY id LIMIT 1") \
    X(JOB_PUT, "UPDATE job SET state = ?2, position = ?3, result = ?4 WHERE id = ?1") \
    X(JOB_LIST, "SELECT id, kind, state, args, path, position, total, result, at_ms FROM job" \
                " WHERE id > ?1 AND (?2 = '' OR instr(kind, ?2) > 0) ORDER BY id LIMIT ?3")
/* clang-format on */

enum statement {
#define X(name, sql) STMT_##name,
    STORE_STATEMENTS(X)
#undef X
        STMT_COUNT_
};

#endif
