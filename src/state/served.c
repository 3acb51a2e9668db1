// SPDX-License-Identifier: Apache-2.0
/* See served.h. */
#include "state/served.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

void crl_served_done(struct crl_served *s)
{
	free(s->item);
	*s = (struct crl_served){.len = 0};
}

int crl_served_add(struct crl_served *io, const struct crl_nat_served *one)
{
	struct crl_nat_served *grown = reallocarray(io->item, io->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	io->item = grown;
	io->item[io->len++] = *one;
	return 0;
}

/* "LINK UID ROOM PROTO PORT TO IPV4 IPV6 USER" */
static bool read_line(const char *line, struct crl_nat_served *ret)
{
	char proto[4], room[CRL_ID_MAX + 8];
	int end = 0;

	*ret = (struct crl_nat_served){.link = 0};
	if (sscanf(line, "%" SCNu32 " %" SCNu32 " %15s %3s %" SCNu16 " %" SCNu16 " %15s %45s %n", &ret->link, &ret->uid,
		   room, proto, &ret->port.port, &ret->port.to, ret->ipv4, ret->ipv6, &end) != 8 ||
	    end == 0 || strlen(room) >= sizeof(ret->room))
		return false;
	memcpy(ret->room, room, strlen(room) + 1);
	ret->port.proto = strcmp(proto, "udp") == 0 ? CRL_PUBLISH_UDP : CRL_PUBLISH_TCP;
	(void)snprintf(ret->user, sizeof(ret->user), "%.*s", (int)strcspn(line + end, "\n"), line + end);
	return true;
}

int crl_served_read(int dir, struct crl_served *ret)
{
	struct crl_served all = {.len = 0};
	scoped_free char *text = NULL;
	struct crl_nat_served one;
	scoped_fd fd = openat(dir, CRL_SERVED_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *rest = NULL;
	size_t len;
	int rc;

	*ret = all;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0)
		return rc;
	for (char *line = strtok_r(text, "\n", &rest); line && rc == 0; line = strtok_r(NULL, "\n", &rest))
		if (read_line(line, &one))
			rc = crl_served_add(&all, &one);
	if (rc < 0)
		crl_served_done(&all);
	else
		*ret = all;
	return rc;
}

int crl_served_write(int dir, const struct crl_served *s)
{
	scoped_free char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < s->len; i++) {
		const struct crl_nat_served *one = &s->item[i];

		fprintf(f, "%" PRIu32 " %" PRIu32 " %s %s %u %u %s %s %s\n", one->link, one->uid, one->room,
			crl_publish_proto_name(one->port.proto), one->port.port, one->port.to, one->ipv4, one->ipv6,
			one->user);
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	return crl_file_replace(dir, &(struct crl_file){.name = CRL_SERVED_FILE,
							.beside = CRL_SERVED_FILE ".new",
							.data = text,
							.len = size,
							.mode = 0600});
}
