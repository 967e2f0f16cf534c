/** The one handler of a function on AWS: tells events apart by their shape and gives each to its adapter. */
import middy from "@middy/core";
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, Context } from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { albHandler } from "./alb.ts";
import { type Call, type CallOptions, startCall } from "./call.ts";
import { handleEvent } from "./event.ts";
import { gatewayV1Handler } from "./gateway-v1.ts";
import { gatewayV2Handler } from "./gateway-v2.ts";
import type { Observer, Outcome } from "./observer.ts";

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

/** Requests are answered here, all else is read when it comes; each cast follows from the fields that were looked at. */
function dispatch(pipeline: Pipeline, event: unknown, call: Call): Promise<unknown> {
  const { requestContext, version, httpMethod } = Object(event) as Readonly<Record<string, unknown>>; // of anything else an object without them
  if (requestContext) {
    if (Object(requestContext).elb) return albHandler(pipeline)(event as ALBEvent, call);
    if (version === "2.0" && Object(requestContext).http)
      return gatewayV2Handler(pipeline)(event as APIGatewayProxyEventV2, call);
    if (typeof httpMethod === "string") return gatewayV1Handler(pipeline)(event as APIGatewayProxyEvent, call);
  }
  return handleEvent(pipeline, event, call);
}
