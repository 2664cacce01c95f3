# make drill   rehearse failover, failback and verification on simulated hosts; ends with a verdict and the report's path
# make test    every test there is
# make check   what needs no container, on one ansible-core; stops at the first failure
# make quick   the part of it to run while writing
# make integration [CORE=2.19] [TESTS=file], make targets [CORE=2.19] [TARGETS="target ..."]
# make molecule, make docs, make build, make clean
#
# Needs Python 3.11 or newer and make; everything else goes into .venv and .build.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# As in_venv.sh says.
unexport PYTHONDONTWRITEBYTECODE

BUILD   := $(CURDIR)/.build
MIRROR  := $(BUILD)/ansible_collections/hyperv/replica
TOOLS   := $(CURDIR)/tests/tools
IN      := $(TOOLS)/in_venv.sh
STEP    := $(CURDIR)/.venv/bin/python $(TOOLS)/step.py
# Of each step its own, since steps run side by side.
JUNIT    = $(BUILD)/junit-$(subst /,_,$@)-$(CORE).xml
PYTEST   = pytest --quiet --numprocesses=$(JOBS) --dist=loadfile --junit-xml=$(JUNIT)
TARBALL := $(BUILD)/hyperv-replica-$(shell sed -n 's/^version: *//p' galaxy.yml).tar.gz

# Sanity, units and a rehearsal run on each of these; every playbook test on the middle one, and on the lowest and the newest
# those that can tell versions of ansible-core apart, and one target for each module. All of them there too would take some
# ten minutes more: `make integration CORE=2.16` does it, or `make test VERSIONED=tests/integration/playbook` with all the rest.
CORES      := 2.16 2.17 2.18 2.19 2.21
ENDS       := 2.16 2.21
PYTHON_OF  = $(if $(filter 2.21,$(1)),3.13,3.11)

CORE    ?= 2.19
TESTS   ?= tests/integration/playbook
TARGETS ?=
# The machine of continuous integration has two cores.
JOBS    ?= 2

.PHONY: help drill test side-by-side check quick static units units-newest units-lowest lint browser matrix integration awx kerberos
.PHONY: docs docs-step drill-step targets
.PHONY: build clean mirror dev molecule

help:
	@sed -n '/^$$/q;s/^# \{0,1\}//p' Makefile

drill:
	@$(TOOLS)/make_venv.sh .venv tests/requirements/drill.txt
	@.venv/bin/python $(TOOLS)/mirror.py
	@$(IN) drill drill.py

test:
	@rm -rf $(BUILD)/results
	@$(MAKE) static && $(MAKE) --jobs $(JOBS) --keep-going side-by-side; \
	code=$$?; .venv/bin/python $(TOOLS)/tally.py && exit $$code

# Many of these wait, or use one processor only, so there is always another one to go on with. What takes longest begins
# first: the playbooks wait half of their time, so they must not be what is left alone at the end. What writes into its
# mirror has one of its own, so that none finds the files of another one.
side-by-side: playbooks-$(CORE) core-2.16 core-2.21 units-newest awx core-2.19 units-lowest lint molecule \
	$(ENDS:%=playbooks-%) kerberos browser docs-step $(CORES:%=core-%) drill-step

# One after the other, the fastest first; all of it is part of `make test`.
check: static units core-$(CORE) integration lint

quick: static units-newest

static: mirror
	@$(STEP) "ruff check" $(IN) dev ruff check .
	@$(STEP) "ruff format" $(IN) dev ruff format --check .
	@$(STEP) "mypy --strict" $(IN) dev sh -c 'cd $(BUILD) && mypy --config-file $(MIRROR)/pyproject.toml \
		ansible_collections/hyperv/replica/plugins ansible_collections/hyperv/replica/tests'

# What takes long and knows neither Ansible nor the version of Python, or reads files only: once is enough, with the newest.
LONG := tests/unit/test_style_numbers.py tests/unit/test_tarball.py tests/unit/docs \
	$(wildcard $(addprefix tests/unit/plugins/module_utils/,_operations/test_pairwise*.py _operations/test_any_sequence.py \
	_operations/test_new_copy.py _operations/test_many*.py _operations/test_clusters*.py _operations/test_trial.py \
	_operations/test_preflight.py _operations/test_planner.py _operations/test_interruptions.py _operations/test_fence.py \
	_operations/test_relationship_chain.py _drill/test_conduct*.py _drill/test_rehearsal_of_300.py \
	_drill/test_measured_load.py _drill/test_any_plan.py _drill/test_schedule.py _drill/test_plan_schema.py))

units: units-newest units-lowest

# Everything, with the newest Python and ansible-core; `make units-newest UNITS=dev` where there is no such Python.
UNITS ?= core-$(lastword $(CORES))

units-newest: mirror $(addprefix venv-,$(filter-out dev,$(UNITS)))
	@$(STEP) --junit $(JUNIT) "units, newest Python and ansible-core" $(IN) $(UNITS) $(PYTEST) tests/unit

units-lowest: mirror
	@$(STEP) --junit $(JUNIT) "units, Python 3.10" $(IN) python-3.10 $(PYTEST) $(LONG:%=--ignore=%) tests/unit

