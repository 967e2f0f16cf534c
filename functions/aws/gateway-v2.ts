/** Payload format 2.0: Lambda function URLs and HTTP APIs of API Gateway. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { answer, encodeBody, headersOf } from "./http.ts";
import { fillTemplate } from "./path.ts";

/** Answers a request of a function URL or an HTTP API. */
export const gatewayV2Handler =
  (pipeline: Pipeline) =>
  async (event: APIGatewayProxyEventV2, call: Call): Promise<APIGatewayProxyStructuredResultV2> => {
    const { requestContext, rawPath, rawQueryString: query, cookies, body, isBase64Encoded: base64 } = event;
    const headers = cookies ? { ...event.headers, cookie: cookies.join("; ") } : event.headers;
    const reply = await answer(
      pipeline,
      { method: requestContext.http.method, paths: pathsOf(event, rawPath), query, headers, body, base64 },
      call,
    );
    return { statusCode: reply.status, headers: headersOf(reply), ...encodeBody(reply) };
  };

/** As it came, without the stage, and as the route's template has it, which is without a domain's mapping too. */
function pathsOf(
  { requestContext: { stage }, routeKey, pathParameters }: APIGatewayProxyEventV2,
  rawPath: string,
): string[] {
  const paths = [rawPath];
  if (stage && rawPath.startsWith(`/${stage}/`)) paths.push(rawPath.slice(stage.length + 1));
  const template = routeKey?.split(" ")[1];
  if (template !== undefined) paths.push(fillTemplate(template, pathParameters));
  return paths;
}
