package ingest

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Short names for the items of a FETCH answer.
type (
	imapUID  = imapclient.FetchItemDataUID
	imapDate = imapclient.FetchItemDataInternalDate
	imapSize = imapclient.FetchItemDataRFC822Size
	imapBody = imapclient.FetchItemDataBodySection
)

// literal is a body on its way. Once a read of it has failed, the library's
// goroutine reads on from the same buffer, so nobody else may, and closing the
// command would: the connection is closed instead.
type literal struct {
	imap.LiteralReader
	failed bool
}

func (l *literal) Read(p []byte) (int, error) {
	n, err := l.LiteralReader.Read(p)
	l.failed = l.failed || err != nil
	return n, err
}
