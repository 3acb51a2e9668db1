# SPDX-License-Identifier: Apache-2.0
# check-pam: the module in a real libpam, with a helper that misbehaves in every way it can.

PAM_OBJ_TEST := $(BUILD)/obj/tests/pam/test_module.o $(BUILD)/obj/tests/pam/host.o $(BUILD)/obj/tests/pam/snapshot.o

# -rdynamic: libpam finds the program's syslog() before the C library's.
$(BUILD)/tests/pam/test_module: $(PAM_OBJ_TEST)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -rdynamic -o $@ $^ -lpam -lcmocka $(LDFLAGS)

$(BUILD)/tests/pam/stub: $(BUILD)/obj/tests/pam/stub.o $(BUILD)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $^ $(LDFLAGS)

.PHONY: check-pam
check-pam: $(BUILD)/pam_carrel.so $(BUILD)/tests/pam/test_module $(BUILD)/tests/pam/stub
	$(BUILD)/tests/pam/test_module $(abspath $(BUILD))
