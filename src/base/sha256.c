// SPDX-License-Identifier: Apache-2.0
/*
 * See sha256.h. Two ways that give the same: the processor's own instructions where it has them, since gigabytes are
 * read at a login that somebody waits for, and plain C.
 */
#include "base/sha256.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#define BLOCK 64
#define READ_SIZE (1u << 18) /* bytes of a file at a time */

/* The first 32 bits behind the point of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The same of the square roots of the first 8. */
static const uint32_t first_state[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void blocks_in_c(uint32_t state[8], const uint8_t *p, size_t blocks)
{
	uint32_t w[64], v[8];

	for (; blocks > 0; blocks--, p += BLOCK) {
		for (size_t i = 0; i < 16; i++)
			w[i] = big_endian(p + 4 * i);
		for (size_t i = 16; i < 64; i++)
			w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
			       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
		memcpy(v, state, sizeof(v));
		for (size_t i = 0; i < 64; i++) {
			uint32_t a = v[0], e = v[4];
			uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
				       ((e & v[5]) ^ (~e & v[6])) + round_constant[i] + w[i];
			uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
				       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

			memmove(v + 1, v, 7 * sizeof(v[0]));
			v[4] += one;
			v[0] = one + two;
		}
		for (size_t i = 0; i < 8; i++)
			state[i] += v[i];
	}
}

#if defined(__x86_64__)
static bool has_instructions(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_1 && c & bit_SSSE3 &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

/* The state lies in two registers as the instructions want it: A B E F and C D G H, the first in the highest part. */
__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_by_processor(uint32_t state[8], const uint8_t *p,
									    size_t blocks)
{
	const __m128i turn = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
	__m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
	__m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
	__m128i w[4];
	uint32_t out[8];

	for (; blocks > 0; blocks--, p += BLOCK) {
		const __m128i abef_was = abef, cdgh_was = cdgh;

		for (size_t i = 0; i < 16; i++) {
			__m128i words;

			if (i < 4) {
				w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)(p + 16 * i)), turn);
			} else { /* w[i % 4] holds the words of sixteen rounds ago */
				__m128i sum = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);

				sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
				w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
			}
			words = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i_u *)(round_constant + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_was);
		cdgh = _mm_add_epi32(cdgh, cdgh_was);
	}
	_mm_storeu_si128((__m128i_u *)out, abef);
	_mm_storeu_si128((__m128i_u *)(out + 4), cdgh);
	state[0] = out[3], state[1] = out[2], state[4] = out[1], state[5] = out[0];
	state[2] = out[7], state[3] = out[6], state[6] = out[5], state[7] = out[4];
}
#endif

static void add_blocks(struct crl_sha256 *s, const uint8_t *p, size_t blocks)
{
#if defined(__x86_64__)
	if (!s->plain) {
		blocks_by_processor(s->state, p, blocks);
		return;
	}
#endif
	blocks_in_c(s->state, p, blocks);
}

void crl_sha256_begin(struct crl_sha256 *s)
{
	*s = (struct crl_sha256){.plain = true};
#if defined(__x86_64__)
	s->plain = !has_instructions();
#endif
	memcpy(s->state, first_state, sizeof(s->state));
}

void crl_sha256_add(struct crl_sha256 *s, const void *data, size_t len)
{
	size_t held = s->len % BLOCK;
	const uint8_t *p = data;

	s->len += len;
	if (held > 0) {
		size_t fill = len < BLOCK - held ? len : BLOCK - held;

		memcpy(s->block + held, p, fill);
		if (held + fill < BLOCK)
			return;
		add_blocks(s, s->block, 1);
		p += fill;
		len -= fill;
	}
	add_blocks(s, p, len / BLOCK);
	memcpy(s->block, p + len / BLOCK * BLOCK, len % BLOCK);
}

/* A one bit, zeros, and how many bits there were in the last eight bytes of a block. */
void crl_sha256_end(struct crl_sha256 *s, char ret[CRL_SHA256_TEXT])
{
	const uint64_t bits = s->len * 8;
	size_t held = s->len % BLOCK;
	size_t rest = held < BLOCK - 8 ? BLOCK - 8 - held : 2 * BLOCK - 8 - held;
	uint8_t end[BLOCK + 8] = {0x80};

	for (size_t i = 0; i < 8; i++)
		end[rest + i] = (uint8_t)(bits >> (56 - 8 * i));
	crl_sha256_add(s, end, rest + 8);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(ret + 8 * i, CRL_SHA256_TEXT - 8 * i, "%08x", s->state[i]);
}

int64_t crl_sha256_file(int fd, char ret[CRL_SHA256_TEXT])
{
	scoped_free uint8_t *buf = malloc(READ_SIZE);
	struct crl_sha256 s;
	int64_t at = 0;

	if (!buf)
		return -ENOMEM;
	crl_sha256_begin(&s);
	for (;;) {
		ssize_t n = pread(fd, buf, READ_SIZE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		crl_sha256_add(&s, buf, (size_t)n);
		at += n;
	}
	crl_sha256_end(&s, ret);
	return at;
}

bool crl_sha256_is_text(const char *text)
{
	return strlen(text) == CRL_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == CRL_SHA256_TEXT - 1;
}
