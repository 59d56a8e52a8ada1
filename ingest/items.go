package ingest

import "github.com/emersion/go-imap/v2/imapclient"

// Short names for the items of a FETCH answer.
type (
	imapUID  = imapclient.FetchItemDataUID
	imapDate = imapclient.FetchItemDataInternalDate
	imapSize = imapclient.FetchItemDataRFC822Size
	imapBody = imapclient.FetchItemDataBodySection
)
