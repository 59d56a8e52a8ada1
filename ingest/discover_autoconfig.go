package ingest

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// Limits of fetching a stranger's configuration.
const (
	maxAutoconfig     = 64 << 10
	autoconfigTimeout = 5 * time.Second
)

// byAutoconfig asks the domain's own configuration file in the format that
// Thunderbird introduced (clientConfig 1.1), over https only.
func (s *finding) byAutoconfig(ctx context.Context) clue {
	ctx, cancel := context.WithTimeout(ctx, autoconfigTimeout)
	defer cancel()
	silent := true
	for _, u := range []string{
		"https://autoconfig." + s.domain + "/mail/config-v1.1.xml?emailaddress=" + url.QueryEscape(string(s.address)),
		"https://" + s.domain + "/.well-known/autoconfig/mail/config-v1.1.xml",
	} {
		doc, err := s.fetch(ctx, u)
		if err != nil {
			silent = silent && !isNotFound(err)
			continue
		}
		if found := s.readAutoconfig(doc); len(found) > 0 {
			return clue{found: found}
		}
		silent = false
	}
	return clue{silent: silent}
}

// fetch gets a small document from a public address. Redirects are not
// followed: where they lead is not the domain's word.
func (s *finding) fetch(ctx context.Context, address string) ([]byte, error) {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err != nil || port != "443" {
				return nil, errors.New("only https")
			}
			return s.dial(ctx, host, 443)
		},
		TLSClientConfig:        &tls.Config{RootCAs: s.Roots},
		MaxResponseHeaderBytes: 16 << 10,
		DisableKeepAlives:      true,
	}
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Kaveri")
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(res.Status)
	}
	doc, err := io.ReadAll(io.LimitReader(res.Body, maxAutoconfig+1))
	if err == nil && len(doc) > maxAutoconfig {
		err = errors.New("the configuration is too long")
	}
	return doc, err
}

// clientConfig is the part of the format that is of use here.
type clientConfig struct {
	Provider struct {
		Incoming []struct {
			Type           string   `xml:"type,attr"`
			Hostname       string   `xml:"hostname"`
			Port           string   `xml:"port"`
			SocketType     string   `xml:"socketType"`
			Username       string   `xml:"username"`
			Authentication []string `xml:"authentication"`
		} `xml:"incomingServer"`
	} `xml:"emailProvider"`
}

// readAutoconfig gives the IMAP servers of the document, in its order; what is
// not encrypted or makes no sense is left out.
func (s *finding) readAutoconfig(doc []byte) []crm.Mailbox {
	var config clientConfig
	if xml.Unmarshal(doc, &config) != nil {
		return nil
	}
	var out []crm.Mailbox
	for _, in := range config.Provider.Incoming {
		var sec crm.Security
		switch strings.ToUpper(strings.TrimSpace(in.SocketType)) {
		case "SSL":
			sec = crm.SecurityTLS
		case "STARTTLS":
			sec = crm.SecurityStartTLS
		}
		host, err := crm.ParseDomain(s.fill(in.Hostname))
		port, perr := strconv.ParseUint(strings.TrimSpace(in.Port), 10, 16)
		if !strings.EqualFold(in.Type, "imap") || sec == "" || err != nil || perr != nil || port == 0 || !strings.Contains(host, ".") {
			continue
		}
		m := s.mailbox(host, int(port), sec)
		if name := s.fill(in.Username); name != "" && len(name) < 256 && !strings.ContainsAny(name, "%\r\n\x00") {
			m.Username = name
		}
		if m.Problem == "" && len(in.Authentication) > 0 && !takesPassword(in.Authentication) {
			m.Problem = "this provider takes no password, only OAuth2 sign-in, which a later version brings"
		}
		if out = append(out, m); len(out) == maxCandidates {
			break
		}
	}
	return out
}

func takesPassword(methods []string) bool {
	for _, m := range methods {
		if strings.HasPrefix(strings.TrimSpace(m), "password-") || strings.TrimSpace(m) == "plain" {
			return true
		}
	}
	return false
}

// fill puts the address into the placeholders of the format.
func (s *finding) fill(text string) string {
	return strings.TrimSpace(strings.NewReplacer(
		"%EMAILADDRESS%", string(s.address), "%EMAILLOCALPART%", s.address.Local(), "%EMAILDOMAIN%", s.domain).Replace(text))
}
