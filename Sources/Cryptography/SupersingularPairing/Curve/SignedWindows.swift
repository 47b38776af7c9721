extension Natural {
    /// RFC 5091 3.2.1, SignedWindowDecomposition (as docs/protocol.md corrects it): odd digits b below 2^(r-1) in size and their
    /// exponents e, ascending, so that the number is the sum of all b 2^e. At least r - 1 zeros are between two digits.
    func signedWindows(_ r: Int) -> [(digit: Int, exponent: Int)] {
        var result: [(digit: Int, exponent: Int)] = []
        var (j, carry) = (0, 0)
        // The carry is the increment of (k_l ... k_(t + 1)); l grows by it.
        while j < bitCount || carry > 0 {
            if (bit(j) ? 1 : 0) == carry {
                j += 1
                continue
            }
            let h = (0..<r).reduce(carry) { $0 + (bit(j + $1) ? 1 << $1 : 0) }
            carry = h > 1 << (r - 1) ? 1 : 0
            result.append((h - carry << r, j))
            j += r
        }
        return result
    }
}
