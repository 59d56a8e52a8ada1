package outbound

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// goes counts the mails that may go within d, when one is always at hand.
func goes(p *pace, from time.Time, d time.Duration) int {
	n := 0
	for t := from; t.Before(from.Add(d)); t = t.Add(10 * time.Millisecond) {
		if ok, _ := p.reserve(t); ok {
			p.went(t)
			n++
		}
	}
	return n
}

func TestPace(t *testing.T) {
	p := &pace{}
	if n := goes(p, noon, 20*time.Second); n != 2000 {
		t.Fatalf("without a limit %d of 2000 go", n)
	}
	now := noon.Add(20 * time.Second)
	p.slower(now) // 100 a second until now
	p.slower(now) // of a mail that was on its way
	if n := goes(p, now, 10*time.Second); n < 480 || n > 520 {
		t.Errorf("%d mails in 10 s at half of 100 a second", n)
	}
	now = now.Add(10 * time.Second)
	p.slower(now)
	if n := goes(p, now, 10*time.Second); n < 235 || n > 265 {
		t.Errorf("%d mails in 10 s at a quarter", n)
	}
	now = now.Add(10 * time.Second)
	if n := goes(p, now.Add(5*time.Minute), 10*time.Second); n < 700 || n > 870 {
		t.Errorf("%d mails in 10 s after five minutes of peace, of 763", n)
	}
	if ok, _ := p.reserve(now.Add(time.Hour)); !ok || p.Rate != 0 {
		t.Errorf("an hour later the limit is still %v", p.Rate)
	}
}

// What has to wait gets places one after the other, and none beyond the horizon.
func TestPacePlans(t *testing.T) {
	p := &pace{Rate: 2, Ceiling: 100, Since: noon}
	for {
		if ok, _ := p.reserve(noon); !ok {
			break
		}
	}
	var last time.Time
	for i := range 3000 {
		ok, again := p.reserve(noon)
		if ok || !again.After(noon) || again.Before(last) {
			t.Fatalf("the %d. may go %v, again at %v after %v", i, ok, again, last)
		}
		last = again
	}
	if d := last.Sub(noon); d < 9*time.Minute || d > 11*time.Minute {
		t.Errorf("planned %v ahead", d)
	}
	// Those that come back in their places may go.
	n := 0
	for at := noon.Add(time.Second); at.Before(noon.Add(61 * time.Second)); at = at.Add(500 * time.Millisecond) {
		if ok, _ := p.reserve(at); ok {
			n++
		}
	}
	if n < 115 || n > 125 {
		t.Errorf("%d of 120 went in a minute", n)
	}
}

func TestPaceNeverStops(t *testing.T) {
	p := &pace{}
	now := noon
	for range 50 {
		p.slower(now)
		now = now.Add(2 * time.Second)
	}
	if p.Rate < paceFloor {
		t.Errorf("slowed to %v a second", p.Rate)
	}
}

func TestProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		p := NewProviders(func(_ context.Context, domain string) ([]*net.MX, error) {
			asked.Add(1)
			switch domain {
			case "firm.example", "shop.example":
				return []*net.MX{{Host: "mx1.mail.Provider.co.uk."}}, nil
			}
			return nil, errors.New("no such host")
		})
		if got := p.Of("firm.example"); got != "firm.example" {
			t.Errorf("before DNS has answered: %s", got)
		}
		p.Of("shop.example")
		p.Of("gone.example")
		synctest.Wait()
		for domain, want := range map[string]string{"firm.example": "provider.co.uk", "shop.example": "provider.co.uk", "gone.example": "gone.example"} {
			if got := p.Of(domain); got != want {
				t.Errorf("%s is with %s, want %s", domain, got, want)
			}
		}
		if asked.Load() != 3 {
			t.Errorf("DNS was asked %d times", asked.Load())
		}
		time.Sleep(providerAgain + time.Second)
		p.Of("firm.example")
		p.Of("gone.example")
		synctest.Wait()
		if asked.Load() != 4 {
			t.Errorf("DNS was asked %d times; only what failed is to be asked again", asked.Load())
		}
	})
}
