BEGIN TRANSACTION;
CREATE TABLE checkpoints (
    entity TEXT NOT NULL, mode TEXT NOT NULL, progress TEXT NOT NULL, PRIMARY KEY (entity, mode)
);
INSERT INTO "checkpoints" VALUES('vendors','incremental','{"lower": "2026-11-21T06:00:00.837000+00:00", "signpost": "2026-11-22T06:00:00.837000+00:00", "offset": 1000, "known": ["a", "b"], "highest": "2026-11-22T06:00:00.836999+00:00", "edge": {"id-1": "version-1"}, "edge_complete": false}');
INSERT INTO "checkpoints" VALUES('vendors','backfill','{"lower": "2026-11-21T06:00:00.837000+00:00", "signpost": "2026-11-22T06:00:00.837000+00:00", "offset": 1000, "known": ["a", "b"], "highest": "2026-11-22T06:00:00.836999+00:00", "edge": {"id-1": "version-1"}, "edge_complete": false}');
INSERT INTO "checkpoints" VALUES('vendors','reconcile','{"lower": "2026-11-21T06:00:00.837000+00:00", "signpost": "2026-11-22T06:00:00.837000+00:00", "offset": 1000, "known": ["a", "b"], "highest": "2026-11-22T06:00:00.836999+00:00", "edge": {"id-1": "version-1"}, "edge_complete": false}');
INSERT INTO "checkpoints" VALUES('vendors','replay','{"lower": null, "signpost": "2026-11-22T06:00:00.837000+00:00", "offset": 0, "known": [], "highest": "2026-11-22T06:00:00.837000+00:00", "edge": {}, "edge_complete": true}');
CREATE TABLE dead_letters (
    entity TEXT NOT NULL, record_id TEXT NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
    run_id TEXT NOT NULL, rejected_at TEXT NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY (entity, record_id)
);
INSERT INTO "dead_letters" VALUES('vendors','id-1','V001','no readable amount',X'7B226964223A20317D','run-1','2026-11-22T06:00:00.837000+00:00',1);
INSERT INTO "dead_letters" VALUES('vendors','id-2','Ü','€',X'FF00','run-3','2026-11-22T06:00:00.837000+00:00',2);
CREATE TABLE leases (
    entity TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "leases" VALUES('bills','run-3',1,'2026-11-22T12:05:00.000000+00:00');
INSERT INTO "leases" VALUES('items','run-1',1,'1970-01-01T00:00:00.000000+00:00');
INSERT INTO "leases" VALUES('vendors','run-2',2,'2026-11-22T12:05:00.000000+00:00');
CREATE TABLE notifications (id TEXT PRIMARY KEY, expires_at TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "notifications" VALUES('n-1','2026-11-23T12:00:00.000000+00:00');
CREATE TABLE origin (only INTEGER PRIMARY KEY CHECK (only = 1), instance TEXT NOT NULL, tenant TEXT NOT NULL);
INSERT INTO "origin" VALUES(1,'https://erp.example.com','ACME');
CREATE TABLE pages (
    run_id TEXT NOT NULL, number INTEGER NOT NULL, entity TEXT NOT NULL, mode TEXT NOT NULL,
    recorded_at TEXT NOT NULL, entries TEXT NOT NULL, expires_at TEXT NOT NULL, PRIMARY KEY (run_id, number)
);
INSERT INTO "pages" VALUES('run-1',1,'vendors','incremental','2026-11-22T12:00:00.000000+00:00','[["id-1", "V001", "version of id-1", "written", ""], ["id-2", "Bill/\u00dc\u20ac \"1\"\\", "version of id-2", "rejected", "no readable amount"], ["id-3", "V001", "version of id-3", "tombstoned", ""], ["id-4", "V001", "version of id-4", "unchanged", ""], ["id-5", "half \ud83d", "version of id-5", "rejected", "half \ud83d"]]','2027-12-27T12:00:00.000000+00:00');
CREATE TABLE refused_sign_in (only INTEGER PRIMARY KEY CHECK (only = 1), mark TEXT NOT NULL, refused_at TEXT NOT NULL);
INSERT INTO "refused_sign_in" VALUES(1,'of a password','2026-11-22T06:00:00.837000+00:00');
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, entity TEXT, entry TEXT NOT NULL, closed_number INTEGER, expires_at TEXT NOT NULL
);
INSERT INTO "runs" VALUES('run-1','vendors','{"entity": "vendors", "mode": "incremental", "status": "succeeded", "started_at": {"$instant": "2026-11-22T06:00:00.837000+00:00"}, "records_read": 3, "pages": 1, "finished_at": {"$instant": "2026-11-22T06:05:00.837000+00:00"}, "duration_seconds": 1.5, "write_method": null, "error": {"type": "X", "message": "Gr\u00f6\u00dfe", "action": ""}, "matched": 7}',1,'2027-12-27T12:00:00.000000+00:00');
CREATE TABLE sessions (number INTEGER PRIMARY KEY, owner TEXT NOT NULL, expires_at TEXT NOT NULL);
INSERT INTO "sessions" VALUES(1,'run-3','2026-11-22T12:05:00.000000+00:00');
CREATE TABLE streams (
    entity TEXT PRIMARY KEY, watermark TEXT, lower TEXT, edge TEXT NOT NULL DEFAULT '{}',
    edge_complete INTEGER NOT NULL DEFAULT 1, contract TEXT, read_one_by_one INTEGER NOT NULL DEFAULT 0,
    records_seen INTEGER NOT NULL DEFAULT 0, last_success_at TEXT
, deletions_since TEXT, due INTEGER);
INSERT INTO "streams" VALUES('vendors','2026-11-22T06:00:00.837000+00:00','2026-11-22T05:45:00.837000+00:00','{"id-1": "version-1", "id-2": "version-2"}',0,'{"endpoint": "Default", "version": "24.200.001", "request": "Details", "root": {"fields": {"VendorID": "string"}, "details": {"Details": {"fields": {"Amount": "decimal"}, "unread": ["Files"]}}, "custom": {"Document.UsrX": "int"}}, "modified_field": "LastModifiedDateTime", "grammar": 4}',1,812,'2026-11-22T06:00:03.837000+00:00','2026-11-22T05:44:00.837000+00:00',2);
INSERT INTO "streams" VALUES('items',NULL,NULL,'{}',1,NULL,0,0,NULL,NULL,NULL);
INSERT INTO "streams" VALUES('bills',NULL,NULL,'{}',1,'{"endpoint": "Default", "version": "old", "request": "Details", "root": {"fields": {"VendorID": "string"}, "details": {"Details": {"fields": {"Amount": "decimal"}, "unread": ["Files"]}}, "custom": {"Document.UsrX": "int"}}, "modified_field": "LastModifiedDateTime", "grammar": 4}',0,0,NULL,NULL,NULL);
CREATE TABLE suspects (
    number INTEGER PRIMARY KEY, entity TEXT NOT NULL, record_id TEXT NOT NULL, UNIQUE (entity, record_id)
);
INSERT INTO "suspects" VALUES(1,'vendors','id-8');
INSERT INTO "suspects" VALUES(2,'vendors','id-9');
CREATE INDEX runs_by_entity ON runs (entity, closed_number);
CREATE INDEX runs_by_expiry ON runs (expires_at);
CREATE INDEX pages_by_entity ON pages (entity, recorded_at);
CREATE INDEX pages_by_expiry ON pages (expires_at);
COMMIT;
PRAGMA application_id = 1097037122;
PRAGMA user_version = 5;
