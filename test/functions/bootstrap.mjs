/** A runtime of the smallest kind: loads `index.mjs` of LAMBDA_TASK_ROOT and asks the Runtime API for invocations. */
import http from "node:http";

const [host, port] = process.env["AWS_LAMBDA_RUNTIME_API"].split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}` }, response => {
      const chunks = [];
      response.on("data", chunk => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const asError = error =>
  JSON.stringify({ errorType: error?.name ?? "Error", errorMessage: error?.message ?? String(error) });

let handler;
try {
  ({ handler } = await import(`file://${process.env["LAMBDA_TASK_ROOT"]}/index.mjs`));
} catch (error) {
  await call("POST", "init/error", asError(error));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const context = {
    awsRequestId: id,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const answer = await handler(JSON.parse(body), context);
    await call("POST", `invocation/${id}/response`, JSON.stringify(answer ?? null));
  } catch (error) {
    await call("POST", `invocation/${id}/error`, asError(error));
  }
}
