# shellcheck shell=bash
# Sourced by Cluster/quickstart, after packages.sh: builds what a farm needs, in the current folder.

# Where build_release puts the programs.
# shellcheck disable=SC2034  # for those who source this
release=.build/release

# build_release [PROGRAM...]: pasha-coord, pasha-agent, pasha-launch and what else is named, optimised. Swift's libraries are linked in: the agent goes to
# hosts, and the part of them that it uses is smaller than all of them; for the same reason it is optimised for size.
# One setting for all: another one would compile everything again.
build_release() {
  local product
  for product in pasha-coord pasha-agent pasha-launch "$@"; do
    swift build -c release --static-swift-stdlib -Xswiftc -Osize --product "$product" || fail "$product does not build; see above"
  done
}
