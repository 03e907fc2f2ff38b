# What is taken from Debian's packages to make images, without installing them here? Read by the scripts beside it, which
# have `cache` (a folder) and `fail`.

# Downloads $1 into the folder $2, with new package lists if those at hand do not lead to it. Else $why says in a line why not.
download() {
  work=$(mktemp -d "$2/fetch.XXXXXX")
  if (cd "$work" && apt-get -q download "$1" || { [ "$(id -u)" = 0 ] && apt-get -q update && apt-get -q download "$1"; }) >"$work/log" 2>&1; then
    mv "$work"/*.deb "$2/"
    rm -rf "$work"
  else
    why=$(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")
    rm -rf "$work"
    return 1
  fi
}

# The kernel package that the metapackage linux-image-cloud-$1 stands for.
cloud_kernel() {
  apt-cache depends "linux-image-cloud-$1" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# $1: a folder with modules of one kernel; then names. Prints their files, each after those it needs.
modules() {
  from=$1
  shift
  # A module names what it needs in its .modinfo.
  for module in "$@"; do
    found=$(find "$from" -name "$module.ko")
    [ "$found" ] || continue # built in, or not for this kernel
    needed=$(tr '\0' '\n' <"$found" | sed -n 's/^depends=//p' | tr ',' ' ')
    # A subshell: its variables are its own.
    # shellcheck disable=SC2086
    (modules "$from" $needed)
    echo "$found"
  done
}
# $1: list to write; $2: a folder with modules of one kernel; then names. Copies the modules beside the list, which says in
# which order to load them.
load_list() {
  list=$1
  shift
  modules "$@" | awk '!seen[$0]++' | while read -r found; do
    cp "$found" "$(dirname "$list")/"
    echo "${found##*/}"
  done >"$list"
}

# Packs the folder $1 as an initrd on standard output: the same files give the same bytes.
pack() {
  chmod -R u+w,go-w,a+rX "$1"
  find "$1" -exec touch -h -d @0 {} +
  (cd "$1" && find . | sort | cpio -o -H newc -R 0:0 --reproducible --quiet) | gzip -n -9
}
