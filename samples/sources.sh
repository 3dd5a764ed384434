#!/bin/sh
# sources.sh FOLDER PACKAGE...: downloads the sources of Debian's packages into FOLDER, from where the
# system has its packages, with lists of its own: the system's stay as they are. What cannot be had is
# named, and the exit status is 1; the others are there. `dpkg-source -x` unpacks them.
set -eu

folder=$1
shift
mkdir -p "$folder/apt/lists/partial"
cd "$folder"
# With --only-source a name is that of a source, whatever package is called so.
line='deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)'
apt-get indextargets --format "$line" 'Created-By: Packages' 'Label: Debian' | sort -u >apt/sources.list
cat >apt/apt.conf <<END
Dir::Etc::SourceList "$PWD/apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$PWD/apt/lists";
APT::Sandbox::User "";
END
export APT_CONFIG="$PWD/apt/apt.conf"
apt-get -q update >&2

status=0
for package; do
    # A mirror may lag behind the newest patches: those of the release are there.
    apt-get -q source --only-source --download-only "$package" >&2 ||
        apt-get -q source --only-source --download-only "$package/stable" >&2 || {
        echo "sources.sh: $package cannot be fetched" >&2
        status=1
    }
done
exit $status
