package testproc

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running test server.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // the result of Wait; valid when done is closed
}

// Start starts cmd in a process group of its own, as the user cred (nil: as ourselves). When this process dies, the
// child gets the signal onDeath, which should be one on which the server ends its own children.
func Start(cmd *exec.Cmd, cred *syscall.Credential, onDeath syscall.Signal) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath, Credential: cred}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The death signal is tied to the forking thread: keep the thread until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the process id, which is also the id of the process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended; Err then says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err waits for the end of the process and returns its result, as [exec.Cmd.Wait] does.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Kill ends the process and everything in its group at once, as a power cut would, and waits for the end.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // no such process: it has ended already
	<-p.done
}

// Stop asks the process to end with sig, waits up to patience, and then kills the whole group.
func (p *Process) Stop(sig syscall.Signal, patience time.Duration) {
	_ = p.cmd.Process.Signal(sig) // an error means that it has ended already
	select {
	case <-p.done:
	case <-time.After(patience):
	}
	p.Kill()
}
