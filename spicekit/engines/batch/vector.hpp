// Vectors of doubles, one lane a trial, and their functions.  Only IEEE operations in a fixed order: the same bits for any width.
// (sine and cosine are those of the C library.)
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef double V __attribute__((vector_size(8 * LANES)));
typedef int64_t M __attribute__((vector_size(8 * LANES)));

static inline V all(double x) { return x - V{}; }
// a b + c, rounded once: exact on every machine, so that it does not depend on what a compiler contracts
#if LANES == 8 && defined(__AVX512F__)
static inline V vfma(V a, V b, V c) { return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
#elif LANES == 4 && defined(__FMA__)
static inline V vfma(V a, V b, V c) { return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
#else
static inline V vfma(V a, V b, V c) {
    V r;
    for (int k = 0; k < LANES; ++k) r[k] = std::fma(a[k], b[k], c[k]);
    return r;
}
#endif
static inline V vsqrt(V x) {
    V r;
    for (int k = 0; k < LANES; ++k) r[k] = std::sqrt(x[k]);
    return r;
}
static inline V vabs(V x) { return (V)((M)x & 0x7fffffffffffffffLL); }
static inline V vmax(V a, V b) { return a < b ? b : a; }

// exp: x = n ln 2 + r, a Taylor polynomial of degree 13 in r, |r| < 0.347 (remainder 4e-18); within 1 ulp
static inline V vexp(V x) {
    x = x < -708.0 ? all(-708.0) : x;
    x = x > 709.0 ? all(709.0) : x;
    const V shift = all(6755399441055744.0);  // 1.5 * 2^52: the integer nearest to n stands in the low bits
    const V big = vfma(x, all(1.4426950408889634), shift);
    const V n = big - shift;
    const V r = vfma(-n, all(1.90821492927058770002e-10), vfma(-n, all(6.93147180369123816490e-01), x));
    V p = all(1.0 / 6227020800.0);
    p = vfma(p, r, all(1.0 / 479001600.0));
    p = vfma(p, r, all(1.0 / 39916800.0));
    p = vfma(p, r, all(1.0 / 3628800.0));
    p = vfma(p, r, all(1.0 / 362880.0));
    p = vfma(p, r, all(1.0 / 40320.0));
    p = vfma(p, r, all(1.0 / 5040.0));
    p = vfma(p, r, all(1.0 / 720.0));
    p = vfma(p, r, all(1.0 / 120.0));
    p = vfma(p, r, all(1.0 / 24.0));
    p = vfma(p, r, all(1.0 / 6.0));
    p = vfma(p, r, all(0.5));
    p = vfma(p * r, r, r);  // exp(r) - 1
    const M power = ((M)big - (M)shift) + 1023;
    return (p + 1.0) * (V)(power << 52);
}

// log: x = 2^e m, m in [0.707, 1.414); log m = 2 atanh((m - 1)/(m + 1)), a series to the 21st power
static inline V vlog(V x) {
    const M bits = (M)x;
    M e = ((bits - 0x3fe6a09e667f3bcdLL) >> 52);
    const V m = (V)(bits - (e << 52));
    const V shift = all(6755399441055744.0);
    const V n = (V)(e + (M)shift) - shift;
    const V f = m - 1.0;
    const V s = f / (m + 1.0);
    const V z = s * s;
    V p = all(2.0 / 21);
    p = vfma(p, z, all(2.0 / 19));
    p = vfma(p, z, all(2.0 / 17));
    p = vfma(p, z, all(2.0 / 15));
    p = vfma(p, z, all(2.0 / 13));
    p = vfma(p, z, all(2.0 / 11));
    p = vfma(p, z, all(2.0 / 9));
    p = vfma(p, z, all(2.0 / 7));
    p = vfma(p, z, all(2.0 / 5));
    p = vfma(p, z, all(2.0 / 3));
    // 2 s = f - s f: the leading term keeps the digits of f
    return n * 6.93147180369123816490e-01 + (f - s * (f - z * p) + n * 1.90821492927058770002e-10);
}

static inline V vsin(V x) {
    V r;
    for (int k = 0; k < LANES; ++k) r[k] = std::sin(x[k]);
    return r;
}
static inline V vcos(V x) {
    V r;
    for (int k = 0; k < LANES; ++k) r[k] = std::cos(x[k]);
    return r;
}
