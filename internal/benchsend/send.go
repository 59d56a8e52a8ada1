package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
)

// send is the child: it puts an audience on a ledger and sends until nothing is
// open. It prints recipients, seconds to enlist and seconds to send.
func send(dir string, o options) error {
	ingest.Tune() // as the program does
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	key := make([]byte, store.KeySize)
	rand.Read(key)
	s, err := store.Open(ctx, "sqlite://"+filepath.ToSlash(filepath.Join(dir, "kaveri.db")), store.Options{Key: key, Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := sender(ctx, s, o); err != nil {
		return err
	}
	text := letter(o.links != "")
	var links []string
	if o.links == "counted" {
		links = campaigns.CountedLinks(text, "https://mail.firm.example")
	}
	began := time.Now()
	m, _, err := s.AddMailing(ctx, crm.SystemViewer, crm.Mailing{Kind: crm.MailingAudience, Name: "bench", From: crm.Party{Name: "Aino Saarinen", Address: "aino@firm.example"},
		Template: text, Links: links}, audience(o.recipients), func(crm.RecipientReport) {})
	if err != nil {
		return err
	}
	if err := s.StartMailing(ctx, crm.SystemViewer, m.ID); err != nil {
		return err
	}
	enlisted := time.Since(began)
	signing, err := keys(o.dkim)
	if err != nil {
		return err
	}
	renderer, err := campaigns.NewRenderer(campaigns.RendererOptions{Keys: s.Keyring(), PublicURL: "https://mail.firm.example"})
	if err != nil {
		return err
	}
	courier := outbound.NewCourier(outbound.CourierOptions{})
	service := outbound.New(outbound.Options{Ledger: s, Renderer: renderer, Composer: compose.New(signing, time.Now), Keyring: s.Keyring(), Courier: courier, Log: log})
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	began = time.Now()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- service.Run(running) }()
	counts, err := finished(ctx, s, m.ID)
	took := time.Since(began)
	stop()
	if e := <-ended; err == nil {
		err = e
	}
	courier.Close()
	if err == nil && counts[crm.Sent] != o.recipients {
		err = fmt.Errorf("of %d recipients: %v", o.recipients, counts)
	}
	if err == nil {
		fmt.Println(o.recipients, enlisted.Seconds(), took.Seconds())
	}
	return err
}

// finished waits until nothing of a mailing is open.
func finished(ctx context.Context, s *store.Store, id crm.MailingID) (crm.Recipients, error) {
	for {
		counts, err := s.MailingCounts(ctx, crm.SystemViewer, id)
		if err != nil || counts.Open() == 0 {
			return counts, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func sender(ctx context.Context, s *store.Store, o options) error {
	host, port, err := net.SplitHostPort(o.sink)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	_, err = s.AddSender(ctx, crm.SystemViewer, crm.Sender{Name: "sink", Host: host, Port: n, Security: crm.SecurityNone, Bounce: "bounce.firm.example", Connections: o.connections})
	return err
}

// keys makes signing keys as kaveri dkim new does, and gives those asked for.
func keys(which string) (compose.Keys, error) {
	if which == "" {
		return nil, nil
	}
	all, err := compose.NewKeys("firm.example", time.Now(), func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	var out fixed
	for _, k := range all {
		if which == "both" || which == string(k.Algorithm) {
			k.Active = k.Created
			out = append(out, k)
		}
	}
	return out, nil
}

type fixed []crm.DKIMKey

func (f fixed) SigningKeys(context.Context) ([]crm.DKIMKey, error) { return f, nil }

func audience(n int) iter.Seq2[crm.Recipient, error] {
	cities := []string{"Helsinki", "Tampere", "Turku", "Oulu", "Kuopio", "Vaasa"}
	return func(yield func(crm.Recipient, error) bool) {
		for i := range n {
			r := crm.Recipient{Row: i + 2, Address: crm.Address(fmt.Sprintf("customer%d@shop%d.example", i, i%997)), Name: fmt.Sprintf("Maija Meikäläinen %d", i),
				Fields: map[string]string{"first": "Maija", "city": cities[i%len(cities)], "order": strconv.Itoa(100000 + i), "sum": "129,90", "product": "lake cruise"}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// letter is a campaign mail of about 5 kB with five fields in text and HTML, and
// with ten links or none.
func letter(linked bool) crm.Template {
	links := ""
	for i := range 10 {
		if linked {
			links += fmt.Sprintf("<a href=\"https://firm.example/cruises/%d?from=mail\">a cruise</a> ", i)
		}
	}
	paragraph := "Thank you for travelling with us from {{ city }}. Your order {{ order }} of {{ sum }} euros is in our books, and we have kept the notes that you gave us about the {{ product }}. "
	return crm.Template{
		Subject: "{{ first | default: \"Hello\" }}, a second {{ product }}?",
		Text:    "Hello {{ first | default: \"there\" }},\n\n" + strings.Repeat(paragraph+"\n\n", 7) + "Aino\n",
		HTML:    "<html><body><p>Hello {{ first | default: \"there\" }},</p>" + strings.Repeat("<p style=\"margin:0 0 12px\">"+paragraph+"</p>\n", 8) + links + "<p>Aino</p></body></html>",
	}
}
