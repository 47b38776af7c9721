// 1/a mod p in constant time, by the division steps of Bernstein and Yang, "Fast constant-time gcd computation and modular
// inversion" (2019), 62 at a time on the lowest bits and then on whole numbers.

#include "field_arithmetic.h"

#include <string.h>

// Numbers in limbs of 62 bits; the highest is signed.
#define MAX_DIGITS ((64 * FA_MAX_LIMBS + 61) / 62)
#define DIGIT_MASK (UINT64_MAX >> 2)

typedef struct { int64_t digit[MAX_DIGITS]; } number;

// What 62 division steps do to (f, g): 2^-62 (u f + v g, q f + r g). |u| + |v| and |q| + |r| are at most 2^62.
typedef struct { int64_t u, v, q, r; } transition;

static void split(number *r, const fa_limb *limbs, int n, int digits)
{
    for (int i = 0; i < digits; i++) {
        int bit = 62 * i, limb = bit / 64, shift = bit % 64;
        fa_limb low = limb < n ? limbs[limb] >> shift : 0;
        fa_limb high = shift > 2 && limb + 1 < n ? limbs[limb + 1] << (64 - shift) : 0;
        r->digit[i] = (int64_t)((low | high) & DIGIT_MASK);
    }
}

static void join(fa_limb *limbs, const number *a, int n, int digits)
{
    memset(limbs, 0, (size_t)n * sizeof(fa_limb));
    for (int i = 0; i < digits; i++) {
        int bit = 62 * i, limb = bit / 64, shift = bit % 64;
        fa_limb digit = (fa_limb)a->digit[i];
        if (limb < n) limbs[limb] |= digit << shift;
        if (shift > 2 && limb + 1 < n) limbs[limb + 1] |= digit >> (64 - shift);
    }
}

static int64_t steps(int64_t delta, uint64_t f, uint64_t g, transition *t)
{
    uint64_t u = 1, v = 0, q = 0, r = 1;
    for (int i = 0; i < 62; i++) {
        uint64_t odd = 0 - (g & 1);
        // g odd and delta > 0: (f, g) becomes (g, -f), and delta its opposite.
        uint64_t turn = odd & (uint64_t)(-delta >> 63);
        uint64_t x = (f ^ g) & turn, y = (u ^ q) & turn, z = (v ^ r) & turn;
        f ^= x, g ^= x, u ^= y, q ^= y, v ^= z, r ^= z;
        g = (g ^ turn) - turn, q = (q ^ turn) - turn, r = (r ^ turn) - turn;
        delta = (int64_t)(((uint64_t)delta ^ turn) - turn) + 1;
        g += f & odd, q += u & odd, r += v & odd;
        g >>= 1, u <<= 1, v <<= 1;
    }
    *t = (transition){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
    return delta;
}

// (f, g) = 2^-62 (u f + v g, q f + r g), exact.
static void update_numbers(number *f, number *g, const transition *t, int digits)
{
    __int128 a = 0, b = 0;
    for (int i = 0; i < digits; i++) {
        int64_t x = f->digit[i], y = g->digit[i];
        a += (__int128)t->u * x + (__int128)t->v * y;
        b += (__int128)t->q * x + (__int128)t->r * y;
        if (i > 0) {
            f->digit[i - 1] = (int64_t)((uint64_t)a & DIGIT_MASK);
            g->digit[i - 1] = (int64_t)((uint64_t)b & DIGIT_MASK);
        }
        a >>= 62, b >>= 62;
    }
    f->digit[digits - 1] = (int64_t)a;
    g->digit[digits - 1] = (int64_t)b;
}

// (d, e) = 2^-62 (u d + v e, q d + r e) mod p, all of them above -2 p and below p.
static void update_factors(number *d, number *e, const transition *t, const number *p, uint64_t p_inverse, int digits)
{
    // p times m and k makes up for negative d and e, and the lowest digits 0.
    int64_t d_sign = d->digit[digits - 1] >> 63, e_sign = e->digit[digits - 1] >> 63;
    int64_t m = (t->u & d_sign) + (t->v & e_sign), k = (t->q & d_sign) + (t->r & e_sign);
    __int128 a = (__int128)t->u * d->digit[0] + (__int128)t->v * e->digit[0];
    __int128 b = (__int128)t->q * d->digit[0] + (__int128)t->r * e->digit[0];
    m -= (int64_t)((p_inverse * (uint64_t)a + (uint64_t)m) & DIGIT_MASK);
    k -= (int64_t)((p_inverse * (uint64_t)b + (uint64_t)k) & DIGIT_MASK);
    a = (a + (__int128)p->digit[0] * m) >> 62;
    b = (b + (__int128)p->digit[0] * k) >> 62;
    for (int i = 1; i < digits; i++) {
        int64_t x = d->digit[i], y = e->digit[i];
        a += (__int128)t->u * x + (__int128)t->v * y + (__int128)p->digit[i] * m;
        b += (__int128)t->q * x + (__int128)t->r * y + (__int128)p->digit[i] * k;
        d->digit[i - 1] = (int64_t)((uint64_t)a & DIGIT_MASK);
        e->digit[i - 1] = (int64_t)((uint64_t)b & DIGIT_MASK);
        a >>= 62, b >>= 62;
    }
    d->digit[digits - 1] = (int64_t)a;
    e->digit[digits - 1] = (int64_t)b;
}

// r = (r or -r) + (p or 0), by masks.
static void adjust(number *r, int64_t negate, int64_t add, const number *p, int digits)
{
    int64_t carry = 0;
    for (int i = 0; i < digits; i++) {
        int64_t sum = ((r->digit[i] ^ negate) - negate) + (p->digit[i] & add) + carry;
        if (i == digits - 1) {
            r->digit[i] = sum;
        } else {
            r->digit[i] = sum & (int64_t)DIGIT_MASK;
            carry = sum >> 62;
        }
    }
}

void fa_inv(const fa_field *f, fa_limb *r, const fa_limb *a)
{
    int n = f->n, bits = 64 * n, digits = (bits + 61) / 62;
    number p, x, y, d = {{0}}, e = {{1}};
    split(&p, f->p, n, digits);
    x = p;
    split(&y, a, n, digits);
    // Theorem 11.2 of the paper: so many steps are enough for any a below p.
    int rounds = ((49 * bits + 80) / 17 + 61) / 62;
    int64_t delta = 1;
    for (int i = 0; i < rounds; i++) {
        transition t;
        delta = steps(delta, (uint64_t)x.digit[0] | (uint64_t)x.digit[1] << 62,
                      (uint64_t)y.digit[0] | (uint64_t)y.digit[1] << 62, &t);
        update_numbers(&x, &y, &t, digits);
        update_factors(&d, &e, &t, &p, 0 - f->minus_p_inverse, digits);
    }
    // x is 1 or -1 (p where a is 0, and d is 0), and a d = x mod p.
    int64_t sign = x.digit[digits - 1] >> 63;
    adjust(&d, 0, d.digit[digits - 1] >> 63, &p, digits);
    adjust(&d, sign, 0, &p, digits);
    adjust(&d, 0, d.digit[digits - 1] >> 63, &p, digits);
    join(r, &d, n, digits);
    // a was x R, so this is 1 / (x R): two more factors R make it R / x.
    fa_mul(f, r, r, f->r_squared);
    fa_mul(f, r, r, f->r_squared);
    fa_wipe(&x, sizeof x);
    fa_wipe(&y, sizeof y);
    fa_wipe(&d, sizeof d);
    fa_wipe(&e, sizeof e);
}
