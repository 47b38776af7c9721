/// The Lua scripts of the view, each one step on the server. KEYS are those of `ViewKeys`, in its order.
///
/// Octets are compared for equality only, and ordered by Redis itself (ZRANGEBYLEX): Lua's `<` follows the server's
/// locale.
enum ViewScripts {
    static let all = [position, excerpt, apply, discard, pending, deposit, reachable, due]

    /// The position, or '' where there is no view. The four keys that hold deposits have one entry each a deposit:
    /// where they differ somebody has removed a key, and the view is no more.
    private static let opening = """
        local function position()
          local at, queue, count = redis.call('GET', KEYS[1]), redis.call('ZCARD', KEYS[2]), redis.call('HLEN', KEYS[3])
          local deposits, expiry = redis.call('HLEN', KEYS[4]), redis.call('ZCARD', KEYS[5])
          if at and count == queue and count == deposits and count == expiry then return at end
          redis.call('UNLINK', unpack(KEYS))
          return ''
        end
        local function many(key, from, to)
          local all = {}
          for first = from, to, 1000 do
            local found = redis.call('HMGET', key, unpack(ARGV, first, math.min(first + 999, to)))
            for i = 1, #found do all[#all + 1] = found[i] end
          end
          return all
        end

        """

    static let position = Script(opening + "return position()")

    /// ARGV: how many deposits, how many usages, then the names of deposits, usages and presences.
    static let excerpt = Script(
        opening + """
            local at = position()
            local deposits, usages = tonumber(ARGV[1]), tonumber(ARGV[2])
            return {at, many(KEYS[4], 3, 2 + deposits), many(KEYS[6], 3 + deposits, 2 + deposits + usages),
              many(KEYS[8], 3 + deposits + usages, #ARGV)}
            """)

    /// ARGV: the position before ('' for none), the position after, the moment in ms up to which expired leases go,
    /// then the changes: a letter and its arguments.
    static let apply = Script(
        opening + """
            if position() ~= ARGV[1] then return 0 end
            local function queued(key, offset)
              local size = #key - 16
              return string.char(math.floor(size / 256), size % 256) .. key:sub(17) .. offset .. key:sub(1, 16)
            end
            local function unlist(key)
              local known = redis.call('HGET', KEYS[4], key)
              if not known then return end
              redis.call('ZREM', KEYS[2], queued(key, known:sub(1, 8)))
              redis.call('ZREM', KEYS[5], known:sub(9, 16) .. key)
            end
            local function reach(mailbox)
              local presence = redis.call('HGET', KEYS[8], mailbox)
              if (presence and presence:byte(1) == 3) or redis.call('HEXISTS', KEYS[7], mailbox) == 1 then
                redis.call('ZADD', KEYS[9], 0, mailbox)
              else
                redis.call('ZREM', KEYS[9], mailbox)
              end
            end
            local gone = tonumber(ARGV[3])
            local function setRoute(mailbox, stream, entry)
              local old, kept, latest, at = redis.call('HGET', KEYS[7], mailbox) or '', {}, 0, 1
              if entry then
                kept[1] = entry
                latest = struct.unpack('>I8', entry, 3)
              end
              while at <= #old do
                local size = old:byte(at) * 256 + old:byte(at + 1)
                local expires = struct.unpack('>I8', old, at + 2)
                if expires > gone and old:sub(at + 19, at + 18 + old:byte(at + 18)) ~= stream then
                  kept[#kept + 1] = old:sub(at, at + 1 + size)
                  if expires > latest then latest = expires end
                end
                at = at + 2 + size
              end
              if #kept == 0 then
                redis.call('HDEL', KEYS[7], mailbox)
                redis.call('ZREM', KEYS[10], 'r' .. mailbox)
              else
                redis.call('HSET', KEYS[7], mailbox, table.concat(kept))
                redis.call('ZADD', KEYS[10], latest, 'r' .. mailbox)
              end
              reach(mailbox)
            end
            local i, changes = 4, 0
            while i <= #ARGV do
              local change, name = ARGV[i], ARGV[i + 1]
              changes = changes + 1
              if change == 'I' then
                local known = ARGV[i + 2]
                unlist(name)
                redis.call('HSET', KEYS[4], name, known)
                redis.call('HSET', KEYS[3], name, ARGV[i + 3])
                redis.call('ZADD', KEYS[2], 0, queued(name, known:sub(1, 8)))
                redis.call('ZADD', KEYS[5], 0, known:sub(9, 16) .. name)
                i = i + 4
              elseif change == 'D' then
                unlist(name)
                redis.call('HDEL', KEYS[4], name)
                redis.call('HDEL', KEYS[3], name)
                i = i + 2
              elseif change == 'U' then
                if ARGV[i + 2] == '' then
                  redis.call('HDEL', KEYS[6], name)
                else
                  redis.call('HSET', KEYS[6], name, ARGV[i + 2])
                end
                i = i + 3
              elseif change == 'R' then
                setRoute(name, ARGV[i + 2], ARGV[i + 3])
                i = i + 4
              elseif change == 'X' then
                setRoute(name, ARGV[i + 2], nil)
                i = i + 3
              else
                redis.call('HSET', KEYS[8], name, ARGV[i + 2])
                redis.call('ZADD', KEYS[10], struct.unpack('>I8', ARGV[i + 2], 2), 'p' .. name)
                reach(name)
                i = i + 3
              end
            end
            local leases = redis.call('ZRANGEBYSCORE', KEYS[10], '-inf', ARGV[3], 'LIMIT', 0, 100 + changes)
            for _, lease in ipairs(leases) do
              local mailbox = lease:sub(2)
              redis.call('HDEL', lease:sub(1, 1) == 'r' and KEYS[7] or KEYS[8], mailbox)
              redis.call('ZREM', KEYS[10], lease)
              reach(mailbox)
            end
            redis.call('SET', KEYS[1], ARGV[2])
            return 1
            """)

