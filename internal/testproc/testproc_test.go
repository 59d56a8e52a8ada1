package testproc

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The environment variable that turns this test binary into the process that is killed below.
const victim = "KAVERI_TESTPROC_VICTIM"

// A test process that dies by SIGKILL leaves neither its server nor its server's folder behind.
func TestKilledProcessLeavesNothing(t *testing.T) {
	if os.Getenv(victim) != "" {
		beVictim(t)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcessLeavesNothing$")
	cmd.Env = append(os.Environ(), victim+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir, pid string
	for s := bufio.NewScanner(out); pid == "" && s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) == 3 && f[0] == "victim" {
			dir, pid = f[1], f[2]
		}
	}
	if pid == "" {
		t.Fatal("the victim said nothing")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("before the kill: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed", as wanted
	eventually(t, "the folder is removed", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, fs.ErrNotExist)
	})
	eventually(t, "the server has ended", func() bool {
		status, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(status), ") Z ") // gone, or dead and not yet waited for
	})
}

// beVictim starts a server, says so, and waits for its death.
func beVictim(t *testing.T) {
	dir, err := NewDir("victim", nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(exec.Command("sleep", "300"), nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString("victim " + dir.Path + " " + strconv.Itoa(p.PID()) + "\n"); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
}

func TestRemove(t *testing.T) {
	d, err := NewDir("remove", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Path+"/file", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the folder is still there: %v", err)
	}
}

// Stop reaches a child that ignores the polite signal, and the grandchild that the child left running.
func TestStopKillsTheGroup(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap "" TERM; sleep 300 & echo $!; wait; wait`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(cmd, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.Stop(syscall.SIGTERM, 50*time.Millisecond)
	if p.Err() == nil {
		t.Error("a killed process must not report success")
	}
	pid := strings.TrimSpace(grandchild)
	eventually(t, "the grandchild has ended", func() bool {
		status, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(status), ") Z ")
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if ok() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}
