#include "field_arithmetic.h"

#include <string.h>

#define L(x) ((mp_limb_t *)(x))
#define C(x) ((const mp_limb_t *)(x))

// A GMP integer that reads limbs where they lie.
static mpz_srcptr view(mpz_ptr z, const fa_limb *a, size_t n) { return mpz_roinit_n(z, C(a), (mp_size_t)n); }

void fa_integer_mod(fa_limb *r, const fa_limb *a, size_t an, const fa_limb *m, size_t mn)
{
    mp_limb_t t[2 * FA_MAX_LIMBS], scratch[6 * FA_MAX_LIMBS + 8];
    memcpy(t, a, an * sizeof(fa_limb));
    mpn_sec_div_r(t, (mp_size_t)an, C(m), (mp_size_t)mn, scratch);
    memcpy(r, t, mn * sizeof(fa_limb));
    fa_wipe(t, sizeof t);
    fa_wipe(scratch, sizeof scratch);
}

void fa_integer_mul_mod(fa_limb *r, const fa_limb *a, const fa_limb *b, const fa_limb *m, size_t n)
{
    mp_limb_t t[2 * FA_MAX_LIMBS], scratch[4 * FA_MAX_LIMBS];
    mpn_sec_mul(t, C(a), (mp_size_t)n, C(b), (mp_size_t)n, scratch);
    fa_integer_mod(r, (fa_limb *)t, 2 * n, m, n);
    fa_wipe(t, sizeof t);
    fa_wipe(scratch, sizeof scratch);
}

void fa_integer_div(fa_limb *q, fa_limb *r, const fa_limb *a, size_t an, const fa_limb *m, size_t mn)
{
    mpn_tdiv_qr(L(q), L(r), 0, C(a), (mp_size_t)an, C(m), (mp_size_t)mn);
}

void fa_integer_mul(fa_limb *r, const fa_limb *a, size_t an, const fa_limb *b, size_t bn)
{
    if (an >= bn)
        mpn_mul(L(r), C(a), (mp_size_t)an, C(b), (mp_size_t)bn);
    else
        mpn_mul(L(r), C(b), (mp_size_t)bn, C(a), (mp_size_t)an);
}

int fa_integer_probably_prime(const fa_limb *a, size_t n, int rounds)
{
    mpz_t z;
    return mpz_probab_prime_p(view(z, a, n), rounds) != 0;
}

int fa_jacobi_public(const fa_field *f, const fa_limb *a)
{
    // R is 2^(64 n), a square: Montgomery's form does not change the character.
    mpz_t za, zp;
    return mpz_jacobi(view(za, a, (size_t)f->n), view(zp, f->p, (size_t)f->n));
}
