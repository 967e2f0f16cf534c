/**
 * A function that subscribes log groups by their tags and names. What calls it:
 *
 *     a rule for CloudTrail's events of log groups that are made, tagged and untagged
 *     { "reconcile": {} }   a schedule: all log groups are looked at; `next` goes on with a page
 *     { "remove": {} }      a person: all subscriptions of its own end, as before the function is deleted
 */
import { writeSync } from "node:fs";
import type { Context } from "aws-lambda";
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import { createLogger } from "../../local/log.ts";
import { invokeSelf } from "../invoke-self.ts";
import { type Filter, LogsApi, nameIn } from "./logs-api.ts";
import type { Selection } from "./selection.ts";
import { type Outcome, type Report, Subscriber } from "./subscriber.ts";

/** What the variable `AMALGAM_SUBSCRIBER` holds, as JSON. */
export interface Settings {
  readonly selection: Selection;
  readonly filter: Filter;
}

interface Page {
  readonly next?: string;
}

interface SubscriberEvent {
  readonly reconcile?: Page;
  readonly remove?: Page;
  readonly detail?: CallDetail;
}

/** A call of CloudWatch Logs as CloudTrail records it. */
interface CallDetail {
  readonly eventSource?: string;
  readonly eventName?: string;
  /** Absent where the call succeeded. */
  readonly errorCode?: string;
  readonly requestParameters?: { readonly logGroupName?: string; readonly resourceArn?: string };
}

/** Looks at the log groups that an event is about. */
export async function handler(event: SubscriberEvent, context?: Partial<Context>): Promise<Report> {
  const { selection, filter } = settings();
  const deadline = Date.now() + (context?.getRemainingTimeInMillis?.() ?? 60_000);
  const remainingMs = () => deadline - Date.now();
  const api = new LogsApi({ region: process.env["AWS_REGION"] ?? "", deadline: deadline - 1000 });
  const log = createLogger({ format: "json", write, json: { time: "timestamp", message: "message" } });
  const subscriber = new Subscriber({
    selection: event.remove ? { ...selection, include: [], exclude: ["*"] } : selection,
    filter,
    api,
    log,
    remainingMs,
  });
  const page = event.remove ?? event.reconcile;
  if (!page) {
    const name = nameOf(event.detail ?? {});
    return name === undefined ? {} : tell(await subscriber.one(name));
  }
  const { report, next } = await subscriber.all(page.next);
  if (next !== undefined)
    await invokeSelf({ [event.remove ? "remove" : "reconcile"]: { next } }).catch(error => {
      throw new Error(`log groups behind the last page should be looked at next: ${messageOf(error)}`, {
        cause: error,
      });
    });
  return tell(report);
}

function settings(): Settings {
  const { AMALGAM_SUBSCRIBER: text } = process.env;
  if (!text) throw new Error("AMALGAM_SUBSCRIBER should say which log groups are subscribed, got nothing");
  return JSON.parse(text) as Settings; // as the construct writes it
}

/** The log group that was changed; `undefined` where it was none, or where nothing was changed. */
function nameOf({ eventSource, errorCode, requestParameters }: CallDetail): string | undefined {
  if (eventSource !== "logs.amazonaws.com" || errorCode !== undefined) return undefined;
  const { logGroupName, resourceArn = "" } = requestParameters ?? {};
  return logGroupName || nameIn(resourceArn) || undefined;
}

const metricNames: Readonly<Partial<Record<Outcome, string>>> = {
  subscribed: "SubscribedLogGroups",
  unsubscribed: "UnsubscribedLogGroups",
  full: "FullLogGroups",
  failed: "FailedLogGroups",
};

/** Writes what is not as it was in CloudWatch's embedded metric format. */
function tell(report: Report): Report {
  const counts = Object.entries(metricNames).flatMap(([outcome, name]) => {
    const count = report[outcome as Outcome]; // the keys of names
    return count ? [[name, count] as const] : [];
  });
  if (counts.length)
    write(
      JSON.stringify({
        _aws: {
          Timestamp: Date.now(),
          CloudWatchMetrics: [
            { Namespace: "Amalgam", Dimensions: [["FunctionName"]], Metrics: counts.map(([Name]) => ({ Name })) },
          ],
        },
        FunctionName: process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "amalgam",
        ...Object.fromEntries(counts),
      }),
    );
  return report;
}

const write = (line: string): void => void writeSync(2, `${line}\n`);
