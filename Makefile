# Two commands matter: `make demo` shows it, `make test` proves it.
# Everything that is built lands below CARGO_TARGET_DIR, outside the tree.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/castellan/target
export PATH := $(HOME)/.cargo/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test bench shots guides fmt check gen

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: ## install what is missing, build, serve a small organisation and find its incidents
	@scripts/demo.sh $(ARGS)

test: ## install what is missing, then every check and test there is
	@scripts/test.sh

bench: ## build for speed and run the named workloads (NAME=one of them)
	@scripts/bench.sh $(NAME)

shots: ## a picture of every page of the console, in three sizes and both themes (needs a build)
	@scripts/journeys.sh shots $(or $(DIR),shots)

guides: ## the guides' pictures, over a demo of their own (needs a build)
	@scripts/journeys.sh guides

check: ## formatting, lints and the design's invariants
	@cargo xtask check

gen: ## write the generated files below schema/ afresh
	@cargo xtask gen

fmt: ## format the sources
	@cargo fmt --all
