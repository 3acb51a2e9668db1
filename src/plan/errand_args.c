// SPDX-License-Identifier: Apache-2.0
/*
 * See errand_args.h.
 *
 * R1: what is not in a table is refused, an option glued to its value and one in two words alike.
 * R2: no operand begins with "-", "|" or "/", whatever stands before it, nor does an address after a comma.
 */
#include "plan/errand_args.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD_MAX 63
#define TEXT_MAX 254 /* bytes of an address or a name */

typedef bool fits(const char *value, const char *user);

/* One option. Without @fits it stands alone; with it its value is glued to it or the next word. */
struct option {
	const char *text;
	fits *fits;
};

struct grammar {
	const char *call;
	const struct option *option; /* ended by a NULL text */
	const char *bundle; /* letters that may stand together behind one "-", or NULL */
	fits *operand; /* NULL = there are none */
	size_t operands; /* at most */
};

static bool is_of(const char *value, const char *set, size_t most)
{
	size_t len = strlen(value);

	return len > 0 && len <= most && strspn(value, set) == len;
}

static bool is_own_name(const char *value, const char *user)
{
	return strcmp(value, user) == 0;
}

static bool is_address(const char *value, const char *user)
{
	(void)user;
	return is_of(value, LETTERS DIGITS "._+@=%'-", TEXT_MAX) && value[0] != '-';
}

/* Several in one word, as cron hands on a MAILTO of several: each of them an address. */
static bool is_recipients(const char *value, const char *user)
{
	char one[TEXT_MAX + 1];

	for (;;) {
		size_t len = strcspn(value, ",");

		if (len > TEXT_MAX)
			return false;
		memcpy(one, value, len);
		one[len] = '\0';
		if (!is_address(one, user))
			return false;
		if (!value[len])
			return true;
		value += len + 1;
	}
}

/* A message that bounces nowhere has an empty one. */
static bool is_sender(const char *value, const char *user)
{
	return !value[0] || strcmp(value, "<>") == 0 || is_address(value, user);
}

static bool is_full_name(const char *value, const char *user)
{
	(void)user;
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			return false;
	return value[0] && value[0] != '-' && strlen(value) <= TEXT_MAX;
}

static bool is_body(const char *value, const char *user)
{
	(void)user;
	return strcasecmp(value, "7BIT") == 0 || strcasecmp(value, "8BITMIME") == 0 ||
	       strcasecmp(value, "BINARYMIME") == 0;
}

static bool is_notify(const char *value, const char *user)
{
	(void)user;
	return is_of(value, LETTERS ",", WORD_MAX);
}

static bool is_return(const char *value, const char *user)
{
	(void)user;
	return strcasecmp(value, "full") == 0 || strcasecmp(value, "hdrs") == 0;
}

static bool is_envelope(const char *value, const char *user)
{
	(void)user;
	return is_of(value, LETTERS DIGITS "._+@=-", TEXT_MAX) && value[0] != '-';
}

static bool is_queue(const char *value, const char *user)
{
	(void)user;
	return is_of(value, LETTERS, 1);
}

static bool is_number(const char *value, const char *user)
{
	(void)user;
	return is_of(value, DIGITS, 9);
}

static bool is_stamp(const char *value, const char *user)
{
	(void)user;
	return is_of(value, DIGITS ".", 15);
}

static bool is_time(const char *value, const char *user)
{
	(void)user;
	return is_of(value, LETTERS DIGITS ":.,+/-", WORD_MAX) && value[0] != '-' && value[0] != '/';
}

static bool is_dash(const char *value, const char *user)
{
	(void)user;
	return strcmp(value, "-") == 0;
}

static const struct option none[] = {{NULL, NULL}};
static const struct option passwd[] = {{"-S", NULL}, {"--status", NULL}, {NULL, NULL}};
static const struct option chage[] = {{"-l", NULL}, {"--list", NULL}, {"-i", NULL}, {"--iso8601", NULL}, {NULL, NULL}};
static const struct option crontab[] = {{"-l", NULL}, {"-r", NULL}, {"-i", NULL}, {NULL, NULL}};
static const struct option atrm[] = {{"-V", NULL}, {NULL, NULL}};
static const struct option atq[] = {{"-V", NULL}, {"-q", is_queue}, {NULL, NULL}};
static const struct option at[] = {{"-V", NULL},     {"-l", NULL},     {"-m", NULL}, {"-v", NULL},
				   {"-b", NULL},     {"-d", NULL},     {"-r", NULL}, {"-c", NULL},
				   {"-q", is_queue}, {"-t", is_stamp}, {NULL, NULL}};
