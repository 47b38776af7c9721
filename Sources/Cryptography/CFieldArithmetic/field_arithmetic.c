#include "field_arithmetic.h"

#include <string.h>

_Static_assert(sizeof(fa_limb) == sizeof(mp_limb_t) && GMP_NAIL_BITS == 0, "GMP with full limbs of 64 bits");

// uint64_t is `unsigned long` on Linux, as GMP's limb is, and `unsigned long long` elsewhere.
#define L(x) ((mp_limb_t *)(x))
#define C(x) ((const mp_limb_t *)(x))

void fa_wipe(void *memory, size_t octets)
{
    memset(memory, 0, octets);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void fa_assign(fa_limb *r, const fa_limb *a, size_t count, fa_limb mask)
{
    for (size_t i = 0; i < count; i++) r[i] ^= (r[i] ^ a[i]) & mask;
}

void fa_swap(fa_limb *a, fa_limb *b, size_t count, fa_limb mask)
{
    for (size_t i = 0; i < count; i++) {
        fa_limb d = (a[i] ^ b[i]) & mask;
        a[i] ^= d;
        b[i] ^= d;
    }
}

static fa_limb zero_mask(fa_limb x) { return (fa_limb)0 - (fa_limb)((~x & (x - 1)) >> 63); }

void fa_lookup(fa_limb *r, const fa_limb *table, size_t entries, size_t count, fa_limb index)
{
    memset(r, 0, count * sizeof(fa_limb));
    for (size_t e = 0; e < entries; e++) {
        fa_limb mask = zero_mask(e ^ index);
        for (size_t i = 0; i < count; i++) r[i] |= table[e * count + i] & mask;
    }
}

// --- The portable kernels: GMP's functions that take the same path whatever the operands.

static void basecase_multiply(fa_limb *t, const fa_limb *a, const fa_limb *b, int n)
{
    mp_limb_t scratch[4 * FA_MAX_LIMBS];
    mpn_sec_mul(L(t), C(a), n, C(b), n, scratch);
}

static void basecase_square(fa_limb *t, const fa_limb *a, int n)
{
    mp_limb_t scratch[4 * FA_MAX_LIMBS];
    mpn_sec_sqr(L(t), C(a), n, scratch);
}

// From this many limbs on, one step of Karatsuba's method pays. GMP's own steps branch on their operands.
#define KARATSUBA_LIMBS 40

// d = |a - b|; 1 where a is below b.
static fa_limb distance(fa_limb *d, const fa_limb *a, const fa_limb *b, int n)
{
    fa_limb below = mpn_sub_n(L(d), C(a), C(b), n), carry = below;
    for (int i = 0; i < n; i++) {
        d[i] = (d[i] ^ (0 - below)) + carry;
        carry &= (fa_limb)(d[i] == 0);
    }
    return below;
}

// t holds a0 b0 and, above it, a1 b1, with halves of h limbs: adds a0 b1 + a1 b0 = a0 b0 + a1 b1 - (a0 - a1)(b0 - b1), of which
// the last product is given by its size and sign.
static void karatsuba_join(fa_limb *t, const fa_limb *size, fa_limb negative, int h)
{
    fa_limb middle[FA_MAX_LIMBS];
    fa_limb carry = mpn_add_n(L(middle), C(t), C(t + 2 * h), 2 * h);
    carry += mpn_cnd_add_n(negative, L(middle), C(middle), C(size), 2 * h);
    carry -= mpn_cnd_sub_n(negative ^ 1, L(middle), C(middle), C(size), 2 * h);
    carry += mpn_add_n(L(t + h), C(t + h), C(middle), 2 * h);
    for (int i = 3 * h; i < 4 * h; i++) {
        t[i] += carry;
        carry = t[i] < carry;
    }
}

static void portable_multiply(const fa_field *f, fa_limb *t, const fa_limb *a, const fa_limb *b)
{
    int n = f->n, h = n / 2;
    if (n < KARATSUBA_LIMBS || n % 2) return basecase_multiply(t, a, b, n);
    fa_limb x[FA_MAX_LIMBS / 2], y[FA_MAX_LIMBS / 2], size[FA_MAX_LIMBS];
    fa_limb negative = distance(x, a, a + h, h) ^ distance(y, b, b + h, h);
    basecase_multiply(size, x, y, h);
    basecase_multiply(t, a, b, h);
    basecase_multiply(t + n, a + h, b + h, h);
    karatsuba_join(t, size, negative, h);
}

static void portable_square(const fa_field *f, fa_limb *t, const fa_limb *a)
{
    int n = f->n, h = n / 2;
    if (n < KARATSUBA_LIMBS || n % 2) return basecase_square(t, a, n);
    fa_limb x[FA_MAX_LIMBS / 2], size[FA_MAX_LIMBS];
    distance(x, a, a + h, h);
    basecase_square(size, x, h);
    basecase_square(t, a, h);
    basecase_square(t + n, a + h, h);
    karatsuba_join(t, size, 0, h);
}

// r = x - p where x, of n limbs and a carry, is not below p, else x.
static void subtract_once(const fa_field *f, fa_limb *r, const fa_limb *x, fa_limb carry)
{
    fa_limb difference[FA_MAX_LIMBS];
    fa_limb borrow = mpn_sub_n(L(difference), C(x), C(f->p), f->n);
    fa_limb keep = (fa_limb)0 - (borrow & (carry ^ 1));
    for (int i = 0; i < f->n; i++) r[i] = difference[i] ^ ((difference[i] ^ x[i]) & keep);
}

static void portable_reduce(const fa_field *f, fa_limb *r, fa_limb *t)
{
    int n = f->n;
    for (int i = 0; i < n; i++)
        t[i] = mpn_addmul_1(L(t + i), C(f->p), n, t[i] * f->minus_p_inverse);
    fa_limb carry = mpn_add_n(L(t + n), C(t + n), C(t), n);
    subtract_once(f, r, t + n, carry);
}

static const fa_kernels portable = {"portable", portable_multiply, portable_square, portable_reduce};

// --- The field

void fa_field_init(fa_field *f, const fa_limb *p, int n)
{
    memset(f, 0, sizeof *f);
    f->kernels = &portable;
    f->n = n;
    memcpy(f->p, p, n * sizeof(fa_limb));
    // Newton's iteration doubles the correct bits of 1/p; p itself has three.
    fa_limb inverse = p[0];
    for (int i = 0; i < 5; i++) inverse *= 2 - p[0] * inverse;
    f->minus_p_inverse = (fa_limb)0 - inverse;
    mp_limb_t power[2 * FA_MAX_LIMBS + 1] = {0}, quotient[FA_MAX_LIMBS + 2];
    power[n] = 1;
    mpn_tdiv_qr(quotient, L(f->one), 0, power, n + 1, C(f->p), n);
    power[n] = 0;
    power[2 * n] = 1;
    mpn_tdiv_qr(quotient, L(f->r_squared), 0, power, 2 * n + 1, C(f->p), n);
}

void fa_encode(const fa_field *f, fa_limb *r, const fa_limb *integer) { fa_mul(f, r, integer, f->r_squared); }

void fa_decode(const fa_field *f, fa_limb *integer, const fa_limb *a)
{
    fa_limb t[2 * FA_MAX_LIMBS] = {0};
    memcpy(t, a, f->n * sizeof(fa_limb));
    f->kernels->reduce(f, integer, t);
    fa_wipe(t, sizeof t);
}

void fa_set_one(const fa_field *f, fa_limb *r) { memcpy(r, f->one, f->n * sizeof(fa_limb)); }

void fa_add(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b)
{
    fa_limb sum[FA_MAX_LIMBS];
    fa_limb carry = mpn_add_n(L(sum), C(a), C(b), f->n);
    subtract_once(f, r, sum, carry);
}

void fa_sub(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b)
{
    fa_limb borrow = mpn_sub_n(L(r), C(a), C(b), f->n);
    mpn_cnd_add_n(borrow, L(r), C(r), C(f->p), f->n);
}

void fa_neg(const fa_field *f, fa_limb *r, const fa_limb *a)
{
    static const fa_limb zero[FA_MAX_LIMBS];
    fa_sub(f, r, zero, a);
}

void fa_half(const fa_field *f, fa_limb *r, const fa_limb *a)
{
    fa_limb carry = mpn_cnd_add_n(a[0] & 1, L(r), C(a), C(f->p), f->n);
    mpn_rshift(L(r), C(r), f->n, 1);
    r[f->n - 1] |= carry << 63;
}

void fa_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b)
{
    fa_limb t[2 * FA_MAX_LIMBS];
    f->kernels->multiply(f, t, a, b);
    f->kernels->reduce(f, r, t);
}

