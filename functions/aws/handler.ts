/** The one handler of a function on AWS: tells events apart by their shape and gives each to its adapter. */
import middy from "@middy/core";
import type {
  ALBEvent,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  CloudWatchLogsEvent,
  Context,
  SQSEvent,
} from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { albHandler } from "./alb.ts";
import { type Call, type CallOptions, startCall } from "./call.ts";
import { cloudwatchLogsHandler } from "./cloudwatch-logs.ts";
import { gatewayV1Handler } from "./gateway-v1.ts";
import { gatewayV2Handler } from "./gateway-v2.ts";
import { type ScheduleEvent, scheduleHandler } from "./schedule.ts";
import { sqsHandler } from "./sqs.ts";

/** What Lambda calls. The context may be missing, as on the command line. */
export type Handler = (event: unknown, context?: Partial<Context>) => Promise<unknown>;

/** Makes the handler of a pipeline: any event that it has a trigger for, with the deadline of the invocation, errors logged. */
export function createHandler(pipeline: Pipeline, options: CallOptions = {}): Handler {
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
}

const callOf = ({ amalgam }: WithCall): Call => amalgam as Call; // set before the handler and its errors

type Middleware = middy.MiddlewareObj<unknown, unknown, Error, WithCall>;

/** Starts the call before the handler and ends it behind. */
const withCall = (pipeline: Pipeline, options: CallOptions): Middleware => ({
  before: async ({ context }) => {
    const call = startCall(pipeline, context, options);
    context.amalgam = call;
    await call.inTime(pipeline.refresh());
  },
  after: ({ context }) => callOf(context).end(),
  onError: ({ context }) => callOf(context).end(),
});

/** Logs what fails the whole invocation; Lambda then brings the event again, or tells the caller. */
const logErrors: Middleware = {
  onError: ({ error, context }) => {
    const { log, id } = callOf(context).invocation;
    log.error("invocation failed", { invocation: id, error: messageOf(error) });
  },
};

/** Adapters are made when an event comes: a function sees events of one kind, and a bundle loads that one. */
function dispatch(pipeline: Pipeline, event: unknown, call: Call): Promise<unknown> {
  const kind = kindOf(event); // each cast below follows from the fields that it looked at
  switch (kind) {
    case "alb":
      return albHandler(pipeline)(event as ALBEvent, call);
    case "v2":
      return gatewayV2Handler(pipeline)(event as APIGatewayProxyEventV2, call);
    case "v1":
      return gatewayV1Handler(pipeline)(event as APIGatewayProxyEvent, call);
    case "sqs":
      return sqsHandler(pipeline)(event as SQSEvent, call);
    case "logs":
      return cloudwatchLogsHandler(pipeline)(event as CloudWatchLogsEvent, call);
    case "schedule":
      return scheduleHandler(pipeline)(event as ScheduleEvent, call);
    default:
      return kind satisfies never;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What an event is, by the fields that only its kind has. */
function kindOf(event: unknown): "alb" | "v2" | "v1" | "sqs" | "logs" | "schedule" {
  if (!isObject(event)) throw new Error(`event should be an object, got ${JSON.stringify(event)}`);
  const { requestContext, version, httpMethod, Records, awslogs, source, amalgam } = event;
  if (isObject(requestContext)) {
    if (isObject(requestContext["elb"])) return "alb";
    if (version === "2.0" && isObject(requestContext["http"])) return "v2";
    if (typeof httpMethod === "string") return "v1";
  }
  if (Array.isArray(Records) && isObject(Records[0])) {
    const from = Records[0]["eventSource"] ?? Records[0]["EventSource"];
    if (from === "aws:sqs") return "sqs";
    throw new Error(`event should come from a source that this function knows, got records of ${from}`);
  }
  if (isObject(awslogs) && typeof awslogs["data"] === "string") return "logs";
  if (source === "aws.events" || source === "aws.scheduler" || isObject(amalgam)) return "schedule";
  const keys = Object.keys(event).join(", ") || "(none)";
  throw new Error(`event should be a request, records, logs or a schedule, got an object with the keys ${keys}`);
}
