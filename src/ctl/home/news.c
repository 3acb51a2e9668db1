// SPDX-License-Identifier: Apache-2.0
/* What a worker tells of one path; see news.h. */
#include "ctl/home/news.h"

#include <errno.h>
#include <string.h>

/* Then the path, a NUL, and why. */
struct news_head {
	uint32_t news;
	uint32_t path_len;
};

void ctl_news_send(struct ctl_worker *w, uint32_t kind, const struct ctl_news *news)
{
	const char *why = news->why ? news->why : "";
	struct news_head h = {news->news, (uint32_t)strlen(news->path)};
	char nul = '\0';

	crl_ignore(ctl_worker_send(w, kind,
				   (struct iovec[]){{&h, sizeof(h)},
						    {crl_unconst(news->path), h.path_len},
						    {&nul, 1},
						    {crl_unconst(why), strlen(why)}},
				   4));
}

int ctl_news_take(const char *data, size_t len, struct ctl_news *ret)
{
	const char *path = data + sizeof(struct news_head);
	struct news_head h;

	if (len <= sizeof(h))
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	if (h.path_len >= len - sizeof(h) || strlen(path) != h.path_len)
		return -EBADMSG;
	*ret = (struct ctl_news){.news = h.news, .path = path, .why = path + h.path_len + 1};
	return 0;
}
