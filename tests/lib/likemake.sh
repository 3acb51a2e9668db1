# SPDX-License-Identifier: Apache-2.0
# What likereal.sh works with, in the home of a user. Sourced.

like_make() { # USER
	local i home=/home/$1/like
	mkdir -p "$home"
	for i in {1..7}; do mkdir "$home/d$i" && echo "d$i" >"$home/d$i/f"; done
	for i in {1..11}; do echo "f$i" >"$home/f$i"; done
	mkdir "$home/d7/sub" "$home/d5/sub"
	ln -s f "$home/d5/link"
	echo h >"$home/h1"
	ln "$home/h1" "$home/h2"
	cp /bin/true "$home/prog"
	python3 -c "import os; os.setxattr('$home/f8', 'user.a', b'1')" 2>/dev/null || echo "no attributes here" >"$home/f8.none"
	(mkdir -p "$home/git/a" && cd "$home/git" && echo 1 >a/f && git init -q . && git add . &&
		git -c user.name=x -c user.email=x@x commit -qm x)
	chown -R "$1:" "$home"
}
