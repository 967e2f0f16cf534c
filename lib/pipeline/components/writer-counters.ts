/** What writers count: requests, their times, and what became of the items in them. */
import type { HttpResponse } from "../delivery/http.ts";
import type { Host } from "../graph/component.ts";
import type { Counter } from "../graph/metrics.ts";

/** Counters of a writer; `destination` has no credentials. */
export function countersOf({ id, metrics }: Host, destination: string) {
  const labels = { component_id: id, destination };
  const counter = (name: string, help: string) => metrics.counter(`amalgam_writer_${name}_total`, help, labels);
  const seconds = metrics.histogram(
    "amalgam_writer_request_duration_seconds",
    "Time of requests, with those that fail.",
    labels,
  );
  const requests = new Map<string, Counter>();
  const request = (status: string): Counter => {
    const known = requests.get(status);
    if (known) return known;
    const help = "Requests by the status of the answer, or none.";
    const counter = metrics.counter("amalgam_writer_requests_total", help, { ...labels, status });
    requests.set(status, counter);
    return counter;
  };
  return {
    sent: counter("sent_items", "Items that the backend took."),
    bytes: counter("sent_bytes", "Bytes of request bodies that the backend took."),
    retried: counter("retried_items", "Items of requests that were tried again."),
    dead: counter("dead_items", "Items that the backend refused for good."),
    handedOver: counter("handed_over_items", "Items that wait, since the backend did not take them in time."),
    /** Counts a request when it has ended, and its time. */
    async timed(answer: Promise<HttpResponse>): Promise<HttpResponse> {
      const start = performance.now();
      let status = "none";
      try {
        const got = await answer;
        status = String(got.status);
        return got;
      } finally {
        seconds.observe((performance.now() - start) / 1000);
        request(status).add(1);
      }
    },
  };
}
