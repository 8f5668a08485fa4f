# The commit that tags of a release point at.
# shellcheck shell=bash

# release_commit VERSION: makes it of HEAD and dist/action/, in an index of its own; prints its id.
release_commit() (
  cd "$root"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  export GIT_INDEX_FILE=$scratch/index
  git read-tree HEAD
  git add --force dist/action
  tree=$(git write-tree)
  git commit-tree "$tree" -p HEAD -m "proctor $1"
)
