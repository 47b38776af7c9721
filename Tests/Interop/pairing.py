"""Elliptic curves over Python's integers, and the algorithms of RFC 5091 for its type-1 curves, of any size.

Nothing here is constant time: it checks others.
"""

import hashlib


class Curve:
    """y^2 = x^3 + a x + b over F_p. A point is (x, y), or None for infinity."""

    def __init__(self, p, a, b):
        self.p, self.a, self.b = p, a, b

    def contains(self, point):
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def slope(self, one, two):
        """Of the chord through two points or the tangent at one; None where it is vertical."""
        (x1, y1), (x2, y2) = one, two
        if x1 != x2:
            return (y2 - y1) * pow(x2 - x1, -1, self.p) % self.p
        if (y1 + y2) % self.p == 0:
            return None
        return (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p) % self.p

    def add(self, one, two):
        if one is None or two is None:
            return one or two
        slope = self.slope(one, two)
        if slope is None:
            return None
        x = (slope * slope - one[0] - two[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def multiply(self, scalar, point):
        if scalar == 0 or point is None:
            return None
        p, (px, py) = self.p, point
        x, y, z = 1, 1, 0  # Jacobian: (x / z^2, y / z^3)
        for bit in bin(scalar)[2:]:
            if z:
                yy = y * y % p
                s, m = 4 * x * yy % p, (3 * x * x + self.a * pow(z, 4, p)) % p
                x, y, z = (m * m - 2 * s) % p, y, 2 * y * z % p
                y = (m * (s - x) - 8 * yy * yy) % p
            if bit == "1":
                if z == 0:
                    x, y, z = px, py, 1
                    continue
                zz = z * z % p
                h, r = (px * zz - x) % p, (py * zz * z - y) % p
                if h == 0:
                    total = self.add(self._affine(x, y, z), point)
                    x, y, z = (*total, 1) if total else (1, 1, 0)
                    continue
                hh = h * h % p
                hhh, v = h * hh % p, x * hh % p
                x, y, z = (r * r - hhh - 2 * v) % p, y * hhh, z * h % p
                y = (r * (v - x) - y) % p
        return self._affine(x, y, z)

    def _affine(self, x, y, z):
        if z == 0:
            return None
        inverse = pow(z, -1, self.p)
        return x * inverse * inverse % self.p, y * inverse * inverse * inverse % self.p


def hash_to_range(octets, n, hash_name):
    """4.1.1 without its limit on n."""
    value, h = 0, bytes(hashlib.new(hash_name).digest_size)
    for _ in range(2):
        h = hashlib.new(hash_name, h + octets).digest()
        value = value << 8 * len(h) | int.from_bytes(h, "big")
    return value % n


def hash_bytes(count, octets, hash_name):
    """4.2.1 without its limit on the count."""

    def digest(x):
        return hashlib.new(hash_name, x).digest()

    k, result = digest(octets), b""
    h = bytes(len(k))
    while len(result) < count:
        h = digest(h)
        result += digest(h + k)
    return result[:count]


class Type1Curve(Curve):
    """y^2 = x^3 + 1, p = 11 mod 12, with a subgroup of order q. Elements of F_p^2 are (real, imaginary)."""

    def __init__(self, p, q):
        super().__init__(p, 0, 1)
        self.q = q
        half = (p + 1) // 2
        self.zeta = (p - 1) // 2, -pow(3, (p + 1) // 4, p) * half % p

    def in_subgroup(self, point):
        return self.contains(point) and self.multiply(self.q, point) is None

    def hash_to_curve(self, identity, hash_name):
        y = hash_to_range(identity, self.p, hash_name)
        return pow(y * y - 1, (2 * self.p - 1) // 3, self.p), y

    def hash_to_point(self, identity, hash_name):
        return self.multiply((self.p + 1) // self.q, self.hash_to_curve(identity, hash_name))

    def times(self, v, w):
        return (v[0] * w[0] - v[1] * w[1]) % self.p, (v[0] * w[1] + v[1] * w[0]) % self.p

    def quotient(self, v, w):
        norm = pow(w[0] * w[0] + w[1] * w[1], -1, self.p)
        a, b = self.times(v, (w[0], -w[1]))
        return a * norm % self.p, b * norm % self.p

    def power(self, v, exponent):
        result = 1, 0
        for bit in bin(exponent)[2:]:
            result = self.times(result, result)
            if bit == "1":
                result = self.times(result, v)
        return result

    def pairing(self, a, b):
        """e'(A, B) = e(A, phi(B)): Miller's algorithm with its verticals, then the power (p^2 - 1) / q."""
        p = self.p
        x, y = (b[0] * self.zeta[0] % p, b[0] * self.zeta[1] % p), b[1]
        over, under, v = (1, 0), (1, 0), a

        def step(other):
            nonlocal over, under, v
            slope = self.slope(v, other)
            if slope is None:
                line, v = ((x[0] - v[0]) % p, x[1]), None
            else:
                line = (y - v[1] - slope * (x[0] - v[0])) % p, -slope * x[1] % p
                v = self.add(v, other)
                under = self.times(under, ((x[0] - v[0]) % p, x[1]))
            over = self.times(over, line)

        for bit in bin(self.q)[3:]:
            over, under = self.times(over, over), self.times(under, under)
            step(v)
            if bit == "1":
                step(a)
        if v is not None:
            raise ValueError("a point that is not of order q")
        f = self.quotient(over, under)
        return self.power(self.quotient((f[0], -f[1] % p), f), (p + 1) // self.q)

    def canonical(self, v, order=0):
        """4.3.2."""
        size = (self.p.bit_length() + 7) // 8
        real, imaginary = (c.to_bytes(size, "big") for c in v)
        return imaginary + real if order else real + imaginary
