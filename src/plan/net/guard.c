// SPDX-License-Identifier: Apache-2.0
/* See guard.h. */
#include "plan/net/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/net/pool.h"

#define FROM "iifname \"" CRL_NAT_LINK "*\" "
#define TO "oifname \"" CRL_NAT_LINK "*\" "
#define CHECK "meta mark & " CRL_NAT_MARK " == 0 drop" /* R1 */
#define CLEAN "meta mark set meta mark & 0xffffdfff" /* R2 */
#define OTHERS(family) \
	"meta nfproto ipv" family " iifname @opened" family " oifname != \"" CRL_NAT_LINK "*\" drop" /* R3 */

/* Behind the table's chains: what is accepted there goes on to the next chain. */
static const char *const chains[] = {
	"pass { type filter hook forward priority 999 ; policy accept ; }",
	"enter { type filter hook input priority 999 ; policy accept ; }",
	"pass_on { type filter hook forward priority 1000 ; policy accept ; }",
	"enter_on { type filter hook input priority 1000 ; policy accept ; }",
};

static const char *const rules[] = {
	"pass " FROM CHECK,  "pass " TO CHECK,      "enter " FROM CHECK, "pass " OTHERS("4"),
	"pass " OTHERS("6"), "pass_on " FROM CLEAN, "pass_on " TO CLEAN, "enter_on " FROM CLEAN,
};

static void put_set(FILE *f, const char *name, const char *set, const char *const *links)
{
	fprintf(f, "flush set inet %s %s\n", name, set);
	for (; *links; links++)
		fprintf(f, "add element inet %s %s { \"%s\" }\n", name, set, *links);
}

static void put_sets(FILE *f, const char *name, const struct crl_nat_opened *opened)
{
	put_set(f, name, "opened4", opened->ipv4);
	put_set(f, name, "opened6", opened->ipv6);
}

/* The text is there when the stream is closed. */
static int done(FILE *f, char **text, char **ret)
{
	if (fclose(f) != 0) {
		free(*text);
		return -ENOMEM;
	}
	*ret = *text;
	return 0;
}

int crl_nat_guard_make(const char *name, const struct crl_nat_opened *opened, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	fprintf(f, "add table inet %s { flags owner ; }\n", name);
	fprintf(f, "add set inet %s opened4 { type ifname ; }\n", name);
	fprintf(f, "add set inet %s opened6 { type ifname ; }\n", name);
	for (size_t i = 0; i < CRL_ARRAY_LEN(chains); i++)
		fprintf(f, "add chain inet %s %s\n", name, chains[i]);
	put_sets(f, name, opened);
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++)
		fprintf(f, "add rule inet %s %s\n", name, rules[i]);
	return done(f, &text, ret);
}

int crl_nat_guard_open(const char *name, const struct crl_nat_opened *opened, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	put_sets(f, name, opened);
	return done(f, &text, ret);
}
