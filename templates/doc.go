// Package templates holds what is rendered: the HTML of the web pages, kept
// as files that are embedded in the program. It contains no logic.
//
// pages/ has one file per page, which defines "content" and is rendered inside
// parts/shell.html, or, when its name begins with public-, inside
// parts/public.html, for readers outside. parts/ has what several pages share; parts that the live
// update fetches alone (timeline, customer list, queue, mailboxes) are rendered by
// name. No text for people stands in these files: every word comes from the
// catalogue in package web through the functions t and n, in each language.
//
// mail/ has mails to begin a campaign with, made of blocks (package block), one
// file for each and each language.
package templates
