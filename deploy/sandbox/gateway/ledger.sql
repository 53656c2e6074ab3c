CREATE TABLE IF NOT EXISTS transactions (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    token           TEXT NOT NULL UNIQUE,
    tmn_code        TEXT NOT NULL,
    txn_ref         TEXT NOT NULL,
    day             TEXT NOT NULL,
    amount          INTEGER NOT NULL,
    order_info      TEXT NOT NULL,
    bank_code       TEXT NOT NULL,
    return_url      TEXT NOT NULL,
    create_date     TEXT NOT NULL,
    expire_date     TEXT NOT NULL,
    signature       TEXT NOT NULL,
    response_code   TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL DEFAULT '01',
    pay_date        TEXT NOT NULL DEFAULT '',
    ipn_fault       TEXT NOT NULL DEFAULT '',
    ipn_state       TEXT NOT NULL DEFAULT 'none',
    ipn_round       INTEGER NOT NULL DEFAULT 0,
    ipn_tries       INTEGER NOT NULL DEFAULT 0,
    ipn_due_at      REAL,
    ipn_last_answer TEXT NOT NULL DEFAULT '',
    UNIQUE (tmn_code, day, txn_ref)
);
CREATE INDEX IF NOT EXISTS transactions_due ON transactions (ipn_due_at) WHERE ipn_state = 'waiting';
CREATE INDEX IF NOT EXISTS transactions_ref ON transactions (txn_ref);

CREATE TABLE IF NOT EXISTS plans (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    fault   TEXT NOT NULL,
    txn_ref TEXT NOT NULL,
    times   INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS refunds (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    payment     INTEGER NOT NULL REFERENCES transactions (number),
    kind        TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  REAL NOT NULL,
    create_date TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (payment);

CREATE TABLE IF NOT EXISTS calls (
    day        TEXT NOT NULL,
    command    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    PRIMARY KEY (day, command, request_id)
);

CREATE TABLE IF NOT EXISTS call_plans (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    fault   TEXT NOT NULL,
    command TEXT NOT NULL,
    txn_ref TEXT NOT NULL,
    times   INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS mishaps (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    command       TEXT NOT NULL,
    txn_ref       TEXT NOT NULL,
    fault         TEXT NOT NULL,
    response_code TEXT NOT NULL
);
