"""Reads what `authbench compare` exports as the programs do that it is meant for, and says what they would refuse.

    validate.py FOLDER    # junit.xml, metrics.txt, bencher.json, benchmark-action.json, figures.csv
"""

import csv
import json
import math
import sys
from pathlib import Path

from junitparser import JUnitXml
from lxml import etree
from prometheus_client.openmetrics.parser import text_string_to_metric_families

HERE = Path(__file__).parent
OUTCOMES = ("failure", "error", "skipped")


def require(holds, what):
    if not holds:
        sys.exit(f"error: {what}")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def junit(path):
    """Against our schema; the counts are those of the cases; and a reader that is not ours counts the same."""
    schema = etree.XMLSchema(etree.parse(HERE / "junit.xsd"))
    report = etree.parse(path)
    require(schema.validate(report), f"{path}: {schema.error_log}")
    root = report.getroot()
    for counted in [root, *root.findall("testsuite")]:
        cases = list(counted.iter("testcase"))
        for name, element in [("failures", "failure"), ("errors", "error")]:
            found = sum(case.find(element) is not None for case in cases)
            require(int(counted.get(name)) == found, f"{path}: {name} of {counted.get('name')} is not {found}")
        require(int(counted.get("tests")) == len(cases), f"{path}: tests of {counted.get('name')} is not {len(cases)}")
    for outcome in root.iter(*OUTCOMES):
        require(outcome.get("message"), f"{path}: an outcome without a message")
    read = [case for suite in JUnitXml.fromfile(str(path)) for case in suite]
    cases = list(root.iter("testcase"))
    require([case.name for case in read] == [case.get("name") for case in cases], f"{path}: junitparser reads other cases")
    failed = sum(result._tag == "failure" for case in read for result in case.result)
    require(failed == int(root.get("failures")), f"{path}: junitparser reads {failed} failures")
    return len(cases)


def openmetrics(path):
    """By Prometheus' own parser, which is strict: order, escapes, `# EOF`."""
    families = {family.name: family for family in text_string_to_metric_families(path.read_text())}
    outcome = families["authbench_comparison_outcome"]
    require(outcome.type == "stateset", f"{path}: the outcome is no stateset")
    require(sum(sample.value for sample in outcome.samples) == 1, f"{path}: not exactly one outcome")
    gauges = [family for family in families.values() if family.type == "gauge"]
    require(gauges, f"{path}: no gauges")
    for sample in (sample for family in gauges for sample in family.samples):
        require(math.isfinite(sample.value), f"{path}: {sample.name} is {sample.value}")
        require(
            {"target", "measure", "verdict"} <= sample.labels.keys() <= {"target", "measure", "verdict", "of"},
            f"{path}: labels {sorted(sample.labels)}",
        )
    return sum(len(family.samples) for family in families.values())


def bencher(path):
    """Bencher Metric Format: benchmark, measure, metric with a value and bounds around it."""
    benchmarks = json.loads(path.read_text())
    require(isinstance(benchmarks, dict) and benchmarks, f"{path}: no object with benchmarks")
    metrics = 0
    for benchmark, measures in benchmarks.items():
        require(isinstance(measures, dict) and measures, f"{path}: {benchmark} has no measures")
        for measure, metric in measures.items():
            what = f"{path}: {benchmark} {measure}: {metric}"
            require("value" in metric and metric.keys() <= {"value", "lower_value", "upper_value"}, what)
            require(all(is_number(value) for value in metric.values()), what)
            # Of two stored runs the interval may lie off the value of one of them, but never the wrong way round.
            lower, upper = metric.get("lower_value"), metric.get("upper_value")
            require((lower is None) == (upper is None) and (lower is None or lower <= upper), what)
            metrics += 1
    return metrics


def benchmark_action(path):
    """github-action-benchmark, tool `customSmallerIsBetter`: a list of names, units and values."""
    entries = json.loads(path.read_text())
    require(isinstance(entries, list) and entries, f"{path}: no list of entries")
    for entry in entries:
        texts = [entry.get("name"), entry.get("unit"), entry.get("range", ""), entry.get("extra", "")]
        require(all(isinstance(text, str) for text in texts), f"{path}: {entry}")
        require(entry["name"] and is_number(entry.get("value")), f"{path}: {entry}")
        require(entry.keys() <= {"name", "unit", "value", "range", "extra"}, f"{path}: {entry}")
    names = [entry["name"] for entry in entries]
    require(len(set(names)) == len(names), f"{path}: a name that stands twice")
    return len(entries)


def table(path):
    """RFC 4180: as many fields everywhere, and numbers where numbers belong."""
    with path.open(newline="") as file:
        head, *records = list(csv.reader(file, strict=True))
    require(records, f"{path}: no records")
    numbers = ["base", "candidate", "ratio", "ratio_lower", "ratio_upper", "margin", "n", "minimum_detectable"]
    for record in records:
        require(len(record) == len(head), f"{path}: {len(record)} fields in place of {len(head)}: {record}")
        fields = dict(zip(head, record))
        for name in numbers:
            require(fields[name] == "" or math.isfinite(float(fields[name])), f"{path}: {name} is {fields[name]}")
        require(fields["target"] and fields["measure"] and fields["verdict"], f"{path}: {record}")
    return len(records)


def main(folder):
    exports = [
        ("JUnit", junit, "junit.xml", "cases"),
        ("OpenMetrics", openmetrics, "metrics.txt", "samples"),
        ("Bencher", bencher, "bencher.json", "metrics"),
        ("github-action-benchmark", benchmark_action, "benchmark-action.json", "entries"),
        ("CSV", table, "figures.csv", "records"),
    ]
    found = [f"{name}: {check(folder / file)} {what}" for name, check, file, what in exports]
    print("exports are valid (" + ", ".join(found) + ")")


main(Path(sys.argv[1]))
