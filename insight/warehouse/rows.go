package warehouse

// The rows of the tables, a struct each: its fields are the columns, in this
// order, with their parquet type, unit and meaning. docs/warehouse.md, the views
// and their comments are made from them. Whoever changes one raises [Schema].

// 0 as a key stands for nobody who is known, or for no product: each dimension
// has such a row, so that a join loses nothing.

type customerRow struct {
	Customer  int64    `parquet:"customer_id" doc:"key; 0: nobody who is known"`
	Name      string   `parquet:"name" doc:"as pages show it; empty when nothing but an address is known: addresses and phones are not exported"`
	Kind      string   `parquet:"kind,dict" doc:"person, organisation, or unknown (the row 0)"`
	Contacts  int32    `parquet:"contacts" unit:"people" doc:"who belong to it"`
	Language  string   `parquet:"language,dict" unit:"ISO 639-1" doc:"in which to write to it; empty: not known"`
	Owner     int64    `parquet:"owner_id" doc:"colleague whose customer it is"`
	Created   int64    `parquet:"created_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"since when it is known here"`
	Rung      string   `parquet:"rung,dict" doc:"newest place on the ladder (docs/loyalty.md §8.3); empty: not found yet"`
	Timing    string   `parquet:"timing,dict" doc:"ON TIME, DUE, OVERDUE or LAPSED; empty: no order"`
	Note      string   `parquet:"note,dict" doc:"sub-label beside the rung, such as unproven"`
	Since     int32    `parquet:"rung_since,date,optional" unit:"day" doc:"on this rung"`
	OrderDays int32    `parquet:"order_days" unit:"days" doc:"on which orders that stand were made"`
	First     int32    `parquet:"first_order,date,optional" unit:"day" doc:"the first of them"`
	Last      int32    `parquet:"last_order,date,optional" unit:"day" doc:"the last of them"`
	Due       int32    `parquet:"due,date,optional" unit:"day" doc:"by which half of those who return have ordered"`
	Overdue   int32    `parquet:"overdue,date,optional" unit:"day" doc:"by which all but a fifth have"`
	Lapsed    int32    `parquet:"lapsed,date,optional" unit:"day" doc:"by which all but a twentieth have"`
	PAlive    *float64 `parquet:"p_alive,optional" unit:"probability" doc:"that there will be further orders"`
	POrder    *float64 `parquet:"p_order_90,optional" unit:"probability" doc:"of an order in the next 90 days"`
	Attitude  *float64 `parquet:"attitude,optional" unit:"0 to 1" doc:"index of §8.4; .5 without evidence"`
	Spent     *int64   `parquet:"spent,decimal(4:18),optional" unit:"value_currency" doc:"on all those days"`
	Value     *int64   `parquet:"value_12m,decimal(4:18),optional" unit:"value_currency" doc:"awaited in the next 12 months"`
	Currency  string   `parquet:"value_currency,dict" unit:"ISO 4217" doc:"the reporting currency"`
}

type colleagueRow struct {
	Colleague int64  `parquet:"colleague_id" doc:"key; 0: nobody who is known"`
	Name      string `parquet:"name" doc:"of the colleague"`
	Active    bool   `parquet:"active" doc:"may sign in"`
}

type dateRow struct {
	Date    int32 `parquet:"date,date" unit:"day" doc:"key; every day from the first to the last that a fact names"`
	Year    int32 `parquet:"year" doc:"of the calendar"`
	Quarter int32 `parquet:"quarter" unit:"1 to 4" doc:"of the year"`
	Month   int32 `parquet:"month" unit:"1 to 12" doc:"of the year"`
	Day     int32 `parquet:"day" unit:"1 to 31" doc:"of the month"`
	Begins  int32 `parquet:"month_start,date" unit:"day" doc:"first day of its month"`
	ISOYear int32 `parquet:"iso_year" unit:"ISO 8601" doc:"of its week"`
	ISOWeek int32 `parquet:"iso_week" unit:"1 to 53" doc:"ISO 8601 week"`
	Weekday int32 `parquet:"weekday" unit:"1 to 7" doc:"1 is Monday"`
	Weekend bool  `parquet:"is_weekend" doc:"Saturday or Sunday"`
}

type productRow struct {
	Product int64  `parquet:"product_id" doc:"key; 0: no product"`
	SKU     string `parquet:"sku" doc:"stock number"`
	Name    string `parquet:"name" doc:"as it was last sold"`
	Group   string `parquet:"product_group,dict" doc:"by which the firm sorts its products; empty: none"`
}

