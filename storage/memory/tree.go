package memory

import (
	"hash/fnv"
	"strings"
)

// tree is an immutable ordered map: every change gives a new tree that shares
// what did not change. A snapshot is a copy of the root, a rollback forgets
// it. It is a treap whose priorities are hashes of the keys, so its shape
// depends on its content only.
type tree[V any] struct{ root *node[V] }

type node[V any] struct {
	key         string
	prio        uint32
	size        uint32 // of the whole subtree
	val         V
	left, right *node[V]
}

func size[V any](n *node[V]) uint32 {
	if n == nil {
		return 0
	}
	return n.size
}

// sized counts n again after its children changed.
func (n *node[V]) sized() *node[V] {
	n.size = 1 + size(n.left) + size(n.right)
	return n
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
	t.root = insert(t.root, &node[V]{key: key, prio: h.Sum32() * 2654435769, size: 1, val: val})
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
		return add.sized()
	}
	c := *n
	if add.key < n.key {
		c.left = insert(n.left, add)
	} else {
		c.right = insert(n.right, add)
	}
	return c.sized()
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
		return c.sized(), above
	}
	below, c.left = split(n.left, key)
	return below, c.sized()
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
	return c.sized()
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
		return c.sized()
	}
	c := *b
	c.left = merge(a, b.left)
	return c.sized()
}

// cut removes all keys that begin with prefix, which ends with a zero byte.
func (t *tree[V]) cut(prefix string) {
	below, rest := split(t.root, prefix)
	_, above := split(rest, beyond(prefix))
	t.root = merge(below, above)
}

// count tells how many keys begin with prefix, which ends with a zero byte. It
// does not visit them.
func (t tree[V]) count(prefix string) int { return t.rank(beyond(prefix)) - t.rank(prefix) }

// rank tells how many keys are below key.
func (t tree[V]) rank(key string) int {
	var below uint32
	for n := t.root; n != nil; {
		if n.key < key {
			below += 1 + size(n.left)
			n = n.right
		} else {
			n = n.left
		}
	}
	return int(below)
}

// first gives the lowest key above after that begins with prefix.
func (t tree[V]) first(prefix, after string) (key string, val V, ok bool) {
	t.ascend(prefix, after, func(k string, v V) bool {
		key, val, ok = k, v, true
		return false
	})
	return key, val, ok
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
// An empty before starts at the end; prefix must end with a zero byte then.
func (t tree[V]) descend(prefix, before string, f func(key string, val V) bool) {
	if before == "" {
		before = beyond(prefix)
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