static const struct option quota[] = {{"--verbose", NULL},   {"--quiet", NULL},      {"--human-readable", NULL},
				      {"--raw-grace", NULL}, {"--user", NULL},       {"--group", NULL},
				      {"--no-wrap", NULL},   {"--local-only", NULL}, {NULL, NULL}};
/* Not -C, -X, -O, -D, -q, -oM, -oQ, -bd, -be and all that is not known to be harmless. */
static const struct option sendmail[] = {
	{"-t", NULL},         {"-i", NULL},    {"-ti", NULL},     {"-m", NULL},      {"-v", NULL},
	{"-U", NULL},         {"-oi", NULL},   {"-om", NULL},     {"-oem", NULL},    {"-oee", NULL},
	{"-oep", NULL},       {"-oeq", NULL},  {"-oew", NULL},    {"-odi", NULL},    {"-odb", NULL},
	{"-odf", NULL},       {"-bm", NULL},   {"-bp", NULL},     {"-f", is_sender}, {"-r", is_sender},
	{"-F", is_full_name}, {"-B", is_body}, {"-N", is_notify}, {"-R", is_return}, {"-V", is_envelope},
	{NULL, NULL},
};

static const struct grammar grammars[] = {
	{"passwd", passwd, NULL, is_own_name, 1},
	{"chage", chage, "li", is_own_name, 1},
	{"sendmail", sendmail, NULL, is_recipients, 256},
	{"mailq", none, NULL, NULL, 0},
	{"quota", quota, "gupqsvlwQA", NULL, 0},
	{"crontab", crontab, NULL, is_dash, 1},
	{"at", at, NULL, is_time, 16},
	{"atq", atq, NULL, NULL, 0},
	{"atrm", atrm, NULL, is_number, 64},
};

/* How many words the option takes with what follows it, 0 = it is not one that may be given. R1 */
static size_t take_option(const struct grammar *g, const char *user, char *const *args, size_t left)
{
	for (const struct option *o = g->option; o->text; o++) {
		size_t len = strlen(o->text);

		if (!o->fits && strcmp(args[0], o->text) == 0)
			return 1;
		if (!o->fits || strncmp(args[0], o->text, len) != 0)
			continue;
		if (args[0][len])
			return o->fits(args[0] + len, user) ? 1 : 0;
		return left > 1 && o->fits(args[1], user) ? 2 : 0;
	}
	return g->bundle && args[0][1] != '-' && is_of(args[0] + 1, g->bundle, WORD_MAX) ? 1 : 0;
}

static int refuse(const struct crl_errand *e, const char *arg, struct crl_err *err)
{
	char shown[128];

	return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "%s: the argument \"%s\" cannot be given from a room",
			   e->call, crl_visible_line(shown, sizeof(shown), arg));
}

int crl_errand_args_check(const struct crl_errand *e, const char *user, char *const *args, size_t len,
			  struct crl_err *err)
{
	const struct grammar *g = NULL;
	size_t operands = 0;
	bool options = true;

	for (size_t i = 0; i < CRL_ARRAY_LEN(grammars); i++)
		if (strcmp(grammars[i].call, e->call) == 0)
			g = &grammars[i];
	if (!g)
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "%s: no arguments are known for it", e->call);
	for (size_t i = 0; i < len;) {
		bool is_option = options && args[i][0] == '-' && args[i][1];
		size_t took = 0;

		if (is_option && strcmp(args[i], "--") == 0) {
			options = false;
			took = 1;
		} else if (is_option) {
			took = take_option(g, user, args + i, len - i);
		} else if (g->operand && operands < g->operands &&
			   g->operand(args[i], user)) { /* R2: each of them sees to it */
			operands++;
			took = 1;
		}
		if (took == 0)
			return refuse(e, args[i], err);
		i += took;
	}
	return 0;
}

const char *crl_errand_arg_first(const struct crl_errand *e, char *const *args, size_t len)
{
	if (strcmp(e->call, "sendmail") != 0)
		return NULL;
	for (size_t i = 0; i < len && strcmp(args[i], "--") != 0; i++)
		if (strncmp(args[i], "-od", 3) == 0 || strcmp(args[i], "-bp") == 0)
			return NULL;
	return "-odi";
}

bool crl_errand_word_is_plain(const char *value)
{
	return !value[0] || is_of(value, LETTERS DIGITS "._@+-", WORD_MAX);
}