void fa_sqr(const fa_field *f, fa_limb *r, const fa_limb *a)
{
    fa_limb t[2 * FA_MAX_LIMBS];
    f->kernels->square(f, t, a);
    f->kernels->reduce(f, r, t);
}

// Products that wait for their reduction stay in 0 ... p R - 1: p R is taken off or put on, in the upper half.
static void wide_add(const fa_field *f, fa_limb *t, const fa_limb *u)
{
    fa_limb carry = mpn_add_n(L(t), C(t), C(u), 2 * f->n);
    subtract_once(f, t + f->n, t + f->n, carry);
}

static void wide_sub(const fa_field *f, fa_limb *t, const fa_limb *u)
{
    fa_limb borrow = mpn_sub_n(L(t), C(t), C(u), 2 * f->n);
    mpn_cnd_add_n(borrow, L(t + f->n), C(t + f->n), C(f->p), f->n);
}

void fa_mul_add_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b, const fa_limb *c, const fa_limb *d)
{
    fa_limb t[2 * FA_MAX_LIMBS], u[2 * FA_MAX_LIMBS];
    f->kernels->multiply(f, t, a, b);
    f->kernels->multiply(f, u, c, d);
    wide_add(f, t, u);
    f->kernels->reduce(f, r, t);
}

void fa2_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b)
{
    // Karatsuba: three products, two reductions.
    int n = f->n;
    fa_limb real[2 * FA_MAX_LIMBS], both[2 * FA_MAX_LIMBS], imaginary[2 * FA_MAX_LIMBS];
    fa_limb s[FA_MAX_LIMBS], t[FA_MAX_LIMBS];
    fa_add(f, s, a, a + n);
    fa_add(f, t, b, b + n);
    f->kernels->multiply(f, real, a, b);
    f->kernels->multiply(f, imaginary, a + n, b + n);
    f->kernels->multiply(f, both, s, t);
    wide_sub(f, both, real);
    wide_sub(f, both, imaginary);
    wide_sub(f, real, imaginary);
    f->kernels->reduce(f, r, real);
    f->kernels->reduce(f, r + n, both);
}

