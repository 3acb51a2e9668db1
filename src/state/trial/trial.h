// SPDX-License-Identifier: Apache-2.0
/*
 * A configuration on trial: which one counts now.
 *
 *   DIR/trial/record     who tries it, from when and until when; DIR is where the configuration is
 *   DIR/trial/NAME       the candidate of the configuration file NAME
 *   DIR/trial/policy.d/  its drop-ins
 *
 * The configuration itself is left alone until the candidate is confirmed, so it takes no timer to go back: whoever
 * reads the configuration looks at the record, and at the clock. Time is CLOCK_BOOTTIME under one boot id: neither a
 * clock that is set nor a reboot prolongs a trial.
 *
 * Runs in: helper (root), carrelctl. Reads only.
 * Trusts: a record that is root's alone, as crl_path_open_trusted() has it. Any other means: no trial. A trial must
 * never be why nobody can log in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/file/load.h"
#include "wire/proto.h"

#define CRL_TRIAL_DIR "trial"
#define CRL_TRIAL_RECORD "record"
#define CRL_TRIAL_MAX_MS (1440 * 60000ull) /* the longest trial */
#define CRL_TRIAL_RECORD_MAX 1024 /* bytes of a record */
#define CRL_BOOT_ID_MAX 37

struct crl_trial {
	char id[CRL_ID_MAX];
	char boot[CRL_BOOT_ID_MAX];
	uint64_t begun_ms; /* CLOCK_BOOTTIME */
	uint64_t until_ms;
	int64_t until_wall; /* CLOCK_REALTIME seconds, to be shown only */
	char file[256]; /* name of the configuration file */
	char by[128]; /* who began it: visible ASCII without spaces */
	bool confirmed; /* it counts for good and is being put in place */
};

enum crl_trial_state {
	CRL_TRIAL_NONE,
	CRL_TRIAL_RUNNING, /* the candidate counts */
	CRL_TRIAL_CONFIRMED, /* the candidate counts; putting it in place was interrupted */
	CRL_TRIAL_OVER, /* a leftover: the configuration counts */
	CRL_TRIAL_BROKEN /* there is something that is no record: the configuration counts */
};

/* What the clock says, taken once. */
struct crl_trial_now {
	char boot[CRL_BOOT_ID_MAX];
	uint64_t ms; /* CLOCK_BOOTTIME */
};

/* Errors: -errno of /proc/sys/kernel/random/boot_id; -EBADMSG it is no id. */
int crl_trial_clock(struct crl_trial_now *ret) CRL_MUST_CHECK;

/*
 * Read a record: these keys in this order, each once, nothing else. @text  @len bytes and a NUL.
 * Errors: -EBADMSG not of this form, cut, or impossible (longer than CRL_TRIAL_MAX_MS, over before it began).
 */
int crl_trial_parse(const char *text, size_t len, struct crl_trial *ret) CRL_MUST_CHECK;

/* The text that reads back as the same. Returns its length, or -EOVERFLOW. */
int crl_trial_format(const struct crl_trial *t, char *buf, size_t size) CRL_MUST_CHECK;

/* Pure. Another boot, or a beginning in the future: over. */
enum crl_trial_state crl_trial_judge(const struct crl_trial *t, const struct crl_trial_now *now);

/* When it is over, by the clock on the wall, in local time. @size of 32 is enough. */
void crl_trial_until(const struct crl_trial *t, char *buf, size_t size);

/*
 * What stands beside the configuration file @config. One system call where there is no trial.
 * @ret  the record; all zero without one. A trial of another configuration file in this directory is none.
 * @err  why it is BROKEN (stage STATE), otherwise left alone
 */
enum crl_trial_state crl_trial_look(const char *config, struct crl_trial *ret, struct crl_err *err);

/* Path of @name in the directory of @config, for PATH_MAX bytes. Returns 0, or -ENAMETOOLONG. */
int crl_trial_path(const char *config, const char *name, char *buf) CRL_MUST_CHECK;

/* What counted, and why. */
struct crl_in_force {
	enum crl_trial_state state;
	struct crl_trial trial;
	uint64_t left_ms; /* RUNNING: the candidate counts that long yet */
	bool fell_back; /* RUNNING, but the candidate cannot be read any more: the configuration counts */
	struct crl_err why; /* BROKEN or fell_back */
	char path[4096]; /* the file that was read */
};

/*
 * Read the configuration that counts now: crl_config_load() of @path, or of its candidate. A trial that ends or is put
 * in place meanwhile is noticed: what comes back is never half of one and half of the other.
 * @ret_in_force  filled in whatever comes back
 * Errors: of crl_config_load(), for the file that counts; -EAGAIN it changed again and again.
 */
int crl_trial_load(const char *path, struct crl_config **ret, struct crl_in_force *ret_in_force,
		   struct crl_err *err) CRL_MUST_CHECK;
