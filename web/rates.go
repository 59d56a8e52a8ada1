package web

import (
	"net/http"
	"strings"
	"time"

	"kaveri/crm"
)

// RatesPage shows what currencies are worth in the firm's.
type RatesPage struct {
	Shell
	Home                 string // the firm's currency
	Rates                []RateRow
	Currency, Rate, From string // in the form
	Faults               Faults
}

// RateRow is what one unit of a currency is worth from a day on.
type RateRow struct {
	Currency, Rate, From string
	Always               bool // it counts for all days before the next one
}

func (s *Server) ratesPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showRates(w, r, c, RatesPage{}, http.StatusOK)
}

func (s *Server) showRates(w http.ResponseWriter, r *http.Request, c *call, p RatesPage, status int) error {
	rates, err := s.Intake.Rates(r.Context())
	if err != nil {
		return err
	}
	for _, f := range rates {
		p.Rates = append(p.Rates, RateRow{f.Currency, f.Rate.String(), c.calendarDay(f.From), f.From.Unix() == 0})
	}
	p.Home, p.Shell = c.firm.Currency, s.shell(c, "settings", c.t("rates.title"))
	s.render(w, r, c, status, "rates", p)
	return nil
}

func (s *Server) setRate(w http.ResponseWriter, r *http.Request, c *call) error {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	p := RatesPage{Currency: strings.ToUpper(value("currency")), Rate: value("rate"), From: value("from")}
	rate := crm.CurrencyRate{From: time.Unix(0, 0).UTC()}
	var err error
	if rate.Currency, err = crm.ParseCurrency(p.Currency); err == nil {
		rate.Rate, err = crm.ParseRate(strings.Replace(p.Rate, ",", ".", 1))
	}
	if err == nil && p.From != "" {
		if rate.From, err = time.Parse(time.DateOnly, p.From); err != nil {
			err = c.fault("from", "rates.from.fault")
		}
	}
	if err == nil {
		err = s.Intake.SetRate(r.Context(), c.viewer, rate)
	}
	if err != nil {
		f, ok := c.faults(err, "currency", "rate", "from")
		if !ok {
			return err
		}
		p.Faults = f
		return s.showRates(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, "/settings/currencies", "rate")
}

// calendarDay writes a day that is midnight UTC, whatever the firm's zone.
func (c *call) calendarDay(t time.Time) string {
	if c.lang == "fi" {
		return t.Format("2.1.2006")
	}
	return t.Format("2 Jan 2006")
}
