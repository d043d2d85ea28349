#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes a minimal Debian image with debootstrap, for networks in which no image registry can be reached.
# Does nothing when the image exists. Needs root, debootstrap, tar and docker. --help shows the options.
set -eu

usage() {
    cat <<'TEXT'
usage: build.sh [--tag IMAGE] [--suite NAME] [--mirror URL] [--include PACKAGES]
                [--apt-sources FILE] [--apt-configuration FILE] [--ca-bundle FILE] [--work-dir DIR] [--force]

  --tag IMAGE                name of the image (default: mesospark/debian:bookworm-slim)
  --suite NAME               Debian release (default: bookworm)
  --mirror URL               package mirror debootstrap reads (default: debootstrap's own)
  --include PACKAGES         comma separated packages on top of the minimal set (default: ca-certificates)
  --apt-sources FILE         kept in the image as /etc/apt/sources.list.d/platform.{sources,list}, in place of Debian's own
  --apt-configuration FILE   kept in the image as /etc/apt/apt.conf.d/90platform
  --ca-bundle FILE           PEM certificates that the image trusts on top of Debian's
  --work-dir DIR             folder for the root file system while it is made (default: a new one under TMPDIR)
  --force                    make the image again although it exists
TEXT
}

fail() {
    echo "build.sh: $1" >&2
    exit 2
}

readable() {
    [ -r "$2" ] || fail "$1 $2: no such readable file"
}

tag=mesospark/debian:bookworm-slim suite=bookworm mirror='' include=ca-certificates
apt_sources='' apt_configuration='' ca_bundle='' work_dir='' force=no
while [ $# -gt 0 ]; do
    case $1 in
        --help) usage; exit 0 ;;
        --force) force=yes; shift; continue ;;
        --tag | --suite | --mirror | --include | --apt-sources | --apt-configuration | --ca-bundle | --work-dir) ;;
        *) fail "unknown option '$1' (--help lists the options)" ;;
    esac
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
        --tag) tag=$2 ;;
        --suite) suite=$2 ;;
        --mirror) mirror=$2 ;;
        --include) include=$2 ;;
        --apt-sources) readable "$1" "$2"; apt_sources=$2 ;;
        --apt-configuration) readable "$1" "$2"; apt_configuration=$2 ;;
        --ca-bundle) readable "$1" "$2"; ca_bundle=$2 ;;
        --work-dir) work_dir=$2 ;;
    esac
    shift 2
done

if [ "$force" = no ] && docker image inspect "$tag" >/dev/null 2>&1; then
    echo "$tag exists"
    exit 0
fi
[ "$(id -u)" = 0 ] || fail "debootstrap needs root: run this script as root"
for program in debootstrap tar docker; do
    command -v "$program" >/dev/null || fail "'$program' is not installed: apt-get install debootstrap tar docker.io"
done

if [ -z "$work_dir" ]; then
    work_dir=$(mktemp -d)
    trap 'rm -rf "$work_dir"' EXIT
fi
root=$work_dir/root

echo "debootstrap $suite"
debootstrap --variant=minbase --include="$include" "$suite" "$root" ${mirror:+"$mirror"} >"$work_dir/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work_dir/debootstrap.log" >&2; fail "debootstrap failed, see above"; }

if [ -n "$apt_sources" ]; then
    # apt tells the two formats apart by the file's name.
    if grep -q '^Types:' "$apt_sources"; then format=sources; else format=list; fi
    rm -f "$root/etc/apt/sources.list"
    install -m 0644 "$apt_sources" "$root/etc/apt/sources.list.d/platform.$format"
elif [ -z "$mirror" ]; then
    archive=$(sed -n 's/^deb \([^ ]*\) .*/\1/p' "$root/etc/apt/sources.list")
    # debootstrap writes the release alone; without its security suite the image would never see an update.
    {
        echo "deb $archive $suite main"
        echo "deb $archive $suite-updates main"
        echo "deb ${archive%/debian}/debian-security $suite-security main"
    } >"$root/etc/apt/sources.list"
fi
if [ -n "$apt_configuration" ]; then
    install -m 0644 "$apt_configuration" "$root/etc/apt/apt.conf.d/90platform"
fi
if [ -n "$ca_bundle" ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    # update-ca-certificates wants one certificate per file.
    awk -v directory="$root/usr/local/share/ca-certificates" '
        /-----BEGIN CERTIFICATE-----/ { file = sprintf("%s/platform-%03d.crt", directory, ++number) }
        file { print > file }
        /-----END CERTIFICATE-----/ { close(file); file = "" }' "$ca_bundle"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
fi

rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*.log \
    "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/*
printf 'path-exclude=/usr/share/%s/*\n' doc man locale info >"$root/etc/dpkg/dpkg.cfg.d/90slim"

tar --directory "$root" --create --file - . | docker import --change 'CMD ["/bin/bash"]' - "$tag" >/dev/null
echo "$tag made, $(docker image inspect --format '{{.Size}}' "$tag") bytes"
