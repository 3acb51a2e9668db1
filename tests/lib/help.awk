# SPDX-License-Identifier: Apache-2.0
# make help: each target with what stands behind its "##", which may be on a line that goes on.
FNR == 1 { part = FILENAME == "Makefile" ? "products" : "tests" }
/^# --- / { gsub(/^# -+ | -+$/, ""); part = $0; next }
target == "" && match($0, /^[a-z][a-z-]*:([^=]|$)/) { target = substr($0, 1, index($0, ":") - 1) }
target != "" && / ## / {
	text = substr($0, index($0, " ## ") + 4)
	if (part != said)
		print (said == "" ? "" : "\n") part ":"
	said = part
	printf "  %-15s  %s\n", target, text
}
!/\\$/ { target = "" }
