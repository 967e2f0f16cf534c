/** Payload format 1.0: REST APIs of API Gateway, and HTTP APIs that are set to it. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { answer, encodeBody, headersOf, joinHeaders, joinQuery } from "./http.ts";
import { fillTemplate } from "./path.ts";

/** Answers a request of a REST API. */
export const gatewayV1Handler =
  (pipeline: Pipeline) =>
  async (event: APIGatewayProxyEvent, call: Call): Promise<APIGatewayProxyResult> => {
    const { httpMethod: method, path, resource, pathParameters, body, isBase64Encoded } = event;
    const { queryStringParameters, multiValueQueryStringParameters } = event;
    const { stage } = event.requestContext;
    const reply = await answer(
      pipeline,
      {
        method,
        paths: [
          path,
          ...(stage && path.startsWith(`/${stage}/`) ? [path.slice(stage.length + 1)] : []),
          fillTemplate(resource ?? path, pathParameters), // without a domain's mapping
        ],
        query: joinQuery(queryStringParameters, multiValueQueryStringParameters, encodeURIComponent),
        headers: joinHeaders(event.headers, event.multiValueHeaders),
        body,
        base64: isBase64Encoded ?? false,
      },
      call,
    );
    return { statusCode: reply.status, headers: headersOf(reply), ...encodeBody(reply) };
  };
