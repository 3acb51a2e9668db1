# SPDX-License-Identifier: Apache-2.0
# One plain GNU makefile. Folder = layer = archive: a call against the direction of dependency does not link.
#   make            build/pam_carrel.so, build/carrel-helper and build/carrelctl
#   make demo       (root) a private sshd, two users, what a bare and a carrel login see
#   make check      (root) everything; installs what it needs from Debian packages
#   make help       the other targets

SHELL := /bin/bash
Q := $(if $(V),,@)
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/carrel
LIBEXECDIR ?= $(PREFIX)/libexec/carrel
STATEDIR ?= /run/carrel
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/vendor-completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANAGER_DROPIN := user@.service.d/50-carrel.conf
INSTALL ?= install

CC = gcc
AR = ar

# Where the libpam that is linked looks for modules: beside pam_unix.so. A module anywhere else is one that no login finds.
LIBPAM_LIB := $(shell $(CC) -print-multiarch 2>/dev/null) $(notdir $(shell $(CC) -print-multi-os-directory 2>/dev/null))
LIBPAM_DIR := $(patsubst %/pam_unix.so,%,$(firstword $(wildcard $(foreach lib,$(LIBPAM_LIB),\
	/usr/lib/$(lib)/security/pam_unix.so /usr/$(lib)/security/pam_unix.so /lib/$(lib)/security/pam_unix.so \
	/$(lib)/security/pam_unix.so) /usr/lib/security/pam_unix.so /lib/security/pam_unix.so)))
ifndef PAMDIR
PAMDIR := $(LIBPAM_DIR)
# What make install is told when it may not choose for itself.
PAMDIR_DOUBT := $(if $(LIBPAM_DIR),$(if $(filter-out /usr,$(PREFIX)),PREFIX is $(PREFIX) while libpam looks for modules \
	in $(LIBPAM_DIR): give PAMDIR=$(LIBPAM_DIR) or where else the PAM lines shall find the module by its whole path,),no \
	pam_unix.so of the architecture of $(CC) is here: give PAMDIR=, the directory where libpam looks for modules)
endif
CSTD := -std=gnu17
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wformat-security -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-align -Wcast-qual -Wwrite-strings -Wundef -Wvla \
	-Winit-self -Wswitch-enum -Wredundant-decls -Wnested-externs -Wreturn-type -Wimplicit-fallthrough=3 \
	-Wdeclaration-after-statement -Wno-declaration-after-statement -Wunused-result
WERROR ?= -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 \
	-fvisibility=hidden -ffunction-sections -fdata-sections
LDHARDEN := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
OPT ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Isrc -I. -DCRL_VERSION='"$(VERSION)"' -DCRL_HELPER_PATH='"$(LIBEXECDIR)/carrel-helper"' \
	-DCRL_CTL_PATH='"$(SBINDIR)/carrelctl"' \
	-DCRL_CONFIG_PATH='"$(SYSCONFDIR)/carrel/carrel.conf"' -DCRL_DATA_DIR='"$(DATADIR)"' -DCRL_STATE_DIR='"$(STATEDIR)"' \
	-DCRL_MODULE_PATH='"$(PAMDIR)/pam_carrel.so"'
# Two archives of each object would differ in -fPIC only; the module needs it and a static PIE does not mind.
CFLAGS_ALL := $(CSTD) $(OPT) $(WARN) $(WERROR) $(HARDEN) -fPIC

# SANITIZE=address,undefined builds everything so; a sanitized helper cannot be static.
SANITIZE ?=
ifneq ($(SANITIZE),)
CFLAGS_ALL := $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS_ALL)) -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
LDSAN := -fsanitize=$(SANITIZE)
STATIC ?=
else
STATIC ?= -static-pie
endif
# -Wl,-Bsymbolic etc. are not needed: the module exports two symbols (pam_carrel.map).

