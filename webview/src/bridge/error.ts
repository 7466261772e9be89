/** An error as docs/protocols/bridge.md puts it on the wire: what happened, what the user can do, can a retry help. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly field?: string;
}

/** A call over the bridge that failed, on either side of it. */
export class BridgeError extends Error implements ErrorBody {
  override readonly name = "BridgeError";
  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly field?: string;

  constructor(body: ErrorBody) {
    super(body.message);
    this.code = body.code;
    this.hint = body.hint;
    this.retryable = body.retryable;
    if (body.field !== undefined) this.field = body.field;
  }
}

/** Read an error body from the wire; anything malformed becomes code `protocol` with what could be read of it. */
export function toErrorBody(value: unknown): ErrorBody {
  if (typeof value === "object" && value !== null) {
    const { code, message, hint, retryable, field } = value as Record<string, unknown>;
    if (typeof code === "string" && typeof message === "string") {
      return {
        code,
        message,
        hint: typeof hint === "string" ? hint : "",
        retryable: retryable === true,
        ...(typeof field === "string" ? { field } : {}),
      };
    }
  }
  return { code: "protocol", message: "The program sent an error that cannot be read.", hint: "", retryable: false };
}
