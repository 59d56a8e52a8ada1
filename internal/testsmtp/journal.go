package testsmtp

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Line is one accepted recipient in the file of a sink.
type Line struct {
	At        time.Time
	Recipient string
	MessageID string
	Size      int
}

// journal appends lines to a file and syncs it. Who comes while one sync runs
// shares the next.
type journal struct {
	mutex   sync.Mutex
	file    *os.File
	waiting *round
	syncing bool
}

// round is what one sync makes durable.
type round struct {
	lines []byte
	done  chan struct{}
	err   error
}

func openJournal(name string) (*journal, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &journal{file: f}, err
}

// add writes a line for each recipient; they are durable when it returns.
func (j *journal) add(m Mail) error {
	j.mutex.Lock()
	if j.waiting == nil {
		j.waiting = &round{done: make(chan struct{})}
	}
	mine := j.waiting
	for _, to := range m.To {
		mine.lines = fmt.Appendf(mine.lines, "%d\t%s\t%s\t%d\n", m.At.UnixNano(), to, m.MessageID, m.Size)
	}
	if !j.syncing {
		j.syncing = true
		go j.run()
	}
	j.mutex.Unlock()
	<-mine.done
	return mine.err
}

func (j *journal) run() {
	for {
		j.mutex.Lock()
		r := j.waiting
		j.waiting = nil
		if r == nil {
			j.syncing = false
			j.mutex.Unlock()
			return
		}
		j.mutex.Unlock()
		if _, r.err = j.file.Write(r.lines); r.err == nil {
			r.err = j.file.Sync()
		}
		close(r.done)
	}
}

func (j *journal) close() { j.file.Close() }

// ReadFile reads the file of a sink, in the order of acceptance. A last line
// that was not written to its end is of a mail that got no 250, and left out.
func ReadFile(name string) ([]Line, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []Line
	for r := bufio.NewReader(f); ; {
		text, err := r.ReadString('\n')
		if err != nil {
			return lines, nil // the end
		}
		cells := strings.Split(strings.TrimSuffix(text, "\n"), "\t")
		if len(cells) != 4 {
			return nil, fmt.Errorf("%s: %q is no line of a sink", name, text)
		}
		ns, err1 := strconv.ParseInt(cells[0], 10, 64)
		size, err2 := strconv.Atoi(cells[3])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s: %q is no line of a sink", name, text)
		}
		lines = append(lines, Line{At: time.Unix(0, ns), Recipient: cells[1], MessageID: cells[2], Size: size})
	}
}
