#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs ansible-test sanity over what users get: the built collection, unpacked, with no ignore entries.
# Arguments go to ansible-test: tools/sanity.sh --test validate-modules
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${NGINX_EDGE_VENV:-$root/.venv}/bin
area=$root/.cache/${NGINX_EDGE_SANITY:-sanity}
installed=$area/ansible_collections/hardened/nginx_edge

[ -x "$bin/ansible-test" ] || { echo "sanity: no $bin/ansible-test; run 'make setup' first" >&2; exit 2; }
PATH=$bin:$PATH

# ansible-test makes a virtual environment for each test and wants its own get-pip script for that. Where its site cannot be
# reached the script of this tree takes that place; a script that is already there is left alone.
provide_get_pip() {
  local version cached
  version=$(python -c '
import inspect, re
from ansible_test._internal import python_requirements
print(re.search(r"pip=\x27([0-9.]+)\x27", inspect.getsource(python_requirements))[1])')
  cached=$HOME/.ansible/test/cache/get_pip_${version//./_}.py
  [ ! -e "$cached" ] || return 0
  if python - "$version" <<'PYTHON' 2>/dev/null; then return 0; fi
import sys
import urllib.request
urllib.request.urlopen(f"https://ci-files.testing.ansible.com/ansible-test/get-pip-{sys.argv[1]}.py", timeout=5).close()
PYTHON
  echo "sanity: ansible-test's get-pip cannot be downloaded; using tools/get_pip_offline.py"
  mkdir -p "$(dirname "$cached")"
  cp "$root/tools/get_pip_offline.py" "$cached"
}

rm -rf "$area"
mkdir -p "$area"
provide_get_pip
ansible-galaxy collection build "$root" --output-path "$area" >"$area/build.log"
# The tree itself is on the path of ansible.cfg, so the path is given, or the installation would find nothing to do.
ANSIBLE_COLLECTIONS_PATH=$area ansible-galaxy collection install "$area"/hardened-nginx_edge-*.tar.gz --no-deps -p "$area" \
  >"$area/install.log" 2>&1 || { cat "$area/install.log" >&2; exit 1; }

# An empty tree passes every test.
[ -f "$installed/meta/runtime.yml" ] || { echo "sanity: nothing was installed into $installed" >&2; exit 1; }
if [ -e "$installed/tests/sanity" ]; then
  echo "sanity: the collection carries tests/sanity, but ignore entries are not wanted" >&2
  exit 1
fi

# The artifact has no tests, but ansible-test reads its configuration there.
mkdir -p "$installed/tests"
cp "$root/tests/config.yml" "$installed/tests/config.yml"

# Without its own repository, ansible-test would use the one around it, which ignores .cache and so every file.
git init --quiet "$installed"
version=$(python -c 'import sys; print("{}.{}".format(*sys.version_info))')
cd "$installed"
exec ansible-test sanity --local --requirements --python "$version" --color no "$@"
