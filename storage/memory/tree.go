package memory

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// tree is an immutable ordered map: every change gives a new tree that shares
// what did not change. A snapshot is a copy of the root, a rollback forgets
// it. It is a treap whose priorities are hashes of the keys, so its shape
// depends on its content only.
type tree[V any] struct{ root *node[V] }

type node[V any] struct {
	key         string
	prio        uint32
	val         V
	left, right *node[V]
}

func (t tree[V]) get(key string) (V, bool) {
	n := t.root
	for n != nil {
		switch c := strings.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.val, true
		}
	}
	var zero V
	return zero, false
}

func (t *tree[V]) set(key string, val V) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	// FNV of similar keys is similar in its high bits; the multiplication spreads it.
	t.root = insert(t.root, &node[V]{key: key, prio: h.Sum32() * 2654435769, val: val})
}

func insert[V any](n, add *node[V]) *node[V] {
	if n == nil {
		return add
	}
	if n.key == add.key {
		c := *n
		c.val = add.val
		return &c
	}
	if add.prio > n.prio {
		add.left, add.right = split(n, add.key)
		return add
	}
	c := *n
	if add.key < n.key {
		c.left = insert(n.left, add)
	} else {
		c.right = insert(n.right, add)
	}
	return &c
}

// split parts into keys below and above key. With equal priorities the key may
// lie deeper than add would go; then split drops it, and add takes its place.
func split[V any](n *node[V], key string) (below, above *node[V]) {
	if n == nil {
		return nil, nil
	}
	c := *n
	switch {
	case n.key == key:
		return n.left, n.right
	case n.key < key:
		c.right, above = split(n.right, key)
		return &c, above
	}
	below, c.left = split(n.left, key)
	return below, &c
}

func (t *tree[V]) delete(key string) { t.root = remove(t.root, key) }

func remove[V any](n *node[V], key string) *node[V] {
	if n == nil {
		return nil
	}
	if n.key == key {
		return merge(n.left, n.right)
	}
	c := *n
	if key < n.key {
		c.left = remove(n.left, key)
	} else {
		c.right = remove(n.right, key)
	}
	return &c
}

func merge[V any](a, b *node[V]) *node[V] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.prio > b.prio:
		c := *a
		c.right = merge(a.right, b)
		return &c
	}
	c := *b
	c.left = merge(a, b.left)
	return &c
}

// ascend visits keys above after that begin with prefix until f gives false.
func (t tree[V]) ascend(prefix, after string, f func(key string, val V) bool) {
	up(t.root, max(prefix, after), prefix, f)
}

func up[V any](n *node[V], after, prefix string, f func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key > after {
		if !up(n.left, after, prefix, f) || !strings.HasPrefix(n.key, prefix) || !f(n.key, n.val) {
			return false
		}
	}
	return up(n.right, after, prefix, f)
}

// descend visits keys below before that begin with prefix, from the last one.
// An empty before starts at the end.
func (t tree[V]) descend(prefix, before string, f func(key string, val V) bool) {
	if before == "" {
		// A prefix ends with a zero byte; with 0x01 it is above all its keys.
		before = prefix[:len(prefix)-1] + "\x01"
	}
	down(t.root, before, prefix, f)
}

func down[V any](n *node[V], before, prefix string, f func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key < before {
		if !down(n.right, before, prefix, f) || !strings.HasPrefix(n.key, prefix) || !f(n.key, n.val) {
			return false
		}
	}
	return down(n.left, before, prefix, f)
}

// key joins parts such that the order of keys is the order of the parts.
// Texts hold no NUL, so NUL ends them.
func key(mandant tenant.ID, parts ...any) string {
	b := append([]byte(mandant), 0)
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			b = append(append(b, v...), 0)
		case int64:
			b = binary.BigEndian.AppendUint64(b, uint64(v)^(math.MaxInt64+1))
		case time.Time:
			b = binary.BigEndian.AppendUint64(b, uint64(v.UnixMicro())^(math.MaxInt64+1))
		case uuid.UUID:
			b = append(b, v[:]...)
		}
	}
	return string(b)
}
