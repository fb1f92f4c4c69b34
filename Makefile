# Two commands do everything on a fresh Debian 12 with the Swift toolchain: `make demo`, `make test`.
.PHONY: build demo test check sanitize mutants bench lint format lab lab-down deps lab-deps clean \
	program man completions install deb repository try-package

SWIFT_FILES = Sources Tests Package.swift

build: deps
	swift build -c release --product kvmbalance

demo: deps
	swift build -c release --product kvmbalance
	Tests/Lab/demo .build/release/kvmbalance

test: deps lab-deps lint
	Tests/run

# After each change: format, Tidy and the tests of what was changed, within a minute and a half.
check:
	@Tests/check

# Every test with the thread and the address sanitizer: an hour and a half.
sanitize: deps lab-deps
	Tests/sanitize

# Bugs planted in the executor's sources, each in a copy: seeds and stories must notice every one.
mutants: deps
	Tests/Mutants/run

# Measures the planner on published data, which is not in this repository; DATA is its path.
DATA ?= ../shared/data
bench: deps
	swift build -c release --product kvmbalance-bench
	Tests/Benchmarks/run .build/release/kvmbalance-bench "$(DATA)"

lint:
	@Tests/lint

format:
	swift format --in-place --recursive $(SWIFT_FILES)

lab: lab-deps
	Tests/Lab/lab up default --hosts 3

lab-down:
	Tests/Lab/lab down default

# The program as it is packaged: with the Swift runtime in it, in a build folder of its own, since
# other flags would build everything again. Foundation's part for URLs needs libcurl: the one that
# libvirt needs as well.
PACKAGED = .build/package
PROGRAM = $(PACKAGED)/release/kvmbalance
program: deps
	@packaging/install-build-dependencies libcurl4-gnutls-dev
	swift build -c release --static-swift-stdlib --product kvmbalance --scratch-path $(PACKAGED) \
	    -Xlinker -lcurl-gnutls

MAN = $(PACKAGED)/man
man: program
	@packaging/install-build-dependencies go-md2man mandoc
	rm -rf $(MAN)
	packaging/man-pages $(PROGRAM) $(MAN)
	mandoc -T lint $(MAN)/*

COMPLETIONS = $(PACKAGED)/completions
completions: program
	mkdir -p $(COMPLETIONS)
	for shell in bash zsh fish; do \
	    $(PROGRAM) --generate-completion-script $$shell >$(COMPLETIONS)/$$shell || exit 1; \
	done
	sed --in-place '1{/^#!/d}' $(COMPLETIONS)/bash

# For systems without dpkg; PREFIX is where, DESTDIR is put before it.
PREFIX = /usr/local
install: program man completions
	@packaging/install-build-dependencies chrpath
	packaging/install-files "$(PROGRAM)" "$(MAN)" "$(COMPLETIONS)" "$(DESTDIR)" "$(PREFIX)"

# The Debian packages, in dist/.
deb: deps
	@packaging/install-build-dependencies chrpath debhelper dpkg-dev fakeroot go-md2man \
	    lintian mandoc
	packaging/build-package

# A signed apt repository of what is in dist/, in dist/repository. KEY is the key of your own that
# signs it; without one a new key is made, signs this once and is thrown away.
repository:
	@packaging/install-build-dependencies apt-utils gpg
	packaging/make-repository dist dist/repository $(KEY)

# As a new user would: install from that repository in a fresh Debian 12, drain, purge.
try-package: deb repository
	packaging/try-package

# Build dependencies: installed as root on Debian, named elsewhere.
deps:
	@packaging/install-build-dependencies

lab-deps:
	@if [ "$$(id -u)" = 0 ]; then Tests/Lab/lab install; \
	else echo "not root: the real lab will be skipped"; fi

clean:
	rm -rf .build dist