    /// ARGV: the position.
    static let discard = Script(
        opening + """
            if position() ~= ARGV[1] then return 0 end
            redis.call('UNLINK', unpack(KEYS))
            return 1
            """)

    /// ARGV: where the mailbox's part of the queue begins and ends, the most deposits and octets. Gives the position, then
    /// place and envelope by turns.
    static let pending = Script(
        opening + """
            local at, page, octets, from, left = position(), {}, 0, ARGV[1], tonumber(ARGV[3])
            while left > 0 do
              local asked = math.min(left, 50)
              local queue = redis.call('ZRANGEBYLEX', KEYS[2], from, ARGV[2], 'LIMIT', 0, asked)
              for _, place in ipairs(queue) do
                local envelope = redis.call('HGET', KEYS[3], place:sub(-16) .. place:sub(3, -25))
                page[#page + 1] = place:sub(-24, -17)
                page[#page + 1] = envelope
                octets = octets + (envelope and #envelope or 0)
                if octets >= tonumber(ARGV[4]) then return {at, page} end
              end
              if #queue < asked then break end
              from = '(' .. queue[#queue]
              left = left - #queue
            end
            return {at, page}
            """)

    /// ARGV: the deposit's key.
    static let deposit = Script(
        "return {redis.call('HGET', KEYS[4], ARGV[1]), redis.call('HGET', KEYS[3], ARGV[1])}")

    /// ARGV: after which mailbox, now in ms, the most mailboxes. Gives the last mailbox looked at ('' for the end),
    /// then those found; a call looks at 1,000 at most.
    static let reachable = Script(
        """
        local now, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
        local mailboxes = redis.call('ZRANGEBYLEX', KEYS[9], ARGV[1], '+', 'LIMIT', 0, 1000)
        local found = {#mailboxes == 1000 and mailboxes[1000] or ''}
        for _, mailbox in ipairs(mailboxes) do
          if redis.call('HEXISTS', KEYS[6], mailbox) == 1 then
            local presence = redis.call('HGET', KEYS[8], mailbox)
            local is = presence and presence:byte(1) == 3 and struct.unpack('>I8', presence, 2) > now
            local routes, at = redis.call('HGET', KEYS[7], mailbox) or '', 1
            while not is and at <= #routes do
              is = struct.unpack('>I8', routes, at + 2) > now
              at = at + 2 + routes:byte(at) * 256 + routes:byte(at + 1)
            end
            if is then
              found[#found + 1] = mailbox
              if #found > limit then
                found[1] = mailbox
                return found
              end
            end
          end
        end
        return found
        """)

    /// ARGV: where what is due ends, the most deposits. Gives key and summary by turns.
    static let due = Script(
        """
        local found = {}
        for _, entry in ipairs(redis.call('ZRANGEBYLEX', KEYS[5], '-', ARGV[1], 'LIMIT', 0, ARGV[2])) do
          found[#found + 1] = entry:sub(9)
          found[#found + 1] = redis.call('HGET', KEYS[4], entry:sub(9))
        end
        return found
        """)
}