void fa2_sqr(const fa_field *f, fa_limb *r, const fa_limb *a)
{
    // (a0 + a1)(a0 - a1) and 2 a0 a1.
    int n = f->n;
    fa_limb s[FA_MAX_LIMBS], d[FA_MAX_LIMBS], t[FA_MAX_LIMBS];
    fa_add(f, s, a, a + n);
    fa_sub(f, d, a, a + n);
    fa_mul(f, t, a, a + n);
    fa_mul(f, r, s, d);
    fa_add(f, r + n, t, t);
}

fa_limb fa_is_zero(const fa_field *f, const fa_limb *a)
{
    fa_limb bits = 0;
    for (int i = 0; i < f->n; i++) bits |= a[i];
    return zero_mask(bits);
}

fa_limb fa_equal(const fa_field *f, const fa_limb *a, const fa_limb *b)
{
    fa_limb bits = 0;
    for (int i = 0; i < f->n; i++) bits |= a[i] ^ b[i];
    return zero_mask(bits);
}

void fa_pow(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *e, int bits)
{
    // Sliding windows over a's odd powers.
    enum { window = 6, entries = 1 << (window - 1) };
    fa_limb powers[entries][FA_MAX_LIMBS], square[FA_MAX_LIMBS], result[FA_MAX_LIMBS];
    size_t octets = f->n * sizeof(fa_limb);
    memcpy(powers[0], a, octets);
    fa_sqr(f, square, a);
    for (int i = 1; i < entries; i++) fa_mul(f, powers[i], powers[i - 1], square);
    memcpy(result, f->one, octets);
#define BIT(k) ((e[(k) / 64] >> ((k) % 64)) & 1)
    for (int top = bits - 1; top >= 0;) {
        if (!BIT(top)) {
            fa_sqr(f, result, result);
            top--;
            continue;
        }
        int low = top - window + 1 < 0 ? 0 : top - window + 1;
        while (!BIT(low)) low++;
        unsigned digit = 0;
        for (int k = top; k >= low; k--) {
            digit = digit << 1 | (unsigned)BIT(k);
            fa_sqr(f, result, result);
        }
        fa_mul(f, result, result, powers[digit >> 1]);
        top = low - 1;
    }
#undef BIT
    memcpy(r, result, octets);
    fa_wipe(powers, sizeof powers);
    fa_wipe(square, sizeof square);
    fa_wipe(result, sizeof result);
}
