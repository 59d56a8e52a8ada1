package block

import (
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// A Path names a block within a document as forms do: "3", or "3.l.1" and
// "3.r.0" within the columns of one. Numbers begin at 0.
type Path string

// at finds the list that a path leads into, and the place in it; nil when it leads
// nowhere. The place may be behind the last block.
func (d *Document) at(p Path) (*[]Block, int) {
	parts := strings.Split(string(p), ".")
	list := &d.Blocks
	for len(parts) > 1 {
		i, err := strconv.Atoi(parts[0])
		if err != nil || i < 0 || i >= len(*list) || (*list)[i].Kind != Columns {
			return nil, 0
		}
		switch parts[1] {
		case "l":
			list = &(*list)[i].Left
		case "r":
			list = &(*list)[i].Right
		default:
			return nil, 0
		}
		if parts = parts[2:]; len(parts) == 0 {
			return nil, 0
		}
	}
	i, err := strconv.Atoi(parts[0])
	if err != nil || i < 0 || i > len(*list) {
		return nil, 0
	}
	return list, i
}

func noBlock(p Path) error { return crm.NotFound("the mail has no block %s any more", p) }

// Insert puts a block at a path; what stood there comes behind it.
func (d *Document) Insert(p Path, b Block) error {
	list, i := d.at(p)
	if list == nil || b.Kind == Columns && list != &d.Blocks {
		return noBlock(p)
	}
	*list = slices.Insert(*list, i, b)
	return nil
}

// Remove takes a block away.
func (d *Document) Remove(p Path) error {
	list, i := d.at(p)
	if list == nil || i == len(*list) {
		return noBlock(p)
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// Move puts a block up (-1) or down (1) by one within its list; at the end of the
// list it stays.
func (d *Document) Move(p Path, by int) error {
	list, i := d.at(p)
	if list == nil || i == len(*list) {
		return noBlock(p)
	}
	if to := i + by; to >= 0 && to < len(*list) {
		(*list)[i], (*list)[to] = (*list)[to], (*list)[i]
	}
	return nil
}
