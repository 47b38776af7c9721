/// The Lua scripts of sessions, each one step on the server, on one key.
enum SessionScripts {
    static let all = [exchange, add]

    /// ARGV: '=' and what must be there or '' for nothing, the new value, its life in ms.
    static let exchange = Script(
        """
        local there = redis.call('GET', KEYS[1])
        if (there and '=' .. there or '') == ARGV[1] then
          redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
          return {1}
        end
        return {0, there}
        """)

    /// ARGV: how much, the counter's life in ms. The value is given as text: Lua's numbers have 53 bits.
    static let add = Script(
        """
        local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
        if type(sum) == 'table' then
          if not sum.err:find('overflow', 1, true) then return sum end
          redis.call('SET', KEYS[1], '9223372036854775807', 'KEEPTTL')
        end
        if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return redis.call('GET', KEYS[1])
        """)
}
