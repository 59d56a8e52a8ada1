package testdovecot

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// libexec holds Dovecot's IMAP server on Debian; the package dovecot-core alone does not have it.
const libexec = "/usr/lib/dovecot"

func (s *Server) configPath() string { return filepath.Join(s.dir.Path, "dovecot.conf") }
func (s *Server) logPath() string    { return filepath.Join(s.dir.Path, "log") }
func (s *Server) mailRoot() string   { return filepath.Join(s.dir.Path, "mail") }

// prepare makes the folders of the server: Dovecot's own and the root of the Maildirs.
func (s *Server) prepare() error {
	// Mail processes run as the mail's owner and must reach it through the server's folder.
	if err := os.Chmod(s.dir.Path, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"run", "state"} {
		if err := os.Mkdir(filepath.Join(s.dir.Path, d), 0o755); err != nil {
			return err
		}
	}
	return s.mkdir(s.mailRoot())
}

// configure writes the configuration file for Dovecot 2.3.
func (s *Server) configure() error {
	internal, login, chroot, uid, gid := "dovecot", "dovenull", "", mailUID, mailUID
	if s.own == nil {
		// Without root there is no changing of user and no chroot.
		me, err := user.Current()
		if err != nil {
			return err
		}
		group, err := user.LookupGroupId(me.Gid)
		if err != nil {
			return err
		}
		internal, login, uid, gid = me.Username, me.Username, os.Getuid(), os.Getgid()
		chroot = "default_internal_group = " + group.Name + "\n" +
			"service anvil {\n  chroot =\n}\nservice imap-login {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n"
	}
	capability := ""
	if s.opts.capability != "" {
		capability = "imap_capability = " + s.opts.capability + "\n"
	}
	config := strings.NewReplacer("$DIR", s.dir.Path, "$PORT", fmt.Sprint(s.port), "$INTERNAL", internal, "$LOGIN", login,
		"$UID", fmt.Sprint(uid), "$GID", fmt.Sprint(gid), "$PASSWORD", Password).Replace(configText) +
		specialUse() + chroot + capability + s.opts.extra
	return os.WriteFile(s.configPath(), []byte(config), 0o644)
}

// configText is for a server on loopback that serves tests: plain-text login, any number of connections by one user.
// The limit of 512 clients of one login process is far above what a test opens.
const configText = `base_dir = $DIR/run
state_dir = $DIR/state
log_path = $DIR/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = $INTERNAL
default_login_user = $LOGIN
mail_uid = $UID
mail_gid = $GID
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:$DIR/mail/%u/Maildir
mail_fsync = never
mail_max_userip_connections = 1000
default_process_limit = 512
default_client_limit = 2048
service imap-login {
  service_count = 0
  client_limit = 512
  process_min_avail = 1
  inet_listener imap {
    address = 127.0.0.1
    port = $PORT
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=$UID gid=$GID home=$DIR/mail/%u
}
`

func specialUse() string {
	var b strings.Builder
	b.WriteString("namespace inbox {\n  inbox = yes\n  separator = /\n")
	for _, name := range []string{"Sent", "Archive", "Drafts", "Trash", "Junk"} {
		fmt.Fprintf(&b, "  mailbox %s {\n    special_use = \\%s\n  }\n", name, name)
	}
	b.WriteString("}\n")
	return b.String()
}
