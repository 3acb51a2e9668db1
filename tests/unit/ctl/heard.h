// SPDX-License-Identifier: Apache-2.0
/* What a function prints: listen, call it, say what was to be heard. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

static char *heard_text;
static size_t heard_len;
static FILE *heard_before, **heard_stream;

static inline void listen_to(FILE **stream)
{
	heard_stream = stream;
	heard_before = *stream;
	*stream = open_memstream(&heard_text, &heard_len);
	assert_non_null(*stream);
}

static inline void listen_out(void)
{
	listen_to(&stdout);
}

static inline void listen_err(void)
{
	listen_to(&stderr);
}

/* The stream is as before when anything is said about it. */
static inline void heard(const char *want)
{
	(void)fclose(*heard_stream);
	*heard_stream = heard_before;
	assert_string_equal(heard_text, want);
	free(heard_text);
}
