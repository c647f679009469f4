-- The ledger. Money and prices count 10^-4 of the currency unit, quantities 10^-scale of a
-- share, times are nanoseconds since 1970 (UTC). Asset 0 is cash, any other an instrument.
-- side, order_type, time_in_force and reason hold the codes of docs/records.md.
-- A client order id is an unsigned 64-bit number, hence numeric(20): bigint is too small.

CREATE TABLE lmax.progress (
    only_row      boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    last_sequence bigint      NOT NULL CHECK (last_sequence >= 0),
    epoch         bigint      NOT NULL CHECK (epoch >= 0),
    updated       timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);
COMMENT ON TABLE lmax.progress IS 'The last command whose effects are all in these tables.';
INSERT INTO lmax.progress (last_sequence, epoch) VALUES (0, 0);

CREATE TABLE lmax.instruments (
    instrument     integer  PRIMARY KEY CHECK (instrument BETWEEN 1 AND 65535),
    symbol         text     NOT NULL CHECK (length(symbol) BETWEEN 1 AND 8),
    quantity_scale smallint NOT NULL CHECK (quantity_scale BETWEEN 0 AND 9),
    tick_size      bigint   NOT NULL CHECK (tick_size >= 1),
    lot_size       bigint   NOT NULL CHECK (lot_size >= 1),
    sequence       bigint   NOT NULL UNIQUE,
    time_ns        bigint   NOT NULL
);

CREATE TABLE lmax.accounts (
    account  integer PRIMARY KEY CHECK (account BETWEEN 0 AND 16777215),
    sequence bigint  NOT NULL,
    time_ns  bigint  NOT NULL
);
COMMENT ON TABLE lmax.accounts IS
    'Account 0 is the outside world: the other side of every deposit and withdrawal.';
INSERT INTO lmax.accounts VALUES (0, 0, 0);

CREATE TABLE lmax.balances (
    account integer PRIMARY KEY,
    cash    bigint  NOT NULL,
    CONSTRAINT cash_not_negative CHECK (CASE WHEN account = 0 THEN cash <= 0 ELSE cash >= 0 END)
) WITH (fillfactor = 50);
INSERT INTO lmax.balances VALUES (0, 0);

CREATE TABLE lmax.positions (
    account    integer NOT NULL,
    instrument integer NOT NULL CHECK (instrument >= 1),
    shares     bigint  NOT NULL,
    PRIMARY KEY (account, instrument),
    CONSTRAINT shares_not_negative
        CHECK (CASE WHEN account = 0 THEN shares <= 0 ELSE shares >= 0 END)
) WITH (fillfactor = 50);

-- An account may use a client order id again after an end of day, so the sequence of the
-- command that made the order (a new order or a replace) is its key.
CREATE TABLE lmax.orders (
    sequence             bigint        PRIMARY KEY,
    time_ns              bigint        NOT NULL,
    price                bigint        NOT NULL CHECK (price >= 0),
    quantity             bigint        NOT NULL,
    filled               bigint        NOT NULL,
    leaves               bigint        NOT NULL,
    last_sequence        bigint        NOT NULL,
    last_time_ns         bigint        NOT NULL,
    account              integer       NOT NULL,
    instrument           integer       NOT NULL,
    side                 smallint      NOT NULL,
    order_type           smallint      NOT NULL,
    time_in_force        smallint      NOT NULL,
    reason               smallint      NOT NULL,
    status               "char"        NOT NULL,
    client_order_id      numeric(20)   NOT NULL,
    orig_client_order_id numeric(20)   NOT NULL,
    CONSTRAINT order_adds_up CHECK (
        filled >= 0 AND quantity >= 1 AND last_sequence >= sequence
        AND CASE status
            WHEN 'O' THEN leaves > 0 AND filled + leaves = quantity
            WHEN 'F' THEN leaves = 0 AND filled = quantity
            WHEN 'C' THEN leaves = 0 AND filled < quantity
            WHEN 'E' THEN leaves = 0 AND filled < quantity
            WHEN 'R' THEN leaves = 0 AND filled < quantity
            ELSE false
        END)
) WITH (fillfactor = 70);
COMMENT ON COLUMN lmax.orders.status IS
    'O open, F filled, C cancelled, E expired, R replaced by the order whose orig it is';
CREATE INDEX orders_by_client_id ON lmax.orders (account, client_order_id);

CREATE TABLE lmax.trades (
    trade_id              bigint      PRIMARY KEY,
    sequence              bigint      NOT NULL,
    time_ns               bigint      NOT NULL,
    price                 bigint      NOT NULL CHECK (price > 0),
    quantity              bigint      NOT NULL CHECK (quantity > 0),
    amount                bigint      NOT NULL CHECK (amount > 0),
    index                 integer     NOT NULL,
    instrument            integer     NOT NULL,
    taker_account         integer     NOT NULL,
    maker_account         integer     NOT NULL,
    taker_side            smallint    NOT NULL,
    taker_client_order_id numeric(20) NOT NULL,
    maker_client_order_id numeric(20) NOT NULL
);
CREATE INDEX trades_by_sequence ON lmax.trades USING brin (sequence, time_ns);

CREATE TABLE lmax.postings (
    sequence bigint   NOT NULL,
    time_ns  bigint   NOT NULL,
    amount   bigint   NOT NULL CHECK (amount <> 0),
    index    integer  NOT NULL,
    account  integer  NOT NULL,
    asset    integer  NOT NULL CHECK (asset >= 0),
    leg      smallint NOT NULL
);
-- (sequence, index, leg) is unique, but a B-tree for it would cost a fifth of the ingest.
-- Progress moves with the rows, so nothing is written twice; the reconciliation looks too.
CREATE INDEX postings_by_sequence ON lmax.postings USING brin (sequence, time_ns);
COMMENT ON TABLE lmax.postings IS
    'Double entry: the amounts of one (sequence, index) sum to zero in every asset.';

CREATE TABLE lmax.rejections (
    reason smallint PRIMARY KEY,
    count  bigint   NOT NULL CHECK (count > 0)
) WITH (fillfactor = 50);

-- What is written in trades and postings stays as it is.
CREATE FUNCTION lmax.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of %.% are never changed or deleted', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Correct a mistake with a new posting, in the engine.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.trades
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.postings
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();

-- A statement inserts whole transactions, so it can be checked when it ends: cheap, unlike
-- a deferred trigger for each row.
CREATE FUNCTION lmax.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT sequence, index, asset, sum(amount) AS total INTO wrong
    FROM added GROUP BY sequence, index, asset HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'postings of sequence %, index % sum to % in asset %, not to zero',
            wrong.sequence, wrong.index, wrong.total, wrong.asset
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zero_sum AFTER INSERT ON lmax.postings REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_unbalanced();
