// SPDX-License-Identifier: Apache-2.0
/*
 * What users read at a login and on their terminal, in their language. Logs and what administrators read are English.
 *
 * Runs in: the PAM application, helper, carrelctl. Pure; no allocation, no locale, no catalogue that is looked for.
 */
#pragma once

#include <stddef.h>

/* Numbers cross the socket (struct crl_err): add at the end. Zero is what is said where nobody knows better. */
enum crl_language {
	CRL_LANGUAGE_EN,
	CRL_LANGUAGE_ES, /* Spanish */
	CRL_LANGUAGE_EU, /* Basque */
	CRL_LANGUAGE_DE, /* German */
	CRL_LANGUAGE_COUNT
};

/* In the error of a drained host: behind it is what the operator says. */
#define CRL_DRAINED_SAYS " takes no new logins now: "

enum crl_phrase {
	CRL_PHRASE_REFUSED, /* {1} the code */
	CRL_PHRASE_REFUSED_CONTACT, /* {1} the code, {2} what the host says of whom to tell */
	CRL_PHRASE_DRAINED, /* {1} the code */
	CRL_PHRASE_DRAINED_SAYS, /* {1} the operator's text, {2} the code */
	/* The notice: this, and then clauses. {1} when */
	CRL_PHRASE_YOUR_LOGIN,
	CRL_PHRASE_EARLIER,
	CRL_PHRASE_LIMIT, /* {1} the limit; behind a clause */
	/* Clauses. Where there are two: for one, and for more, of which {1} is the number. */
	CRL_PHRASE_MEMORY,
	CRL_PHRASE_MEMORY_MANY,
	CRL_PHRASE_TASKS,
	CRL_PHRASE_TASKS_MANY,
	CRL_PHRASE_HOME,
	CRL_PHRASE_TMP,
	CRL_PHRASE_LINGER,
	CRL_PHRASE_LINGER_MANY,
	CRL_PHRASE_KILLED,
	CRL_PHRASE_FROZEN,
	CRL_PHRASE_HELD,
	CRL_PHRASE_HELD_MANY,
	CRL_PHRASE_CALL,
	CRL_PHRASE_CALL_MANY,
	CRL_PHRASE_CHANGES,
	CRL_PHRASE_CHANGES_MANY,
	/* On terminals, from carrelctl wall and drain. */
	CRL_PHRASE_MESSAGE, /* {1} who says it, {2} when */
	CRL_PHRASE_DRAIN, /* {1} the operator's text */
	CRL_PHRASE_DRAIN_MUTE,
	CRL_PHRASE_DRAIN_SAVE,
	CRL_PHRASE_DRAIN_END, /* {1} when */
	CRL_PHRASE_COUNT
};

struct crl_saying {
	enum crl_language language; /* one that there is not is English */
	enum crl_phrase phrase;
};

/*
 * Write a phrase, with what stands in it.
 * @one, @two  for {1} and {2}; NULL where the phrase has none. Put in as they are: the caller has made them visible
 * Cut at @size after a whole character; always terminated when @size is not 0. Returns @buf.
 */
const char *crl_say(char *buf, size_t size, const struct crl_saying *what, const char *one, const char *two);

/* A language as the key of that name has it: "es". One that there is not is English. */
const char *crl_language_name(enum crl_language language);

/* As it stands in the table, with its {1}. */
const char *crl_phrase_text(enum crl_language language, enum crl_phrase phrase);
