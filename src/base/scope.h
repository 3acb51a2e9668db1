// SPDX-License-Identifier: Apache-2.0
/*
 * Cleanup attributes and take helpers: what a scope owns, it gives back on every way out.
 *
 * Runs in: every product, the PAM module included; no allocation, no globals.
 * Owns: the rule that an unset descriptor is -EBADF and an unset pointer is NULL.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scope_close_fd(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd); /* nothing to do about a failed close: the descriptor is gone either way */
		errno = saved;
	}
}

static inline void scope_free_ptr(void *pp)
{
	int saved = errno;

	free(*(void **)pp);
	errno = saved;
}

static inline void scope_close_file(FILE *const *f)
{
	if (*f) {
		int saved = errno;

		(void)fclose(*f); /* opened for reading only: no data can be lost */
		errno = saved;
	}
}

/* A descriptor closed at the end of its scope; start it at -EBADF. */
#define scoped_fd __attribute__((cleanup(scope_close_fd), unused)) int
/* A malloc()ed pointer freed at the end of its scope: scoped_free char *p = NULL; */
#define scoped_free __attribute__((cleanup(scope_free_ptr), unused))
/* A stdio stream opened for reading and closed at the end of its scope. */
#define scoped_file __attribute__((cleanup(scope_close_file), unused)) FILE
/* Any type with a destructor `void NAME_done(struct NAME *)`: scoped(crl_policy) p = {0}; */
#define scoped(name) __attribute__((cleanup(name##_done), unused)) struct name

/* Give a descriptor away: returns it and forgets it here. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* Give a pointer away: returns it and forgets it here. */
#define take_ptr(p) \
	({ \
		__typeof__(p) taken_ = (p); \
		(p) = NULL; \
		taken_; \
	})

/* Close now and forget; a negative descriptor is left alone. */
static inline void drop_fd(int *fd)
{
	scope_close_fd(fd);
	*fd = -EBADF;
}

/* For interfaces that want what could be written to, and write nothing: execve(2), sendmsg(2), sock_fprog. */
static inline void *crl_unconst(const void *p)
{
	union {
		const void *in;
		void *out;
	} u = {p};

	return u.out;
}

#define CRL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CRL_MUST_CHECK __attribute__((warn_unused_result))
#define CRL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Where going on without is right: says so where a cast to void would still warn. Each use carries its reason. */
static inline void crl_ignore(int result)
{
	(void)result;
}