# galaxy-importer would run the same ansible-lint on fewer files with fewer rules, and pass whatever it finds.
lint: mirror build
	@$(STEP) "shellcheck" $(IN) lint sh -c 'shellcheck .ci/run $$(find tests -name "*.sh" -not -path "tests/output/*")'
	@$(STEP) "ansible-lint" $(IN) lint ansible-lint
	@$(STEP) "antsibull-docs lint" $(IN) lint antsibull-docs lint-collection-docs --plugin-docs .
	@$(STEP) "antsibull-changelog lint" $(IN) lint antsibull-changelog lint
	@$(STEP) "galaxy-importer" env GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false $(IN) lint \
		python -m galaxy_importer.main $(TARBALL)

# Needs Chromium, as .ci/run installs it; without it this fails, since a report that nobody looked at proves nothing.
browser: mirror
	@$(STEP) --junit $(JUNIT) "reports in a browser" $(IN) dev $(PYTEST) tests/browser

# Two cores at a time, each in a mirror of its own. Nothing below _surface knows Ansible, which test_layers.py holds; so
# each runs the units of what does, and pytest alone the rest with the lowest and the newest Python. ansible-test would
# run all in processes of their own, which takes twice the time and finds nothing else.
ABOVE := $(addprefix tests/unit/,plugins/module_utils/_surface/ plugins/module_utils/_transport/ \
	test_layers.py) $(wildcard tests/unit/plugins/plugin_utils/test_*.py)

# pylint alone takes two minutes of a processor; its versions in between find what the lowest or the newest finds.
PYLINT := $(ENDS)

matrix:
	@$(MAKE) --jobs 2 $(CORES:%=core-%)

# By name, since more than one step uses it.
venv-%: dev
	@$(TOOLS)/make_venv.sh $(BUILD)/venvs/$* tests/requirements/$*.txt

core-%: venv-core-%
	@REPLICA_BUILD=$(BUILD)/core-$* $(MAKE) --jobs 1 leg-$*

leg-%:
	@.venv/bin/python $(TOOLS)/mirror.py
	@$(STEP) "sanity, ansible-core $*" $(IN) core-$* ansible-test sanity $(if $(filter $*,$(PYLINT)),,--skip-test pylint)
	@$(STEP) --junit $(REPLICA_BUILD)/ansible_collections/hyperv/replica/tests/output/junit/python$(call PYTHON_OF,$*)-controller-units.xml \
		"units, ansible-core $*" $(IN) core-$* ansible-test units $(ABOVE)
	@mkdir -p $(REPLICA_BUILD)/drill
	@cd $(REPLICA_BUILD)/drill && $(STEP) "rehearsal, ansible-core $*" $(IN) core-$* drill.py
	@case " $(ENDS) " in *" $* "*) $(STEP) "targets, ansible-core $*" $(IN) core-$* ansible-test integration ;; esac

VERSIONED := $(addprefix tests/integration/playbook/test_,connections.py keywords.py secrets.py)

playbooks-%: mirror venv-core-%
	@$(STEP) --junit $(JUNIT) "playbooks, ansible-core $*" $(IN) core-$* $(PYTEST) --dist=worksteal \
		$(if $(filter $*,$(ENDS)),$(VERSIONED),$(TESTS))

integration: mirror
	@$(STEP) --junit $(JUNIT) "playbooks, ansible-core $(CORE)" $(IN) core-$(CORE) $(PYTEST) --dist=worksteal $(TESTS)

targets: mirror
	@$(STEP) "targets, ansible-core $(CORE)" $(IN) core-$(CORE) ansible-test integration $(TARGETS)

# As AWX starts jobs, and with its own collection; once, since the playbooks ran on every ansible-core before.
awx: mirror
	@.venv/bin/python $(TOOLS)/get_awx_collection.py $(BUILD)/awx
	@AWX_COLLECTIONS=$(BUILD)/awx $(STEP) --junit $(JUNIT) "AWX and ansible-runner" $(IN) awx $(PYTEST) tests/integration/awx

kerberos: mirror
	@$(STEP) --junit $(JUNIT) "Kerberos with a KDC" $(IN) kerberos $(PYTEST) tests/integration/kerberos

docs-step: mirror
	@$(STEP) "documentation without warnings" $(TOOLS)/build_docs.sh

drill-step: dev
	@$(STEP) "make drill" env REPLICA_BUILD=$(BUILD)/drill $(MAKE) drill

# One scenario for each role, each with simulated hosts of its own.
molecule: dev
	@REPLICA_BUILD=$(BUILD)/molecule .venv/bin/python $(TOOLS)/mirror.py
	@$(STEP) "molecule" env REPLICA_BUILD=$(BUILD)/molecule $(IN) molecule tests/tools/molecule.sh $(JOBS)

docs: mirror
	@$(TOOLS)/build_docs.sh

build: mirror
	@rm -f $(BUILD)/*.tar.gz
	@$(STEP) "build" $(IN) lint ansible-galaxy collection build --force --output-path $(BUILD) .

clean:
	rm -rf .build .venv docs/_build

dev:
	@$(TOOLS)/make_venv.sh .venv tests/requirements/dev.txt

mirror: dev
	@.venv/bin/python $(TOOLS)/mirror.py

# Not part of the tests: it takes minutes, most of them injected distance.
.PHONY: benchmark
benchmark: mirror
	@$(IN) benchmark python -m ansible_collections.hyperv.replica.tests.benchmark --json $(BUILD)/benchmark.json
