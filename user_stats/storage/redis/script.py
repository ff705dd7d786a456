"""How a transaction is committed: one script, which the server runs whole or not at all.

It first looks whether everything that was read is still as it was, and only then writes. A transaction that comes too
late does nothing and is run again. Whoever was too late may take the turn (`TURN`): while somebody has it, the
transactions of all others are refused, so that each comes through in the end.
"""

from __future__ import annotations

from typing import NamedTuple

DONE, CONFLICT, WRONG_NUMBER = 1, 0, -1
MISSING = b"\x00"
"""Stands for what is not there; no JSON text is like it."""


class Check(NamedTuple):
    """Something that was read: a string (no field) or a field of a hash, and what it was."""

    key: bytes
    field: bytes
    value: bytes
    is_hash: bool = False

    def words(self) -> tuple[bytes, ...]:
        return (b"h" if self.is_hash else b"s", self.key, self.field, self.value)


class Change(NamedTuple):
    """Something to write; what the words mean depends on the kind, see the script."""

    kind: bytes
    key: bytes
    value: bytes = b""
    among: bytes = b""
    member: bytes = b""


COMMIT = """
local clock, turn, commit = KEYS[1], KEYS[2], KEYS[3]
local holder, number, checks = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('GET', turn)
if held and held ~= holder then return 0 end
local last = redis.call('GET', commit)
if last and tonumber(last) ~= number - 1 then return -1 end
local at = 4
for _ = 1, checks do
    local found
    if ARGV[at] == 's' then found = redis.call('GET', ARGV[at + 1])
    else found = redis.call('HGET', ARGV[at + 1], ARGV[at + 2]) end
    if (found or '\\0') ~= ARGV[at + 3] then return 0 end
    at = at + 4
end
local now = redis.call('INCR', clock)
while ARGV[at] do
    local kind, key, value, index, member = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    if kind == 'put' then
        redis.call('SET', key, value)
        if not redis.call('ZSCORE', index, member) then redis.call('ZADD', index, redis.call('INCR', clock), member) end
    elseif kind == 'remove' then redis.call('DEL', key); redis.call('ZREM', index, member)
    elseif kind == 'set' then redis.call('SET', key, value)
    elseif kind == 'index' then redis.call('ZADD', key, 0, value)
    elseif kind == 'unindex' then redis.call('ZREM', key, value)
    elseif kind == 'unset' then redis.call('DEL', key)
    elseif kind == 'add' then redis.call('HINCRBY', key, member, value); redis.call('HSET', key, '', now)
    elseif kind == 'begin' then redis.call('HSETNX', key, member, value); redis.call('HSET', key, '', now)
    elseif kind == 'key' then
        if not redis.call('ZSCORE', index, member) then redis.call('ZADD', index, redis.call('INCR', clock), member) end
    elseif kind == 'push' then redis.call('RPUSH', key, value); redis.call('ZADD', index, 0, member)
    elseif kind == 'trim' then redis.call('LTRIM', key, value, -1)
    elseif kind == 'clear' then
        redis.call('DEL', key); redis.call('ZREM', index, member); redis.call('HDEL', value, member)
    elseif kind == 'version' then redis.call('HSET', key, member, now)
    end
    at = at + 5
end
redis.call('SET', commit, number, 'EX', 86400)
return 1
"""
ASK = """
local last = redis.call('GET', KEYS[1])
if last == ARGV[1] then return 1 end
redis.call('SET', KEYS[1], -1, 'EX', 86400)
return 0
"""
"""Whether a transaction was committed whose answer was lost; if not, it is refused from now on."""
TAKE_TURN = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
KEEP_TURN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
"""0 where the turn was over: somebody else may have written since."""
UNSET_OF = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
"""Removes what a holder has, where it is still that holder's."""