PROTO_SRC := $(wildcard src/proto/*.c)
DOOR_SRC := $(wildcard src/door/*.c)
CORE_SRC := $(wildcard src/base/*.c src/policy/*.c src/plan/*.c src/state/*.c)
APPLY_SRC := $(wildcard src/apply/*.c)
HELPER_SRC := $(wildcard helper/*.c)
BUS_SRC := $(wildcard helper/bus/*.c)
MODULE_SRC := $(wildcard pam_module/*.c)
CTL_SRC := $(wildcard src/ctl/*.c)
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
LIVE_SRC := $(wildcard tests/live/*/test_*.c)
PAMTEST_SRC := $(wildcard tests/pam/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
TOOL_SRC := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ALL_OBJ := $(call obj,$(PROTO_SRC) $(DOOR_SRC) $(CORE_SRC) $(APPLY_SRC) $(HELPER_SRC) $(BUS_SRC) $(MODULE_SRC) $(CTL_SRC) $(UNIT_SRC) $(LIVE_SRC) \
	$(PAMTEST_SRC) $(BENCH_SRC) $(TOOL_SRC))
ARCHIVES := $(BUILD)/libapply.a $(BUILD)/libcore.a $(BUILD)/libproto.a
LIBS_CORE := -lconfig -lseccomp -lcap

# sd-bus is optional: without it carrel knows the manager "cgroupfs" only. SDBUS= leaves it out.
SDBUS ?= $(if $(wildcard /usr/include/systemd/sd-bus.h),yes)
BUS := $(if $(SDBUS),$(BUILD)/carrel-bus)

.PHONY: all
all: $(BUILD)/pam_carrel.so $(BUILD)/carrel-helper $(BUILD)/carrelctl $(BUS)

# Directories are compiled into some objects: another PREFIX builds those anew.
PATHS := $(LIBEXECDIR) $(SBINDIR) $(SYSCONFDIR) $(DATADIR) $(STATEDIR) $(PAMDIR) $(VERSION)
PATHS_OBJ := $(call obj,$(shell grep -lE '\bCRL_(HELPER_PATH|CTL_PATH|CONFIG_PATH|DATA_DIR|STATE_DIR|MODULE_PATH|VERSION|VERSION_TEXT)\b' \
	$(CORE_SRC) $(HELPER_SRC) $(BUS_SRC) $(MODULE_SRC) $(CTL_SRC) $(UNIT_SRC)))
$(PATHS_OBJ): $(BUILD)/paths
.PHONY: always
$(BUILD)/paths: always
	@mkdir -p $(@D)
	@echo '$(PATHS)' | cmp -s - $@ || echo '$(PATHS)' >$@

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libproto.a: $(call obj,$(PROTO_SRC))
$(BUILD)/libdoor.a: $(call obj,$(DOOR_SRC))
$(BUILD)/libcore.a: $(call obj,$(CORE_SRC))
$(BUILD)/libapply.a: $(call obj,$(APPLY_SRC))
$(BUILD)/%.a:
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/pam_carrel.so: $(call obj,$(MODULE_SRC)) $(BUILD)/libdoor.a $(BUILD)/libproto.a pam_module/pam_carrel.map
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -shared $(LDSAN) $(LDHARDEN) -Wl,-z,defs -Wl,--version-script=pam_module/pam_carrel.map -o $@ \
		$(call obj,$(MODULE_SRC)) $(BUILD)/libdoor.a $(BUILD)/libproto.a -lpam $(LDFLAGS)

$(BUILD)/carrel-helper: $(call obj,$(HELPER_SRC)) $(ARCHIVES)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $(call obj,$(HELPER_SRC)) $(ARCHIVES) $(LIBS_CORE) $(LDFLAGS)

# Static but for libc, whose name service it asks: a host needs no package to look at its rooms. libpam is opened only by
# what asks it, and finds syslog() here, so that its reasons are heard.
$(BUILD)/carrelctl: $(call obj,$(CTL_SRC)) $(BUILD)/libdoor.a $(ARCHIVES)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -pie $(LDSAN) $(LDHARDEN) -Wl,--export-dynamic-symbol=syslog,--export-dynamic-symbol=__syslog_chk -o $@ \
		$(call obj,$(CTL_SRC)) $(BUILD)/libdoor.a $(ARCHIVES) -Wl,-Bstatic $(LIBS_CORE) -Wl,-Bdynamic \
		$(LDFLAGS)

$(BUILD)/carrel-bus: $(call obj,$(BUS_SRC)) $(BUILD)/libapply.a $(BUILD)/libproto.a
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -pie $(LDSAN) $(LDHARDEN) -o $@ $^ -lsystemd $(LDFLAGS)

# Unit and live C tests: one program for each file, named after the file it tests.
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
LIVE_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(LIVE_SRC))
$(BUILD)/tests/unit/ctl/test_pamstack: $(BUILD)/obj/src/ctl/pamstack.o
$(BUILD)/tests/unit/ctl/test_auditstate: $(BUILD)/obj/src/ctl/auditstate.o
$(BUILD)/tests/unit/ctl/test_manager_unit: $(BUILD)/obj/src/ctl/manager_unit.o $(BUILD)/obj/src/ctl/ask.o
$(BUILD)/tests/unit/ctl/test_sudoers: $(BUILD)/obj/src/ctl/sudoers.o $(BUILD)/obj/src/ctl/doas.o
$(BUILD)/tests/unit/ctl/test_doors: $(patsubst %,$(BUILD)/obj/src/ctl/%.o,door_host door_pam door_jobs door_mail door_others pamstack pamview)
$(BUILD)/tests/unit/ctl/test_origin: $(BUILD)/obj/src/ctl/origin.o
$(BUILD)/tests/unit/ctl/test_sshdconf: $(BUILD)/obj/src/ctl/sshdconf.o
$(BUILD)/tests/unit/ctl/test_speech: $(BUILD)/obj/src/ctl/speech.o
$(BUILD)/tests/live/ctl/test_probes: $(BUILD)/obj/src/door/names.o $(patsubst %,$(BUILD)/obj/src/ctl/%.o,probe probe_power probe_reach probe_expose inside who pamview pamstack)
$(BUILD)/tests/live/helper/test_helper $(BUILD)/tests/live/helper/test_shed: $(BUILD)/carrel-helper
$(BUILD)/tests/live/helper/test_ask_systemd: $(BUILD)/obj/helper/ask_systemd.o
$(BUILD)/tests/live/apply/test_landlock: $(BUILD)/carrelctl $(BUS)
$(filter $(BUILD)/tests/unit/ctl/test_top_% $(BUILD)/tests/unit/ctl/test_units,$(UNIT_BIN)): \
	$(call obj,$(wildcard src/ctl/top_*.c) src/ctl/units.c)
