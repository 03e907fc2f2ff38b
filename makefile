# make alone says what there is. Each target is one command in scripts/ or ./assay, which can be run by hand as well.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
.PHONY: help up down demo status test assurance mutate fuzz lint format check bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' makefile

up: ## install what is missing, start the cloud, wait until its hosts are attested
	@scripts/setup run
	@./assay up

down: ## stop the cloud; instances and state are kept
	@./assay down

demo: up ## the story: a trusted instance, a tampered host, a refusal with its reason
	@scripts/demo

status: ## what runs, and how much it is trusted
	@./assay lab status

test: ## all tests, installing what they need
	@scripts/setup run test
	@scripts/test

assurance: ## the catalogue of known attacks: each with its test and what came of it
	@scripts/setup run test
	@node scripts/assurance.ts

mutate: ## take each comparison of appraisal out in turn: a test has to notice (ten minutes at most; FILE= narrows it)
	@scripts/setup run test
	@node --disable-warning=ExperimentalWarning scripts/mutate.ts $(FILE)

fuzz: ## look for inputs that break what reads them, for TIME=60 seconds; again with SEED=…
	@scripts/setup run
	@node fuzz/fuzz.ts "$(or $(TIME),60)" "$(SEED)" $(TARGET)

lint: ## find faults
	@biome lint .

format: ## format the code
	@biome format --write .

check: ## check the types
	@tsc --noEmit

bench: ## what can be measured; one of it with NAME=…
	@scripts/setup run
	@scripts/bench $(NAME)

clean: ## stop the cloud and delete its state, for good
	@if [ -e .assay ] && [ -x node_modules/.bin/node ]; then ./assay down; fi
	@rm -rf .assay .compile-cache coverage
