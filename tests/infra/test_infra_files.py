"""The files of `infra/` that cannot be run here: read as their own programs read them, and held against ours."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import crossplane
import promql_parser
import pytest
import yaml
from commands import Line, in_text, wrong
from prometheus_client.parser import text_string_to_metric_families

from api.forwarding import PATH
from api.settings import _OURS, from_environ
from ledger.limits import BATCH_BODY, MIB
from tests.api.served import serving

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text("utf-8"))
KUBERNETES = list(yaml.safe_load_all((INFRA / "kubernetes" / "coilmark.yaml").read_text("utf-8")))
ALERTS = yaml.safe_load((INFRA / "prometheus" / "alerts.yaml").read_text("utf-8"))
PROMETHEUS = yaml.safe_load((INFRA / "prometheus" / "prometheus.yaml").read_text("utf-8"))
DASHBOARD = json.loads((INFRA / "grafana" / "coilmark.json").read_text("utf-8"))
UNIT = (INFRA / "systemd" / "coilmark.service").read_text("utf-8")
CONTAINERFILE = (INFRA / "Containerfile").read_text("utf-8")
NEWER = ["http2"]  # directives that nginx has since and the parser does not know
DRAIN = 30  # seconds that a server takes at most to answer what it has


def _pods():
    (one,) = (kind for kind in KUBERNETES if kind["kind"] == "StatefulSet")
    return one["spec"]["template"]["spec"]


def _lines():
    """Every command line of ours in there."""
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "coilmark":
            yield Line(f"compose.yaml {name}", tuple(service["command"]))
    yield Line("kubernetes", tuple(_pods()["containers"][0]["args"]))
    yield Line("Containerfile", tuple(json.loads(re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)[1])))
    yield from in_text("systemd", re.sub(r"^ExecStart=", "", UNIT, flags=re.MULTILINE))
    for document in (INFRA / "OPERATING.md", ROOT / "README.md"):
        yield from in_text(document.name, document.read_text("utf-8"))


def test_every_command_line_is_one_that_the_program_takes():
    lines = list(_lines())
    assert {line.where for line in lines} >= {
        "compose.yaml init", "compose.yaml coilmark", "kubernetes", "Containerfile", "systemd", "OPERATING.md",
    }  # fmt: skip
    assert [(line.where, says) for line in lines if (says := wrong(line))] == []


def test_a_wrong_command_line_would_be_noticed():
    assert wrong(Line("", ("serve", "FOLDER", "--prot=1"))) == "serve has no option --prot"
    assert wrong(Line("", ("sreve",))) == "there is no command sreve"
    assert wrong(Line("", ("party", "enrol", "--iss", "x"))) == ""


def test_every_setting_is_one_that_the_server_takes():
    given = [service["environment"] for service in COMPOSE["services"].values() if service.get("image") == "coilmark"]
    given.append({one["name"]: one.get("value", "") for one in _pods()["containers"][0]["env"]})
    given.append(dict(re.findall(r"^#?Environment=(\w+)=(.*)$", UNIT, re.MULTILINE)))
    owner = "COILMARK_OWNER_DATABASE_URL"  # of `coilmark init`; a server does not start with it
    for settings in given:
        ours = {name: value for name, value in settings.items() if name.startswith("COILMARK_") and name != owner}
        assert from_environ({"COILMARK_FOLDER": "ledger", **ours}).database.startswith("postgresql://coilmark@")
    assert [owner in settings for settings in given].count(True) == 1


def test_every_setting_is_in_the_handbook():
    handbook = (INFRA / "OPERATING.md").read_text("utf-8")
    assert {name for name in _OURS if f"| `COILMARK_{name}` |" not in handbook} == set()


def test_what_compose_refers_to_is_there():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (INFRA / source).is_file(), f"{name}: {volume}"
        for secret in service.get("secrets", ()):
            assert secret in COMPOSE["secrets"]
        for other in service.get("depends_on", ()):
            assert other in COMPOSE["services"]
    build = COMPOSE["x-coilmark"]["build"]
    assert ((INFRA / build["context"]).resolve(), (ROOT / build["dockerfile"]).is_file()) == (ROOT, True)
    for volume in COMPOSE["x-coilmark"]["volumes"]:  # made in the image, so that it belongs to who writes into it
        assert volume.partition(":")[2] in CONTAINERFILE
    # The head's second place is no part of the volume that holds the folder.
    assert {"folder:/var/lib/coilmark/ledger", "head:/var/lib/coilmark-head"} == set(COMPOSE["x-coilmark"]["volumes"])


def test_what_the_image_copies_is_in_the_source_and_not_ignored():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.MULTILINE)
    for source in " ".join(copied).split():
        assert any(name == source or name.startswith(f"{source}/") for name in tracked), source
        assert source in let_in, source


def test_a_server_has_the_time_to_answer_what_it_took_in():
    grace = [service["stop_grace_period"] for name, service in COMPOSE["services"].items() if name == "coilmark"]
    grace += [
        f"{_pods()['terminationGracePeriodSeconds']}s",
        re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)[1] + "s",
    ]
    assert [int(one.removesuffix("s")) > DRAIN for one in grace] == [True] * 3


def test_the_kubernetes_objects_belong_together():
    kinds = {one["kind"]: one for one in KUBERNETES}
    labels = kinds["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert kinds["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert all(one["spec"]["selector"] == labels for one in KUBERNETES if one["kind"] == "Service")
    claims = {one["metadata"]["name"] for one in kinds["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    volumes = claims | {one["name"] for one in _pods()["volumes"]}
    for container in (*_pods()["containers"], *_pods()["initContainers"]):
        assert {one["name"] for one in container["volumeMounts"]} <= volumes


def _directives(block, found=None):
    found = {} if found is None else found
    for one in block:
        found.setdefault(one["directive"], []).append(one)
        _directives(one.get("block", ()), found)
    return found


def test_the_proxy_s_configuration_is_read_by_nginx_rules_and_fits_the_limits():
    parsed = crossplane.parse(str(INFRA / "proxy" / "nginx.conf"), strict=True, catch_errors=True, ignore=NEWER)
    assert (parsed["status"], parsed["errors"]) == ("ok", [])
    found = _directives(parsed["config"][0]["parsed"])
    assert [one["args"] for one in found["client_max_body_size"]] == [[f"{BATCH_BODY // MIB}m"]]
    assert "http_503" in found["proxy_next_upstream"][0]["args"]
    (checkpoint,) = (one for one in found["location"] if one["args"] == ["=", "/checkpoint"])
    assert ["off"] in [one["args"] for one in checkpoint["block"] if one["directive"] == "proxy_cache"]
    (internal,) = (one for one in found["location"] if one["args"] == [PATH.removesuffix("submissions")])
    assert [(one["directive"], one["args"]) for one in internal["block"]] == [("deny", ["all"])]
    (ingress,) = (one for one in KUBERNETES if one["kind"] == "Ingress")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{BATCH_BODY // MIB}m"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here reads units")
def test_the_unit_is_read_by_systemd():
    run = subprocess.run(
        ["systemd-analyze", "verify", INFRA / "systemd" / "coilmark.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in run.stderr.splitlines() if "coilmark.service" in line]
    assert [line for line in said if "is not executable" not in line] == []


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """What a server tells Prometheus: sample names, and the labels of each."""
    with serving(tmp_path_factory.mktemp("metrics"), checkers=0) as served:
        served.ask("GET", "/nothing/here")
        page = served.ask("GET", "/metrics").body.decode()
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    return {sample.name: set(sample.labels) for sample in samples}


def _selectors(expression):
    """Every series that an expression asks for, with the labels that it names."""
    inside = re.sub(r'"[^"]*"', '""', expression)
    for name, labels in re.findall(r"\b(coilmark_\w+|up)\b(?:\{([^}]*)\})?", inside):
        yield name, set(re.findall(r"(\w+)\s*[=!]", labels))


def _expressions():
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


FROM_PROMETHEUS = {"job", "instance"}


@pytest.mark.parametrize(("where", "expression"), list(_expressions()))
def test_every_metric_that_is_asked_for_is_told(metrics, where, expression):
    promql_parser.parse(expression)
    asked = list(_selectors(expression))
    assert asked, where
    for name, labels in asked:
        assert name == "up" or name in metrics, f"{where}: {name}"
        assert labels <= metrics.get(name, set()) | FROM_PROMETHEUS, f"{where}: {name}"


def test_every_code_that_an_alert_names_is_answered_somewhere():
    codes = set(re.findall(r'code="(\w+)"', json.dumps(ALERTS).replace('\\"', '"')))
    sources = "".join(path.read_text("utf-8") for folder in ("api", "ledger") for path in (ROOT / folder).rglob("*.py"))
    assert codes
    assert {code for code in codes if f'"{code}"' not in sources} == set()


def test_the_servers_are_scraped_under_the_name_that_the_alerts_use():
    (job,) = (one["job_name"] for one in PROMETHEUS["scrape_configs"])
    assert set(re.findall(r'job="(\w+)"', json.dumps(ALERTS).replace('\\"', '"'))) == {job}
    assert [(INFRA / "prometheus" / name).is_file() for name in PROMETHEUS["rule_files"]] == [True]


def test_every_alert_says_what_it_means_and_where_to_look():
    handbook = (INFRA / "OPERATING.md").read_text("utf-8")
    for rule in ALERTS["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "description"} <= rule["annotations"].keys()
        assert f"`{rule['alert']}`" in handbook
