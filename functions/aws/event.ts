/** Events that are no requests: tells them apart by their shape and gives each to its adapter. */
import type {
  CloudWatchLogsEvent,
  EventBridgeEvent,
  FirehoseTransformationEvent,
  KinesisStreamEvent,
  MSKEvent,
  SNSEvent,
  SQSEvent,
} from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { orAside } from "./aside.ts";
import type { Call } from "./call.ts";
import { cloudwatchLogsHandler } from "./cloudwatch-logs.ts";
import { eventBridgeHandler, type RoutedEvent } from "./eventbridge.ts";
import { firehoseHandler } from "./firehose.ts";
import { isHandOver } from "./hand-over.ts";
import { handOverHandler } from "./hand-over-queue.ts";
import { kafkaHandler } from "./kafka.ts";
import { kinesisHandler } from "./kinesis.ts";
import { objectsHandler } from "./objects.ts";
import { type ScheduleEvent, scheduleHandler } from "./schedule.ts";
import { snsHandler } from "./sns.ts";
import { sqsHandler } from "./sqs.ts";

/** Hands an event to its adapter, which is made when it comes: a function sees events of one kind, and a bundle loads that one. */
export function handleEvent(pipeline: Pipeline, event: unknown, call: Call): Promise<unknown> {
  const find = () => {
    const kind = kindOf(event);
    return () => adapt(pipeline, kind, event, call);
  };
  if (Object(event).requestContext !== undefined) return find()(); // whose sender gets an answer
  const given = { source: "aws.lambda", from: "", id: call.invocation.id, event: () => event };
  return orAside(call, given, find)();
}

/** Each cast follows from the fields that `kindOf` looked at. */
function adapt(pipeline: Pipeline, kind: Kind, event: unknown, call: Call): Promise<unknown> {
  switch (kind) {
    case "sqs":
      return sqsHandler(pipeline)(event as SQSEvent, call);
    case "hand-over":
      return handOverHandler(pipeline)(event as SQSEvent, call);
    case "sns":
      return snsHandler(pipeline)(event as SNSEvent, call);
    case "kinesis":
      return kinesisHandler(pipeline)(event as KinesisStreamEvent, call);
    case "kafka":
      return kafkaHandler(pipeline)(event as MSKEvent, call);
    case "firehose":
      return firehoseHandler(pipeline)(event as FirehoseTransformationEvent, call);
    case "bus":
      return eventBridgeHandler(pipeline)(event as EventBridgeEvent<string, unknown> | RoutedEvent, call);
    case "logs":
      return cloudwatchLogsHandler(pipeline)(event as CloudWatchLogsEvent, call);
    case "objects":
      return objectsHandler(pipeline)(event as Fields, call);
    case "schedule":
      return scheduleHandler(pipeline)(event as ScheduleEvent, call);
    default:
      return kind satisfies never;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type Kind = "sqs" | "hand-over" | "sns" | "kinesis" | "kafka" | "firehose" | "bus" | "logs" | "objects" | "schedule";

/** What an event is, by the fields that only its kind has. */
function kindOf(event: unknown): Kind {
  if (!isObject(event)) throw new Error(`event should be an object, got ${JSON.stringify(event)}`);
  const { Records, awslogs, amalgam } = event;
  if (Array.isArray(Records) && isObject(Records[0])) return kindOfRecords(Records[0]);
  if (event["Event"] === "s3:TestEvent" || isObject(event["amalgam.object"])) return "objects";
  if (isObject(awslogs) && typeof awslogs["data"] === "string") return "logs";
  const { records, eventSource, deliveryStreamArn } = event;
  if (Array.isArray(records) && typeof deliveryStreamArn === "string") return "firehose";
  if (isObject(records) && typeof eventSource === "string" && /kafka$/i.test(eventSource)) return "kafka";
  if (isObject(amalgam)) return "component" in amalgam ? "bus" : "schedule";
  const { source, detail } = event;
  if (source === "aws.scheduler" || (source === "aws.events" && event["detail-type"] === "Scheduled Event"))
    return "schedule";
  if (typeof source === "string" && typeof event["detail-type"] === "string" && detail !== undefined) return "bus";
  const keys = Object.keys(event).join(", ") || "(none)";
  throw new Error(`event should be a request, records, logs or a schedule, got an object with the keys ${keys}`);
}

function kindOfRecords({ eventSource, EventSource, eventSourceARN }: Fields): Kind {
  const from = eventSource ?? EventSource;
  switch (from) {
    case "aws:sqs":
      return isHandOver(eventSourceARN) ? "hand-over" : "sqs";
    case "aws:sns":
      return "sns";
    case "aws:kinesis":
      return "kinesis";
    case "aws:s3":
      return "objects";
    default:
      throw new Error(`event should come from a source that this function knows, got records of ${from}`);
  }
}