$(UNIT_BIN) $(LIVE_BIN): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(LDSAN) -o $@ $(filter %.o,$^) $(ARCHIVES) $(LIBS_CORE) -lcmocka $(LDFLAGS)

# --- tests -------------------------------------------------------------------------------------------------------

.PHONY: help deps check check-unit check-live-c check-static check-size check-layers check-exports check-rules \
	check-suites check-image check-policies check-install \
	check-asan format format-check lint install uninstall dist clean

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))
	@echo "others: check-unit check-pam check-live check-asan check-static fuzz bench format lint install uninstall dist"

deps:
	tests/lib/deps.sh

# The one command: packages, both products, every test. Parts of it can be called alone.
check: deps
	$(MAKE) check-all

.PHONY: check-all
check-all: all check-static check-fuzz check-unit check-live-c check-pam check-live check-asan guest-run

# Each program prints TAP-like lines of its own; one that fails stops here with its output on the screen.
run_each = @for t in $(1); do echo "== $$t"; "$$t" || exit 1; done

check-unit: $(UNIT_BIN)
	$(call run_each,$(UNIT_BIN))

check-live-c: $(LIVE_BIN)
	$(call run_each,$(LIVE_BIN))

# The live suites run with UndefinedBehaviorSanitizer alone: sshd cannot load a module that wants AddressSanitizer first.
UBSAN := BUILD=$(BUILD)/ubsan SANITIZE=undefined CFLAGS=-fno-sanitize-recover=undefined
check-asan:
	$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined all check-unit check-live-c check-pam
	$(MAKE) $(UBSAN) TESTS="inside share refuse crash view" check-live

check-static: check-size check-layers check-exports check-rules check-suites check-image check-policies check-install

check-size:
	tests/lib/check-size.sh

check-layers: all
	tests/lib/check-layers.sh $(BUILD)

check-exports: all
	tests/lib/check-exports.sh $(BUILD)

check-rules:
	tests/lib/check-rules.sh

check-suites:
	tests/lib/check-suites.sh

check-image:
	tests/lib/check-image.sh

