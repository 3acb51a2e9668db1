// SPDX-License-Identifier: Apache-2.0
/*
 * Rules that somebody has taken away ("nft flush ruleset") are made anew for the rooms that live: those of each policy
 * are kept as a file, STATE/net.GROUP, from the login that first had them to the end of the last room.
 *
 * Runs in: helper (root, host namespaces), with the lock of STATE held.
 * R1: made anew are the rules of groups that a link has, and nothing that is there is taken away for that.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/file.h"
#include "base/log.h"
#include "helper/parts/network.h"
#include "plan/net/nft.h"

#define KEPT CRL_NETWORK_FILE "."
#define KEPT_SIZE 32

static void name_of(uint32_t group, char ret[KEPT_SIZE])
{
	(void)snprintf(ret, KEPT_SIZE, KEPT "%08" PRIx32, group); /* fits */
}

int crl_network_keep(const struct crl_state *state, uint32_t group, const char *script)
{
	char name[KEPT_SIZE];

	name_of(group, name);
	return crl_file_replace(
		state->dir,
		&(struct crl_file){
			.name = name, .beside = KEPT "new", .data = script, .len = strlen(script), .mode = 0600});
}

void crl_network_forget(const struct crl_state *state)
{
	int fd = openat(state->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (!dir) {
		drop_fd(&fd);
		return;
	}
	for (const struct dirent *e; (e = readdir(dir));)
		if (strncmp(e->d_name, KEPT, strlen(KEPT)) == 0 && strcmp(e->d_name, CRL_NETWORK_LOCK) != 0)
			(void)unlinkat(state->dir, e->d_name, 0);
	(void)closedir(dir);
}

/* As it was kept, with what is forwarded now. */
static int make_anew(const struct crl_state *state, uint32_t group, const char *opened, struct crl_err *err)
{
	scoped_free char *script = NULL, *whole = NULL;
	char name[KEPT_SIZE];
	scoped_fd fd = -EBADF;
	size_t len;
	int rc;

	name_of(group, name);
	fd = openat(state->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	rc = fd < 0 ? -errno : crl_file_read_all(fd, &script, &len);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE,
				   "network: rules of rooms are gone, and cannot be made anew before a login of "
				   "theirs: STATE/%s",
				   name);
	if (asprintf(&whole, "%s%s", script, opened) < 0) {
		whole = NULL;
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "network: no memory for rules");
	}
	rc = crl_network_tell(whole, crl_network_patience_ms(), err);
	if (rc == 0)
		crl_log(LOG_WARNING, "network: rules of rooms were taken away from nftables, and are made anew");
	return rc;
}

/* R1 */
int crl_network_heal(const struct crl_state *state, uint32_t group, struct crl_err *err)
{
	struct crl_err why = {0};
	scoped_free char *opened = NULL;
	char ask[CRL_NAT_ASK_SIZE];
	int rc;

	crl_nat_nft_ask(group, ask);
	rc = crl_network_tell(ask, crl_network_patience_ms(), &why);
	if (rc == 0)
		return 0;
	if (rc == -ETIMEDOUT)
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_NAMESPACE, "%s", why.text);
	rc = crl_network_opened(state, &opened);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "network: no memory for rules");
	return make_anew(state, group, opened, err);
}
