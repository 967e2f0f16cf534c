/** The one handler of a function on AWS: tells events apart by their shape and gives each to its adapter. */
import middy from "@middy/core";
import type {
  ALBEvent,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  CloudWatchLogsEvent,
  Context,
  EventBridgeEvent,
  FirehoseTransformationEvent,
  KinesisStreamEvent,
  MSKEvent,
  SNSEvent,
  SQSEvent,
} from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { albHandler } from "./alb.ts";
import { eventOrAside } from "./aside.ts";
import { type Call, type CallOptions, startCall } from "./call.ts";
import { cloudwatchLogsHandler } from "./cloudwatch-logs.ts";
import { eventBridgeHandler, type RoutedEvent } from "./eventbridge.ts";
import { firehoseHandler } from "./firehose.ts";
import { gatewayV1Handler } from "./gateway-v1.ts";
import { gatewayV2Handler } from "./gateway-v2.ts";
import { isHandOver } from "./hand-over.ts";
import { handOverHandler } from "./hand-over-queue.ts";
import { kafkaHandler } from "./kafka.ts";
import { kinesisHandler } from "./kinesis.ts";
import { objectsHandler } from "./objects.ts";
import type { Observer, Outcome } from "./observer.ts";
import { type ScheduleEvent, scheduleHandler } from "./schedule.ts";
import { snsHandler } from "./sns.ts";
import { sqsHandler } from "./sqs.ts";

/** What Lambda calls. The context may be missing, as on the command line. */
export type Handler = (event: unknown, context?: Partial<Context>) => Promise<unknown>;

export interface HandlerOptions extends CallOptions {
  /** Follows invocations. @default nobody */
  readonly observe?: Observer;
}

/** Makes the handler of a pipeline: any event that it has a trigger for, with the deadline of the invocation, errors logged. */
export function createHandler(pipeline: Pipeline, options: HandlerOptions = {}): Handler {
  // The call keeps time instead of middy, so that a part of a batch can fail.
  const handler = middy((event: unknown, context: WithCall) => dispatch(pipeline, event, callOf(context)), {
    timeoutEarlyInMillis: 0,
  })
    .use(withCall(pipeline, options))
    .use(logErrors);
  return (event, context = {}) => handler(event, context as Context); // parts of it may be missing
}

interface WithCall extends Context {
  amalgam?: Call;
  amalgamObserved?: ReturnType<Observer>;
}

const callOf = ({ amalgam }: WithCall): Call => amalgam as Call; // set before the handler and its errors

type Middleware = middy.MiddlewareObj<unknown, unknown, Error, WithCall>;

/** Starts the call before the handler and ends it behind, whatever came of it. */
const withCall = (pipeline: Pipeline, options: HandlerOptions): Middleware => ({
  before: async ({ event, context }) => {
    const call = startCall(pipeline, context, options);
    context.amalgam = call;
    if (options.observe) context.amalgamObserved = options.observe(event, context);
    await call.inTime(pipeline.refresh());
  },
  after: ({ context, response }) => end(context, { result: response }),
  onError: ({ context, error }) => end(context, { error }),
});

async function end(context: WithCall, outcome: Outcome): Promise<void> {
  const call = callOf(context);
  await context.amalgamObserved?.(outcome, call);
  call.end();
}

/** Logs what fails the whole invocation; Lambda then brings the event again, or tells the caller. */
const logErrors: Middleware = {
  onError: ({ error, context }) => {
    const { log, id } = callOf(context).invocation;
    log.error("invocation failed", { invocation: id, error: messageOf(error) });
  },
};

/** Adapters are made when an event comes: a function sees events of one kind, and a bundle loads that one. */
function dispatch(pipeline: Pipeline, event: unknown, call: Call): Promise<unknown> {
  const find = () => {
    const kind = kindOf(event);
    return () => adapt(pipeline, kind, event, call);
  };
  return call.setAside && Object(event).requestContext === undefined ? eventOrAside(call, event, find) : find()();
}

/** Each cast follows from the fields that `kindOf` looked at. */
function adapt(pipeline: Pipeline, kind: Kind, event: unknown, call: Call): Promise<unknown> {
  switch (kind) {
    case "alb":
      return albHandler(pipeline)(event as ALBEvent, call);
    case "v2":
      return gatewayV2Handler(pipeline)(event as APIGatewayProxyEventV2, call);
    case "v1":
      return gatewayV1Handler(pipeline)(event as APIGatewayProxyEvent, call);
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

type Kind =
  | "alb"
  | "v2"
  | "v1"
  | "sqs"
  | "hand-over"
  | "sns"
  | "kinesis"
  | "kafka"
  | "firehose"
  | "bus"
  | "logs"
  | "objects"
  | "schedule";

/** What an event is, by the fields that only its kind has. */
function kindOf(event: unknown): Kind {
  if (!isObject(event)) throw new Error(`event should be an object, got ${JSON.stringify(event)}`);
  const { requestContext, version, httpMethod, Records, awslogs, amalgam } = event;
  if (isObject(requestContext)) {
    if (isObject(requestContext["elb"])) return "alb";
    if (version === "2.0" && isObject(requestContext["http"])) return "v2";
    if (typeof httpMethod === "string") return "v1";
  }
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
