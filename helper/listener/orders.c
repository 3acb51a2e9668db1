// SPDX-License-Identifier: Apache-2.0
/* See orders.h. */
#include "helper/listener/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/scope.h"

#define MAGIC 0x4c4c5231u
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The layout: the orders, the filter's length, its instructions. */
struct part {
	void *at;
	size_t len;
};

static bool all_write(int fd, const void *data, size_t len)
{
	return len == 0 || write(fd, data, len) == (ssize_t)len;
}

static bool write_filter(int fd, const struct crl_filter *f)
{
	return all_write(fd, &f->len, sizeof(f->len)) && all_write(fd, f->insn, f->len * sizeof(f->insn[0]));
}

int crl_listen_orders_write(const struct crl_listen_text *text, int *ret, struct crl_err *err)
{
	scoped_fd fd = memfd_create("carrel-listen", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct crl_listen_orders o = text->orders;

	o.magic = MAGIC;
	if (fd < 0 || !all_write(fd, &o, sizeof(o)) || !write_filter(fd, &text->filter) ||
	    fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot write what the room's listener has to know");
	*ret = take_fd(&fd);
	return 0;
}

static bool take(int fd, off_t *at, struct part p)
{
	bool whole = pread(fd, p.at, p.len, *at) == (ssize_t)p.len;

	*at += (off_t)p.len;
	return whole;
}

static bool take_filter(int fd, off_t *at, struct crl_filter *ret)
{
	if (!take(fd, at, (struct part){&ret->len, sizeof(ret->len)}) || ret->len > CRL_FILTER_MAX)
		return false;
	return take(fd, at, (struct part){ret->insn, ret->len * sizeof(ret->insn[0])});
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* R1 */
int crl_listen_orders_read(int fd, struct crl_listen_text *ret)
{
	struct crl_listen_orders *o = &ret->orders;
	struct stat st;
	off_t at = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || fcntl(fd, F_GET_SEALS) != SEALS)
		return -EBADMSG;
	if (!take(fd, &at, (struct part){o, sizeof(*o)}) || o->magic != MAGIC || !ends(o->id, sizeof(o->id)) ||
	    !ends(o->room, sizeof(o->room)) || !ends(o->policy, sizeof(o->policy)) || !ends(o->user, sizeof(o->user)))
		return -EBADMSG;
	if (!take_filter(fd, &at, &ret->filter))
		return -EBADMSG;
	return at == st.st_size ? 0 : -EBADMSG;
}
