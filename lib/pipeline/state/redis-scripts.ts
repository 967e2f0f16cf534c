/**
 * What a Redis does in one step. Keys of a namespace, whose hash tag keeps them together in a cluster:
 *
 *     amalgam:{NAMESPACE}:v:KEY     a string: 16 characters of version, 16 digits of expiry in milliseconds (0: none), the value
 *     amalgam:{NAMESPACE}:keys      a sorted set of all keys, each with the score 0, so that they are in the order of their bytes
 *     amalgam:{NAMESPACE}:expiry    a sorted set of the keys that expire, by their time
 *
 * Redis removes what expires by its own clock; the sets lose such keys at later writes and lists. A script may run twice, as its
 * answer may be lost with the connection: a write finds its own version then.
 */

/** Bytes before a value, and those of them that are its version. */
export const headBytes = 32;
export const versionBytes = 16;

const parse = `
  local now = tonumber(ARGV[1])
  local function version(name)
    local head = redis.call("GETRANGE", name, 0, 31)
    if #head < 32 then return "" end
    local expires = tonumber(string.sub(head, 17))
    if expires ~= 0 and expires <= now then return "" end
    return string.sub(head, 1, 16)
  end`;

const write = `
  local function write(name, member, value, expires)
    if expires == 0 then
      redis.call("SET", name, value)
      redis.call("ZREM", KEYS[2], member)
    else
      redis.call("SET", name, value, "PX", math.max(1, math.ceil(expires - now)))
      redis.call("ZADD", KEYS[2], expires, member)
    end
    redis.call("ZADD", KEYS[1], 0, member)
  end
  local expired = redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now, "LIMIT", 0, 10 + #KEYS)
  for _, member in ipairs(expired) do
    redis.call("ZREM", KEYS[1], member)
    redis.call("ZREM", KEYS[2], member)
  end`;

/** Keys: the sets and the value. Arguments: now, `if` or empty, the version that it must have, key, expiry, value. */
export const putScript = `${parse}
  local current = version(KEYS[3])
  if ARGV[2] == "if" and current ~= ARGV[3] and current ~= string.sub(ARGV[6], 1, 16) then return 0 end
  ${write}
  write(KEYS[3], ARGV[4], ARGV[6], tonumber(ARGV[5]))
  return 1`;

/** Keys: the sets and the values. Arguments: now, expiry, then key and value in turn. */
export const putManyScript = `${parse}
  ${write}
  for i = 3, #KEYS do write(KEYS[i], ARGV[2 * i - 3], ARGV[2 * i - 2], tonumber(ARGV[2])) end
  return 1`;

/** Keys: the sets and the value. Arguments: now, `if` or empty, the version that it must have, key. */
export const deleteScript = `${parse}
  local current = version(KEYS[3])
  if current == "" or (ARGV[2] == "if" and current ~= ARGV[3]) then return 0 end
  redis.call("DEL", KEYS[3])
  redis.call("ZREM", KEYS[1], ARGV[4])
  redis.call("ZREM", KEYS[2], ARGV[4])
  return 1`;

/**
 * Keys: the sets. Arguments: now, what names of values begin with, the least and the greatest key, how many.
 * Gives those that are there, and the last that was looked at, from which the next list goes on; `false` at the end.
 */
export const listScript = `${parse}
  local members = redis.call("ZRANGEBYLEX", KEYS[1], ARGV[3], ARGV[4], "LIMIT", 0, ARGV[5])
  local found = {}
  for _, member in ipairs(members) do
    local name = ARGV[2] .. member
    if version(name) ~= "" then
      found[#found + 1] = member
    elseif redis.call("EXISTS", name) == 0 then
      redis.call("ZREM", KEYS[1], member)
      redis.call("ZREM", KEYS[2], member)
    end
  end
  return { found, #members == tonumber(ARGV[5]) and members[#members] }`;
