"""The figures as prometheus_client takes them."""

import logging
from collections.abc import Iterator

from django.db import Error
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from batches.deadline import within
from batches.metrics import gauges
from batches.metrics.counting import Counted, count
from batches.metrics.figures import COUNTERS, HISTOGRAMS, PREFIX
from batches.metrics.gauges import Gauge
from classification.outage import disconnect

log = logging.getLogger(__name__)

SECONDS = 4  # for the database; Prometheus gives up after 10 by itself


class RowsCollector(Collector):
    """What the database knows, which is the same on every machine; and this machine's spool."""

    def collect(self) -> Iterator[Metric]:
        yield from _gauges(gauges.of_this_machine())
        found: list[Metric] = []
        try:
            with within(SECONDS):
                found = [*_counted(count()), *_gauges(gauges.of_rows())]
        except Error as error:
            log.warning("METRICS | The database cannot be read: %(error)s", {"error": type(error).__name__})
            disconnect()
        yield from found
        yield _gauge(Gauge("database_up", "Whether the database could be read for this answer.", bool(found)))


def _counted(counted: Counted) -> Iterator[Metric]:
    for counter in COUNTERS:
        total = CounterMetricFamily(PREFIX + counter.name, counter.help, labels=counter.labels)
        for labels, value in counter.samples(counted.figures):
            total.add_metric(labels, value)
        yield total
    for histogram in HISTOGRAMS:
        times = HistogramMetricFamily(PREFIX + histogram.name, histogram.help, labels=histogram.labels)
        for labels, buckets, total_seconds in histogram.samples(counted.figures):
            times.add_metric(labels, buckets, total_seconds)
        yield times
    yield _gauge(Gauge("events_behind", "Events that are not in the counters yet.", counted.behind))


def _gauges(found: Iterator[Gauge]) -> Iterator[Metric]:
    """One family for each name, whatever the order of the values."""
    families: dict[str, GaugeMetricFamily] = {}
    for gauge in found:
        family = families.get(gauge.name) or families.setdefault(gauge.name, _family(gauge))
        family.add_metric([value for _, value in gauge.labels], float(gauge.value))
    yield from families.values()


def _family(gauge: Gauge) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + gauge.name, gauge.help, labels=[label for label, _ in gauge.labels])


def _gauge(gauge: Gauge) -> Metric:
    return next(_gauges(iter([gauge])))