type lineRow struct {
	Order         int64    `parquet:"order_id" doc:"of the order; with line_no the key"`
	Line          int32    `parquet:"line_no" doc:"of the line in the order, from 1; 0: what the lines leave of the order's total, or all of an order without lines"`
	Source        string   `parquet:"source,dict" doc:"shop or register that numbers the order"`
	Number        string   `parquet:"order_number" doc:"there; it is not unique among sources"`
	Customer      int64    `parquet:"customer_id" doc:"→ customer"`
	Product       int64    `parquet:"product_id" doc:"→ product"`
	Date          int32    `parquet:"order_date,date" unit:"day" doc:"→ date; in the firm's time zone"`
	At            int64    `parquet:"ordered_at,timestamp(microsecond:utc)" unit:"UTC" doc:"when it was ordered"`
	State         string   `parquet:"state,dict" doc:"placed, or cancelled: that never counts"`
	Refund        bool     `parquet:"is_refund" doc:"the order gives money back; its amounts are negative"`
	Refunds       string   `parquet:"refunds_number" doc:"number of the order for which it does"`
	Quantity      *int64   `parquet:"quantity,decimal(3:18),optional" unit:"pieces, kilos ..." doc:"none on line 0; negative: given back"`
	Currency      string   `parquet:"currency,dict" unit:"ISO 4217" doc:"of the order"`
	Amount        int64    `parquet:"amount,decimal(4:18)" unit:"currency" doc:"paid for the line, after its discount"`
	Discount      int64    `parquet:"discount,decimal(4:18)" unit:"currency" doc:"below the usual price; what concerns the whole order stands on line 0"`
	Value         int64    `parquet:"value,decimal(4:18)" unit:"value_currency" doc:"amount in the reporting currency, by the rate of the day; sums to the order's value exactly"`
	ValueCurrency string   `parquet:"value_currency,dict" unit:"ISO 4217" doc:"the reporting currency"`
	Offers        []string `parquet:"offers,list" doc:"codes of offers and coupons that the order bears"`
}

type messageRow struct {
	Message      int64  `parquet:"message_id" doc:"of the mail; with customer_id the key"`
	Customer     int64  `parquet:"customer_id" doc:"→ customer; a mail of two customers has two rows"`
	First        bool   `parquet:"is_first" doc:"true on one row of each mail: counts mails"`
	Conversation int64  `parquet:"conversation_id" doc:"of the thread"`
	Colleague    int64  `parquet:"colleague_id" doc:"→ colleague; who wrote it, or in whose mailbox it was seen first"`
	Date         int32  `parquet:"mail_date,date" unit:"day" doc:"→ date; in the firm's time zone"`
	At           int64  `parquet:"mail_at,timestamp(microsecond:utc)" unit:"UTC" doc:"when it was written"`
	Direction    string `parquet:"direction,dict" doc:"in, out or internal"`
	Class        string `parquet:"class,dict" doc:"human, auto-reply, bounce, complaint, list, newsletter, system or calendar"`
	Private      bool   `parquet:"is_private" doc:"marked private by the colleague who made this export"`
	Attachments  int32  `parquet:"attachments" unit:"files" doc:"inline ones too"`
	Size         int64  `parquet:"size" unit:"bytes" doc:"as it came"`
	Language     string `parquet:"language,dict" unit:"ISO 639-1" doc:"of what people wrote to us; und: cannot be told; empty: not looked at"`
	Reply        *int64 `parquet:"reply_seconds,optional" unit:"s" doc:"since the first mail of the other side in this thread that waited for an answer; none: nobody waited"`
}

type deliveryRow struct {
	Delivery     int64  `parquet:"delivery_id" doc:"key"`
	Mailing      int64  `parquet:"mailing_id" doc:"of the mailing"`
	MailingName  string `parquet:"mailing,dict" doc:"its name"`
	Kind         string `parquet:"mailing_kind,dict" doc:"audience or campaign; mail to one customer is a message"`
	Topic        string `parquet:"topic,dict" doc:"what it is about; empty: of none"`
	MailingDate  int32  `parquet:"mailing_date,date" unit:"day" doc:"→ date; on which the mailing starts"`
	Customer     int64  `parquet:"customer_id" doc:"→ customer"`
	Date         int32  `parquet:"delivery_date,date" unit:"day" doc:"→ date; sent, or else come into its state"`
	State        string `parquet:"state,dict" doc:"queued, claimed, ready, armed, sent, deferred, failed, unknown, suppressed, expired or cancelled"`
	Tries        int32  `parquet:"tries" unit:"attempts" doc:"that were made"`
	Sent         int64  `parquet:"sent_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"a server took it"`
	Bounced      int64  `parquet:"bounced_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"first report that it did not arrive"`
	Complained   int64  `parquet:"complained_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"taken for spam"`
	Answered     int64  `parquet:"answered_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"first answer by a person"`
	Clicked      int64  `parquet:"clicked_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"first click; scanners do not count"`
	Opened       int64  `parquet:"opened_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"first time its picture was fetched; says little"`
	Unsubscribed int64  `parquet:"unsubscribed_at,timestamp(microsecond:utc),optional" unit:"UTC" doc:"by a link in it"`
}

type standingRow struct {
	Customer int64  `parquet:"customer_id" doc:"→ customer; with valid_from the key"`
	From     int32  `parquet:"valid_from,date" unit:"day" doc:"→ date; they stood so from this day on"`
	To       int32  `parquet:"valid_to,date,optional" unit:"day" doc:"→ date; up to this day, which is not in it; none: they still do"`
	Rung     string `parquet:"rung,dict" doc:"CONTACT, ONE-TIME, QUIET, OCCASIONAL, FREQUENT, LOYAL, ADVOCATE or LAPSED"`
	Timing   string `parquet:"timing,dict" doc:"ON TIME, DUE, OVERDUE or LAPSED; empty: no order"`
	Note     string `parquet:"note,dict" doc:"sub-label beside the rung"`
}
