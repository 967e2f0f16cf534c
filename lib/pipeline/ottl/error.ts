/** The two ways in which a statement fails: it can't be compiled, or its evaluation meets a value that it can't work with. */

/** A statement that can't be; `position` counts characters from 0. */
export class OttlError extends Error {
  override readonly name = "OttlError";
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** An evaluation that failed: `error_mode` says what comes of it. */
export class EvaluationFailure extends Error {
  override readonly name = "EvaluationFailure";
}

/** Fails an evaluation. Without a stack: with `error_mode = "ignore"` this may happen for every record. */
export function fail(message: string): never {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    throw new EvaluationFailure(message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
