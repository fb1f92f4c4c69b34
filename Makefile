# Two commands do everything on a fresh Debian 12 with the Swift toolchain: `make demo`, `make test`.
.PHONY: build demo test check sanitize mutants bench lint format lab lab-down deps lab-deps clean

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

# Build dependencies: installed as root on Debian, named elsewhere.
deps:
	@packaging/install-build-dependencies

lab-deps:
	@if [ "$$(id -u)" = 0 ]; then Tests/Lab/lab install; \
	else echo "not root: the real lab will be skipped"; fi

clean:
	rm -rf .build
