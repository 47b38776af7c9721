// Arithmetic of F_p and F_p^2 on limbs of 64 bits, least significant first, in Montgomery's form (x is kept as x R mod p,
// R = 2^(64 n)). Elements are always reduced (0 ... p - 1). Running times depend on n alone, except for the functions at the
// end that say so.
#pragma once
#include <gmp.h>
#include <stddef.h>
#include <stdint.h>

// p has at most 3840 bits (RFC 5091's level 7680).
#define FA_MAX_LIMBS 60

// GMP counts in `long`; Swift in Int. Both are 64 bits.
typedef uint64_t fa_limb;

struct fa_field;

// What differs from processor to processor. Vector kernels would be another table, chosen in fa_field_init.
typedef struct fa_kernels {
    const char *name;
    // t = a * b, t = a^2: 2 n limbs.
    void (*multiply)(const struct fa_field *f, fa_limb *t, const fa_limb *a, const fa_limb *b);
    void (*square)(const struct fa_field *f, fa_limb *t, const fa_limb *a);
    // r = t / R mod p for t < p R, of which t is destroyed.
    void (*reduce)(const struct fa_field *f, fa_limb *r, fa_limb *t);
} fa_kernels;

typedef struct fa_field {
    const fa_kernels *kernels;
    int n;
    fa_limb minus_p_inverse;        // -1/p mod 2^64
    fa_limb p[FA_MAX_LIMBS];
    fa_limb one[FA_MAX_LIMBS];      // R mod p
    fa_limb r_squared[FA_MAX_LIMBS];
} fa_field;

// Prepares an odd modulus of n limbs whose highest limb is not 0.
void fa_field_init(fa_field *f, const fa_limb *p, int n);

// Into Montgomery's form and out of it.
void fa_encode(const fa_field *f, fa_limb *r, const fa_limb *integer);
void fa_decode(const fa_field *f, fa_limb *integer, const fa_limb *a);

void fa_set_one(const fa_field *f, fa_limb *r);
void fa_add(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b);
void fa_sub(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b);
void fa_neg(const fa_field *f, fa_limb *r, const fa_limb *a);
void fa_half(const fa_field *f, fa_limb *r, const fa_limb *a);
void fa_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b);
void fa_sqr(const fa_field *f, fa_limb *r, const fa_limb *a);
// r = a b + c d with one reduction.
void fa_mul_add_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b, const fa_limb *c, const fa_limb *d);
// r = 1/a; 0 for 0.
void fa_inv(const fa_field *f, fa_limb *r, const fa_limb *a);
// r = a^e for a public exponent of `bits` bits, which the running time shows.
void fa_pow(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *e, int bits);

// F_p^2 = F_p(i), i^2 = -1: the real part, then the imaginary part, 2 n limbs. r may be a or b.
void fa2_mul(const fa_field *f, fa_limb *r, const fa_limb *a, const fa_limb *b);
void fa2_sqr(const fa_field *f, fa_limb *r, const fa_limb *a);

// All ones where a is 0 (a = b), else 0.
fa_limb fa_is_zero(const fa_field *f, const fa_limb *a);
fa_limb fa_equal(const fa_field *f, const fa_limb *a, const fa_limb *b);
// r = a where mask is all ones, r as it was where it is 0. `count` limbs.
void fa_assign(fa_limb *r, const fa_limb *a, size_t count, fa_limb mask);
void fa_swap(fa_limb *a, fa_limb *b, size_t count, fa_limb mask);
// r = entry `index` of a table of entries of `count` limbs: all of the table is read.
void fa_lookup(fa_limb *r, const fa_limb *table, size_t entries, size_t count, fa_limb index);
// Zeros that the compiler may not leave out.
void fa_wipe(void *memory, size_t octets);

// Integers. r = a b mod m for operands of n limbs, m's highest limb not 0; constant time.
void fa_integer_mul_mod(fa_limb *r, const fa_limb *a, const fa_limb *b, const fa_limb *m, size_t n);
// r = a mod m, constant time. a has an limbs and m has mn <= an, its highest limb not 0; r has mn.
void fa_integer_mod(fa_limb *r, const fa_limb *a, size_t an, const fa_limb *m, size_t mn);

// The rest takes a time that depends on the values: for public or blinded ones only.
// The quadratic character of a: 1, -1 or 0.
int fa_jacobi_public(const fa_field *f, const fa_limb *a);
// q (an - mn + 1 limbs) and r (mn limbs) of a / m.
void fa_integer_div(fa_limb *q, fa_limb *r, const fa_limb *a, size_t an, const fa_limb *m, size_t mn);
// r (an + bn limbs) = a b.
void fa_integer_mul(fa_limb *r, const fa_limb *a, size_t an, const fa_limb *b, size_t bn);
// Whether `rounds` rounds of GMP's test find no divisor of a.
int fa_integer_probably_prime(const fa_limb *a, size_t n, int rounds);
