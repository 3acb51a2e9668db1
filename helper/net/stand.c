// SPDX-License-Identifier: Apache-2.0
/*
 * The guard of rooms' networks: a table that is this process's own, so that nobody else takes it away. What happens is
 * said by words on standard error, a line each: "lost" when carrel's other table has been taken away, until it is made
 * anew; "forwarding" when what the host forwards is another.
 *
 * Runs in: carrel-net --stand, a child of carrel-steward; root with the power over the network alone.
 * R1: the guard goes with this process, which SIGTERM ends. When the steward dies it stays as long as rooms have links.
 * R2: the next steward's guard stands before this one goes: it waits beside it, under another name.
 * R3: what has happened when nobody heard, between a guard that was killed and this one, is looked for when it stands.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/scope.h"
#include "helper/net/net.h"
#include "plan/net/guard.h"
#include "plan/net/pool.h"

#define LOOK_MS 2000 /* at links, and at the name that is to be free */
#define AGAIN_MS 5000 /* "lost" is said again, */
#define AGAIN 24 /* so often */

struct stand {
	struct nft_ctx *nft;
	struct net_opened opened;
	const char *name; /* of the guard */
	bool alone; /* the steward has died */
	int lost; /* how often that is said still */
};

static void say(const char *word)
{
	(void)dprintf(STDERR_FILENO, "%s\n", word); /* nobody may be there to hear it */
}

static bool has_rooms(void)
{
	struct if_nameindex *all = if_nameindex();
	bool found = !all; /* not known */

	for (const struct if_nameindex *i = all; i && i->if_index != 0 && !found; i++)
		found = crl_nat_link_slot(i->if_name) != 0;
	if_freenameindex(all);
	return found;
}

static int make(struct stand *s, const char *name)
{
	const struct crl_nat_opened opened = net_opened_names(&s->opened);
	scoped_free char *script = NULL;
	int code;

	if (crl_nat_guard_make(name, &opened, &script) < 0)
		return ENOMEM;
	code = net_run(s->nft, script, true);
	if (code == 0)
		s->name = name;
	return code;
}

/* R2 */
static int begin(struct stand *s)
{
	int code = net_begin(&s->nft);

	if (code == 0)
		code = make(s, CRL_NAT_GUARD);
	if (code == EPERM || code == EEXIST)
		code = make(s, CRL_NAT_GUARD_NEXT);
	return code == 0 ? 0 : net_complain("cannot stand guard behind rooms' rules", code);
}

/* Under the first name, as soon as that is free; never without one. */
static void move_up(struct stand *s)
{
	if (strcmp(s->name, CRL_NAT_GUARD) != 0 && make(s, CRL_NAT_GUARD) == 0)
		(void)net_run(s->nft, "delete table inet " CRL_NAT_GUARD_NEXT "\n", false);
}

static void open_for(struct stand *s)
{
	const struct crl_nat_opened opened = net_opened_names(&s->opened);
	scoped_free char *script = NULL;

	if (crl_nat_guard_open(s->name, &opened, &script) == 0)
		(void)net_run(s->nft, script, false);
}

/* R2 */
static bool is_followed(struct stand *s)
{
	return strcmp(s->name, CRL_NAT_GUARD) == 0 &&
	       net_run(s->nft, "list table inet " CRL_NAT_GUARD_NEXT "\n", true) == 0;
}

static void on_rules(struct stand *s, unsigned int events)
{
	if (events & NET_LOST) {
		s->lost = AGAIN;
		say("lost");
	}
	if (events & NET_MADE)
		s->lost = 0;
}

static int next_ms(const struct stand *s)
{
	if (s->alone || strcmp(s->name, CRL_NAT_GUARD) != 0)
		return LOOK_MS;
	return s->lost > 0 ? AGAIN_MS : -1;
}

static void stand(struct stand *s, int rules, int links)
{
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			     {.fd = rules, .events = POLLIN},
			     {.fd = links, .events = POLLIN}};

	while (!s->alone || (!is_followed(s) && has_rooms())) { /* R1, R2 */
		int n = poll(p, CRL_ARRAY_LEN(p), next_ms(s));

		if (n < 0 && errno != EINTR)
			return;
		if (n == 0 && s->lost > 0) {
			s->lost--;
			say("lost");
		}
		if (n > 0 && p[0].revents != 0) {
			int told = net_opened_read(&s->opened, STDIN_FILENO);

			s->alone = told < 0;
			p[0].fd = s->alone ? -1 : STDIN_FILENO;
			if (told > 0)
				open_for(s);
		}
		if (n > 0 && p[1].revents != 0)
			on_rules(s, net_heard_rules(rules));
		if (n > 0 && p[2].revents != 0 && (net_heard_links(links, &s->opened) & NET_FORWARDING))
			say("forwarding");
		move_up(s);
	}
}

int net_stand(void)
{
	struct stand s = {.name = ""};
	scoped_fd rules = -EBADF, links = -EBADF;
	int code = net_hear(&rules, &links);

	if (code != 0)
		return net_complain("cannot hear of changes of nftables", code);
	(void)signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, 0) < 0) /* mostly gone already: this program has more power than the steward */
		return net_complain("cannot outlive the steward", errno);
	code = begin(&s);
	if (code == 0) {
		say("lost"); /* R3 */
		stand(&s, rules, links);
	}
	nft_ctx_free(s.nft);
	return code;
}
