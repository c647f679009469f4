-- What operators do: busts and corrections of trades, corporate actions, phases; and what stop
-- orders and auctions add to orders and trades. All of the new tables are append only.

ALTER TABLE lmax.orders
    -- Below zero while a trailing stop's offset is more than the price it follows.
    ADD COLUMN trigger_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN triggered     bigint NOT NULL DEFAULT 0 CHECK (triggered >= 0);
COMMENT ON COLUMN lmax.orders.triggered IS
    'Sequence of the command that triggered this stop order under this id; 0: none did.';

ALTER TABLE lmax.trades ADD COLUMN auction boolean NOT NULL DEFAULT false;

-- A trade's row stays as it was made; what became of it is here. The money and shares that go
-- back are postings of their own, under the sequence and index of the amendment.
CREATE TABLE lmax.amendments (
    sequence        bigint  NOT NULL,
    time_ns         bigint  NOT NULL,
    trade_id        bigint  NOT NULL,
    price           bigint  NOT NULL,
    quantity        bigint  NOT NULL,
    amount          bigint  NOT NULL,
    quantity_before bigint  NOT NULL CHECK (quantity_before > 0),
    amount_before   bigint  NOT NULL CHECK (amount_before > 0),
    index           integer NOT NULL,
    instrument      integer NOT NULL,
    buyer           integer NOT NULL,
    seller          integer NOT NULL,
    kind            "char"  NOT NULL,
    PRIMARY KEY (sequence, index),
    CONSTRAINT amendment_makes_sense CHECK (
        CASE kind
            WHEN 'B' THEN price = 0 AND quantity = 0 AND amount = 0
            WHEN 'C' THEN price > 0 AND quantity > 0 AND amount > 0
            ELSE false
        END)
);
COMMENT ON COLUMN lmax.amendments.kind IS
    'B busted: nothing is left of the trade; C corrected: it is this price and quantity now';
CREATE INDEX amendments_by_trade ON lmax.amendments (trade_id, sequence);

CREATE VIEW lmax.standing_trades AS
SELECT t.trade_id, t.sequence, t.time_ns, t.instrument, t.taker_account, t.maker_account,
       t.taker_side, coalesce(a.price, t.price) AS price,
       coalesce(a.quantity, t.quantity) AS quantity, coalesce(a.amount, t.amount) AS amount,
       a.sequence AS amended_by
  FROM lmax.trades AS t
  LEFT JOIN LATERAL (SELECT * FROM lmax.amendments AS x WHERE x.trade_id = t.trade_id
                      ORDER BY x.sequence DESC LIMIT 1) AS a ON true
 WHERE a.kind IS DISTINCT FROM 'B';
COMMENT ON VIEW lmax.standing_trades IS
    'The trades as they are after corrections, without those that were busted.';

-- A corporate action that changed an open order, and what the order was from then on.
CREATE TABLE lmax.order_adjustments (
    sequence        bigint      NOT NULL,
    time_ns         bigint      NOT NULL,
    price           bigint      NOT NULL,
    quantity        bigint      NOT NULL,
    leaves          bigint      NOT NULL CHECK (leaves > 0 AND leaves <= quantity),
    trigger_price   bigint      NOT NULL,
    index           integer     NOT NULL,
    account         integer     NOT NULL,
    instrument      integer     NOT NULL,
    client_order_id numeric(20) NOT NULL,
    PRIMARY KEY (sequence, index)
);

-- A corporate action that changed a holding or paid for it: postings against account 0.
CREATE TABLE lmax.holding_adjustments (
    sequence      bigint  NOT NULL,
    time_ns       bigint  NOT NULL,
    shares_before bigint  NOT NULL CHECK (shares_before >= 0),
    shares        bigint  NOT NULL CHECK (shares >= 0),
    cash          bigint  NOT NULL CHECK (cash >= 0),
    index         integer NOT NULL,
    account       integer NOT NULL,
    instrument    integer NOT NULL,
    PRIMARY KEY (sequence, index)
);

-- Every name an instrument ever had; lmax.instruments has the last one.
CREATE TABLE lmax.symbols (
    instrument integer NOT NULL,
    sequence   bigint  NOT NULL,
    time_ns    bigint  NOT NULL,
    symbol     text    NOT NULL CHECK (length(symbol) BETWEEN 1 AND 8),
    PRIMARY KEY (instrument, sequence)
);
INSERT INTO lmax.symbols SELECT instrument, sequence, time_ns, symbol FROM lmax.instruments;

CREATE TABLE lmax.phases (
    sequence   bigint   NOT NULL,
    time_ns    bigint   NOT NULL,
    index      integer  NOT NULL,
    instrument integer  NOT NULL,
    phase      smallint NOT NULL,
    status     smallint NOT NULL,
    reason     smallint NOT NULL,
    PRIMARY KEY (sequence, index)
);
COMMENT ON TABLE lmax.phases IS 'When each instrument changed its phase or status, and why.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.amendments
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.order_adjustments
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.holding_adjustments
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.symbols
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lmax.phases
    FOR EACH STATEMENT EXECUTE FUNCTION lmax.refuse_change();