check-policies:
	tests/lib/check-policies.sh conf/policies/*.conf

check-install: all
	tests/lib/check-install.sh $(BUILD)

ALL_C := $(shell git ls-files '*.[ch]' 2>/dev/null)
format:
	clang-format -i $(ALL_C)

format-check:
	clang-format --dry-run -Werror $(ALL_C)

# cppcheck decides; the compiler's analyzer is for the eye, since it is often mistaken (GCC 12). Leaks are
# LeakSanitizer's to find: cppcheck does not follow cleanup attributes, nor arrays of pointers to a function type.
lint:
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -Isrc -I. \
		--suppress=memleak --suppress=resourceLeak --suppress=AssignmentAddressToInteger \
		src helper pam_module
	$(MAKE) BUILD=$(BUILD)/analyzer OPT='-O1 -fanalyzer' WERROR= all

# --- install -----------------------------------------------------------------------------------------------------

.PHONY: install-where
install-where:
	@$(if $(PAMDIR_DOUBT),echo "make: $(PAMDIR_DOUBT)" >&2; exit 1,:)

install: install-where all
	$(INSTALL) -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/policies \
		$(DESTDIR)$(SYSCONFDIR)/carrel/policy.d $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 0644 $(BUILD)/pam_carrel.so $(DESTDIR)$(PAMDIR)/pam_carrel.so
	$(INSTALL) -m 0755 $(BUILD)/carrel-helper $(DESTDIR)$(LIBEXECDIR)/carrel-helper
	$(INSTALL) -d $(DESTDIR)$(SBINDIR)
	$(INSTALL) -m 0755 $(BUILD)/carrelctl $(DESTDIR)$(SBINDIR)/carrelctl
	$(INSTALL) -d $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR)
	$(INSTALL) -m 0644 conf/completion/carrelctl.bash $(DESTDIR)$(BASHCOMPDIR)/carrelctl
	$(INSTALL) -m 0644 conf/completion/_carrelctl $(DESTDIR)$(ZSHCOMPDIR)/_carrelctl
	$(if $(BUS),$(INSTALL) -m 0755 $(BUS) $(DESTDIR)$(LIBEXECDIR)/carrel-bus)
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 0644 conf/systemd/carrel.slice $(DESTDIR)$(UNITDIR)/carrel.slice
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)/user@.service.d
	sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|' conf/systemd/user-manager.conf >$(DESTDIR)$(UNITDIR)/$(MANAGER_DROPIN)
	chmod 0644 $(DESTDIR)$(UNITDIR)/$(MANAGER_DROPIN)
	$(if $(DESTDIR),,-test ! -d /run/systemd/system || systemctl daemon-reload)
	$(INSTALL) -m 0644 conf/syscalls.conf $(DESTDIR)$(DATADIR)/syscalls.conf
	$(INSTALL) -m 0644 conf/policies/*.conf $(DESTDIR)$(DATADIR)/policies/
	test -e $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf || \
		$(INSTALL) -m 0644 conf/carrel.conf $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf
	$(INSTALL) -m 0644 docs/man/*.5 $(DESTDIR)$(MANDIR)/man5/
	$(INSTALL) -m 0644 docs/man/*.8 $(DESTDIR)$(MANDIR)/man8/

# The configuration stays, as any administrator's own file does. Take carrel out of /etc/pam.d first.
uninstall: install-where
	@if grep -ls pam_carrel $(DESTDIR)$(SYSCONFDIR)/pam.d/* 2>/dev/null; then \
		echo "these files still name pam_carrel.so: take its lines out first, or nobody can log in" >&2; exit 1; fi
	rm -f $(DESTDIR)$(PAMDIR)/pam_carrel.so $(DESTDIR)$(SBINDIR)/carrelctl \
		$(DESTDIR)$(BASHCOMPDIR)/carrelctl $(DESTDIR)$(ZSHCOMPDIR)/_carrelctl
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)
	rm -f $(DESTDIR)$(UNITDIR)/carrel.slice $(DESTDIR)$(UNITDIR)/$(MANAGER_DROPIN)
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(UNITDIR)/user@.service.d
	$(if $(DESTDIR),,-test ! -d /run/systemd/system || systemctl daemon-reload)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(wildcard docs/man/*.5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(wildcard docs/man/*.8)))

dist:
	git archive --prefix=carrel-$(VERSION)/ -o $(BUILD)/carrel-$(VERSION).tar.gz HEAD

clean:
	rm -rf $(BUILD)

include $(wildcard tests/*/*.mk)
-include $(ALL_OBJ:.o=.d)
